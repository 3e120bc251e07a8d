"""The one path of edits into a Labels layer: computed in the background, checked, and undoable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QObject

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Edit, NoNumberLeft
from napari_ncut.plugin.shared import editable, layers
from napari_ncut.plugin.shared.keys import Keys
from napari_ncut.plugin.shared.napari_private import set_pixels
from napari_ncut.plugin.shared.run import Run
from napari_ncut.volumes.stored_labels import StoredLabels, watched

Job = Callable[[Any, Monitor], Edit]
Then = Callable[[Edit], object]
MAX_TRIES = 3
UNDO, REDO = "Control-Z", "Control-Shift-Z"


@dataclass
class Action:
    """What the user asked for: how to compute the edit, and what to do when it is made."""

    job: Job
    then: Then | None
    tries: int = 0


@dataclass(frozen=True)
class Step:
    """A step back or forward in the history of labels on a disk, which waits like an edit."""

    work: Callable[[], Written]


@dataclass(frozen=True)
class Written:
    """What was done to labels on a disk, in a thread: an edit, if it could be, and in words."""

    edit: Edit | None
    text: str


def _write(data: StoredLabels, job: Job, monitor: Monitor) -> Written:
    with watched(monitor):
        edit = job(data, monitor)
    return Written(edit if data.make(edit) else None, edit.text)


def _step_back(data: StoredLabels) -> Written:
    edit = data.undo()
    return Written(edit, "There is nothing to undo." if edit is None else f"Undone: {edit.text}")


def _step_forward(data: StoredLabels) -> Written:
    edit = data.redo()
    return Written(edit, "There is nothing to redo." if edit is None else edit.text)


class EditQueue:
    """Makes edits of one Labels layer, one after the other, so that none is lost.

    Each is computed in a thread on the labels as they are, and written as one step of napari's
    history if they still are so; else it is computed again. What can not be written into is left
    alone, and where the type of the labels has no number left, a wider copy takes the layer's
    place. Labels on a disk are written in the thread, too, and have a history of their own.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where the layer is.
    parent : QObject
        When it is destroyed, everything that runs is cancelled.
    """

    said = Signal(str, bool)  # a text, and whether it is an error
    widened = Signal(object, object)  # a layer, and the copy that takes its place
    finished = Signal()  # nothing runs or waits any more

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        self._viewer = viewer
        self._parent = parent
        self.layer: Labels | None = None
        self.is_applying = False
        self.last: Edit | None = None  # made by this queue in the layer
        self._actions: deque[Action | Step] = deque()
        self._run: Run | None = None
        self._keys: Keys | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._run is None and not self._actions

    def take(self, layer: Labels | None) -> None:
        """Work on another layer, or on none; what was running is dropped."""
        self.drop()
        if self._keys is not None:
            self._keys.release()
        self._keys, self.layer, self.last = None, layer, None
        if layer is not None and layers.on_disk(layer) is not None:
            # Napari's own history is that of a layer in memory.
            steps = {UNDO: lambda _: self.undo(), REDO: lambda _: self.redo()}
            self._keys = Keys(layer, steps)

    def drop(self) -> None:
        """Forget all that runs and waits."""
        self._actions.clear()
        if self._run is not None:
            self._run.cancel()

    def act(self, job: Job, then: Then | None = None) -> None:
        """Compute an edit in the background and make it, as one step of napari's history.

        Parameters
        ----------
        job : callable
            Takes the labels and a `Monitor`; returns the edit.
        then : callable, optional
            Called with the edit when it is made.
        """
        self._wait(Action(job, then))

    def undo(self) -> None:
        """Take the last edit back."""
        self._step(Labels.undo, _step_back)

    def redo(self) -> None:
        """Make the last edit that was taken back again."""
        self._step(Labels.redo, _step_forward)

    def _step(
        self,
        in_memory: Callable[[Labels], object],
        on_disk: Callable[[StoredLabels], Written],
    ) -> None:
        layer = self.layer
        if layer is None or not self._is_there():
            return
        data = layers.on_disk(layer)
        if data is None:
            in_memory(layer)
        else:
            self._wait(Step(lambda: on_disk(data)))

    def _wait(self, action: Action | Step) -> None:
        """Do something when all before it is done."""
        self._actions.append(action)
        if self._run is None:
            self._start()

    def what_holds(self) -> str:
        """Return what the last edit did, as far as it still holds: it may have been undone."""
        if self.last is None or self.layer is None:
            return ""
        data = layers.finest(self.layer)
        if self.last.fits(data):
            return f"Undone: {self.last.text}"
        return self.last.text if self.last.holds(data) else ""

    def _say(self, text: str, *, error: bool = False) -> None:
        self.said.emit(text, error)

    def _is_there(self) -> bool:
        return self.layer is not None and self.layer in self._viewer.layers

    def _start(self) -> None:
        if not self._is_there():
            self._actions.clear()
        if not self._actions:
            self.finished.emit()
            return
        assert self.layer is not None
        action = self._actions[0]
        if isinstance(action, Step):
            # As with labels in memory, what was done to a layer can be undone while it is hidden.
            self._begin(
                Run(lambda _: action.work(), "edit", self._parent),
                lambda written, _: self._on_step(written),
                lambda error: self._give_up(str(error)),
            )
            return
        obstacle = editable.obstacle(self.layer)
        if obstacle is not None:
            self._actions.clear()
            self._say(obstacle[1], error=True)
            self.finished.emit()
            return
        data, on_disk = self.layer.data, layers.on_disk(self.layer)
        if on_disk is not None:
            self._begin(
                Run(lambda monitor: _write(on_disk, action.job, monitor), "edit", self._parent),
                lambda written, _: self._on_edit_written(action, written),
                lambda error: self._give_up(str(error)),
            )
            return
        run = Run(lambda monitor: action.job(data, monitor), "edit", self._parent)
        painted = self._painted_during(run, self.layer)
        self._begin(
            run,
            lambda edit, _: self._on_edit(action, edit),
            lambda error: self._on_failed(action, error, is_painted=bool(painted)),
        )

    def _painted_during(self, run: Run, layer: Labels) -> list[bool]:
        """Return a list that has an entry as soon as a layer is painted on while a run lasts."""
        painted: list[bool] = []

        def note(_: object = None) -> None:
            painted.append(True)

        for signal in layers.changes_of(layer):
            signal.connect(note)
        run.finished.connect(
            lambda: [signal.disconnect(note) for signal in layers.changes_of(layer)]
        )
        return painted

    def _begin(
        self,
        run: Run,
        then: Callable[[Any, float], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._run = run
        run.returned.connect(then)
        run.failed.connect(failed)
        run.finished.connect(lambda: self._on_finished(run))

    def _on_finished(self, run: Run) -> None:
        # What a run returns may have begun the next one.
        if self._run is run:
            self._run = None
            self._start()

    def _on_edit(self, action: Action, edit: Edit) -> None:
        layer = self.layer
        if layer is None or not self._is_there():
            self._actions.clear()
            return
        obstacle = editable.obstacle(layer)
        if obstacle is not None:
            self._actions.clear()
            self._say(obstacle[1], error=True)
        elif edit.fits(layer.data):
            self._actions.popleft()
            self._apply(layer, edit)
            self.last = edit
            self._say(edit.text)
            if action.then is not None:
                action.then(edit)
        else:
            self._try_again(action)

    def _on_edit_written(self, action: Action, written: Written) -> None:
        layer = self.layer
        if layer is None or not self._is_there():
            self._actions.clear()
        elif written.edit is None:
            self._try_again(action)
        else:
            self._actions.popleft()
            self.last = written.edit
            self._on_written(layer, written)
            if action.then is not None:
                action.then(written.edit)

    def _on_step(self, written: Written) -> None:
        self._actions.popleft()
        if self.layer is not None:
            self._on_written(self.layer, written)

    def _on_written(self, layer: Labels, written: Written) -> None:
        """Show labels on a disk as they are now."""
        if written.edit is not None and layer in self._viewer.layers:
            self.is_applying = True
            try:
                layer.refresh()
                layer.events.paint(value=[])
            finally:
                self.is_applying = False
        self._say(written.text)

    def _give_up(self, text: str) -> None:
        self._actions.popleft()
        self._say(text, error=True)

    def _try_again(self, action: Action) -> None:
        """Have an edit computed once more: the labels were painted on meanwhile."""
        action.tries += 1
        if action.tries == MAX_TRIES:
            self._actions.popleft()
            self._say("The labels changed all the while; nothing was done. Try again.")

    def _apply(self, layer: Labels, edit: Edit) -> None:
        self.is_applying = True
        try:
            set_pixels(layer, [(change.indices, change.after) for change in edit.changes])
        finally:
            self.is_applying = False

    def _on_failed(self, action: Action, error: Exception, *, is_painted: bool) -> None:
        if isinstance(error, NoNumberLeft) and action.tries == 0:
            action.tries += 1
            self._widen()
            return
        if is_painted:
            # What it looked for may have another number now.
            self._try_again(action)
            return
        self._give_up(str(error))

    def _widen(self) -> None:
        """Go on with a wider copy of the layer; the actions wait for it."""
        layer = self.layer
        if layer is None:
            return
        self._say(f"The labels are {layer.data.dtype} and no number is left; making a wider copy.")
        data = layer.data

        def go_on(wide: NDArray[Any], _: float) -> None:
            if painted:
                self._widen()
            else:
                self._go_on_with(layer, wide)

        run = Run(lambda _: editable.widened(data), "wider copy", self._parent)
        painted = self._painted_during(run, layer)
        self._begin(run, go_on, lambda error: self._give_up(str(error)))

    def _go_on_with(self, layer: Labels, data: NDArray[Any]) -> None:
        if self.layer != layer or layer not in self._viewer.layers:
            return
        waiting = list(self._actions)
        assert isinstance(waiting[0], Action)
        narrow = layer.data.dtype
        copy = editable.add_copy(self._viewer, layer, data, f"({data.dtype})")
        text = f"{narrow} had no number left: this is a copy in {data.dtype}."
        self.widened.emit(layer, copy)
        self.take(copy)
        waiting[0].then = self._saying(waiting[0].then, text)
        self._actions.extend(waiting)

    def _saying(self, then: Then | None, text: str) -> Then:
        """Return a follow-up that adds a sentence to what was said."""

        def follow_up(edit: Edit) -> None:
            self._say(f"{edit.text} {text}")
            if then is not None:
                then(edit)

        return follow_up
