"""Progress and cancelling of a long call, handed down to whatever computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[float, str], object]
IsCancelled = Callable[[], bool]


class Cancelled(Exception):
    """Raised by a long call whose ``cancelled`` callable answered True.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut import scenes
    >>> try:
    ...     napari_ncut.split_touching(scenes.circles(4).mask, cancelled=lambda: True)
    ... except napari_ncut.Cancelled:
    ...     print("cancelled")
    cancelled
    """


@dataclass(frozen=True)
class Monitor:
    """What a long call tells and asks while it runs.

    Parameters
    ----------
    progress : callable, optional
        Called with the fraction done (0 to 1) and the stage in words.
    cancelled : callable, optional
        Asked between stages and inside long loops; True ends the call with `Cancelled`.
    start, stop : float
        The range of fractions that this monitor's 0 to 1 stands for.
    """

    progress: Progress | None = None
    cancelled: IsCancelled | None = None
    start: float = 0.0
    stop: float = 1.0

    def check(self) -> None:
        """Raise `Cancelled` if the caller wants the call to end."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled("The run was cancelled.")

    def report(self, fraction: float, text: str) -> None:
        """Tell how far the work is, after asking whether it should go on."""
        self.check()
        if self.progress is not None:
            self.progress(self.start + fraction * (self.stop - self.start), text)

    def part(self, start: float, stop: float) -> Monitor:
        """Return the monitor of a part of the work, from one fraction of it to another."""
        width = self.stop - self.start
        return Monitor(
            self.progress, self.cancelled, self.start + start * width, self.start + stop * width
        )
