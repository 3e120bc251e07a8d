"""The order of doubt over all frames of a result."""

import numpy as np
import pytest

from napari_ncut.objects.edits import NoNumberLeft
from napari_ncut.objects.review import necks
from napari_ncut.runs.review_queue import ReviewQueue, merge_edit, split_edit
from napari_ncut.splitting.split import split_tree


def discs(*centres):
    rows, columns = np.mgrid[:44, :120]
    return np.any([(rows - 22) ** 2 + (columns - x) ** 2 < r**2 for x, r in centres], axis=0)


@pytest.fixture
def trees():
    """Two frames: one with two necks, one with a wide neck."""
    return {
        (0,): split_tree(discs((20, 18), (48, 14), (74, 18))),
        (3,): split_tree(discs((30, 18), (50, 18))),
    }


def test_necks_of_all_frames_come_in_the_order_of_their_distance_to_the_threshold(trees):
    doubts = ReviewQueue(trees, 0.7)
    expected = np.concatenate([tree.ratio[tree.ratio < 1] for tree in trees.values()])
    assert sorted(doubts.ratio) == sorted(expected)
    assert (np.diff(np.abs(doubts.ratio - 0.7)) >= 0).all()
    np.testing.assert_array_equal(doubts.near, np.abs(doubts.ratio - 0.7) <= 0.1)
    for number in range(len(doubts)):
        neck = doubts[number]
        tree = trees[neck.frame]
        assert neck.ratio == tree.ratio[neck.row]
        assert neck.sides == tuple(necks(tree)[neck.row].tolist())


def test_a_neck_is_found_again_at_another_threshold(trees):
    before, after = ReviewQueue(trees, 0.2), ReviewQueue(trees, 0.95)
    for number in range(len(before)):
        neck = before[number]
        assert after[after.find(neck)] == neck
    assert ReviewQueue({(0,): trees[3,]}, 0.2).find(before[0]) is None
    assert ReviewQueue({}, 0.2).find(before[0]) is None


def test_decided_necks_are_those_of_their_frame(trees):
    doubts = ReviewQueue(trees, 0.7)
    neck = doubts[1]
    decided = doubts.decided({neck.frame: {neck.sides: False}})
    assert np.flatnonzero(decided).tolist() == [1]
    other = (0,) if neck.frame == (3,) else (3,)
    assert not doubts.decided({other: {(neck.sides[0], -1): True}}).any()
    assert not doubts.decided({}).any()


def test_the_same_trees_and_threshold_are_the_same_doubts(trees):
    doubts = ReviewQueue(trees, 0.7)
    assert doubts.is_like(dict(trees), 0.7)
    assert not doubts.is_like(trees, 0.8)
    assert not doubts.is_like({(0,): trees[0,]}, 0.7)
    assert not doubts.is_like(trees | {(0,): split_tree(discs((20, 18)))}, 0.7)


def test_without_necks_there_is_nothing_to_doubt():
    assert len(ReviewQueue({}, 0.5)) == 0
    assert len(ReviewQueue({(): split_tree(discs((20, 18)))}, 0.5)) == 0


def apply(edit, data):
    after = data.copy()
    for change in edit.changes:
        after[change.indices] = change.after
    return after


@pytest.fixture
def movie(trees):
    """The labels of both frames at a threshold that cuts every neck."""
    data = np.zeros((4, 44, 120), np.int32)
    for frame, tree in trees.items():
        data[frame] = tree.cut(1.0)
    return data


def first_neck(tree):
    return int(np.argmin(tree.ratio))


def test_merging_and_splitting_at_a_neck_give_the_same_objects_again(trees, movie):
    for frame, tree in trees.items():
        row = first_neck(tree)
        before = movie.copy()
        merged = apply(merge_edit(tree, movie, frame, row), movie)
        np.testing.assert_array_equal(movie, before)
        assert len(np.unique(merged[frame])) == len(np.unique(movie[frame])) - 1
        again = apply(split_edit(tree, merged, frame, row), merged)
        assert ((again[frame] == 0) == (movie[frame] == 0)).all()
        pairs = np.unique(np.stack([again[frame].ravel(), movie[frame].ravel()]), axis=1)
        assert pairs.shape[1] == len(np.unique(movie[frame]))
        for other in set(range(4)) - set(frame):
            np.testing.assert_array_equal(again[other], movie[other])


def test_the_larger_object_keeps_its_number(trees, movie):
    tree = trees[0,]
    row = first_neck(tree)
    numbers = movie[0].flat[list(necks(tree)[row])]
    larger = max(numbers, key=lambda number: np.count_nonzero(movie[0] == number))
    edit = merge_edit(tree, movie, (0,), row)
    assert {change.after for change in edit.changes} == {larger}


def test_what_can_not_be_done_at_a_neck_any_more_is_an_error(trees, movie):
    tree = trees[0,]
    row = first_neck(tree)
    with pytest.raises(ValueError, match="no object to split"):
        split_edit(tree, movie, (0,), row)
    merged = apply(merge_edit(tree, movie, (0,), row), movie)
    with pytest.raises(ValueError, match="no two objects"):
        merge_edit(tree, merged, (0,), row)
    with pytest.raises(ValueError, match="no object to split"):
        split_edit(tree, np.zeros_like(movie), (0,), row)


def test_a_type_without_a_number_left_is_told(trees, movie):
    tree = trees[0,]
    row = first_neck(tree)
    narrow = apply(merge_edit(tree, movie, (0,), row), movie).astype(np.uint8)
    narrow[1].flat[:255] = np.arange(1, 256)
    with pytest.raises(NoNumberLeft):
        split_edit(tree, narrow, (0,), row)
