"""Hands for the docks beside Graph cut: keys, mouse, patience."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QPushButton


def press(window, key, target=None, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key in the viewer's window, or in a widget of it."""
    main = window.viewer.window._qt_window

    def is_active():
        # Again and again: another test's window on the same screen may take the focus.
        main.activateWindow()
        return QApplication.activeWindow() is main

    window.wait_until(is_active)
    QTest.keyClick(target or main, key, modifier)


def idle(window, *widgets):
    """Wait until nothing runs in the docks, and nothing is about to."""
    window.qtbot.wait(40)
    window.wait_until(lambda: all(widget.is_idle for widget in widgets))


def point_at(window, layer, pixel):
    """Move the mouse over the canvas to a pixel of a layer; the view must show it."""
    viewer = window.viewer
    canvas = viewer.window._qt_viewer.canvas.native
    camera = viewer.scene.camera
    world = np.asarray(layer.data_to_world(pixel))[-2:]
    offset = (world - np.asarray(camera.center[-2:])) * camera.zoom
    x = round(canvas.width() / 2 + offset[1])
    y = round(canvas.height() / 2 + offset[0])
    # Sent to the canvas itself: the screen's one pointer may be another test's.
    for place in (QPointF(x - 3, y - 3), QPointF(x, y)):
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            canvas.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(canvas, event)
        window.qtbot.wait(20)


def check_nothing_is_cut_off(window, dock, width=250):
    """Assert that all texts of a dock can be read at a width."""
    assert dock.minimumSizeHint().width() <= width
    dock.resize(width, max(400, dock.minimumHeight()))
    window.qtbot.wait(30)
    for button in dock.findChildren(QPushButton):
        if button.isVisible():
            assert button.fontMetrics().horizontalAdvance(button.text()) < button.width()
    for label in dock.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.heightForWidth(label.width()) <= label.height()
