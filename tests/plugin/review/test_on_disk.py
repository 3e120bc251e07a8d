"""A result that was split by parts is reviewed and explained where it lies."""

import dask.array as da
import numpy as np
import pytest
import zarr
from qtpy.QtWidgets import QFileDialog
from tests.plugin.hands import idle, point_at

from napari_ncut import scenes, split_touching
from napari_ncut.objects.edits import Frame, merge_edit
from napari_ncut.objects.measure import measure
from napari_ncut.plugin.graph_cut import by_parts
from napari_ncut.plugin.shared import layers
from napari_ncut.volumes.stored_labels import StoredLabels


@pytest.fixture
def store(window, monkeypatch, tmp_path):
    """A field of discs that counts as large, split by parts into a store."""
    monkeypatch.setattr(layers, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(by_parts, "MOST_MEMORY", 2e7)
    path = tmp_path / "mine.ome.zarr"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    scene = scenes.field(60, size=400, radius=(12, 18))
    image = da.from_array(scene.image, chunks=128)
    window.viewer.add_image([image, image[::2, ::2]], name="big", multiscale=True)
    window.viewer.add_labels(da.from_array(scene.mask.astype(np.uint8), chunks=128), name="mask")
    graph_cut = window.dock()
    window.wait_idle(graph_cut)
    window.click(graph_cut)
    window.wait_idle(graph_cut)
    # A new start of the docks shall not be needed.
    return path, split_touching(scene.mask, scene.image)


def numbers(path):
    return np.asarray(zarr.open_array(path / "0")[...])


def test_necks_are_decided_in_the_store(window, store):
    path, labels = store
    assert np.array_equal(numbers(path), labels)
    dock = window.dock("Review")
    idle(window, dock)
    assert sum(int(part.split()[0]) for part in dock.left.text().split(", ")) > 10
    window.click(dock, "next")
    idle(window, dock)
    status = window.status(dock)
    assert status.startswith("Neck 0.")
    # What spoke for it is known once its blob has been split again.
    assert len(status.split(". ")) > 1
    assert len(window.viewer.layers["review mark"].data)
    is_cut = ": cut" in status
    window.click(dock, "merge" if is_cut else "cut")
    idle(window, dock)
    assert "decided by you" in window.status(dock)
    assert (": not cut" if is_cut else ": cut") in window.status(dock)
    now = numbers(path)
    changed = now != labels
    assert changed.any()
    assert len(np.unique(now)) == len(np.unique(labels)) + (-1 if is_cut else 1)
    # Undone, it is decided no more.
    layer = window.viewer.layers["big segments"]
    window.viewer.layers.selection.active = layer
    dock._edits.undo()
    idle(window, dock)
    window.wait_until(lambda: "decided by you" not in window.status(dock))
    assert np.array_equal(numbers(path), labels)


def test_what_is_merged_in_review_is_cut_in_correct(window, store):
    path, labels = store
    review, correct = window.dock("Review"), window.dock("Correct")
    idle(window, review, correct)
    assert "written into mine.ome.zarr" in window.status(correct)
    window.click(review, "next")
    idle(window, review)
    name = "merge" if window.control(review, "merge").isEnabled() else "cut"
    window.click(review, name)
    idle(window, review, correct)
    assert not np.array_equal(numbers(path), labels)
    # One history for both docks.
    before = window.status(review)
    correct._desk.edits.undo()
    idle(window, review, correct)
    assert np.array_equal(numbers(path), labels)
    # What is shown of the neck follows.
    window.wait_until(lambda: (": cut" in window.status(review)) != (": cut" in before))


def test_a_lone_object_is_explained_where_it_lies(window, store):
    dock = window.dock("See why")
    window.wait_idle(dock)
    assert dock.histogram.isVisible()
    layer = window.viewer.layers["big segments"]
    labels = StoredLabels(store[0])[...]
    pixel = np.argwhere(labels == 3).mean(axis=0).round()
    point_at(window, layer, pixel)
    window.wait_until(lambda: dock.words.text() != "")
    window.wait_idle(dock)
    assert dock.words.text().startswith("<b>One object:</b>")
    window.click(dock, "fiedler")
    window.wait_idle(dock)
    end_to_end = window.viewer.layers["end to end"]
    # It lies on the object.
    inside = ~np.isnan(end_to_end.data)
    places = np.argwhere(inside) + np.round(end_to_end.translate).astype(int)
    assert (labels[tuple(places.T)] > 0).all()


def test_a_result_that_is_deleted_is_forgotten(window, store):
    review, see_why = window.dock("Review"), window.dock("See why")
    window.viewer.layers.remove("big segments")
    idle(window, review, see_why)
    assert "Nothing to review yet" in window.status(review)
    assert "deleted" in window.status(see_why)
    assert store[0].exists()


def test_all_objects_are_measured_at_full_resolution(window, store):
    _, labels = store
    dock = window.dock("Measure")
    idle(window, dock)
    wanted = measure(labels)
    table = dock.model.table
    assert window.control(dock, "labels").value.name == "big segments"
    np.testing.assert_array_equal(table["label"], wanted["label"])
    np.testing.assert_array_equal(table["area"], wanted["area"])
    assert {"mean_intensity", "neck", "neck_inside"} <= set(table)
    correct = window.dock("Correct")
    idle(window, correct)
    correct._desk.act(lambda data, _: merge_edit(data, Frame((None, None)), [3, 4]))
    idle(window, correct, dock)
    window.wait_until(lambda: "changed since" in window.status(dock))
    window.click(dock, "measure")
    idle(window, dock)
    assert len(dock.model.table["label"]) == len(wanted["label"]) - 1


def test_a_dock_that_is_open_already_measures_the_result_when_it_comes(window):
    scene = scenes.field(20, size=200, radius=(12, 18))
    window.viewer.add_labels(scene.mask.astype(np.uint8), name="mask")
    dock = window.dock("Measure")
    idle(window, dock)
    assert window.control(dock, "labels").value.name == "mask"
    graph_cut = window.dock()
    window.wait_idle(graph_cut)
    window.click(graph_cut)
    idle(window, graph_cut, dock)
    assert window.control(dock, "labels").value.name == "mask segments"
    assert len(dock.model.table["label"]) == split_touching(scene.mask).max()
    # What was chosen by hand stays.
    window.control(dock, "labels").value = window.viewer.layers["mask"]
    window.viewer.layers.remove("mask segments")
    window.click(graph_cut)
    idle(window, graph_cut, dock)
    assert window.control(dock, "labels").value.name == "mask"
