"""All docks at once in the window of a small screen."""

from __future__ import annotations

from itertools import combinations as combinations_of

import pytest
from napari.utils.theme import available_themes
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from tests.plugin.hands import check_nothing_is_cut_off, idle, press

DOCKS = ("Graph cut", "Correct", "Review", "See why", "Measure", "Batch")


@pytest.fixture
def crowded(window):
    window.viewer.window.resize(1280, 800)
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock("Graph cut")
    window.run(graph_cut)
    docks = {name: window.dock(name) for name in DOCKS}
    idle(window, *docks.values())
    return window, docks


# What a person opens a dock for.
PRIMARY = {
    "Graph cut": ("run", "recipe"),
    "Correct": ("tool_cut", "tool_merge", "tool_delete", "tool_seeds"),
    "Review": ("next", "keep", "merge", "cut"),
    "See why": ("histogram", "profile", "fiedler"),
    "Measure": ("measure", "export", "table"),
    "Batch": ("files", "add", "run"),
}


def front(window, dock):
    """Click the tab of a dock."""
    dock.parent().raise_()
    window.qtbot.wait(20)


def hidden(window, docks):
    """Return what can not be seen whole of the primary controls, each dock being in front."""
    found = []
    for name, dock in docks.items():
        front(window, dock)
        for control in PRIMARY[name]:
            part = window.control(dock, control)
            if part.visibleRegion().boundingRect() != part.rect():
                found.append(f"{name}: {control}")
    return found


@pytest.mark.parametrize("size", [(1280, 800), (1024, 700)])
def test_every_primary_button_is_seen_in_all_pairs_and_with_all_docks_open(window, size):
    main = window.viewer.window._qt_window
    window.viewer.open_sample("napari-ncut", "nuclei")
    combinations = [*combinations_of(DOCKS, 2), DOCKS, DOCKS[::-1], (*DOCKS[2:], *DOCKS[:2])]
    for names in combinations:
        docks = {name: window.dock(name) for name in names}
        main.resize(*size)
        window.qtbot.wait(30)
        assert (main.width(), main.height()) == size, names
        assert hidden(window, docks) == [], names
        for dock in docks.values():
            window.viewer.window.remove_dock_widget(dock)
        window.qtbot.wait(10)


def test_docks_that_are_opened_at_once_are_tabs_in_one_place(window):
    add = window.viewer.window.add_plugin_dock_widget
    docks = [add("napari-ncut", name)[0] for name in DOCKS]
    main = window.viewer.window._qt_window
    window.wait_until(lambda: len(main.tabifiedDockWidgets(docks[0])) == len(DOCKS) - 1)


def test_a_dock_that_floats_is_left_where_it_is(window):
    first = window.dock("Review")
    first.parent().setFloating(True)
    second = window.dock("Measure")
    window.qtbot.wait(30)
    main = window.viewer.window._qt_window
    assert first.parent().isFloating()
    assert first.parent() not in main.tabifiedDockWidgets(second.parent())


@pytest.mark.parametrize("name", DOCKS)
def test_nothing_is_cut_off_in_a_dock_of_250_pixels_beside_a_scroll_bar(crowded, name):
    window, docks = crowded
    dock = docks[name]
    front(window, dock)
    check_nothing_is_cut_off(window, dock)
    body = dock.body
    for control in body.findChildren(QWidget):
        if isinstance(control, QAbstractButton | QComboBox) and control.isVisible():
            right = control.mapTo(dock.viewport(), control.rect().topRight()).x()
            assert right < dock.viewport().width(), control.objectName()


def test_the_tab_key_scrolls_to_what_it_reaches(crowded):
    window, docks = crowded
    dock = docks["Graph cut"]
    front(window, dock)
    preview, viewport = dock.controls.preview.native, dock.viewport()
    window.viewer.window._qt_window.activateWindow()
    dock.verticalScrollBar().setValue(0)
    more = dock.controls.more.native
    more.setFocus()
    window.wait_until(more.hasFocus)
    press(window, Qt.Key.Key_Tab, more)
    assert preview.hasFocus()
    window.qtbot.wait(20)
    assert viewport.rect().contains(preview.mapTo(viewport, preview.rect().center()))


def test_every_control_of_graph_cut_is_one_stop_of_the_tab_key_from_top_to_bottom(crowded):
    window, docks = crowded
    dock = docks["Graph cut"]
    front(window, dock)
    window.viewer.window._qt_window.activateWindow()
    wanted = [
        *("image", "foreground", "mask", "pixel_size", "region", "neck", "min_size", "beta"),
        *("more", "preview", "run"),
    ]
    dock.controls.mode.native.setFocus()
    window.wait_until(lambda: dock.controls.mode.native.hasFocus())
    for name in wanted:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        control = window.control(dock, name)
        assert QApplication.focusWidget() is (control.focusProxy() or control)
        assert QApplication.focusWidget().accessibleName() or name == "run"
    neck = dock.controls.neck.value
    dock.controls.neck.native.setFocus()
    for key, value in (("Left", neck - 0.01), ("PageUp", neck + 0.09), ("Home", 0), ("End", 1)):
        QTest.keyClick(QApplication.focusWidget(), getattr(Qt.Key, f"Key_{key}"))
        assert dock.controls.neck.value == pytest.approx(value)
    idle(window, *docks.values())


def test_docks_have_the_colours_of_the_theme(crowded):
    window, docks = crowded
    colours = {}
    for theme in ("dark", "light"):
        assert theme in available_themes()
        window.viewer.theme = theme
        window.qtbot.wait(50)
        grounds = {
            dock.body.grab().toImage().pixelColor(1, 1).name(): name for name, dock in docks.items()
        }
        assert len(grounds) == 1, grounds
        colours[theme] = grounds.popitem()[0]
    assert colours["dark"] != colours["light"]
    assert docks["Review"].horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


def turn_wheel(widget, clicks):
    """Turn the wheel over the middle of a widget; return whether it keeps the event to itself."""
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(0, 0),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_the_wheel_turns_only_what_has_the_focus(crowded):
    window, docks = crowded
    dock = docks["Graph cut"]
    front(window, dock)
    beta = dock.controls.beta
    box, before = beta.native, beta.value
    box.clearFocus()
    assert not turn_wheel(box, -2)
    assert beta.value == before
    window.viewer.window._qt_window.activateWindow()
    box.setFocus()
    window.wait_until(box.hasFocus)
    assert turn_wheel(box, 1)
    assert beta.value > before
