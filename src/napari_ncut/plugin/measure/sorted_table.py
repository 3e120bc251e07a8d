"""A table of numbers in a view that sorts by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt

from napari_ncut.objects.measure import Table


class TableModel(QAbstractTableModel):
    """A table of columns of numbers, for a view."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.names = list(table)
        self._columns = list(table.values())

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of objects."""
        return len(self._columns[0]) if self._columns else 0

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return len(self._columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, or for sorting its number."""
        value = self._columns[index.column()][index.row()].item()
        if role == Qt.ItemDataRole.UserRole:
            return value
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the name of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return self.names[section].replace("_", " ")


def _text(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if np.isnan(value) else f"{value:.5g}"


class SortedTable(QSortFilterProxyModel):
    """A table in the order of a column; missing values come last when it ascends."""

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Compare two cells by their numbers."""
        first, second = (
            self.sourceModel().data(index, Qt.ItemDataRole.UserRole) for index in (left, right)
        )
        if np.isnan(first) or np.isnan(second):
            return not np.isnan(first)
        return bool(first < second)
