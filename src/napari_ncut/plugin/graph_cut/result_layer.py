"""The Labels layer that shows a result: first as a preview, then, once applied, the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from numpy.typing import NDArray

from napari_ncut.plugin.shared.layers import RECORD
from napari_ncut.runs.recipe import Recipe, difference, unpack

PREVIEW = " (preview)"
# In a result's record: the labels as they were made, before any correction by hand.
AUTOMATIC = "automatic"
# The same with the frames of the result before it that were not done again, if there are any.
SHOWN = "shown"


def automatic_labels(layer: Labels) -> NDArray[np.int32] | None:
    """Return the labels of a result as they were made, or None for any other layer."""
    packed = layer.metadata.get(RECORD, {}).get(AUTOMATIC)
    return None if packed is None else unpack(packed, layer.data.shape)


def is_corrected(layer: Labels) -> bool:
    """Return whether a result was changed by hand since it was made."""
    shown = _shown(layer.metadata.get(RECORD, {}))
    return shown is not None and not np.array_equal(unpack(shown, layer.data.shape), layer.data)


def _shown(record: dict[str, Any]) -> str | None:
    """Return the packed labels that a record's layer showed when it was made."""
    return record.get(SHOWN) or record.get(AUTOMATIC)


def recipe_of(layer: Labels) -> Recipe:
    """Return the recipe of a result, with what was corrected by hand until now.

    Raises
    ------
    ValueError
        If the layer is no result of this plugin.
    """
    record = layer.metadata.get(RECORD)
    if record is None:
        raise ValueError(f"{layer.name} was not made by napari-ncut; select a result of it.")
    automatic = automatic_labels(layer)
    corrections = None if automatic is None else difference(automatic, np.asarray(layer.data))
    return Recipe.from_dict(record | {"corrections": corrections})


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
        self._applied: dict[str, Any] | None = None

    @property
    def is_preview(self) -> bool:
        """Whether the layer shows something that has not been applied."""
        return self.layer is not None and not self.layer.editable

    @property
    def applied(self) -> str | None:
        """The packed labels that were applied last, if any were."""
        return None if self._applied is None else _shown(self._applied)

    def show(
        self,
        labels: NDArray[np.int32],
        record: dict[str, Any],
        name: str,
        place: dict[str, Any],
        *,
        preview: bool,
        below: Sequence[Layer | None] = (),
    ) -> Labels:
        """Show labels: in the layer that is there, if it is still in the viewer and fits.

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
        below : sequence of layers, optional
            What the user goes on drawing in; a new layer does not cover them.
        """
        layer = self._reusable(labels, place)
        if layer is None:
            self.forget()
            layer = self._add(labels, name, place, below)
        else:
            layer.data = labels
        layer.metadata[RECORD] = record
        if preview:
            layer.editable = False
            if not layer.name.endswith(PREVIEW):
                layer.name += PREVIEW
        else:
            self._applied = record
            _give_to_the_user(layer)
            self._viewer.layers.selection.active = layer
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
        layer.data = unpack(_shown(self._applied) or "", layer.data.shape)
        layer.metadata[RECORD] = self._applied
        _give_to_the_user(layer)

    def forget(self) -> None:
        """Leave the layer, if there is one, to the user."""
        self.discard_preview()
        self.layer = None
        self._applied = None

    def _reusable(self, labels: NDArray[np.int32], place: dict[str, Any]) -> Labels | None:
        layer = self.layer
        if layer is None or layer not in self._viewer.layers:
            return None
        same_place = all(
            np.array_equal(getattr(layer, k), place[k]) for k in ("scale", "translate")
        )
        return layer if layer.data.shape == labels.shape and same_place else None

    def _add(
        self,
        labels: NDArray[np.int32],
        name: str,
        place: dict[str, Any],
        below: Sequence[Layer | None],
    ) -> Labels:
        layers = self._viewer.layers
        active = layers.selection.active
        # Marked from the start, so that it is never taken for a mask.
        layer = Labels(labels, name=name, metadata={RECORD: {}}, **place)
        self.layer = layer
        drawn = [layers.index(x) for x in below if x is not None and x in layers]
        layers.insert(min(drawn, default=len(layers)), layer)
        # The user's tools stay on the layer on which they were.
        if active is not None:
            layers.selection.active = active
        return layer


def _give_to_the_user(layer: Labels) -> None:
    """Make a layer one that can be painted on, with a history that begins now."""
    layer.name = layer.name.removesuffix(PREVIEW)
    # napari forgets the undo steps of the labels before when a layer ceases to be editable.
    mode = layer.mode
    layer.editable = False
    layer.editable = True
    layer.mode = mode
