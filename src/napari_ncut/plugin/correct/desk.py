"""What the hand tools work on: one Labels layer, computed on in the background, with undo."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import napari
from napari.layers import Image, Labels
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Edit, Frame, NoNumberLeft
from napari_ncut.objects.object_cut import Cutter, Evidence
from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.overlay import Overlay
from napari_ncut.plugin.shared import editable
from napari_ncut.plugin.shared.run import Run

Job = Callable[[Any, Monitor], Edit]
Then = Callable[[Edit], None]
MAX_TRIES = 3


@dataclass
class Action:
    """What the user asked for: how to compute the edit, and what to do when it is made."""

    job: Job
    then: Then | None
    tries: int = 0


@dataclass(frozen=True)
class Wish:
    """Something to show while the mouse hovers."""

    key: Hashable
    function: Callable[[Monitor], Any]
    then: Callable[[Any], None]


class Desk(QObject):
    """One layer, its image, and two lanes of computations.

    Actions are done one after the other and none is lost. Of what is only to be shown, the newest
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
    widened = Signal(object)  # the layer that takes the place of the one before

    def __init__(self, viewer: napari.viewer.Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self.cutter = Cutter()
        self.layer: Labels | None = None
        self.image: Image | None = None
        self.spatial_ndim = 2
        self.overlay: Overlay | None = None
        self.is_applying = False
        self._n_parts = 2
        self._actions: deque[Action] = deque()
        self._run: Run | None = None
        self._copy_run: Run | None = None
        self._show_run: Run | None = None
        self._shown_key: Hashable = None
        self._next_wish: Wish | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        runs = (self._run, self._copy_run, self._show_run)
        return not self._actions and all(run is None for run in runs)

    @property
    def is_acting(self) -> bool:
        """Whether an action is on its way."""
        return self._run is not None or self._copy_run is not None

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

    def take(self, layer: Labels | None) -> None:
        """Work on another layer, or on none; what was running is dropped."""
        self.drop()
        if self.overlay is not None:
            self.overlay.remove()
        self.layer = layer
        self.overlay = None if layer is None else Overlay(self.viewer, layer)

    def drop(self) -> None:
        """Forget all that runs and waits."""
        self._actions.clear()
        self._next_wish = None
        for run in (self._run, self._copy_run, self._show_run):
            if run is not None:
                run.cancel()

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
        if wish is None or self.is_acting:
            return
        self._shown_key = wish.key
        self._show_run = Run(wish.function, "proposal", self, in_activity_dock=False)
        self._show_run.returned.connect(lambda value, _: wish.then(value))
        self._show_run.failed.connect(lambda error: self.say(str(error), error=True))
        self._show_run.finished.connect(self._on_wish_finished)

    def _on_wish_finished(self) -> None:
        self._show_run = None
        self._start_wish()

    # Actions

    def act(self, job: Job, then: Then | None = None) -> None:
        """Compute an edit in the background and make it, as one step of napari's history.

        Parameters
        ----------
        job : callable
            Takes the labels and a `Monitor`; returns the edit.
        then : callable, optional
            Called with the edit when it is made.
        """
        self.hide()
        self._actions.append(Action(job, then))
        self._start_action()

    def _start_action(self) -> None:
        if self.is_acting or not self._actions:
            return
        if self.layer is None or self.layer not in self.viewer.layers:
            self._actions.clear()
            return
        action = self._actions[0]
        data = self.layer.data
        self._run = Run(
            lambda monitor: action.job(data, monitor), "edit", self, in_activity_dock=False
        )
        self._run.returned.connect(lambda edit, _: self._on_edit(action, edit))
        self._run.failed.connect(lambda error: self._on_failed(action, error))
        self._run.finished.connect(self._on_action_finished)

    def _on_edit(self, action: Action, edit: Edit) -> None:
        layer = self.layer
        if layer is None or layer not in self.viewer.layers:
            self._actions.clear()
            return
        obstacle = editable.obstacle(layer)
        if obstacle is not None:
            self._actions.clear()
            self.say(obstacle[1], error=True)
        elif edit.fits(layer.data):
            self._actions.popleft()
            self._apply(layer, edit)
            self.say(edit.text)
            if action.then is not None:
                action.then(edit)
        else:
            # The labels were painted on meanwhile: once more, on what they are now.
            action.tries += 1
            if action.tries == MAX_TRIES:
                self._actions.popleft()
                self.say("The labels changed all the while; nothing was done. Try again.")

    def _apply(self, layer: Labels, edit: Edit) -> None:
        self.is_applying = True
        try:
            with layer.block_history():
                for change in edit.changes:
                    layer.data_setitem(change.indices, change.after)
        finally:
            self.is_applying = False

    def _on_failed(self, action: Action, error: Exception) -> None:
        if isinstance(error, NoNumberLeft) and action.tries == 0:
            action.tries += 1
            self._widen()
            return
        self._actions.popleft()
        self.say(str(error), error=True)

    def _on_action_finished(self) -> None:
        self._run = None
        self._start_action()

    def _widen(self) -> None:
        """Go on with a wider copy of the layer; the actions wait for it."""
        layer = self.layer
        if layer is None:
            return
        self.say(f"The labels are {layer.data.dtype} and no number is left; making a wider copy.")
        run = self._copy_run = Run(
            lambda _: editable.wider_data(layer), "wider copy", self, in_activity_dock=False
        )
        run.returned.connect(lambda data, _: self._go_on_with(layer, data))
        run.failed.connect(lambda error: self.say(str(error), error=True))
        run.finished.connect(self._on_copy_finished)

    def _go_on_with(self, layer: Labels, data: NDArray[Any]) -> None:
        if self.layer is None or self.layer is not layer or layer not in self.viewer.layers:
            return
        waiting = list(self._actions)
        copy = editable.add_copy(self.viewer, layer, data, f"({data.dtype})")
        text = f"{layer.data.dtype} had no number left: this is a copy in {data.dtype}."
        for action in waiting:
            action.then = _saying(self, action.then, text)
            text = ""
        self.widened.emit(copy)
        self._actions.extend(waiting)

    def _on_copy_finished(self) -> None:
        self._copy_run = None
        self._start_action()


def _saying(desk: Desk, then: Then | None, text: str) -> Then:
    """Return a follow-up that adds a sentence to what was said."""

    def follow_up(edit: Edit) -> None:
        if text:
            desk.say(f"{edit.text} {text}")
        if then is not None:
            then(edit)

    return follow_up
