"""The files of a batch and what came of them, in the order of doubt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from napari_ncut.batches.inputs import Pair

COLUMNS = ("file", "mask", "objects", "doubtful", "s", "state")
WAITING, MISSING = "waiting", "no mask"


class ReportTable(QTableWidget):
    """A row for each file; it sorts by any column."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setHorizontalHeaderLabels(COLUMNS)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSortingEnabled(True)
        self.setMinimumHeight(110)
        self._items: dict[str, list[QTableWidgetItem]] = {}

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """Show files that are to be done."""
        self.setSortingEnabled(False)
        self.setRowCount(0)
        self.setRowCount(len(pairs))
        self._items.clear()
        for number, pair in enumerate(pairs):
            mask = "" if pair.mask is None else pair.mask.name
            state = MISSING if pair.is_mask_missing else WAITING
            items = [_item(text) for text in (pair.name, mask, None, None, None, state)]
            items[0].setData(Qt.ItemDataRole.UserRole, (str(pair.path), str(pair.output)))
            items[0].setToolTip(str(pair.path))
            for column, item in enumerate(items):
                self.setItem(number, column, item)
            self._items[str(pair.path)] = items
        self.resizeColumnsToContents()
        self.setColumnWidth(0, min(self.columnWidth(0), 110))
        self.setColumnWidth(1, min(self.columnWidth(1), 80))
        self.setColumnWidth(COLUMNS.index("s"), 44)
        self.setColumnHidden(1, all(pair.mask is None for pair in pairs))
        self.setSortingEnabled(True)

    def show_row(self, row: dict[str, Any]) -> None:
        """Show what came of a file."""
        items = self._items.get(row["file"])
        if items is None:
            return
        self.setSortingEnabled(False)
        values = row["objects"], row["doubtful_necks"], round(row["seconds"], 2), row["status"]
        for item, value in zip(items[2:], values, strict=True):
            item.setData(Qt.ItemDataRole.DisplayRole, value)
        items[-1].setToolTip(row["error"])
        self.setSortingEnabled(True)

    def sort_by_doubt(self) -> None:
        """Show the files with most doubtful necks first."""
        self.sortByColumn(COLUMNS.index("doubtful"), Qt.SortOrder.DescendingOrder)

    def files_of(self, row: int) -> tuple[Path, Path]:
        """Return the file of a row and its result."""
        path, output = self.item(row, 0).data(Qt.ItemDataRole.UserRole)
        return Path(path), Path(output)


def _item(value: Any) -> QTableWidgetItem:
    """Return a cell; an empty one is less than any number."""
    item = QTableWidgetItem()
    item.setData(Qt.ItemDataRole.DisplayRole, value)
    return item
