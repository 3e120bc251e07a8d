"""The trees of single blobs are those that the volume was split by, wherever somebody looks."""

import numpy as np
import pytest

from napari_ncut import scenes, split_touching, split_volume
from napari_ncut.core.monitor import Monitor
from napari_ncut.objects import review
from napari_ncut.objects.edits import Frame
from napari_ncut.volumes import blob_trees
from napari_ncut.volumes.blob_trees import BlobTrees
from napari_ncut.volumes.stored_labels import StoredLabels
from napari_ncut.volumes.stored_result import StoredResult


def scene(ndim):
    found = scenes.field(25, size=90 if ndim == 3 else 180, radius=(8, 13), ndim=ndim)
    return found.mask, found.image


@pytest.fixture(params=[(2, False), (3, False), (2, True)], ids=["plane", "volume", "image"])
def result(request, tmp_path):
    """Labels on a disk, found in many tasks."""
    ndim, has_image = request.param
    mask, image = scene(ndim)
    image = image if has_image else None
    path = tmp_path / "cells.ome.zarr"
    split_volume(mask, image, out=path, spacing=0.5, memory="17MB")
    return StoredResult.of(StoredLabels(path), None, mask, image)


def test_every_neck_is_found_again_in_the_tree_of_its_blob(result):
    necks = result.necks
    assert len(necks) > 3
    assert (np.diff(np.abs(necks.ratio - necks.threshold)) >= 0).all()
    for number in range(len(necks)):
        neck = necks[number]
        placed, row = necks.tree_of(neck, Monitor())
        assert placed.tree.ratio[row] == neck.ratio
        assert necks.find(neck) == number


def test_the_necks_are_all_that_there_are(result, tmp_path):
    mask, image = (result.blobs._work.labels, result.blobs._work.image)
    whole = tmp_path / "whole.ome.zarr"
    split_volume(mask, image, out=whole, spacing=0.5, memory="2GB")
    again = StoredResult.of(StoredLabels(whole), None, mask, image)
    assert np.array_equal(again.necks.ratio, result.necks.ratio)
    assert np.array_equal(again.necks.sides, result.necks.sides)


def test_what_is_decided_is_what_it_would_be_in_memory(result):
    mask, image = (result.blobs._work.labels, result.blobs._work.image)
    data = split_touching(mask, image, spacing=0.5)
    for number in range(3):
        neck = result.necks[number]
        placed, row = result.necks.tree_of(neck, Monitor())
        is_split = result.seen([neck.sides])[neck.sides]
        assert is_split == (neck.ratio < result.necks.threshold)
        change = review.merge if is_split else review.split
        on_disk = change(placed, result.labels, (), row)
        in_memory = change(placed, data, (), row)
        assert on_disk.text == in_memory.text
        assert result.labels.make(on_disk)
        for step in in_memory.changes:
            data[step.indices] = step.after
        assert np.array_equal(result.labels[...], data)
        assert result.seen([neck.sides])[neck.sides] != is_split
        whole = Frame((None,) * data.ndim).view(data)
        seen, known = (review.look(placed, labels, row) for labels in (result.labels, whole))
        assert np.array_equal(seen.points, known.points)
        assert np.array_equal(seen.low, known.low)


def test_beside_the_blobs_there_is_none(result):
    mask = result.blobs._work.labels
    background = np.argwhere(mask == 0)[0]
    assert result.blobs.at(background.tolist()) is None
    inside = np.argwhere(mask > 0)[0].tolist()
    blob = result.blobs.at(inside)
    assert blob.holds(inside)
    assert result.blobs.at(inside) is blob


def test_a_blob_that_is_too_large_to_look_at_is_a_sentence(result, monkeypatch):
    monkeypatch.setattr(blob_trees, "MOST_PIXELS", 10)
    inside = np.argwhere(result.blobs._work.labels > 0)[0].tolist()
    with pytest.raises(ValueError, match="too large to be looked at"):
        result.blobs.at(inside)


def test_a_mask_that_has_changed_is_a_sentence():
    mask, _ = scene(2)
    settings = {"beta": 0.25, "connectivity": 1, "spacing": (1, 1), "max_hole": None, "taught": ()}
    blobs = BlobTrees(np.zeros_like(mask), None, settings, None)
    with pytest.raises(ValueError, match="has changed"):
        blobs.beside((5, 6))
