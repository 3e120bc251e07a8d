"""The face of the widget "Correct": what is on it and what it says, without what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.layers import Labels, Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_ncut.plugin.correct.tools import Tool
from napari_ncut.plugin.shared.layer_combo import LayerCombo
from napari_ncut.plugin.shared.status_label import StatusLabel

NO_TOOL = "No tool is in use: the mouse moves the picture."
SHORTCUTS = (
    ("C J D S", "Cut, Merge, Delete, Seeds"),
    ("2 to 9", "Cut: number of parts"),
    ("1 to 9", "Seeds: colour of the stroke"),
    ("Enter", "Seeds: cut"),
    ("Backspace", "Seeds: last stroke away"),
    ("Space", "held: move the picture"),
    ("Esc", "leave the tool"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Shift+Z", "redo"),
)


class CorrectForm(QWidget):
    """The controls; every one is an attribute with the name of its Qt objectName.

    Parameters
    ----------
    tools : sequence of Tool
        Each gets a button.
    images : callable
        Tells whether a layer is offered as an image.
    status : StatusLabel
        The line in which it says what happened.
    """

    def __init__(
        self, tools: Sequence[Tool], images: Callable[[Layer], bool], status: StatusLabel
    ) -> None:
        super().__init__()
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.labels = self._row(
            "labels", "Labels", LayerCombo(_is_labels), "The layer whose objects are corrected."
        )
        self.image = self._row(
            "image",
            "Image",
            LayerCombo(images, "none: shape only"),
            "Dark lines and steps of brightness guide the cut; without an image the shape alone.",
        )
        self.spatial_ndim = self._row(
            "spatial_ndim",
            "Data",
            QComboBox(),
            "Planes: the tools change the plane that you see.\nVolume: they change objects as a "
            "whole, along the last three axes.",
        )
        self.spatial_ndim.addItem("planes", 2)
        self.spatial_ndim.addItem("volume", 3)
        self.n_parts = self._row(
            "n_parts", "Parts", QSpinBox(), "Into how many parts the tool Cut cuts an object."
        )
        self.n_parts.setRange(2, 9)
        self.buttons = {tool.name: self._button(tool) for tool in tools}
        self.active = self._text("active")
        self.status = status
        self.make_editable = QPushButton("Make an editable copy")
        self.make_editable.setObjectName("make_editable")
        self.shortcuts = self._text("shortcuts")
        self.shortcuts.setText(shortcuts_table())
        self._arrange()

    def _row(self, name: str, text: str, control: Any, tip: str) -> Any:
        control.setObjectName(name)
        control.setToolTip(tip)
        control.setAccessibleName(text)
        self._form.addRow(text, control)
        return control

    def _button(self, tool: Tool) -> QPushButton:
        button = QPushButton(f"{tool.title} ({tool.key})")
        button.setObjectName(f"tool_{tool.name}")
        button.setAccessibleName(tool.title)
        button.setToolTip(f"{tool.hint}\nKey: {tool.key}")
        button.setCheckable(True)
        return button

    def _text(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _arrange(self) -> None:
        tools = QGridLayout()
        for place, button in enumerate(self.buttons.values()):
            tools.addWidget(button, place // 2, place % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addLayout(tools)
        for part in (self.active, self.status, self.make_editable):
            layout.addWidget(part)
        layout.addStretch()
        layout.addWidget(self.shortcuts)
        order = (self.labels, self.image, self.spatial_ndim, self.n_parts, *self.buttons.values())
        for before, after in zip(order, (*order[1:], self.make_editable), strict=True):
            QWidget.setTabOrder(before, after)

    # What it says

    def say(self, text: str, error: bool = False) -> None:
        """Say what happened."""
        self.status.say(text, error=error)

    def show_tool(self, tool: Tool | None) -> None:
        """Say which tool is in use."""
        for name, button in self.buttons.items():
            button.setChecked(tool is not None and tool.name == name)
        self.active.show()
        self.active.setText(NO_TOOL if tool is None else f"<b>{tool.title}.</b> {tool.hint}")

    def show_spatial_ndim(self, value: int, visible: bool) -> None:
        """Show whether planes or volumes are corrected; of a single plane there is no choice."""
        self.spatial_ndim.blockSignals(True)
        self.spatial_ndim.setCurrentIndex(self.spatial_ndim.findData(value))
        self.spatial_ndim.blockSignals(False)
        self._form.setRowVisible(self.spatial_ndim, visible)

    def show_obstacle(self, text: str | None, *, copy_helps: bool) -> None:
        """Say what keeps the layer from being corrected; None if nothing does."""
        self.make_editable.setVisible(text is not None and copy_helps)
        for button in self.buttons.values():
            button.setEnabled(text is None)
        if text is not None:
            self.active.hide()
            self.say(text)


def shortcuts_table() -> str:
    """Return the keys as rich text."""
    rows = "".join(
        f"<tr><td style='padding-right: 8px; white-space: nowrap'><b>{key}</b></td>"
        f"<td>{what}</td></tr>"
        for key, what in SHORTCUTS
    )
    return f"<table>{rows}</table>"


def _is_labels(layer: Layer) -> bool:
    return isinstance(layer, Labels)
