"""A script as of a user, without an event loop: begins a run, closes the viewer, begins another.

``python close_at_any_moment.py KIND N SEED`` does so at N random moments and ends. It prints
nothing, unless something is wrong.
"""

import random
import sys
import time

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_ncut import scenes
from napari_ncut.objects.edits import Frame
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.shared import run

SCENE = scenes.field(30, size=400)


def let_qt_work(seconds):
    end = time.perf_counter() + seconds
    while True:
        QApplication.processEvents()
        if time.perf_counter() >= end:
            return
        time.sleep(0.002)


def begin(viewer, kind):
    """Begin a run of a kind in a dock of the viewer."""

    def dock(name):
        _, widget = viewer.window.add_plugin_dock_widget("napari-ncut", name)
        return widget

    if kind == "tools":
        labels = SCENE.mask.astype(np.int32)
        layer = viewer.add_labels(labels)
        widget = dock("Correct")
        widget.tool = widget._tools["cut"]
        point = tuple(int(x) for x in np.argwhere(labels)[len(labels) // 2])
        spot = Spot(point, Frame((None, None)), 1)
        widget.tool.hover(spot)
        let_qt_work(0.02)
        widget.tool.click(spot, shift=False)
        assert layer in viewer.layers
        return
    viewer.add_image(SCENE.image)
    if kind == "measure":
        viewer.add_labels(SCENE.truth.astype(np.int32))
        dock("Measure").measure.click()
        return
    viewer.add_labels(SCENE.mask.astype(np.uint8))
    widget = dock("Graph cut")
    if kind == "threshold":
        widget.controls.foreground.value = "bright"
    elif kind == "preview":
        widget.controls.neck.value = 0.6
    elif kind == "review":
        review, why = dock("Review"), dock("See why")
        widget.run.click()
        while not (widget.is_idle and why.is_idle and review.is_idle):
            let_qt_work(0.01)
        review.next.click()
    else:
        widget.controls.mode.value = kind
        widget.controls.n_segments.value = 40
        widget.run.click()


def main(kind, n, seed):
    rng = random.Random(seed)
    for _ in range(n):
        viewer = napari.Viewer(show=rng.random() < 0.3)
        begin(viewer, kind)
        let_qt_work(rng.random() ** 2 * 0.6)
        viewer.close()
        let_qt_work(rng.choice([0.0, 0.02]))
    end = time.perf_counter() + 20
    # Without a word from Qt, all threads end: the last one may be cancelled by the end itself.
    while run._threads and time.perf_counter() < end:
        time.sleep(0.01)
    if run._threads:
        print("still runs:", *run._threads)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
