"""The bar that tells how far a run is."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QWidget


class ProgressBar(QProgressBar):
    """A bar that is there while something runs; its room stays, so that nothing jumps.

    Parameters
    ----------
    parent : QWidget
        The dock.
    is_busy : callable
        Tells whether something runs.
    """

    def __init__(self, parent: QWidget, is_busy: Callable[[], bool]) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self.setRange(0, 1000)
        self.setTextVisible(False)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        # Empty it is only a frame.
        self.hide()
        self._is_busy = is_busy
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._hide)

    def tell(self, fraction: float) -> None:
        """Show how far the run is."""
        self.show()
        self.setValue(round(1000 * fraction))

    def hide_soon(self) -> None:
        """Hide, a moment later: it draws the window at once, and layers may be half changed."""
        self._soon.start(0)

    def _hide(self) -> None:
        if not self._is_busy():
            self.hide()
            self.reset()
