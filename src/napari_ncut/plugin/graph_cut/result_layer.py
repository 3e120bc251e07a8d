"""The Labels layer that shows a result: first as a preview, then, once applied, the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from numpy.typing import NDArray

from napari_ncut.plugin.graph_cut.steady import Shown, Step
from napari_ncut.plugin.shared.layers import RECORD, changes_of
from napari_ncut.plugin.shared.model import Applied, LastRun, Model
from napari_ncut.plugin.shared.napari_private import forget_history, set_pixels

PREVIEW = " (preview)"


class ResultLayer:
    """One layer for preview and result, so that nothing appears twice.

    A preview can not be painted on. An applied result can; painted, it is the user's and is never
    changed again: the next result gets a layer of its own.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where the layer is shown.
    model : Model
        Knows the layer, and what was applied last.
    """

    def __init__(self, viewer: ViewerModel, model: Model) -> None:
        self._viewer = viewer
        self._model = model
        self._watched: Labels | None = None
        self.is_touched = False
        # What a preview shows, and the labels that show it.
        self._shown: tuple[Shown, NDArray[np.int32]] | None = None
        # The corrected result that a preview lies over, hidden meanwhile.
        self._covered: tuple[LastRun, Labels, Applied | None] | None = None

    @property
    def layer(self) -> Labels | None:
        """The layer, as long as it has not been left to the user."""
        return self._model.layer

    @property
    def is_preview(self) -> bool:
        """Whether the layer shows something that has not been applied."""
        return self.layer is not None and not self.layer.editable

    @property
    def shown(self) -> Shown | None:
        """What the layer shows as a preview, if the next one can go on from it."""
        if self._shown is None or self.layer is None or not self.is_preview:
            return None
        shown, labels = self._shown
        return shown if self.layer.data is labels else None

    def watch(self) -> None:
        """Note from now on in ``is_touched`` whether the layer is painted on."""
        self.unwatch()
        self.is_touched = False
        self._watched = self.layer
        if self._watched is not None:
            for signal in changes_of(self._watched):
                signal.connect(self._on_painted)

    def unwatch(self) -> None:
        """Listen to the layer no more."""
        if self._watched is not None:
            for signal in changes_of(self._watched):
                signal.disconnect(self._on_painted)
        self._watched = None

    def _on_painted(self, _: object = None) -> None:
        self.is_touched = True

    def show(
        self,
        made: LastRun,
        labels: NDArray[np.int32],
        record: dict[str, Any],
        name: str,
        *,
        preview: bool,
        painted: bool = False,
        shown: Shown | Step | None = None,
        below: Sequence[Layer | None] = (),
    ) -> Labels:
        """Show labels: in the layer that is there, if it is still in the viewer and fits.

        Parameters
        ----------
        made : LastRun
            The run that made the labels.
        labels : ndarray of int32
            The layer keeps this array.
        record : dict
            How the labels were made; goes into the layer's metadata.
        name : str
            Name of a new layer.
        preview : bool
            Whether the labels are a preview.
        painted : bool
            Whether the layer was painted on since its labels were made: then it is left alone.
        shown : Shown or Step, optional
            What a preview shows. Of a step from what the layer shows now only the changes are
            painted.
        below : sequence of layers, optional
            What the user goes on drawing in; a new layer does not cover them.
        """
        self.unwatch()
        layer = None if painted else self._reusable(labels, made.place)
        if layer is None:
            self.discard_preview()
            if painted:
                self._cover()
            self._model.applied = None
            layer = self._add(labels, name, made.place, below)
        elif isinstance(shown, Step) and shown.before is self.shown:
            set_pixels(layer, [shown.changes])
            forget_history(layer)
            labels, shown = layer.data, shown.after
        else:
            layer.data = labels
        # A step that was not taken leads to other numbers than these labels have.
        self._shown = (shown, labels) if isinstance(shown, Shown) else None
        layer.metadata[RECORD] = record
        if preview:
            layer.editable = False
            if not layer.name.endswith(PREVIEW):
                layer.name += PREVIEW
        else:
            self._covered = None
            self._model.applied = Applied(made, record, labels)
            _give_to_the_user(layer)
            self._viewer.layers.selection.active = layer
        self._model.show(made, layer)
        return layer

    def discard_preview(self) -> None:
        """Take a preview away: what was applied before comes back, or the layer goes."""
        layer, applied = self.layer, self._model.applied
        if layer is None or not self.is_preview or layer not in self._viewer.layers:
            return
        self.unwatch()
        if applied is None:
            self._viewer.layers.remove(layer)
            self._model.forget()
            self._uncover()
            return
        layer.data = applied.labels
        layer.metadata[RECORD] = applied.record
        _give_to_the_user(layer)
        self._model.show(applied.made, layer)

    def forget(self) -> None:
        """Leave the layer, if there is one, to the user."""
        self.discard_preview()
        self.unwatch()
        self._model.forget()

    def _cover(self) -> None:
        """Hide the corrected result, which would blend with the labels over it."""
        last, layer = self._model.last, self.layer
        if last is not None and layer is not None and layer in self._viewer.layers:
            self._covered = last, layer, self._model.applied
            layer.visible = False

    def _uncover(self) -> None:
        """Go on with the corrected result that a preview lay over."""
        covered, self._covered = self._covered, None
        if covered is not None and covered[1] in self._viewer.layers:
            last, layer, applied = covered
            layer.visible = True
            self._model.applied = applied
            self._model.show(last, layer)

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
