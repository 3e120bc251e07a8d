"""What all docks are: a view of the viewer's model that leaves without a trace."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from operator import attrgetter
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import napari
from napari.layers import Layer
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QApplication, QDockWidget, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.plugin.shared.column import Column
from napari_ncut.plugin.shared.debounced import Debounced
from napari_ncut.plugin.shared.model import model_of
from napari_ncut.plugin.shared.napari_private import main_window, unwrapped
from napari_ncut.plugin.shared.run import Run
from napari_ncut.plugin.shared.status_label import StatusLabel

# The docks of each viewer that are open.
_open: WeakKeyDictionary[napari.viewer.Viewer, WeakSet[Dock]] = WeakKeyDictionary()
_numbers = count()


class Dock(Column):
    """A dock with a status line that takes its traces away when it, or the viewer, is closed.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer to whose window it belongs.
    """

    _main: Any = None  # events come before all is made

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer: napari.viewer.Viewer = unwrapped(viewer)
        self._model = model_of(self._viewer)
        self.number = next(_numbers)
        self._has_left = False
        self._main = main_window(self._viewer)
        self._main_is_closing = False
        self._followed: list[tuple[Any, Callable[..., Any]]] = []
        self._debounced: list[Debounced] = []
        self._runs: dict[str, Run] = {}
        self._shortcuts: dict[str, QShortcut] = {}  # by the name of the button
        self._is_in_front = True
        self.status = StatusLabel(self._viewer)
        self.follow(self._viewer.events.theme, self._on_theme)
        if self._main is not None:
            self._main.installEventFilter(self)
        _open.setdefault(self._viewer, WeakSet()).add(self)
        self._docked = QTimer(self)
        self._docked.setSingleShot(True)
        self._docked.timeout.connect(self._lie_with_the_others)

    def _lie_with_the_others(self) -> None:
        """Become a tab beside the other docks of the plugin: below each other none has room."""
        dock = self.parent()
        if self._main is None or not isinstance(dock, QDockWidget) or dock.isFloating():
            return
        # Its tab is narrow; the bar above the dock has the whole name.
        dock.setWindowTitle(dock.windowTitle().removesuffix(" (napari-ncut)"))
        area = self._main.dockWidgetArea(dock)
        # The oldest one stays where it is: several may be opened before the first gets here.
        older = (other for other in _open[self._viewer] if other.number < self.number)
        for other in sorted(older, key=attrgetter("number")):
            place = other.parent()
            if (
                isinstance(place, QDockWidget)
                and not place.isFloating()
                and self._main.dockWidgetArea(place) == area
            ):
                self._main.tabifyDockWidget(place, dock)
                dock.show()
                dock.raise_()
                return

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return not self._runs and not any(soon.is_pending for soon in self._debounced)

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence in the status line."""
        self.status.say(text, error=error)

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        """Return a new button."""
        button = QPushButton(text)
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    def _on_theme(self, _: object = None) -> None:
        self.status.paint()

    # What it reacts to

    def follow(self, signal: Any, react: Callable[..., Any]) -> None:
        """React to a signal of napari or of the model, until the dock is closed."""
        signal.connect(react)
        self._followed.append((signal, react))

    def unfollow(self, signal: Any, react: Callable[..., Any]) -> None:
        """React to a signal no more."""
        self._followed.remove((signal, react))
        signal.disconnect(react)

    def debounced(self, milliseconds: int, react: Callable[[], object]) -> Debounced:
        """Return what reacts once to many signals, until the dock is closed."""
        soon = Debounced(milliseconds, react, self)
        self._debounced.append(soon)
        return soon

    def add_shortcut(self, key: str, button: QPushButton) -> None:
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
        self._shortcuts[button.objectName()] = shortcut

    def heed_keys(self) -> None:
        """Decide which keys are the dock's, now that it is in front, or is no longer."""

    def _on_visibility(self, visible: bool) -> None:
        self._is_in_front = visible
        self.heed_keys()

    # Runs

    def start_run(
        self,
        name: str,
        function: Callable[[Monitor], Any],
        then: Callable[..., object],
        *,
        failed: Callable[[Exception], object] | None = None,
        in_activity_dock: str = "",
    ) -> Run:
        """Start a run in place of the last one of its name.

        Parameters
        ----------
        name : str
            What tells it from the other runs of the dock.
        function : callable
            Called in a thread with a `Monitor`; touches neither Qt nor layers.
        then : callable
            Called with what it returns and the seconds that it took.
        failed : callable, optional
            Called with an error; by default the status line says it.
        in_activity_dock : str, optional
            What napari's activity dock says that is done.
        """
        self.stop_run(name)
        text = in_activity_dock or name
        run = Run(function, text, self, in_activity_dock=bool(in_activity_dock))
        self._runs[name] = run

        def forget() -> None:
            # What a run returns may have started the next one.
            if self._runs.get(name) is run:
                del self._runs[name]

        run.returned.connect(then)
        run.failed.connect(failed or (lambda error: self.say(str(error), error=True)))
        run.finished.connect(forget)
        return run

    def stop_run(self, name: str) -> None:
        """Cancel a run, if there is one of the name."""
        run = self._runs.get(name)
        if run is not None:
            run.cancel()

    # The end

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the widget into its dock, and out of it when the dock is closed."""
        super().changeEvent(event)
        kind = None if event is None else event.type()
        if kind != QEvent.Type.ParentChange:
            return
        if self.parent() is None:
            self.leave()
        elif isinstance(self.parent(), QDockWidget):
            # Only in the window, a moment later, it can lie down.
            self._docked.start(0)
            # Qt calls a tab visible that lies behind another; its dock knows better.
            self.parent().visibilityChanged.connect(self._on_visibility)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave when the window is closed: nothing is destroyed yet, and nothing may be left."""
        if watched is None or event is None or watched is not self._main:
            return bool(super().eventFilter(watched, event))
        if event.type() == QEvent.Type.Close:
            self._main_is_closing = True
        # After a question the window may stay open; hidden, it is closed.
        if self._main_is_closing and (
            event.type() == QEvent.Type.Hide or not self._main.isVisible()
        ):
            self.leave()
        return False

    def leave(self) -> None:
        """Stop what runs, and react to nothing any more."""
        if self._has_left:
            return
        self._has_left = True
        _open[self._viewer].discard(self)
        for soon in self._debounced:
            soon.cancel()
        for run in list(self._runs.values()):
            run.cancel()
        self.clean_up()
        for signal, react in self._followed:
            signal.disconnect(react)
        self._followed.clear()
        if self._main is not None:
            self._main.removeEventFilter(self)
            self._main = None

    def clean_up(self) -> None:
        """Take away what was added to the viewer; called once, when the dock is closed."""


def in_viewer(layer: Layer | None, viewer: napari.viewer.Viewer) -> bool:
    """Return whether a layer is there and still shown."""
    return layer is not None and layer in viewer.layers
