"""A column of widgets that asks for the height of its texts."""

from __future__ import annotations

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget


class Column(QWidget):
    """A column of widgets with room for all lines of text: a wrapped label does not ask for it."""

    def event(self, event: QEvent | None) -> bool:
        """Ask for the height that the texts need at this width."""
        layout = self.layout()
        kind = None if event is None else event.type()
        is_due = kind in (QEvent.Type.LayoutRequest, QEvent.Type.Resize)
        if is_due and layout is not None and layout.hasHeightForWidth():
            self.setMinimumHeight(layout.minimumHeightForWidth(self.width()))
        return bool(super().event(event))
