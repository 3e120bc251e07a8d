"""The Labels layer that shows a result: first as a preview, then, once applied, the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray

PREVIEW = " (preview)"


class ResultLayer:
    """One layer for preview and result, so that nothing appears twice.

    A preview can not be painted on. An applied result can; painted, it is the user's and is never
    changed again: the next result gets a layer of its own.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where the layer is shown.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.layer: Labels | None = None
        self._applied: tuple[NDArray[np.int32], dict[str, Any]] | None = None

    @property
    def is_preview(self) -> bool:
        """Whether the layer shows something that has not been applied."""
        return self.layer is not None and not self.layer.editable

    def show(
        self,
        labels: NDArray[np.int32],
        record: dict[str, Any],
        name: str,
        place: dict[str, Any],
        *,
        preview: bool,
    ) -> Labels:
        """Show labels: in the layer that is there, if it is still ours and of this shape.

        Parameters
        ----------
        labels : ndarray of int32
            The layer keeps this array.
        record : dict
            How the labels were made; goes into the layer's metadata.
        name : str
            Name of a new layer.
        place : dict
            Scale, translation and so on of a new layer.
        preview : bool
            Whether the labels are a preview.
        """
        if not self._is_ours() or not self._fits(labels, place):
            self.forget()
            self._add(labels, name, place)
        layer = self.layer
        assert layer is not None
        if layer.data is not labels:
            layer.data = labels
        layer.metadata["napari_ncut"] = record
        if preview:
            layer.editable = False
            if not layer.name.endswith(PREVIEW):
                layer.name += PREVIEW
        else:
            self._make_the_users(layer)
            self._applied = labels.copy(), record
        return layer

    def discard_preview(self) -> None:
        """Take a preview away: what was applied before comes back, or the layer goes."""
        layer = self.layer
        if layer is None or not self.is_preview or layer not in self._viewer.layers:
            return
        if self._applied is None:
            self._viewer.layers.remove(layer)
            self.layer = None
            return
        labels, record = self._applied
        layer.data = labels.copy()
        layer.metadata["napari_ncut"] = record
        self._make_the_users(layer)

    def forget(self) -> None:
        """Leave the layer, if there is one, to the user."""
        self.discard_preview()
        self.layer = None
        self._applied = None

    def _is_ours(self) -> bool:
        """Return whether the layer is still there and shows what we put there."""
        if self.layer is None or self.layer not in self._viewer.layers:
            return False
        if self.is_preview or self._applied is None:
            return True
        labels, _ = self._applied
        return np.array_equal(self.layer.data, labels)

    def _fits(self, labels: NDArray[np.int32], place: dict[str, Any]) -> bool:
        layer = self.layer
        return (
            layer is not None
            and layer.data.shape == labels.shape
            and np.array_equal(layer.scale, place["scale"])
            and np.array_equal(layer.translate, place["translate"])
        )

    def _add(self, labels: NDArray[np.int32], name: str, place: dict[str, Any]) -> None:
        active = self._viewer.layers.selection.active
        layer = Labels(labels, name=name, metadata={"napari_ncut": {}}, **place)
        self.layer = self._viewer.add_layer(layer)
        # The user's tools stay on the layer on which they were.
        if active is not None:
            self._viewer.layers.selection.active = active

    def _make_the_users(self, layer: Labels) -> None:
        layer.name = layer.name.removesuffix(PREVIEW)
        # Not editable and editable again: napari forgets the undo steps of the labels before.
        mode = layer.mode
        layer.editable = False
        layer.editable = True
        layer.mode = mode
