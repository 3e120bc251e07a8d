"""Labels on a disk that are corrected where they are."""

import json
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_ncut import scenes, split_volume
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.files import write_labels
from napari_ncut.io.ome_zarr import times_edited
from napari_ncut.io.ome_zarr_labels import fill_pyramid
from napari_ncut.objects.edits import (
    Edit,
    Frame,
    delete_edit,
    merge_edit,
    piece_at,
    split_edit,
    whole_object,
)
from napari_ncut.volumes.object_boxes import object_boxes
from napari_ncut.volumes.stored_labels import StoredLabels, stored_labels, watched
from napari_ncut.volumes.stored_result import StoredResult

VOLUME = Frame((None, None, None))


@pytest.fixture
def stored(tmp_path):
    """Labels of a field of balls, with a pyramid."""
    scene = scenes.field(12, size=280, radius=(9, 14), ndim=2)
    mask = np.zeros((3, *scene.mask.shape), bool)
    mask[1] = scene.mask
    split_volume(mask, out=tmp_path / "cells.ome.zarr", memory="1GB")
    return StoredLabels(tmp_path / "cells.ome.zarr")


def levels_are_whole(labels):
    """Whether the coarser levels are what they would be made of the finest."""
    arrays = [np.asarray(level[...]) for level in labels.levels]
    made = [arrays[0], *(np.zeros_like(array) for array in arrays[1:])]
    fill_pyramid(made, Monitor())
    return all(np.array_equal(a, b) for a, b in zip(arrays, made, strict=True))


