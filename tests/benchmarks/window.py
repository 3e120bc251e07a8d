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


def many_nuclei(size):
    """Return the sample's nuclei side by side: where the slider moves, some of them change."""
    nuclei = scenes.nuclei()
    ny, nx = nuclei.mask.shape
    tiles = -(-size // ny), -(-size // nx)
    image, mask = (np.tile(a, tiles)[:size, :size].copy() for a in (nuclei.image, nuclei.mask))
    return scenes.Scene(image, mask, mask)


def slider(size):
    """Return the seconds from a move of the neck slider until the labels are drawn.

    And how many of the moves changed any.
    """
    window = Window(many_nuclei(size))
    neck = window.widget.controls.neck
    neck.value = 0.5
    window.idle()
    layer = window.viewer.layers[-1]
    changes, drawn = [], []
    layer.events.labels_update.connect(lambda event: changes.append(event))
    layer.events.set_data.connect(lambda event: changes.append(event))
    # The canvas of vispy; napari has no public name for it.
    canvas = window.viewer.window._qt_viewer.canvas._scene_canvas
    canvas.events.draw.connect(lambda event: drawn.append(time.perf_counter()))
    waits = []
    for value in np.linspace(0.51, 1.0, 50):
        changes.clear()
        start = time.perf_counter()
        neck.value = float(value)
        window.run_until(lambda: bool(changes) or window.widget.is_idle)
        if changes:
            drawn.clear()
            window.run_until(lambda: bool(drawn))
            waits.append(drawn[0] - start)
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
    print(
        "Of 50 moves of the slider, those that change labels; drawn by a processor, without GPU.\n"
    )
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        print("Not measured: there is no display (use `xvfb-run -a`).\n")
        return
    # What is clicked here is not what the user used last.
    os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
    size, large = (512, 512) if quick else (2048, 4096)
    rows = []
    for side, wanted in ((size, 0.033), (large, 0.1)):
        waits = slider(side)
        what = f"*Neck* moved, {side} x {side}, sample nuclei side by side: new labels drawn"
        rows.append((f"{what}, median of {len(waits)} moves", np.median(waits), wanted))
        rows.append(("the same, longest", waits.max(), "-"))
    seconds, longest, of_napari = gui_thread(large)
    table(
        ("what", "seconds", "to reach"),
        [
            *rows,
            (f"*Cut* {large} x {large} until the layer is added", seconds, "-"),
            ("the same: longest wait of the GUI thread", longest, 0.1),
            ("napari alone: a Labels layer of this size is made", of_napari, "-"),
            (f"*Cancel* {large} x {large}: ready again", cancel(large), 0.2),
        ],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
