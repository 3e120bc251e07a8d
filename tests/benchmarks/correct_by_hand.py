"""How the widget Correct answers: from a click to the changed labels, and the GUI thread."""

import os
import sys
import tempfile
import time

import numpy as np
from peers import options, table
from window import Window


def pair(shape, radius):
    """Return two touching balls in one object in the middle of an image."""
    grid = np.ogrid[tuple(slice(size) for size in shape)]
    labels = np.zeros(shape, dtype=np.int32)
    centres = np.array([size // 2 for size in shape])
    for side in (-1, 1):
        centre = centres.copy()
        centre[-1] += side * round(0.88 * radius)
        near = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) < radius**2
        labels[near] = 1
    return labels, tuple(int(c) for c in centre)


class Canvas(Window):
    """A viewer without layers.

    Where layers were removed before one of 4096 x 4096 is added, Mesa's software renderer crashes
    at the first undo, with napari alone too.
    """

    def __init__(self):
        import napari
        from qtpy.QtWidgets import QApplication

        self.app = QApplication.instance() or QApplication([])
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1300, 850)


class Hand:
    """A window with an object under the tool Cut; clicks are told to the tool itself."""

    def __init__(self, shape, radius, with_image):
        from napari_ncut.plugin.correct.correct_widget import CorrectWidget

        self.window = Canvas()
        labels, self.point = pair(shape, radius)
        self.size = int(np.count_nonzero(labels))
        if with_image:
            noise = np.random.default_rng(0).normal(100, 10, shape).astype(np.float32)
            self.window.viewer.add_image(noise + 50 * (labels > 0))
        scale = (1,) * len(shape) if len(shape) == 2 else (2, 1, 1)
        self.layer = self.window.viewer.add_labels(labels, scale=scale)
        self.window.viewer.dims.point = tuple(s * p for s, p in zip(scale, self.point, strict=True))
        self.widget = CorrectWidget(self.window.viewer)
        self.window.run_until(lambda: self.widget.is_idle)

    def spot(self):
        """Return the pixel as the mouse gives it."""
        from napari_ncut.objects.edits import Frame
        from napari_ncut.plugin.correct.pointing import Spot

        index = (None,) * self.layer.ndim
        return Spot(self.point, Frame(index), int(self.layer.data[self.point]))

    def answer(self, repeats):
        """Return the least seconds from a click to new labels, and the longest GUI wait."""
        seconds, longest = [], []
        for _ in range(repeats):
            self.widget._use("cut")
            self.window.run_until(lambda: self.widget.is_idle)
            steps = len(self.layer._undo_history)
            start = time.perf_counter()
            self.widget.tool.click(self.spot(), shift=False)
            self.window.run_until(
                lambda steps=steps: len(self.layer._undo_history) > steps, timeout=60
            )
            seconds.append(time.perf_counter() - start)
            self.window.beat()
            longest.append(self.window.longest)
            self.window.run_until(lambda: self.widget.is_idle)
            self.layer.undo()
        return min(seconds), min(longest)

    def show(self, repeats):
        """Return the least seconds from the mouse coming over the object to the proposal."""
        seconds = []
        for _ in range(repeats):
            self.widget._use("cut")
            self.widget.tool.hover(None)
            start = time.perf_counter()
            self.widget.tool.hover(self.spot())
            self.window.run_until(lambda: not self.widget._desk.overlay.is_empty)
            seconds.append(time.perf_counter() - start)
        return min(seconds)


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    print("## Correct by hand\n")
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        print("Not measured: there is no display (use `xvfb-run -a`).\n")
        return
    os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
    rows = []
    cases = [((4096, 4096), 129, 0.1)]
    if not quick:
        cases.append(((256, 512, 512), 89, 1.0))
    for shape, radius, goal in cases:
        for with_image in (False, True):
            hand = Hand(shape, radius, with_image)
            seconds, longest = hand.answer(5)
            what = f"{hand.size:,} pixels in {' x '.join(map(str, shape))}"
            what += ", with an image" if with_image else ""
            rows += [
                (f"Hover to the cut on show: {what}", hand.show(5), goal),
                (f"Click to the labels cut: {what}", seconds, goal),
                ("the same: longest wait of the GUI thread", longest, "-"),
            ]
            hand.widget.leave()
            hand.window.viewer.close()
    table(("what", "seconds", "to reach"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
