"""Makes the pictures of correct.md from a real window: `python docs/make_correct_pictures.py`."""

import sys
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from scipy import ndimage as ndi

from napari_ncut.plugin.demo import WIDGET, control, run, wait

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.plugin.canvas import Canvas

PICTURES = Path(__file__).parent / "pictures"
SIZE = (1280, 800)


class Bot:
    """What the canvas of the tests wants of pytest-qt."""

    wait = staticmethod(QTest.qWait)


class Pictured:
    """The window with both widgets, and a hand on the canvas."""

    def __init__(self):
        PICTURES.mkdir(exist_ok=True)
        self.viewer = napari.Viewer()
        self.viewer.window.resize(*SIZE)
        self.qtbot = Bot()
        _, mask = self.viewer.open_sample("napari-ncut", "nuclei")
        _, graph_cut = self.viewer.window.add_plugin_dock_widget(*WIDGET)
        control(graph_cut, "neck").setValue(0.8)
        self.labels = run(graph_cut, self.viewer)
        mask.visible = False
        self.viewer.window.remove_dock_widget(graph_cut)
        self.viewer.layers.selection.active = self.labels
        _, self.widget = self.viewer.window.add_plugin_dock_widget("napari-ncut", "Correct")
        self.hand = Canvas(self, self.labels)
        self.idle()

    def idle(self):
        QTest.qWait(50)
        wait(self.widget)
        QTest.qWait(50)

    def key(self, key):
        self.hand.key(getattr(Qt.Key, f"Key_{key}"))
        self.idle()

    def click(self, pixel):
        self.hand.click(pixel)
        self.idle()

    def hover(self, pixel):
        self.hand.move(pixel)
        self.idle()

    def look_at(self, pixels, zoom):
        """Move the picture so that pixels of the labels are in the middle."""
        self.viewer.scene.camera.center = (0, *np.mean(pixels, axis=0))
        self.viewer.scene.camera.zoom = zoom
        QTest.qWait(100)

    def picture(self, name):
        QTest.qWait(200)
        path = PICTURES / f"correct-{name}.png"
        self.viewer.screenshot(str(path), canvas_only=False, flash=False)


def objects_by_size(labels):
    """Return the middle of every object, the largest first."""
    numbers, sizes = np.unique(labels[labels > 0], return_counts=True)
    middles = []
    for number in numbers[np.argsort(-sizes)]:
        pixels = np.argwhere(labels == number)
        nearest = np.abs(pixels - pixels.mean(axis=0)).sum(axis=1).argmin()
        middles.append(tuple(pixels[nearest].tolist()))
    return middles


def neighbours(labels):
    """Return the middles of two objects of some size on the narrowest border."""
    sizes = np.bincount(labels.ravel())
    borders = {}
    for a, b in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        touch = (a != b) & (a > 0) & (b > 0)
        for pair in zip(a[touch].tolist(), b[touch].tolist(), strict=True):
            key = tuple(sorted(pair))
            borders[key] = borders.get(key, 0) + 1
    large = {pair: n for pair, n in borders.items() if n > 5 and sizes[list(pair)].min() > 400}
    pair = min(large, key=large.get)
    return objects_by_size(np.where(np.isin(labels, pair), labels, 0))


def far_from(pixel, mask):
    """Return the pixel well inside a mask that is the farthest from a pixel."""
    inside = np.argwhere(ndi.binary_erosion(mask, iterations=4))
    return tuple(inside[np.linalg.norm(inside - pixel, axis=1).argmax()].tolist())


def main():
    window = Pictured()
    labels = window.labels.data
    first, second = neighbours(labels)
    window.look_at([first, second], 6)
    window.picture("1")

    window.key("J")
    window.hand.drag(first, second, release=False)
    window.picture("merge")
    QTest.mouseRelease(
        window.hand.native,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        window.hand.where(second),
    )
    window.idle()

    window.key("C")
    window.hover(first)
    window.picture("cut-1")
    window.click(first)
    window.picture("cut-2")
    elsewhere = far_from(first, labels == labels[first])
    window.hover(elsewhere)
    window.picture("cut-3")
    window.click(elsewhere)

    window.key("S")
    for centre in (first, second):
        y, x = centre
        window.hand.drag((y - 4, x - 2), (y + 4, x + 2))
    window.picture("seeds")
    window.key("Escape")

    window.key("D")
    window.hover(second)
    window.picture("delete")
    window.viewer.close()


if __name__ == "__main__":
    main()
