"""One computation in the background, which can be cancelled at once and outlives its widget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker
from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, QTimer, Signal

from napari_ncut.core.monitor import Cancelled, Monitor


class _ActivityBar(cancelable_progress):
    """A bar in napari's activity dock whose Cancel button cancels the run."""

    def __init__(self, run: Run, text: str) -> None:
        super().__init__(total=100, desc=text)
        self._run = run

    def cancel(self) -> None:
        super().cancel()
        self._run.cancel()


class Run(QObject):
    """A function that runs in a thread and tells how far it is.

    Parameters
    ----------
    function : callable
        Called in a thread with a `Monitor`; touches neither Qt nor layers.
    text : str
        What it does, for the activity dock.
    in_activity_dock : bool
        Whether napari's activity dock shows it; live previews would only flicker there.
    parent : QObject
        When it is destroyed, the run is cancelled.
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
        in_activity_dock: bool = True,
    ) -> None:
        super().__init__(parent)
        self._stop = threading.Event()
        self._latest: tuple[float, str] | None = None
        self._over = False
        self._bar = _ActivityBar(self, text) if in_activity_dock else None
        # The thread leaves its progress here and the timer fetches it: no signal is sent from a
        # thread to an object that may be gone.
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_progress)
        self._timer.start(50)
        stop = self._stop
        self.destroyed.connect(lambda: stop.set())
        monitor = Monitor(self._note, stop.is_set)

        def work() -> tuple[Any, float]:
            start = time.perf_counter()
            return function(monitor), time.perf_counter() - start

        self._worker = create_worker(work, _start_thread=False, _ignore_errors=True)
        self._worker.returned.connect(self._on_returned)
        self._worker.errored.connect(self._on_errored)
        self._worker.start()

    def cancel(self) -> None:
        """End the run for whoever watches; a result that comes late is thrown away."""
        self._stop.set()
        if not self._over:
            self._end()
            self.cancelled.emit()
            self.finished.emit()

    def _note(self, fraction: float, text: str) -> None:
        self._latest = (fraction, text)

    def _show_progress(self) -> None:
        if self._latest is None or self._over:
            return
        (fraction, text), self._latest = self._latest, None
        if self._bar is not None:
            self._bar.set_description(text)
            self._bar.update(round(100 * fraction) - self._bar.n)
        self.progressed.emit(fraction, text)

    def _on_returned(self, value_and_seconds: tuple[Any, float]) -> None:
        if not self._over:
            self._end()
            self.returned.emit(*value_and_seconds)
            self.finished.emit()

    def _on_errored(self, error: Exception) -> None:
        if self._over or isinstance(error, Cancelled):
            return
        self._end()
        self.failed.emit(error)
        self.finished.emit()

    def _end(self) -> None:
        self._over = True
        self._timer.stop()
        if self._bar is not None:
            self._bar.close()
        self.deleteLater()
