"""The result after it was made: it is counted again whenever it is changed by hand."""

from __future__ import annotations

from collections.abc import Callable

from napari.layers import Labels

from napari_ncut.plugin.graph_cut.job import Count
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.model import Model
from napari_ncut.plugin.shared.result_record import Snapshot


class ByHand:
    """Says in the status line how many objects there are after a correction.

    Parameters
    ----------
    dock : Dock
        Whose runs count.
    model : Model
        Has the result, and the status line.
    is_busy : callable
        Tells whether the labels are about to change, or not the user's.
    """

    def __init__(self, dock: Dock, model: Model, is_busy: Callable[[], bool]) -> None:
        self._dock, self._model, self._is_busy = dock, model, is_busy
        # Labels are painted in many small steps.
        self._soon = dock.debounced(150, self._count)
        self._followed: Labels | None = None
        dock.follow(model.result_changed, self.follow_result)

    def cancel(self) -> None:
        """Count no more what was changed so far."""
        self._soon.cancel()
        self._dock.stop_run("count")

    def follow_result(self) -> None:
        """Follow the layer that shows the result now."""
        layer = self._model.layer
        if layer is self._followed:
            return
        if self._followed is not None:
            for signal in layers.changes_of(self._followed):
                self._dock.unfollow(signal, self._on_painted)
        self._followed = layer
        if layer is not None:
            for signal in layers.changes_of(layer):
                self._dock.follow(signal, self._on_painted)

    def _on_painted(self) -> None:
        # New labels that a run puts into the layer are no correction.
        if not self._is_busy():
            self._soon.trigger()

    def _count(self) -> None:
        layer, last = self._model.layer, self._model.last
        if layer is None or last is None or self._is_busy():
            return
        result, spatial_ndim = Snapshot.of(layer), last.source.spatial_ndim
        self._dock.start_run(
            "count",
            lambda monitor: Count.of(result, spatial_ndim, monitor),
            lambda count, _: self._model.say(count.in_words()),
        )
