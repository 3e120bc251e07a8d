"""Makes the pictures of regions and seeds from a real window: `make pictures`.

With a folder and a theme it makes all of them there in that theme, to be looked at.
"""

import os
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import napari
import numpy as np
from qtpy.QtTest import QTest
from skimage.draw import line
from skimage.measure import label
from skimage.segmentation import expand_labels

from napari_ncut.plugin.demo import WIDGET, control, wait

PICTURES = Path(__file__).parent / "pictures"
SIZE = (1280, 800)
# A polygon around some nuclei of the sample, a pixel in each nucleus of a blob, and one more in
# the fourth.
POLYGON = ((84, 20), (84, 150), (215, 150), (240, 60), (190, 20))
NUCLEI = ((125, 208), (140, 180), (116, 191), (143, 226), (161, 213), (156, 191))
MORE = (133, 221)


def main(folder=PICTURES, theme="dark"):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for make in (regions, points, scribbles):
        os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
        viewer = napari.Viewer()
        viewer.theme = theme
        viewer.window.resize(*SIZE)
        viewer.open_sample("napari-ncut", "nuclei")
        _, widget = viewer.window.add_plugin_dock_widget(*WIDGET)
        settle(widget)
        make(viewer, widget, folder)
        viewer.close()


def regions(viewer, widget, folder):
    """The window with a polygon, and what every region cuts."""
    mask = viewer.layers["nuclei mask"]
    # Blobs in colours of their own, so that what is left alone can be told from what is cut.
    mask.data = label(mask.data, connectivity=1)
    mask.selected_label = int(mask.data[NUCLEI[0]])
    shapes = viewer.add_shapes(
        [np.array(POLYGON)], shape_type="polygon", edge_color="white", edge_width=1.5, name="around"
    )
    shapes.face_color = "transparent"
    widget.controls.shapes.value = shapes
    canvases = {}
    for name, text in (
        ("whole", "whole image"),
        ("label", "selected label"),
        ("shapes", "inside shapes"),
        ("view", "current view"),
    ):
        choose(widget, "region", name)
        shapes.visible = name == "shapes"
        if name == "view":
            look_at(viewer, NUCLEI, 6)
            (top, left), (bottom, right) = viewer.layers["nuclei"].corner_pixels
        control(widget, "run").click()
        settle(widget)
        result = widget.result_layer
        mask.visible = False
        if name == "shapes":
            viewer.layers.selection.active = shapes
            shoot(viewer, folder / "region-shapes.png")
        viewer.reset_view()
        if name == "view":
            shapes.data = [np.array([(top, left), (top, right), (bottom, right), (bottom, left)])]
            shapes.visible = True
        canvases[text] = viewer.screenshot(canvas_only=True, flash=False)
        mask.visible = True
        viewer.layers.remove(result)
    strip(canvases, folder / "regions.png")


def points(viewer, widget, folder):
    """Three points, then four more, of which two are of one object."""
    seeds = viewer.add_points(
        NUCLEI[:3],
        features={"object": ["a", "b", "c"]},
        size=4,
        face_color="white",
        text={"string": "{object}", "color": "white", "size": 14, "translation": (-5, 0)},
        name="seeds",
    )
    cut_by_seeds(viewer, widget, "seeds")
    shoot(viewer, folder / "seeds-points-1.png")
    for pixel, name in zip((*NUCLEI[3:], MORE), "defd", strict=True):
        seeds.feature_defaults = {"object": name}
        seeds.add(pixel)
    settle(widget)
    shoot(viewer, folder / "seeds-points-2.png")


def scribbles(viewer, widget, folder):
    """A stroke in each of three objects."""
    strokes = np.zeros(viewer.layers["nuclei"].data.shape, np.uint8)
    for number, (y, x) in enumerate(NUCLEI, 1):
        strokes[line(y - 3, x - 3, y + 3, x + 2)] = number
    viewer.add_labels(expand_labels(strokes, 1), name="scribbles", opacity=1)
    cut_by_seeds(viewer, widget, "scribbles")
    shoot(viewer, folder / "seeds-scribbles.png")


def cut_by_seeds(viewer, widget, name):
    choose(widget, "mode", "cut")
    widget.controls.mask.value = viewer.layers["nuclei mask"]
    widget.controls.seeds.value = viewer.layers[name]
    settle(widget)
    viewer.layers["nuclei mask"].visible = False
    viewer.layers.selection.active = viewer.layers[name]
    look_at(viewer, NUCLEI, 6)


def choose(widget, name, value):
    getattr(widget.controls, name).value = value
    settle(widget)


def settle(widget):
    QTest.qWait(100)
    wait(widget)
    QTest.qWait(100)


def look_at(viewer, pixels, zoom):
    viewer.scene.camera.center = (0, *np.mean(pixels, axis=0))
    viewer.scene.camera.zoom = zoom
    QTest.qWait(200)


def shoot(viewer, path):
    QTest.qWait(300)
    viewer.screenshot(str(path), canvas_only=False, flash=False)


def strip(canvases, path):
    """Put pictures of the canvas side by side."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 7.6), layout="constrained")
    for axis, (text, canvas) in zip(axes.flat, canvases.items(), strict=True):
        drawn = canvas[..., :3] > canvas[0, 0, :3]
        rows, columns = (np.flatnonzero(drawn.any(axis=other)) for other in ((1, 2), (0, 2)))
        axis.imshow(canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        axis.set_title(text)
        axis.axis("off")
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main(*sys.argv[1:])
