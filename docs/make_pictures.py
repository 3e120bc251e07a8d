"""Makes the pictures of the documentation from a real window: `make pictures`."""

import os
import tempfile
from pathlib import Path

import napari
from PIL import Image

from napari_ncut import SplitSettings
from napari_ncut.plugin.demo import WIDGET, control, picture, run, wait

PICTURES = Path(__file__).parent / "pictures"
SIZE = (1280, 800)


def main():
    PICTURES.mkdir(exist_ok=True)
    os.environ["NAPARI_NCUT_CONFIG"] = tempfile.mkdtemp()
    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    first_cut(viewer)
    viewer.close()


def first_cut(viewer):
    """The five pictures of first-cut.md, of which one stands above the README too."""
    viewer.open_sample("napari-ncut", "circles4")
    picture(viewer, PICTURES / "first-cut-1.png")

    widget = open_widget(viewer)
    turn(widget, "neck", 0.9)
    turn(widget, "neck", SplitSettings().neck)
    picture(viewer, PICTURES / "first-cut-2.png")

    choose(widget, "mode", "cut")
    turn(widget, "n_segments", 4)
    picture(viewer, PICTURES / "first-cut-3.png")

    run(widget, viewer)
    picture(viewer, PICTURES / "first-cut-4.png")

    viewer.layers.clear()
    viewer.open_sample("napari-ncut", "nuclei")
    widget = open_widget(viewer)
    choose(widget, "mode", "split")
    run(widget, viewer)
    picture(viewer, PICTURES / "first-cut-5.png")
    side_by_side(
        PICTURES / "first-cut-5.png", PICTURES / "first-cut-4.png", PICTURES / "result.png"
    )


def side_by_side(left, right, path):
    """Write the picture of a window, with the canvas of another one beside it."""
    window, other = Image.open(left), Image.open(right)
    canvas = other.crop((int(0.26 * other.width), 22, int(0.77 * other.width), other.height - 28))
    canvas = canvas.resize((canvas.width * window.height // canvas.height, window.height))
    both = Image.new("RGB", (window.width + canvas.width + 8, window.height), "white")
    both.paste(window, (0, 0))
    both.paste(canvas, (window.width + 8, 0))
    both.save(path)


def open_widget(viewer):
    _, widget = viewer.window.add_plugin_dock_widget(*WIDGET)
    wait(widget)
    return widget


def turn(widget, name, value):
    control(widget, name).setValue(value)
    wait(widget)


def choose(widget, name, value):
    box = control(widget, name)
    box.setCurrentIndex(box.findData(value))
    wait(widget)


if __name__ == "__main__":
    main()
