"""Labels on a disk are corrected where they are: nothing is copied, and all levels follow."""

import shutil
from threading import Event

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from tests.plugin.correct.test_correct_widget import Hand, discs

from napari_ncut import split_volume
from napari_ncut.core.monitor import Monitor
from napari_ncut.io.ome_zarr_labels import fill_pyramid
from napari_ncut.plugin.shared.napari_private import node_of, tile_of
from napari_ncut.volumes.stored_labels import StoredLabels

# The discs are three times as large: of 1600 pixels side there are four levels.
LEFT, RIGHT, SQUARE = (150, 135), (150, 291), (60, 420)
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def store(tmp_path):
    """Two discs that touch and a square, as one object each."""
    mask = np.zeros((1500, 1600), bool)
    mask[:300, :480] = np.kron(discs() > 0, np.ones((3, 3), bool))
    split_volume(mask, out=tmp_path / "cells.ome.zarr", neck=0.0, memory="1GB")
    return StoredLabels(tmp_path / "cells.ome.zarr")


@pytest.fixture
def hand(window, store):
    layer = window.viewer.add_labels(store.levels, multiscale=True, name="cells")
    return Hand(window, layer)


def numbers(store):
    return np.unique(StoredLabels(store.path)[...]).tolist()


def are_levels_whole(store):
    levels = [np.asarray(level[...]) for level in StoredLabels(store.path).levels]
    made = [levels[0], *(np.zeros_like(level) for level in levels[1:])]
    fill_pyramid(made, Monitor())
    return all(np.array_equal(a, b) for a, b in zip(levels, made, strict=True))


def test_an_object_is_cut_in_the_store_and_the_cut_undone(hand, store):
    assert "written into cells.ome.zarr at once" in hand.status
    assert not hand.control("make_editable").isVisible()
    before = store[...]
    hand.tool("C")
    hand.hover(LEFT)
    hand.act(LEFT)
    assert "into 2" in hand.status
    assert numbers(store) == [0, 1, 2, 3]
    left, right = (StoredLabels(store.path)[place] for place in (LEFT, RIGHT))
    assert left != right
    assert are_levels_whole(store)
    hand.undo()
    hand.idle()
    assert hand.status.startswith("Undone: Cut object")
    assert np.array_equal(StoredLabels(store.path)[...], before)
    hand.redo()
    hand.idle()
    assert numbers(store) == [0, 1, 2, 3]
    assert are_levels_whole(store)


def test_undo_works_in_the_dock_and_says_when_there_is_nothing(hand, store):
    hand.tool("D")
    hand.act(SQUARE)
    assert len(numbers(store)) == 2
    for _ in range(2):
        QTest.keyClick(hand.widget, Qt.Key.Key_Z, CONTROL)
        hand.idle()
    assert len(numbers(store)) == 3
    assert hand.status == "There is nothing to undo."


def test_undo_during_an_edit_waits_for_it(hand, store, monkeypatch):
    before, go_on, make = store[...], Event(), StoredLabels.make
    monkeypatch.setattr(StoredLabels, "make", lambda *given: go_on.wait(20) and make(*given))
    hand.tool("D")
    hand.hover(SQUARE)
    hand.click(SQUARE)
    hand.undo()
    go_on.set()
    hand.idle()
    assert hand.status.startswith("Undone: ")
    assert np.array_equal(StoredLabels(store.path)[...], before)
    hand.redo()
    hand.idle()
    assert len(numbers(store)) == 2


def test_what_was_done_is_undone_while_the_layer_is_hidden(hand, store):
    hand.tool("D")
    hand.act(SQUARE)
    assert len(numbers(store)) == 2
    hand.layer.visible = False
    hand.undo()
    hand.idle()
    assert len(numbers(store)) == 3


def test_objects_are_merged_and_deleted(hand, store):
    hand.tool("J")
    hand.drag(LEFT, SQUARE)
    hand.idle()
    assert len(numbers(store)) == 2
    hand.tool("D")
    hand.act(LEFT)
    assert numbers(store) == [0]
    assert are_levels_whole(store)


def test_what_is_proposed_lies_where_the_object_is_at_every_level(hand, store):
    hand.tool("C")
    seen = set()
    for zoom in (4.0, 0.3):
        hand.viewer.scene.camera.center = LEFT
        hand.viewer.scene.camera.zoom = zoom
        hand.wait(50)
        hand.hover((140, 130))
        hand.hover(LEFT)
        seen.add(hand.layer.data_level)
        assert not hand.overlay.is_empty
        node, picture = hand.overlay._nodes["cut"], node_of(hand.viewer, hand.layer)
        # A pixel of the data, by the overlay and by napari.
        at = node.node_transform(picture).map([RIGHT[1], RIGHT[0], 0, 1])[:2]
        scale, start = tile_of(hand.layer)
        np.testing.assert_allclose(at[::-1], (np.array(RIGHT) - start) / scale, atol=1e-6)
    assert len(seen) == 2


def test_moving_the_view_forgets_nothing(hand):
    hand.tool("S")
    hand.drag((150, 100), (150, 130))
    hand.viewer.scene.camera.zoom = 0.3
    hand.wait(50)
    hand.drag((150, 290), (150, 320))
    hand.key(Qt.Key.Key_Return)
    hand.idle()
    assert "into 2" in hand.status


def test_of_a_store_that_is_gone_nothing_comes_back(hand, store):
    hand.tool("C")
    hand.hover(LEFT)
    shutil.rmtree(store.path)
    hand.act(LEFT)
    assert hand.status.startswith("There is no object here")
    assert not store.path.exists()
