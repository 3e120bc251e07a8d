"""What the docks beside Graph cut share: they follow its results, and leave without a trace."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import napari
from napari.layers import Layer
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QApplication, QLabel

from napari_ncut.plugin.graph_cut.graph_cut_widget import GraphCutWidget
from napari_ncut.plugin.shared.column import Column

ERROR = "color: #e8553e;"
# Of necks that are cut and of those that are not: orange and blue, which all eyes tell apart and
# which show on a dark ground and on a light one.
SPLIT_COLOR = "#e69f00"
JOINED_COLOR = "#3f9fd8"


class GraphCutLink(QObject):
    """Follows the Graph cut widget of a viewer, whether it is opened before this or after."""

    result_changed = Signal()
    setting_changed = Signal(str)

    def __init__(self, viewer: napari.viewer.Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.widget: GraphCutWidget | None = None
        viewer.layers.events.inserted.connect(self.find)
        self.find()

    def find(self, _: object = None) -> None:
        """Look for the widget; its result layer tells that it has been opened."""
        if self.widget is not None:
            return
        docked = (unwrap(widget) for widget in self._viewer.window.dock_widgets.values())
        found = next((widget for widget in docked if isinstance(widget, GraphCutWidget)), None)
        if found is not None:
            self.widget = found
            found.result_changed.connect(self.result_changed)
            found.controls.settings_changed.connect(self.setting_changed)
            found.destroyed.connect(self._lose)

    def _lose(self) -> None:
        self.widget = None

    def leave(self) -> None:
        """Stop following."""
        self._viewer.layers.events.inserted.disconnect(self.find)
        if self.widget is not None:
            self.widget.result_changed.disconnect(self.result_changed)
            self.widget.controls.settings_changed.disconnect(self.setting_changed)
            self.widget.destroyed.disconnect(self._lose)
        self.widget = None


class Dock(Column):
    """A dock with a status line that takes its traces away when it is closed."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._left = False
        self.status = QLabel()
        self.status.setObjectName("status")
        self.status.setWordWrap(True)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence in the status line."""
        self.status.setStyleSheet(ERROR if error else "")
        self.status.setText(text)

    def add_shortcut(self, key: str, button: Any) -> None:
        """Click a button when a key is pressed anywhere in this viewer's window."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)

        def click() -> None:
            # A floating dock is a window of its own; another viewer has its own docks.
            active = QApplication.activeWindow()
            while active is not None and active.parentWidget() is not None:
                active = active.parentWidget()
            if active is None or active.isAncestorOf(self):
                button.click()

        shortcut.activated.connect(click)
        shortcut.activatedAmbiguously.connect(click)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the widget into its dock, and out of it when the dock is closed."""
        super().changeEvent(event)
        kind = None if event is None else event.type()
        if kind == QEvent.Type.ParentChange and self.parent() is None and not self._left:
            self._left = True
            self.leave()

    def leave(self) -> None:
        """Stop what runs and take away what was added; called once, when the dock is closed."""
        raise NotImplementedError


def in_viewer(layer: Layer | None, viewer: napari.viewer.Viewer) -> bool:
    """Return whether a layer is there and still shown."""
    return layer is not None and layer in viewer.layers
