"""What a hand tool is: something that knows what the mouse and the keys mean to it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_ncut.objects.edits import Frame, Region
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.shared import layers

NO_OBJECT = "There is no object here; the background can not be changed by the tools."


class Tool:
    """A hand tool. What it does not override does nothing.

    Parameters
    ----------
    desk : Desk
        What it works on.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    key: ClassVar[str]
    cursor: ClassVar[str]
    hint: ClassVar[str]

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.spot: Spot | None = None

    def end(self) -> None:
        """Forget everything: the tool is put away, or laid on another layer."""
        self.spot = None
        self.desk.hide()
        if self.desk.overlay is not None:
            self.desk.overlay.clear_parts()
            self.desk.overlay.show_paths([])

    def hover(self, spot: Spot | None) -> None:
        """React to the mouse being over a pixel, or over none."""
        self.spot = spot

    def click(self, spot: Spot | None, *, shift: bool) -> None:
        """React to a click."""

    def grab(self, spot: Spot | None) -> bool:
        """React to the press of the button; True takes the drag that may follow."""
        return False

    def drag(self, spot: Spot | None) -> None:
        """React to the mouse moving with the button pressed."""

    def drop(self) -> None:
        """React to the release of the button after a drag."""

    def number(self, n: int) -> None:
        """React to a number key."""

    def confirm(self) -> None:
        """React to Enter."""

    def back(self) -> None:
        """React to Backspace."""

    def parts_changed(self) -> None:
        """React to another number of parts being wanted."""

    def labels_changed(self) -> None:
        """React to a change of the labels that is not the tools' own."""

    def _frame(self, frame: Frame) -> Any:
        assert self.desk.layer is not None
        return frame.view(layers.finest(self.desk.layer))

    def _show_parts(
        self, frame: Frame, region: Region, parts: NDArray[np.int32], *, hatched: bool = False
    ) -> None:
        if self.desk.overlay is not None:
            self.desk.overlay.show_parts(frame, region.corner, parts, hatched=hatched)

    def _clear_parts(self) -> None:
        self.desk.hide()
        if self.desk.overlay is not None:
            self.desk.overlay.clear_parts()
