"""A button whose menu chooses what else is measured of each object."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_ncut.objects.properties import DESCRIPTIONS, PROPERTIES


class PropertiesButton(QPushButton):
    """Shows how many properties are chosen; its menu has all of them, each with a tick.

    ``changed`` is emitted when another choice has been made.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self._actions = {}
        for name in PROPERTIES:
            action = menu.addAction(DESCRIPTIONS[name])
            action.setObjectName(name)
            action.setCheckable(True)
            action.toggled.connect(self._on_toggled)
            self._actions[name] = action
        menu.addSeparator()
        for text, is_chosen in (("All", True), ("None", False)):
            menu.addAction(text).triggered.connect(
                lambda _=False, chosen=is_chosen: self.choose(PROPERTIES if chosen else ())
            )
        self.setMenu(menu)
        self._show()

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the chosen properties, in the order of the columns."""
        return tuple(name for name, action in self._actions.items() if action.isChecked())

    def choose(self, names: tuple[str, ...]) -> None:
        """Choose these properties, and no others."""
        before = self.chosen
        for name, action in self._actions.items():
            action.blockSignals(True)
            action.setChecked(name in names)
            action.blockSignals(False)
        if self.chosen != before:
            self._on_toggled()

    def _on_toggled(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        n = len(self.chosen)
        self.setText("Size and place" if n == 0 else f"Size, place and {n} more")
