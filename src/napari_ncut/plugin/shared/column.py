"""A column of widgets that can be scrolled through, so that several docks fit a small screen."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollArea,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

# Of a dock that lies above and below others: the height of three rows, in pixels.
LOW = 80
NARROW = 220
# What the wheel would turn.
TURNED = QAbstractSlider, QAbstractSpinBox, QComboBox


class Column(QScrollArea):
    """A dock's widgets, in its layout ``column``; where they have no room they scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.body = _Body(self)
        self.body.setMinimumWidth(NARROW)
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(5, 5, 5, 5)
        self.setWidget(self.body)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The Tab key goes to what can be set; what it reaches is scrolled into view.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let the wheel scroll, rather than turn what happens to pass under the mouse."""
        passed = isinstance(watched, QWidget) and watched is not self and not watched.hasFocus()
        if event is not None and event.type() == QEvent.Type.Wheel and passed:
            event.ignore()  # then it goes on to what lies below: this column
            return True
        return bool(super().eventFilter(watched, event))

    def sizeHint(self) -> QSize:
        """Return the size at which nothing scrolls."""
        return self.body.sizeHint().expandedTo(self.body.minimumSize())

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widgets beside a scroll bar, and a height that shows a few."""
        bar = self.verticalScrollBar()
        width = self.body.minimumSizeHint().width() + (0 if bar is None else bar.sizeHint().width())
        return QSize(max(width, NARROW), LOW)


class _Body(QWidget):
    """Widgets with room for all lines of text: a wrapped label does not ask for it."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self._scrolled_by = column

    def event(self, event: QEvent | None) -> bool:
        """Ask for the height that the texts need at this width."""
        layout = self.layout()
        kind = None if event is None else event.type()
        if kind == QEvent.Type.LayoutRequest:
            for child in self.findChildren(QWidget):
                if isinstance(child, TURNED) and not isinstance(child, QScrollBar):
                    child.installEventFilter(self._scrolled_by)
        is_due = kind in (QEvent.Type.LayoutRequest, QEvent.Type.Resize)
        if is_due and layout is not None and layout.hasHeightForWidth():
            self.setMinimumHeight(layout.minimumHeightForWidth(self.width()))
        return bool(super().event(event))
