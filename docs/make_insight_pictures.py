"""Makes the pictures of insight.md from a real window: `python docs/make_insight_pictures.py`.

With a folder and a theme it makes all of them there in that theme, to be looked at.
"""

import os
import sys
import tempfile
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest
from skimage.measure import label, regionprops

from napari_ncut import scenes
from napari_ncut.files import write_labels

PICTURES = Path(__file__).parent / "pictures"
SIZE = (1280, 800)
TALL = (1280, 960)


def main(folder=PICTURES, theme=None):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for name, make, usual in (
        ("review", review, "dark"),
        ("why-split", why_split, "dark"),
        ("why-count", why_count, "light"),
        ("measure", measure, "light"),
        ("batch", batch, "dark"),
    ):
        os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
        viewer = napari.Viewer()
        viewer.theme = theme or usual
        viewer.window.resize(*(TALL if name == "why-count" else SIZE))
        make(viewer)
        QTest.qWait(300)
        path = folder / ("batch.png" if name == "batch" else f"insight-{name}.png")
        viewer.screenshot(path, canvas_only=False, flash=False)
        viewer.close()


def review(viewer):
    """A neck that is not cut, with its mark."""
    graph_cut = split_nuclei(viewer)
    dock = open_dock(viewer, "Review")
    for _ in range(20):
        click(dock, "next")
        if dock.cut.isEnabled():
            break
    wait(graph_cut)


def why_split(viewer):
    """The histogram of necks, the profile of the largest blob, and its Fiedler vector."""
    graph_cut = split_nuclei(viewer)
    dock = open_dock(viewer, "See why")
    mask = viewer.layers["nuclei mask"].data
    blob = max(regionprops(label(mask, connectivity=1)), key=lambda region: region.area)
    point_at(viewer, graph_cut.result_layer, blob.coords[len(blob.coords) // 2])
    wait(dock)
    click(dock, "fiedler")


def why_count(viewer):
    """The number of circles."""
    viewer.open_sample("napari-ncut", "circles4")
    graph_cut = open_dock(viewer, "Graph cut")
    graph_cut.controls.mode.value = "cut"
    dock = open_dock(viewer, "See why")
    graph_cut.run.click()
    wait(graph_cut, dock)
    click(dock, "take_n")
    wait(graph_cut, dock)
    point_at(viewer, graph_cut.result_layer, (40, 50))
    wait(dock)


def measure(viewer):
    """The table of the nuclei, the largest first, and the view at the largest."""
    split_nuclei(viewer)
    dock = open_dock(viewer, "Measure")
    dock.table.sortByColumn(1, dock.table.horizontalHeader().sortIndicatorOrder().DescendingOrder)
    dock.table.selectRow(0)


def batch(viewer):
    """Nine files that are done, one of them broken, and the most doubtful of them open."""
    folder = Path(tempfile.mkdtemp()) / "plate"
    folder.mkdir()
    for k in range(8):
        mask = scenes.field(40, size=300, seed=k).mask
        write_labels(folder / f"well_A{k + 1:02d}.tif", mask.astype(np.int32), spacing=0.5)
    (folder / "broken.tif").write_bytes(b"II*")
    dock = open_dock(viewer, "Batch")
    dock.files.add([str(folder)])
    wait(dock)
    dock.output.setText("results")
    os.chdir(folder)
    click(dock, "run")
    dock.table.cellClicked.emit(0, 0)
    wait(dock)


def split_nuclei(viewer):
    viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = open_dock(viewer, "Graph cut")
    graph_cut.run.click()
    wait(graph_cut)
    return graph_cut


def open_dock(viewer, name):
    _, dock = viewer.window.add_plugin_dock_widget("napari-ncut", name)
    wait(dock)
    return dock


def click(dock, name):
    getattr(dock, name).click()
    wait(dock)


def wait(*docks):
    QTest.qWait(150)
    while not all(dock.is_idle for dock in docks):
        QTest.qWait(20)
    QTest.qWait(100)


def point_at(viewer, layer, pixel):
    canvas = viewer.window._qt_viewer.canvas.native
    camera = viewer.scene.camera
    world = np.asarray(layer.data_to_world(pixel))[-2:]
    offset = (world - np.asarray(camera.center[-2:])) * camera.zoom
    x, y = canvas.width() / 2 + offset[1], canvas.height() / 2 + offset[0]
    QTest.mouseMove(canvas, QPoint(round(x) - 3, round(y) - 3))
    QTest.qWait(20)
    QTest.mouseMove(canvas, QPoint(round(x), round(y)))


if __name__ == "__main__":
    main(*sys.argv[1:])
