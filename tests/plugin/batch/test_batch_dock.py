"""The dock Batch: files go in, a report and labels come out, and the window stays free."""

import csv
import time

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, Qt, QUrl
from qtpy.QtGui import QDropEvent
from tests.io.stores import IMAGE, MASK, write_plate
from tests.plugin.hands import check_nothing_is_cut_off

from napari_ncut import scenes, split_touching
from napari_ncut.files import read_labels, read_provenance, write_labels
from napari_ncut.plugin.batch.report_table import COLUMNS


def drop(widget, *paths):
    """Drop files on a widget."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPoint(5, 5).toPointF(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    widget.dropEvent(event)


@pytest.fixture
def folder(tmp_path):
    """A folder with three masks, one of them broken."""
    masks = tmp_path / "masks"
    masks.mkdir()
    write_labels(masks / "circles.tif", scenes.circles(4).mask.astype(np.int32), spacing=0.5)
    write_labels(masks / "field.tif", scenes.field(20, size=200).mask.astype(np.int32))
    (masks / "broken.tif").write_bytes(b"II*\0nothing")
    return masks


def table(dock):
    """Return the rows that the table shows, as text."""
    rows = range(dock.table.rowCount())
    return [
        {name: dock.table.item(row, column).text() for column, name in enumerate(COLUMNS)}
        for row in rows
    ]


def ended(window, dock, seconds=120):
    window.wait_until(lambda: dock.is_idle, seconds)


def test_a_folder_that_is_dropped_is_done_and_a_broken_file_stops_nothing(window, folder):
    dock = window.dock("Batch")
    assert not dock.run.isEnabled()
    drop(dock.files, folder)
    window.wait_until(lambda: len(table(dock)) == 3)
    assert dock.output.text() == str(folder / "results")
    assert {row["state"] for row in table(dock)} == {"waiting"}
    dock.run.click()
    assert dock.run.text() == "Stop"
    ended(window, dock)
    rows = table(dock)
    assert {row["file"]: row["state"] for row in rows} == {
        "circles.tif": "done",
        "field.tif": "done",
        "broken.tif": "failed",
    }
    doubtful = [int(row["doubtful"]) for row in rows if row["doubtful"]]
    assert doubtful == sorted(doubtful, reverse=True)
    labels = read_labels(folder / "results" / "circles_labels.tif")
    assert labels.data.max() == 4
    with (folder / "results" / "report.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3
    assert "1 of them failed" in dock.status.text()
    broken = next(row for row in range(3) if dock.table.item(row, 0).text() == "broken.tif")
    assert "broken.tif" in dock.table.item(broken, COLUMNS.index("state")).toolTip()
    # A second start does only what is missing.
    dock.run.click()
    ended(window, dock)
    assert {row["file"]: row["state"] for row in table(dock)} == {
        "circles.tif": "kept",
        "field.tif": "kept",
        "broken.tif": "failed",
    }


def test_a_plate_is_done_by_a_channel_and_labels_in_it(window, tmp_path):
    write_plate(tmp_path / "plate.ome.zarr", [("A", "1", "0"), ("B", "12", "0")])
    dock = window.dock("Batch")
    drop(dock.files, tmp_path / "plate.ome.zarr")
    assert dock.output.text() == str(tmp_path / "results")
    dock.masks.setCurrentIndex(dock.masks.findData("pattern"))
    dock.pattern.setText("labels/mask")
    dock.channel.setText("dapi")
    window.wait_until(lambda: dock.is_idle and len(table(dock)) == 2)
    assert sorted(row["file"] for row in table(dock)) == ["A/1/0", "B/12/0"]
    assert {row["mask"] for row in table(dock)} == {"mask"}
    dock.run.click()
    ended(window, dock)
    assert {row["state"] for row in table(dock)} == {"done"}
    labels = read_labels(tmp_path / "results/plate_B_12_0_labels.tif").data
    np.testing.assert_array_equal(labels, split_touching(MASK, IMAGE, spacing=(0.5, 0.5)))
    dock.table.cellClicked.emit(0, 0)
    ended(window, dock)
    opened = [layer.name for layer in window.viewer.layers]
    assert len(opened) == 4
    assert opened[0].endswith("_0 DAPI")
    assert opened[-1].endswith("_0_labels")


def test_settings_are_those_of_graph_cut_or_of_a_result(window, folder, tmp_path):
    (folder / "broken.tif").unlink()
    form = window.dock("Graph cut")
    dock = window.dock("Batch")
    window.set(form, "neck", 0.31)
    drop(dock.files, folder / "circles.tif")
    window.wait_until(lambda: len(table(dock)) == 1)
    dock.run.click()
    ended(window, dock)
    made = read_provenance(folder / "results" / "circles_labels.tif")
    assert made["settings"]["neck"] == pytest.approx(0.31)
    window.viewer.open(str(folder / "results" / "circles_labels.tif"), plugin="napari-ncut")
    window.set(form, "neck", 0.9)
    dock.settings.setCurrentText("those of circles_labels")
    dock.output.setText(str(tmp_path / "again"))
    window.wait_until(lambda: dock.is_idle)
    dock.run.click()
    ended(window, dock)
    made = read_provenance(tmp_path / "again" / "circles_labels.tif")
    assert made["settings"]["neck"] == pytest.approx(0.31)


def test_images_find_their_masks_by_a_pattern_and_a_row_opens_image_and_labels(window, tmp_path):
    scene = scenes.circles(4)
    write_labels(tmp_path / "a.tif", (scene.image * 50).astype(np.int32))
    write_labels(tmp_path / "a_mask.tif", scene.mask.astype(np.int32))
    write_labels(tmp_path / "b.tif", (scene.image * 50).astype(np.int32))
    dock = window.dock("Batch")
    dock.masks.setCurrentIndex(dock.masks.findData("pattern"))
    assert dock.pattern.isVisible()
    drop(dock.files, tmp_path / "a.tif", tmp_path / "b.tif")
    window.wait_until(lambda: len(table(dock)) == 2)
    assert {row["file"]: row["state"] for row in table(dock)} == {
        "a.tif": "waiting",
        "b.tif": "no mask",
    }
    assert "1 of them without a mask" in dock.status.text()
    dock.run.click()
    ended(window, dock)
    states = {row["file"]: row["state"] for row in table(dock)}
    assert states == {"a.tif": "done", "b.tif": "failed"}
    row = next(k for k in range(2) if dock.table.item(k, 0).text() == "a.tif")
    dock.table.cellClicked.emit(row, 0)
    window.wait_until(lambda: dock.is_idle)
    assert window.viewer.layers[-1].name == "a_labels"
    assert window.viewer.layers[-1].data.max() == 4


def test_a_batch_that_is_stopped_keeps_what_is_done_and_goes_on(window, folder):
    (folder / "broken.tif").unlink()
    for k in range(40):
        mask = scenes.field(30, size=220, seed=k).mask
        write_labels(folder / f"many{k:02d}.tif", mask.astype(np.int32))
    dock = window.dock("Batch")
    dock.workers.setValue(1)
    drop(dock.files, folder)
    window.wait_until(lambda: len(table(dock)) == 42)
    dock.run.click()
    window.wait_until(lambda: any(row["state"] == "done" for row in table(dock)), 60)
    start = time.monotonic()
    dock.run.click()
    assert time.monotonic() - start < 0.2
    ended(window, dock)
    assert "Stopped" in dock.status.text()
    done = list((folder / "results").glob("*_labels.tif"))
    assert 0 < len(done) < 42
    dock.run.click()
    ended(window, dock)
    states = [row["state"] for row in table(dock)]
    assert states.count("kept") >= len(done)
    assert set(states) <= {"kept", "done"}


def test_closing_the_dock_ends_its_process(window, folder):
    dock = window.dock("Batch")
    drop(dock.files, folder)
    window.wait_until(lambda: len(table(dock)) == 3)
    dock.run.click()
    process = dock._process._process
    assert process.waitForStarted(10_000)
    end = []
    process.finished.connect(lambda *_: end.append(True))
    window.viewer.window.remove_dock_widget(dock)
    window.wait_until(lambda: end == [True], 20)


def test_what_makes_no_sense_is_said_in_the_words_of_the_dock(window, folder):
    dock = window.dock("Batch")
    dock.masks.setCurrentIndex(dock.masks.findData("pattern"))
    dock.pattern.setText("mask.tif")
    drop(dock.files, folder)
    window.wait_until(lambda: "{name}" in dock.status.text())
    assert "--mask" not in dock.status.text()
    assert not dock.run.isEnabled()
    dock.files.empty()
    window.wait_until(lambda: dock.is_idle)
    assert "Add the files" in dock.status.text()


def test_nothing_is_cut_off_in_a_narrow_dock(window, folder):
    dock = window.dock("Batch")
    drop(dock.files, folder)
    window.wait_until(lambda: len(table(dock)) == 3)
    check_nothing_is_cut_off(window, dock)