def edits(labels):
    """One edit of each kind."""
    view = VOLUME.view(labels)
    yield merge_edit(labels, VOLUME, [1, 2, 5])
    region = whole_object(view, 3)
    halves = np.where(np.arange(region.mask.shape[2]) < region.mask.shape[2] // 2, 1, 2)
    yield split_edit(labels, VOLUME, region, np.where(region.mask, halves, 0).astype(np.int32))
    yield delete_edit(VOLUME, whole_object(view, 4))


def test_what_is_changed_is_changed_in_all_levels(stored):
    assert len(stored.levels) > 1
    assert levels_are_whole(stored)
    before = stored[...]
    in_memory = before.copy()
    for edit in edits(stored):
        assert stored.make(edit)
        for change in edit.changes:
            in_memory[change.indices] = change.after
        assert np.array_equal(stored[...], in_memory)
        assert levels_are_whole(stored)
    while stored.undo():
        assert levels_are_whole(stored)
    assert np.array_equal(stored[...], before)
    while stored.redo():
        pass
    assert np.array_equal(stored[...], in_memory)


def test_edits_are_those_of_the_same_labels_in_memory(stored):
    data = stored[...]
    for on_disk, in_memory in zip(edits(stored), edits(data), strict=True):
        assert on_disk.text == in_memory.text
        for a, b in zip(on_disk.changes, in_memory.changes, strict=True):
            assert (a.before, a.after) == (b.before, b.after)
            assert np.array_equal(np.array(a.indices), np.array(b.indices))
        assert [k.indices[1].tolist() for k in on_disk.kept] == [
            k.indices[1].tolist() for k in in_memory.kept
        ]


def test_what_is_near_is_read_and_no_more(stored, monkeypatch):
    view = VOLUME.view(stored)
    box = stored.boxes(VOLUME.index).of(5)
    read = []
    finest = StoredLabels.__getitem__
    monkeypatch.setattr(
        StoredLabels, "__getitem__", lambda s, index: read.append(finest(s, index)) or read[-1]
    )
    region = whole_object(view, 5)
    assert sum(part.size for part in read) == box.size
    point = tuple(np.argwhere(region.mask)[0] + region.corner)
    assert np.array_equal(piece_at(view, point).mask, region.mask)


def test_an_edit_of_labels_that_changed_meanwhile_is_not_made(stored):
    edit = delete_edit(VOLUME, whole_object(VOLUME.view(stored), 4))
    other = StoredLabels(stored.path)
    assert other.make(delete_edit(VOLUME, whole_object(VOLUME.view(other), 4)))
    assert not stored.make(edit)
    assert stored.undo() is None


def test_labels_that_are_gone_do_not_come_back(stored):
    edit = delete_edit(VOLUME, whole_object(VOLUME.view(stored), 4))
    shutil.rmtree(stored.path)
    with pytest.raises(FileNotFoundError, match="is not there any more"):
        stored.make(edit)
    assert not stored.path.exists()


def test_an_edit_that_can_not_be_written_leaves_the_labels_as_they_were(stored, monkeypatch):
    before, write = stored[...], StoredLabels._set
    first, second = (delete_edit(VOLUME, whole_object(VOLUME.view(stored), n)) for n in (3, 4))
    both = Edit((*first.changes, *second.changes), "Deleted two objects.")
    calls = []

    def full(self, pixels, number):
        calls.append(number)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        write(self, pixels, number)

    monkeypatch.setattr(StoredLabels, "_set", full)
    with pytest.raises(OSError, match="No space"):
        stored.make(both)
    assert np.array_equal(stored[...], before)
    assert stored.undo() is None
    assert levels_are_whole(stored)


def test_planes_of_a_volume_get_numbers_that_no_object_of_it_has(stored):
    plane = Frame((1, None, None))
    region = whole_object(plane.view(stored), 3)
    parts = np.where(region.mask, 1 + (np.arange(region.mask.shape[1]) % 2), 0).astype(np.int32)
    edit = split_edit(stored, plane, region, parts)
    assert edit.numbers[1:] == (int(stored[...].max()) + 1,)
    assert stored.make(edit)
    # The boxes follow, of the plane as of the volume.
    assert whole_object(VOLUME.view(stored), edit.numbers[1]).mask.any()
    assert whole_object(plane.view(stored), edit.numbers[1]).mask.any()


def test_labels_that_were_corrected_are_not_replaced(stored):
    mask = stored[...] > 0
    assert stored.make(delete_edit(VOLUME, whole_object(VOLUME.view(stored), 4)))
    assert times_edited(zarr.open_group(stored.path).attrs["napari-ncut"]) == 1
    # Another neck is another result, and a split with the same settings is done already.
    with pytest.raises(FileExistsError, match="corrected by hand"):
        split_volume(mask, out=stored.path, memory="1GB", neck=0.5, resume=True)
    assert (StoredLabels(stored.path)[...] != 4).all()


def test_where_objects_lie_is_kept_and_follows_what_is_changed(stored):
    for labels in (stored, StoredLabels(stored.path)):
        wanted = object_boxes(labels)
        told = labels.boxes(VOLUME.index)
        assert told.numbers.tolist() == wanted.numbers.tolist()
        assert np.array_equal(told.low, wanted.low)
        assert np.array_equal(told.high, wanted.high)
    for edit in edits(stored):
        assert stored.make(edit)
    while stored.undo():
        pass
    stored.redo()
    # Of what lost pixels the box may be too large, and never too small.
    again, wanted = StoredLabels(stored.path).boxes(VOLUME.index), object_boxes(stored)
    for number in wanted.numbers.tolist():
        box, least = again.of(number), wanted.of(number)
        assert box.shared(least) == least
    assert StoredLabels(stored.path).highest() >= wanted.highest


@pytest.mark.parametrize("kind", ["beyond", "shape", "missing", "text"])
def test_where_objects_lie_is_not_believed_blindly(stored, kind):
    group = stored._group["objects"]
    if kind == "beyond":
        group["high"][0] = 10_000
    elif kind == "shape":
        group.create_array("low", data=np.zeros((3, 2), np.int64), overwrite=True)
    elif kind == "missing":
        del group["low"]
    else:
        (stored.path / "objects/low/zarr.json").write_text("{}")
    again = StoredLabels(stored.path)
    assert whole_object(VOLUME.view(again), 4).mask.any()


class Bomb:
    """Tells whether it was unpacked."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_no_code_in_what_lies_beside_labels_is_run(tmp_path):
    # Of 0.4, whose arrays may be packed by pickle.
    zarr.open_group(tmp_path / "image.zarr", mode="w", zarr_format=2)
    path, mark = tmp_path / "image.zarr/labels/cells.ome.zarr", tmp_path / "executed"
    path.parent.mkdir()
    mask = scenes.circles(4).mask
    split_volume(mask, out=path, memory="1GB")
    for name in ("objects/low", "necks/ratio"):
        said = json.loads((path / name / ".zarray").read_text())
        said |= {"filters": [{"id": "pickle", "protocol": 5}], "compressor": None, "dtype": "|O"}
        (path / name / ".zarray").write_text(json.dumps(said))
        for chunk in (path / name).glob("[0-9]*"):
            chunk.write_bytes(pickle.dumps([Bomb(mark)]))
    labels = StoredLabels(path)
    plane = Frame((None, None))
    assert whole_object(plane.view(labels), 2).mask.any()
    with pytest.raises(ValueError, match=r"its necks can not be read"):
        StoredResult.of(labels, None, mask, None)
    assert not mark.exists()


def test_looking_for_objects_can_be_cancelled(stored):
    del stored._group["objects"]
    with pytest.raises(Cancelled), watched(Monitor(cancelled=lambda: True)):
        whole_object(VOLUME.view(stored), 4)
    # Nothing half found is kept.
    assert whole_object(VOLUME.view(stored), 4).mask.any()


def test_they_go_to_other_processes(stored):
    assert np.array_equal(pickle.loads(pickle.dumps(stored))[...], stored[...])


def test_what_others_wrote_is_not_corrected_in_place(stored, tmp_path):
    assert stored_labels(stored.path) is not None
    group = zarr.open_group(stored.path, mode="r+")
    del group.attrs["napari-ncut"]
    assert stored_labels(stored.path) is None
    assert stored_labels(tmp_path) is None


def test_what_is_for_reading_only_is_not_corrected_in_place(stored, monkeypatch):
    # Root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert stored_labels(stored.path) is None


@pytest.mark.parametrize("shape", [(50, 70), (20, 30, 40)])
def test_boxes_are_those_of_scipy(shape):
    from napari_ncut.volumes import object_boxes as module

    rng = np.random.default_rng(0)
    labels = ndimage.zoom(rng.integers(0, 9, [n // 5 for n in shape]), 5, order=0)
    labels[labels > 3] = 0
    found = object_boxes(labels)
    before, module.SIDE = module.SIDE, {2: 16, 3: 8}
    try:
        by_parts = object_boxes(labels)
    finally:
        module.SIDE = before
    wanted = ndimage.find_objects(labels)
    for boxes in (found, by_parts):
        assert boxes.numbers.tolist() == [k for k in range(1, 4) if wanted[k - 1]]
        assert [boxes.of(k).slices for k in boxes.numbers] == [box for box in wanted if box]
    assert found.of(99) is None


def test_frames_of_a_movie_of_volumes_are_corrected_one_by_one(tmp_path):
    scene = scenes.field(6, size=40, radius=(6, 9), ndim=3)
    movie = np.stack([scene.truth, scene.truth[::-1]]).astype(np.int32)
    write_labels(tmp_path / "movie.ome.zarr", movie, axes="TZYX")
    stored = StoredLabels(tmp_path / "movie.ome.zarr")
    frame = Frame((1, None, None, None))
    label = int(movie.max())
    region = whole_object(frame.view(stored), label)
    parts = np.where(region.mask, 1 + (np.arange(region.mask.shape[2]) > 4), 0).astype(np.int32)
    edit = split_edit(stored, frame, region, parts)
    assert edit.numbers == (label, label + 1)
    assert stored.make(edit)
    assert np.array_equal(stored[0], movie[0])
    assert (stored[1] == label + 1).any()
    assert levels_are_whole(stored)
    assert stored.undo() is edit
    assert np.array_equal(stored[...], movie)


@given(seed=st.integers(0, 10**6), shape=st.sampled_from([(300, 280), (30, 70, 290)]))
@settings(max_examples=15, deadline=None)
def test_any_edits_in_any_order_are_those_of_an_array(seed, shape):
    rng = np.random.default_rng(seed)
    labels = ndimage.zoom(rng.integers(0, 6, [n // 10 for n in shape]), 10, order=0).astype(
        np.int32
    )
    frame, done, undone = Frame((None,) * len(shape)), [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.ome.zarr"
        write_labels(path, labels)
        stored, now = StoredLabels(path), labels.copy()
        for action in rng.choice(["merge", "split", "delete", "undo", "redo"], 12):
            there = np.unique(now)[1:].tolist()
            if action == "undo":
                assert (stored.undo() is None) == (not done)
                if done:
                    undone.append(now)
                    now = done.pop()
            elif action == "redo":
                assert (stored.redo() is None) == (not undone)
                if undone:
                    done.append(now)
                    now = undone.pop()
            elif len(there) > 1:
                some = rng.choice(there, 2, replace=False).tolist()
                edit, wanted = (made(action, frame, data, some) for data in (stored, now))
                assert stored.make(edit)
                done.append(now.copy())
                undone.clear()
                for change, same in zip(edit.changes, wanted.changes, strict=True):
                    assert change.before == same.before
                    assert np.array_equal(np.array(change.indices), np.array(same.indices))
                    # A number that was given and taken back is not given again.
                    assert change.after == same.after or change.after not in there
                    now[change.indices] = change.after
            assert np.array_equal(stored[...], now)
        assert levels_are_whole(StoredLabels(path))
        for number in np.unique(now)[1:].tolist():
            assert np.array_equal(
                np.argwhere(whole_object(frame.view(stored), number).mask),
                np.argwhere(whole_object(now, number).mask),
            )


def made(action, frame, data, some):
    """One edit of the first of some objects, the same on a disk and in memory."""
    if action == "merge":
        return merge_edit(data, frame, some)
    region = whole_object(frame.view(data), some[0])
    if action == "delete":
        return delete_edit(frame, region)
    order = np.cumsum(region.mask).reshape(region.mask.shape)
    halves = np.where(order > order.max() // 2, 2, 1)
    return split_edit(data, frame, region, np.where(region.mask, halves, 0).astype(np.int32))
