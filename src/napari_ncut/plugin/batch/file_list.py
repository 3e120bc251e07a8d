"""A list of files and folders that others are dropped on."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QPainter
from qtpy.QtWidgets import QListWidget, QListWidgetItem

HINT = "Drop files or folders here"


class FileList(QListWidget):
    """Files and folders, by their names; the Delete key takes the selected ones away."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setFixedHeight(64)

    @property
    def paths(self) -> list[str]:
        """What is in the list."""
        return [self.item(k).data(Qt.ItemDataRole.UserRole) for k in range(self.count())]

    def add(self, paths: list[str]) -> None:
        """Add paths that are not in the list."""
        there = set(self.paths)
        for path in dict.fromkeys(paths):
            if path and path not in there:
                name = Path(path).name or path
                item = QListWidgetItem(f"{name}/" if Path(path).is_dir() else name)
                item.setData(Qt.ItemDataRole.UserRole, path)
                item.setToolTip(path)
                self.addItem(item)
        self.changed.emit()

    def empty(self) -> None:
        """Take all away."""
        self.clear()
        self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files."""
        if event is not None and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent | None) -> None:
        """Take files."""
        if event is not None and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Add the files; napari, below, shall not open them."""
        if event is not None and event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.add([url.toLocalFile() for url in event.mimeData().urls()])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take the selected files away."""
        if event is not None and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            for item in self.selectedItems():
                self.takeItem(self.row(item))
            self.changed.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: object) -> None:
        """Say what it is for while it is empty."""
        super().paintEvent(event)
        if self.count() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, HINT)
