"""One reaction to many signals that come in a burst."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject
from superqt.utils import QSignalDebouncer


class Debounced(QSignalDebouncer):
    """Reacts once, when nothing has come for a time.

    Parameters
    ----------
    milliseconds : int
        The time.
    react : callable
        What is then done.
    parent : QObject
        Lives as long as this.
    """

    def __init__(self, milliseconds: int, react: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent=parent)
        self.is_pending = False
        self._react = react
        self._milliseconds = milliseconds
        self.triggered.connect(self._on_triggered)

    def trigger(self, _: object = None) -> None:
        """React soon; not before the time from now on is over."""
        self.trigger_after(self._milliseconds)

    def trigger_after(self, milliseconds: int) -> None:
        """React soon, after another time."""
        self.is_pending = True
        self.setTimeout(milliseconds)
        self.throttle()

    def cancel(self) -> None:
        """React to nothing that came until now."""
        self.is_pending = False
        super().cancel()

    def _on_triggered(self) -> None:
        self.is_pending = False
        self._react()
