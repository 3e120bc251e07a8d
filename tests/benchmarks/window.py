"""How a real window answers: the slider, the GUI thread during a run, Cancel."""

import os
import sys
import tempfile
import time

import numpy as np
from napari.layers import Labels
from peers import options, table

from napari_ncut import scenes


class Window:
    """A viewer with a scene and the Graph cut widget."""

    def __init__(self, scene):
        import napari
        from qtpy.QtWidgets import QApplication

        self.app = QApplication.instance() or QApplication([])
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1300, 850)
        self.viewer.add_image(scene.image, name="scene")
        self.viewer.add_labels(scene.mask.astype(np.uint8), name="mask")
        _, self.widget = self.viewer.window.add_plugin_dock_widget("napari-ncut", "Graph cut")

    def run_until(self, condition, timeout=300):
        """Let Qt work until something holds, and return the seconds."""
        start = self.last = time.perf_counter()
        self.longest = 0.0
        while not condition():
            self.app.processEvents()
            self.beat()
            if self.last - start > timeout:
                raise TimeoutError("the window did not answer")
            time.sleep(0.001)
        return time.perf_counter() - start

    def beat(self):
        """Note how long the GUI thread has been away."""
        now = time.perf_counter()
        self.longest, self.last = max(self.longest, now - self.last), now

    def idle(self):
        """Wait until the widget has nothing to do."""
        return self.run_until(lambda: self.widget.is_idle)


def slider(size, n):
    """Return the seconds from a move of the neck slider to the new labels."""
    window = Window(scenes.field(n, size=size))
    neck = window.widget.controls.neck
    neck.value = 0.5
    window.idle()
    layer = window.viewer.layers[-1]
    changes = []
    layer.events.data.connect(lambda: changes.append(time.perf_counter()))
    waits = []
    for value in np.linspace(0.55, 0.95, 21):
        changes.clear()
        start = time.perf_counter()
        neck.value = float(value)
        window.run_until(lambda: bool(changes))
        waits.append(changes[0] - start)
        window.idle()
    window.viewer.close()
    return np.array(waits)


def gui_thread(size):
    """Return the seconds until the layer is there, the longest wait of the GUI thread, and more.

    The last one is what napari takes to make a Labels layer of this size, before it is added.
    """
    window = Window(scenes.circles(4, size=size))
    # The layer is to come with the click, not with a preview that the settings start.
    window.widget.controls.preview.value = False
    window.widget.controls.mode.value = "cut"
    window.widget.controls.n_segments.value = 4
    window.idle()
    longest = []

    def arrived():
        # What napari needs from here on to show the layer is its own.
        window.beat()
        longest.append(window.longest)

    window.viewer.layers.events.inserting.connect(arrived)
    window.widget.run.click()
    seconds = window.run_until(lambda: bool(longest))
    labels = window.viewer.layers[-1].data
    start = time.perf_counter()
    Labels(labels)
    of_napari = time.perf_counter() - start
    window.viewer.close()
    return seconds, longest[0], of_napari


def cancel(size):
    """Return the seconds from a click on Cancel until the widget is ready again."""
    window = Window(scenes.circles(4, size=size))
    window.widget.run.click()
    end = time.perf_counter() + 0.05
    window.run_until(lambda: time.perf_counter() > end)
    start = time.perf_counter()
    window.widget.run.click()
    window.idle()
    seconds = time.perf_counter() - start
    window.viewer.close()
    return seconds


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    print("## The window\n")
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        print("Not measured: there is no display (use `xvfb-run -a`).\n")
        return
    # What is clicked here is not what the user used last.
    os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
    size, n, large = (512, 60, 512) if quick else (2048, 1000, 4096)
    waits = slider(size, n)
    seconds, longest, of_napari = gui_thread(large)
    table(
        ("what", "seconds", "to reach"),
        [
            (
                f"*Neck* moved, {size} x {size}, {n} discs: new labels, median",
                np.median(waits),
                0.1,
            ),
            ("the same, longest of 21 moves", waits.max(), "-"),
            (f"*Cut* {large} x {large} until the layer is added", seconds, "-"),
            ("the same: longest wait of the GUI thread", longest, 0.1),
            ("napari alone: a Labels layer of this size is made", of_napari, "-"),
            (f"*Cancel* {large} x {large}: ready again", cancel(large), 0.2),
        ],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
