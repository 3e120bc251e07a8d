"""The order of doubt over all frames of a result."""

import numpy as np
import pytest

from napari_ncut.objects.review import necks
from napari_ncut.runs.review_queue import ReviewQueue
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
