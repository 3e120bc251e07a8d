"""One computation in the background, which can be cancelled at once and outlives its widget."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from napari.utils import cancelable_progress
from psygnal import Signal
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_ncut.core.monitor import Cancelled, Monitor

# How often the GUI's thread looks for news, in milliseconds, and at every which time it shows
# progress.
POLL = 2
PROGRESS_EVERY = 25
# For how many seconds the end of the process waits for a thread that does not hear.
PATIENCE = 10.0

_threads: dict[threading.Thread, threading.Event] = {}
_runs = set["Run"]()


@atexit.register
def end_threads() -> None:
    """Cancel what runs and wait for it: no thread computes while the interpreter is taken down."""
    for stop in list(_threads.values()):
        stop.set()
    for thread in list(_threads):
        thread.join(PATIENCE)


class _ActivityBar(cancelable_progress):
    """A bar in napari's activity dock whose Cancel button cancels the run."""

    def __init__(self, run: Run, text: str) -> None:
        super().__init__(total=100, desc=text)
        self._run = run

    def cancel(self) -> None:
        super().cancel()
        self._run.cancel()


class Run:
    """A function that runs in a thread and reports how far it is.

    The thread leaves its progress and its value, and a timer in the GUI's thread fetches them: no
    signal is sent from a thread, least of all to an object that may be gone.

    Parameters
    ----------
    function : callable
        Called in a thread with a `Monitor`; touches neither Qt nor layers.
    text : str
        What it does, for the activity dock.
    parent : QObject
        When it is destroyed, the run is cancelled without a word.
    in_activity_dock : bool
        Whether napari's activity dock shows it; live previews would only flicker there.
    """

    progressed = Signal(float, str)
    returned = Signal(object, float)  # the value, and the seconds that it took
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()  # once, after one of the three above

    def __init__(
        self,
        function: Callable[[Monitor], Any],
        text: str,
        parent: QObject,
        *,
        in_activity_dock: bool = False,
    ) -> None:
        stop = self._stop = threading.Event()
        news: SimpleQueue[tuple[Any, Exception | None, float]] = SimpleQueue()
        self._news = news
        self._latest: tuple[float, str] | None = None
        self._polls = 0
        self._over = False
        self._bar = _ActivityBar(self, text) if in_activity_dock else None
        timer = self._timer = QTimer(parent)
        timer.timeout.connect(self._poll)
        timer.start(POLL)
        # Qt holds no reference to the run; a timer that was destroyed needs it no more.
        _runs.difference_update({run for run in _runs if run.is_orphan})
        _runs.add(self)
        # The thread looks whether its timer is there: a signal from what is being destroyed would
        # come too late for whoever listens.
        monitor = Monitor(self._note, lambda: stop.is_set() or not isalive(timer))

        def work() -> None:
            start = time.perf_counter()
            try:
                found = function(monitor)
            except Exception as error:
                news.put((None, error, 0.0))
            else:
                news.put((found, None, time.perf_counter() - start))
            finally:
                del _threads[threading.current_thread()]

        thread = threading.Thread(target=work, name=f"napari-ncut: {text}", daemon=True)
        _threads[thread] = stop
        thread.start()

    @property
    def is_orphan(self) -> bool:
        """Whether its parent has been destroyed."""
        return not isalive(self._timer)

    def cancel(self) -> None:
        """End the run for whoever watches; a result that comes late is thrown away."""
        self._stop.set()
        if not self._over:
            self._end()
            self.cancelled.emit()
            self.finished.emit()

    def _note(self, fraction: float, text: str) -> None:
        self._latest = (fraction, text)

    def _poll(self) -> None:
        if self._over:
            return
        self._polls += 1
        if self._polls % PROGRESS_EVERY == 0:
            self._show_progress()
        if self._over or self._news.empty():
            return
        value, error, seconds = self._news.get()
        self._end()
        try:
            if error is None:
                self.returned.emit(value, seconds)
            elif isinstance(error, Cancelled):
                self.cancelled.emit()
            else:
                self.failed.emit(error)
        finally:
            # Also where a listener fails: nobody shall wait for a run that is over.
            self.finished.emit()

    def _show_progress(self) -> None:
        if self._latest is None:
            return
        (fraction, text), self._latest = self._latest, None
        if self._bar is not None:
            self._bar.set_description(text)
            self._bar.update(round(100 * fraction) - self._bar.n)
        self.progressed.emit(fraction, text)

    def _end(self) -> None:
        self._over = True
        _runs.discard(self)
        if not self.is_orphan:
            self._timer.stop()
            self._timer.deleteLater()
        if self._bar is not None:
            self._bar.close()
