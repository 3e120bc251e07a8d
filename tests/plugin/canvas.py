"""The mouse and the keys on the canvas of a real window."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

LEFT = Qt.MouseButton.LeftButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Canvas:
    """Moves, clicks and drags on pixels of a layer, and presses keys, as a person does."""

    def __init__(self, window, layer=None):
        self.window = window
        self.viewer = window.viewer
        self.layer = layer
        self.canvas = self.viewer.window._qt_viewer.canvas
        self.native = self.canvas.native

    def wait(self, milliseconds=20):
        self.window.qtbot.wait(milliseconds)

    def where(self, pixel, layer=None):
        """Return the place on the canvas where a pixel of a layer is drawn."""
        layer = layer or self.layer
        world = np.asarray(layer.data_to_world(pixel))
        shown = [axis - (self.viewer.dims.ndim - layer.ndim) for axis in self.viewer.dims.displayed]
        view = self.canvas.view
        transform = view.transform * view.scene.transform
        mapped = transform.map([*world[shown][::-1]])
        x, y = mapped[:2] / mapped[3]
        return QPoint(round(x), round(y))

    def move(self, pixel):
        """Move the mouse there without a button; napari looks at it every 5 ms."""
        place = self.where(pixel)
        # A machine under load may lose a move among others.
        for _ in range(20):
            QTest.mouseMove(self.native, place + QPoint(1, 0))
            self.wait(8)
            QTest.mouseMove(self.native, place)
            self.wait(12)
            if self._is_over(place):
                return
        size, there = self.native.size(), self.viewer.cursor.position
        raise AssertionError(f"the mouse is at {there}, not at {pixel}: {place} of {size}")

    def _is_over(self, place):
        """Return whether napari has noticed the mouse at a place of the canvas, or beside it."""
        here, beside = (
            np.array(self.canvas._map_canvas2world((place.x() + dx, place.y()), self.canvas.view))
            for dx in (0, 1)
        )
        width = np.linalg.norm(beside - here)
        return np.linalg.norm(np.array(self.viewer.cursor.position) - here) < 1.1 * width

    def click(self, pixel, modifiers=NO_MODIFIER):
        QTest.mouseClick(self.native, LEFT, modifiers, self.where(pixel))
        self.wait(5)

    def drag(self, *pixels, release=True):
        places = [self.where(pixel) for pixel in pixels]
        QTest.mousePress(self.native, LEFT, NO_MODIFIER, places[0])
        for start, end in pairwise(places):
            for part in (0.25, 0.5, 0.75, 1.0):
                QTest.mouseMove(self.native, start + (end - start) * part)
                self.wait(8)
        if release:
            QTest.mouseRelease(self.native, LEFT, NO_MODIFIER, places[-1])
            self.wait(5)

    def key(self, key, modifiers=NO_MODIFIER):
        QTest.keyClick(self.native, key, modifiers)
        QApplication.processEvents()

    def undo(self):
        self.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def redo(self):
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        self.key(Qt.Key.Key_Z, both)
