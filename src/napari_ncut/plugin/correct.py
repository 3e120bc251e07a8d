"""The dock widget "Correct": objects cut, merged, deleted and re-cut by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_ncut.editing import Cutter, Evidence, Frame, free_numbers, piece_at, split_edit
from napari_ncut.plugin import editable, layers, pointing
from napari_ncut.plugin.desk import Desk
from napari_ncut.plugin.hands import FREE_MODE, Hands, Keys
from napari_ncut.plugin.tools import TOOLS, CutTool, Tool
from napari_ncut.plugin.worker import Run

NO_TOOL = "No tool: the mouse moves the picture. Choose one above or by its key."
SHORTCUTS = (
    ("C  J  D  S", "Cut, Merge, Delete, Seeds"),
    ("2 ... 9", "Cut: how many parts"),
    ("1 ... 9", "Seeds: colour of the stroke"),
    ("Enter", "Seeds: cut"),
    ("Backspace", "Seeds: last stroke away"),
    ("Space", "hold it: the mouse moves the picture"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Shift+Z", "repeat"),
    ("Esc", "leave the tool"),
)


class CorrectWidget(QWidget):
    """Corrects the objects of any Labels layer by hand.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are corrected.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._desk = Desk(viewer, self)
        self._tools: dict[str, Tool] = {kind.name: kind(self._desk) for kind in TOOLS}
        self._tool: Tool | None = None
        self._hands: Hands | None = None
        self._keys: Keys | None = None
        self._copying: Run | None = None
        self._is_choosing = False
        self._build()
        self._connect()
        self._warm_up()
        self._choose_layer(self._default_layer())

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return self._desk.is_idle and self._copying is None

    @property
    def tool(self) -> Tool | None:
        """The tool in use."""
        return self._tool

    # The face

    def _build(self) -> None:
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.labels = self._combo("labels", "Labels", "The objects that are corrected.")
        self.image = self._combo(
            "image",
            "Image",
            "Dark lines and steps of brightness guide the cut; without an image the shape alone.",
        )
        self.spatial_ndim = self._combo(
            "spatial_ndim",
            "Data",
            "Planes: the tools change the plane you see.\nVolume: they change objects as a whole, "
            "along the last three axes.",
        )
        self.spatial_ndim.addItem("planes", 2)
        self.spatial_ndim.addItem("volume", 3)
        self.n_parts = QSpinBox()
        self.n_parts.setRange(2, 9)
        self._row(self.n_parts, "n_parts", "Parts", "Into how many parts Cut cuts an object.")

        tools = QGridLayout()
        self._buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        for place, tool in enumerate(self._tools.values()):
            button = self._buttons[tool.name] = QToolButton()
            button.setText(f"{tool.title}  ({tool.key})")
            button.setObjectName(f"tool_{tool.name}")
            button.setAccessibleName(tool.title)
            button.setToolTip(f"{tool.hint}\nKey: {tool.key}")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(partial(self._on_button, tool.name))
            tools.addWidget(button, place // 2, place % 2)

        self.active = self._text("active")
        self.status = self._text("status")
        self.make_editable = QPushButton("Make an editable copy")
        self.make_editable.setObjectName("make_editable")
        self.shortcuts = self._text("shortcuts")
        rows = "".join(
            f"<tr><td style='padding-right: 8px'><b>{key.replace(' ', '&nbsp;')}</b></td>"
            f"<td>{what}</td></tr>"
            for key, what in SHORTCUTS
        )
        self.shortcuts.setText(f"<table>{rows}</table>")

        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addLayout(tools)
        for part in (self.active, self.status, self.make_editable, self.shortcuts):
            layout.addWidget(part)
        layout.addStretch()
        self.setMinimumWidth(230)
        order = (self.labels, self.image, self.spatial_ndim, self.n_parts, *self._buttons.values())
        for before, after in zip(order, (*order[1:], self.make_editable), strict=True):
            QWidget.setTabOrder(before, after)

    def _row(self, control: QWidget, name: str, text: str, tip: str) -> None:
        control.setObjectName(name)
        control.setToolTip(tip)
        control.setAccessibleName(text)
        self._form.addRow(text, control)

    def _combo(self, name: str, text: str, tip: str) -> QComboBox:
        combo = QComboBox()
        # A long layer name must not make the dock wide.
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        self._row(combo, name, text, tip)
        return combo

    def _text(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _connect(self) -> None:
        self.labels.currentIndexChanged.connect(self._on_labels)
        self.image.currentIndexChanged.connect(self._on_image)
        self.spatial_ndim.currentIndexChanged.connect(self._on_spatial_ndim)
        self.n_parts.valueChanged.connect(self._on_n_parts)
        self.make_editable.clicked.connect(self._on_make_editable)
        self._desk.said.connect(self._say)
        self._desk.n_parts_changed.connect(self.n_parts.setValue)
        self._desk.widened.connect(self._on_widened)
        self._events = [
            (self._viewer.layers.events.inserted, self._on_layers),
            (self._viewer.layers.events.removed, self._on_layers),
            (self._viewer.layers.events.renamed, self._on_layers),
            (self._viewer.layers.selection.events.active, self._on_active),
            (self._viewer.dims.events.current_step, self._on_view),
            (self._viewer.dims.events.ndisplay, self._on_view),
            (self._viewer.dims.events.order, self._on_view),
        ]
        for event, react in self._events:
            event.connect(react)
        self._layer_events: list[tuple[Any, Any]] = []

    # The layers

    def _default_layer(self) -> Labels | None:
        active = self._viewer.layers.selection.active
        if isinstance(active, Labels):
            return active
        found = [layer for layer in self._viewer.layers if isinstance(layer, Labels)]
        return found[-1] if found else None

    def _choose_layer(self, layer: Labels | None) -> None:
        """Fill the list of layers, choose one and take it."""
        self._is_choosing = True
        self.labels.clear()
        for other in reversed(self._viewer.layers):
            if isinstance(other, Labels):
                self.labels.addItem(other.name, other)
        self.labels.setCurrentIndex(self._find(self.labels, layer))
        self._is_choosing = False
        if layer is not self._desk.layer:
            self._take(layer)
        else:
            self._refill_images()
            self._refresh()

    @staticmethod
    def _find(combo: QComboBox, layer: Layer | None) -> int:
        return next((i for i in range(combo.count()) if combo.itemData(i) is layer), -1)

    def _take(self, layer: Labels | None) -> None:
        """Work on a layer from now on; a tool in use goes with it."""
        tool = self._tool
        self._leave()
        for event, react in self._layer_events:
            event.disconnect(react)
        self._layer_events = []
        if self._keys is not None:
            self._keys.release()
            self._keys = None
        self._desk.take(layer)
        if layer is not None:
            self._keys = Keys(layer, {t.key: self._user(t.name) for t in self._tools.values()})
            self._layer_events = [
                (layer.events.paint, self._on_labels_changed),
                (layer.events.set_data, self._on_labels_changed),
                (layer.events.data, self._on_labels_changed),
                (layer.events.mode, self._on_mode),
                (layer.events.editable, self._on_editable),
            ]
            for event, react in self._layer_events:
                event.connect(react)
            self._is_choosing = True
            guess = layers.guess_spatial_ndim(layer)
            self.spatial_ndim.setCurrentIndex(self.spatial_ndim.findData(guess))
            self._desk.spatial_ndim = guess
            self._is_choosing = False
        self._form.setRowVisible(self.spatial_ndim, layer is not None and layer.ndim > 2)
        self._refill_images()
        self._refresh()
        if tool is not None and layer is not None:
            self._use(tool.name)

    def _refill_images(self) -> None:
        found = pointing.evidence_images(self._viewer, self._desk.layer)
        before = self._desk.image
        self._is_choosing = True
        self.image.clear()
        for image in reversed(found):
            self.image.addItem(image.name, image)
        self.image.addItem("none: shape only", None)
        if before in found:
            self.image.setCurrentIndex(self._find(self.image, before))
        elif before is None and self._desk.layer is not None and self._image_is_none_by_hand:
            self.image.setCurrentIndex(self.image.count() - 1)
        else:
            self.image.setCurrentIndex(0)
        self._desk.image = self.image.currentData()
        self._is_choosing = False

    _image_is_none_by_hand = False

    def _on_layers(self, _: object = None) -> None:
        layer = self._desk.layer
        if layer is None or layer not in self._viewer.layers:
            layer = self._default_layer()
        self._choose_layer(layer)

    def _on_active(self, _: object = None) -> None:
        active = self._viewer.layers.selection.active
        if active is self._desk.layer:
            return
        if isinstance(active, Labels):
            self._choose_layer(active)
        elif self._tool is not None:
            self._leave()
            self._say("Another layer is selected, so the tool was put away.", False)

    def _on_labels(self) -> None:
        if not self._is_choosing and self.labels.currentData() is not None:
            self._take(self.labels.currentData())

    def _on_image(self) -> None:
        if self._is_choosing:
            return
        image = self.image.currentData()
        self._image_is_none_by_hand = image is None
        self._desk.image = image if isinstance(image, Image) else None
        self._start_over()

    def _on_spatial_ndim(self) -> None:
        if not self._is_choosing:
            self._desk.spatial_ndim = self.spatial_ndim.currentData()
            self._start_over()

    def _on_n_parts(self, value: int) -> None:
        self._desk.n_parts = value
        cut = self._tools["cut"]
        if self._tool is cut and isinstance(cut, CutTool):
            cut.parts_changed()

    def _start_over(self) -> None:
        """Forget what the tool was about to do: what it would do has changed."""
        if self._tool is not None:
            self._tool.end()

    def _on_widened(self, copy: Labels) -> None:
        self._choose_layer(copy)

    def _on_labels_changed(self, _: object = None) -> None:
        if self._tool is not None and not self._desk.is_applying:
            self._tool.labels_changed()

    def _on_view(self, _: object = None) -> None:
        if self._desk.overlay is not None and self._desk.layer in self._viewer.layers:
            if self._tool is not None:
                self._tool.labels_changed()
            self._desk.overlay.redraw()

    def _on_editable(self, _: object = None) -> None:
        self._refresh()

    # The tools

    def _on_button(self, name: str, checked: bool) -> None:
        if checked:
            self._use(name)
            # The keys of the tool are the canvas's.
            self._viewer.window._qt_viewer.canvas.native.setFocus()
        else:
            self._leave()

    def _user(self, name: str) -> Callable[[Layer], None]:
        """Return what the key of a tool does; napari wants functions with a name."""

        def use_tool(_: Layer) -> None:
            self._use(name)

        return use_tool

    def _use(self, name: str) -> None:
        """Take a tool; taken again, it starts over."""
        self._leave()
        layer = self._desk.layer
        if layer is None or layer not in self._viewer.layers or editable.obstacle(layer):
            self._refresh()
            return
        self._viewer.layers.selection.active = layer
        self._tool = self._tools[name]
        self._hands = Hands(
            self._viewer, layer, self._tool, lambda: self._desk.spatial_ndim, self._leave
        )
        self._say("", False)
        self._show_tool()

    def _leave(self) -> None:
        """Put the tool away: the mouse is napari's again."""
        tool, self._tool = self._tool, None
        hands, self._hands = self._hands, None
        if hands is not None:
            hands.release()
        if tool is not None:
            tool.end()
            self._desk.drop()
        self._show_tool()

    def _on_mode(self, _: object = None) -> None:
        layer = self._desk.layer
        if self._tool is not None and layer is not None and layer.mode != FREE_MODE:
            self._leave()

    def _show_tool(self) -> None:
        for name, button in self._buttons.items():
            button.setChecked(self._tool is not None and self._tool.name == name)
        if self._tool is None:
            self.active.setText(NO_TOOL)
        else:
            self.active.setText(f"<b>{self._tool.title}.</b> {self._tool.hint}")

    # What the widget says

    def _say(self, text: str, error: bool) -> None:
        self.status.setStyleSheet("color: #e8553e;" if error else "")
        self.status.setText(text)

    def _refresh(self) -> None:
        """Say what keeps the layer from being corrected; the buttons follow."""
        layer = self._desk.layer
        problem = "Open or make a Labels layer first; its objects are corrected here."
        obstacle = None if layer is None else editable.obstacle(layer)
        if obstacle is not None:
            problem = obstacle[1]
        wrong = layer is None or obstacle is not None
        self.make_editable.setVisible(obstacle is not None and obstacle[0] == "copy")
        for button in self._buttons.values():
            button.setEnabled(not wrong)
        if wrong:
            self._leave()
            self.active.setText("")
            self._say(problem, False)
        elif self._tool is None:
            self._show_tool()
            self._say("", False)

    # Copies

    def _on_make_editable(self) -> None:
        layer = self._desk.layer
        if layer is None or self._copying is not None:
            return
        self._say("Reading the labels for the copy.", False)
        self.make_editable.setEnabled(False)
        run = self._copying = Run(
            lambda _: editable.editable_data(layer), f"copy of {layer.name}", self
        )
        run.returned.connect(lambda data, _: self._add_copy(layer, data))
        run.failed.connect(lambda error: self._say(str(error), True))
        run.finished.connect(self._on_copied)

    def _add_copy(self, layer: Labels, data: np.ndarray[Any, Any]) -> None:
        if layer in self._viewer.layers:
            copy = editable.add_copy(self._viewer, layer, data, "(editable)")
            self._choose_layer(copy)
            self._say(f"{copy.name} is a copy in memory; the original is hidden.", False)

    def _on_copied(self) -> None:
        self._copying = None
        self.make_editable.setEnabled(True)

    def _warm_up(self) -> None:
        """Compile in the background what the first click needs."""
        Run(lambda _: warm_up(), "warming up", self, in_activity_dock=False)

    # Keys and the end

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Hear the tools' keys also while the widget has the focus."""
        assert event is not None
        layer = self._desk.layer
        key = event.text().upper()
        names = {tool.key: name for name, tool in self._tools.items()}
        if event.key() == Qt.Key.Key_Escape and self._tool is not None:
            self._leave()
        elif key in names and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._use(names[key])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tool is not None:
            self._tool.confirm()
        elif event.key() == Qt.Key.Key_Z and layer is not None and _is_control(event):
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (layer.redo if shift else layer.undo)()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the widget into its dock, and out of it when the dock is closed."""
        super().changeEvent(event)
        assert event is not None
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.leave()

    def leave(self) -> None:
        """Give everything back to napari."""
        self._take(None)
        if self._copying is not None:
            self._copying.cancel()
        for event, react in self._events:
            event.disconnect(react)
        self._events = []


def _is_control(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def warm_up() -> None:
    """Cut a small object in two, in 2-D and 3-D, so that the loops are compiled."""
    cutter = Cutter()
    for ndim in (2, 3):
        for dtype in (np.uint8, np.int32):
            data = np.ones((6,) * ndim, dtype=dtype)
            region = piece_at(data, (1,) * ndim)
            parts = cutter.cut(region, Evidence(None, (1.0,) * ndim))
            split_edit(data, Frame((None,) * ndim), region, parts)
            free_numbers(data, 1)
