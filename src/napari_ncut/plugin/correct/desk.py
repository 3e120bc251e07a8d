"""What the hand tools work on: one Labels layer, computed on in the background, with undo."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import napari
from napari.layers import Image, Labels
from psygnal import Signal
from qtpy.QtCore import QObject

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Frame
from napari_ncut.objects.object_cut import Cutter, Evidence
from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.overlay import Overlay
from napari_ncut.plugin.shared.edit_queue import EditQueue, Job, Then
from napari_ncut.plugin.shared.run import Run
from napari_ncut.volumes.stored_labels import watched


@dataclass(frozen=True)
class Wish:
    """Something to show while the mouse hovers."""

    key: Hashable
    function: Callable[[Monitor], Any]
    then: Callable[[Any], None]


class Desk:
    """One layer, its image, and two lanes of computations.

    Edits are made one after the other and none is lost. Of what is only to be shown, the newest
    wish counts.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Where the layer is.
    parent : QObject
        When it is destroyed, everything that runs is cancelled.
    """

    said = Signal(str, bool)  # a text, and whether it is an error
    n_parts_changed = Signal(int)

    def __init__(self, viewer: napari.viewer.Viewer, parent: QObject) -> None:
        self.viewer = viewer
        self.cutter = Cutter()
        self.edits = EditQueue(viewer, parent)
        self.edits.said.connect(self._on_said)
        self.edits.finished.connect(self._start_wish)
        self.image: Image | None = None
        self.spatial_ndim = 2
        self.overlay: Overlay | None = None
        self._parent = parent
        self._n_parts = 2
        self._show_run: Run | None = None
        self._shown_key: Hashable = None
        self._next_wish: Wish | None = None

    @property
    def layer(self) -> Labels | None:
        """The layer."""
        return self.edits.layer

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self.edits.is_idle and self._show_run is None

    @property
    def n_parts(self) -> int:
        """Into how many parts an object is cut."""
        return self._n_parts

    @n_parts.setter
    def n_parts(self, value: int) -> None:
        if value != self._n_parts:
            self._n_parts = value
            self.n_parts_changed.emit(value)

    def say(self, text: str, *, error: bool = False) -> None:
        """Tell the user something."""
        self.said.emit(text, error)

    def _on_said(self, text: str, error: bool) -> None:
        self.said.emit(text, error)

    def take(self, layer: Labels | None) -> None:
        """Work on another layer, or on none; what was running is dropped."""
        self.drop()
        if self.overlay is not None:
            self.overlay.remove()
        self.edits.take(layer)
        self.overlay = None if layer is None else Overlay(self.viewer, layer)

    def drop(self) -> None:
        """Forget all that runs and waits."""
        self._next_wish = None
        self.edits.drop()
        if self._show_run is not None:
            self._show_run.cancel()

    def evidence(self, frame: Frame) -> Evidence:
        """Return what cuts go by in a frame."""
        assert self.layer is not None
        image = self.image if self.image in self.viewer.layers else None
        return pointing.evidence(self.viewer, self.layer, image, frame)

    # What is only shown

    def show(
        self,
        key: Hashable,
        function: Callable[[Monitor], Any],
        then: Callable[[Any], None],
        *,
        patient: bool = False,
    ) -> None:
        """Compute something to show; an older wish with another key is dropped.

        Parameters
        ----------
        key : hashable
            What it is; while the same is being computed, nothing new starts.
        function : callable
            Computes it, in a thread.
        then : callable
            Shows it.
        patient : bool
            Let what is running finish and be shown first: for wishes that come as fast as the
            mouse moves, of which none would ever be finished otherwise.
        """
        if self._show_run is not None and key == self._shown_key:
            return
        self._next_wish = Wish(key, function, then)
        if self._show_run is None:
            self._start_wish()
        elif not patient:
            self._show_run.cancel()

    def hide(self) -> None:
        """Drop what is being computed to be shown."""
        self._next_wish = None
        if self._show_run is not None:
            self._show_run.cancel()

    def _start_wish(self) -> None:
        wish, self._next_wish = self._next_wish, None
        if wish is None or self._show_run is not None or not self.edits.is_idle:
            return
        self._shown_key = wish.key

        def compute(monitor: Monitor) -> Any:
            with watched(monitor):
                return wish.function(monitor)

        self._show_run = Run(compute, "proposal", self._parent)
        self._show_run.returned.connect(lambda value, _: wish.then(value))
        self._show_run.failed.connect(lambda error: self.say(str(error), error=True))
        self._show_run.finished.connect(self._on_wish_finished)

    def _on_wish_finished(self) -> None:
        self._show_run = None
        self._start_wish()

    # Edits

    def act(self, job: Job, then: Then | None = None) -> None:
        """Make an edit, and call ``then`` with it; what was to be shown is dropped."""
        self.hide()
        self.edits.act(job, then)
