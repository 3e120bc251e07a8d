"""The tutorial, walked through as it is written, in the window of a small screen."""

import csv
from pathlib import Path

import numpy as np
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from tests.plugin.canvas import Canvas
from tests.plugin.hands import idle, press

from napari_ncut import scenes, split_touching
from napari_ncut.cli import main
from napari_ncut.files import read_labels, read_provenance

ALT = Qt.KeyboardModifier.AltModifier


def test_from_a_wrong_mask_to_a_table(window, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    viewer = window.viewer
    viewer.window.resize(1280, 800)

    # 1. Open the nuclei, and split them
    viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock("Graph cut")
    result = window.run(graph_cut)
    assert 60 <= result.data.max() <= 72
    first = result.data.copy()

    # 2. Turn the slider while you look
    why = window.dock("See why")
    counts = []
    for neck in (0.5, 0.9, 0.74):
        window.set(graph_cut, "neck", neck)
        window.wait_idle(graph_cut)
        counts.append(int(graph_cut.result_layer.data.max()))
        window.wait_until(lambda neck=neck: why.histogram.threshold == neck)
    assert counts[0] < counts[2] < counts[1]
    result = window.run(graph_cut)
    np.testing.assert_array_equal(result.data, first)

    # 3. Go through what is in doubt
    review = window.dock("Review")
    idle(window, review)
    for key in ("n", "k", "n", "g", "n", "h"):
        press(window, key)
        idle(window, review, graph_cut)
    assert len(review.left.text()) > 0

    # 4. Mend what is wrong
    correct = window.dock("Correct")
    idle(window, correct)
    viewer.layers.selection.active = result
    before = result.data.copy()
    canvas = Canvas(window, result)
    largest = np.bincount(result.data.ravel())[1:].argmax() + 1
    inside = np.argwhere(result.data == largest)
    middle = tuple(int(x) for x in inside[len(inside) // 2])
    canvas.key(Qt.Key.Key_C)
    canvas.key(Qt.Key.Key_2)
    canvas.click(middle)
    idle(window, correct)
    assert len(np.unique(result.data)) == len(np.unique(before)) + 1
    canvas.undo()
    np.testing.assert_array_equal(result.data, before)
    canvas.key(Qt.Key.Key_Escape)

    # 5. The table
    measure = window.dock("Measure")
    idle(window, measure)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("table.csv", ""))
    press(window, "x", modifier=ALT)
    with Path("table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == np.unique(result.data)[1:].tolist()

    # 6. Do it again tomorrow
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("monday.tif", ""))
    graph_cut.recipe.save()
    window.wait_until(lambda: "Saved" in window.status(graph_cut))
    assert read_provenance("monday.tif")["settings"]["neck"] == 0.74
    nuclei = scenes.nuclei()
    mask, image = nuclei.mask[::-1], nuclei.image[::-1]
    tifffile.imwrite("tuesday_mask.tif", 255 * mask.astype(np.uint8))
    tifffile.imwrite("tuesday.tif", image)
    line = "split --like monday.tif tuesday_mask.tif --image tuesday.tif -o tuesday_labels.tif"
    assert main(line.split()) == 0
    np.testing.assert_array_equal(
        read_labels("tuesday_labels.tif").data, split_touching(mask, image)
    )
