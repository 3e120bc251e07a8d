"""Decisions about single necks: which are in doubt, and what joining or cutting one changes."""

import numpy as np
import pytest

from napari_ncut.objects import review
from napari_ncut.objects.edits import NoNumberLeft
from napari_ncut.splitting.split import split_tree


def row_of_discs(centres=(20, 48, 74), radii=(18, 14, 18)):
    rows, columns = np.mgrid[:44, :112]
    return np.any(
        [(rows - 22) ** 2 + (columns - x) ** 2 < r**2 for x, r in zip(centres, radii, strict=True)],
        axis=0,
    )


@pytest.fixture
def mask():
    return row_of_discs()


@pytest.fixture
def tree(mask):
    """A split tree with the two necks of three discs."""
    return split_tree(mask)


def neck_near(tree, x):
    return int(np.argmin(np.abs(tree.position[:, 1] - x)))


def whole(tree):
    return review.Placed.whole(tree)


def apply(edit, labels):
    after = labels.copy()
    for change in edit.changes:
        after[change.indices] = change.after
    return after


def same_partition(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_the_necks_nearest_to_the_threshold_come_first():
    order = review.by_doubt(np.array([0.2, 0.85, 1.0, 0.91]), neck=0.9)
    np.testing.assert_array_equal(order, [3, 1, 2, 0])
    assert len(review.by_doubt(np.empty(0), 0.9)) == 0


def test_a_decision_is_found_by_its_place_and_holds_at_every_threshold(tree):
    left, right = neck_near(tree, 34), neck_near(tree, 61)
    place = tuple(review.necks(tree)[left].tolist())
    rows = review.decided_rows(tree, {place: True, (0, 0): False})
    assert rows == {left: True}
    for neck in (0.0, 0.5, 1.0):
        sides = review.side_labels(tree, tree.cut(neck, decisions=rows))
        assert sides[left, 0] != sides[left, 1]
    rows = review.decided_rows(tree, {tuple(review.necks(tree)[right].tolist()): False})
    for neck in (0.0, 0.5, 1.0):
        sides = review.side_labels(tree, tree.cut(neck, decisions=rows))
        assert sides[right, 0] == sides[right, 1]


def test_decisions_about_other_necks_do_not_change_a_neck(tree):
    left, right = neck_near(tree, 34), neck_near(tree, 61)
    plain = review.side_labels(tree, tree.cut(0.0))
    assert plain[right, 0] == plain[right, 1]
    decided = review.side_labels(tree, tree.cut(0.0, decisions={left: True}))
    assert decided[right, 0] == decided[right, 1]


def test_merging_at_a_neck_gives_the_labels_of_the_tree_with_that_neck_joined(tree):
    left = neck_near(tree, 34)
    labels = tree.cut(1.0)
    before = labels.copy()
    merged = apply(review.merge(whole(tree), labels, (), left), labels)
    assert same_partition(merged, tree.cut(1.0, decisions={left: False}))
    np.testing.assert_array_equal(labels, before)


def test_splitting_at_a_neck_gives_the_labels_of_the_tree_with_that_neck_cut(tree):
    left = neck_near(tree, 34)
    labels = tree.cut(0.0)
    edit = review.split(whole(tree), labels, (), left)
    assert edit.numbers == (1, 2)
    assert same_partition(apply(edit, labels), tree.cut(0.0, decisions={left: True}))


def test_the_larger_part_keeps_its_number(tree):
    left = neck_near(tree, 34)
    labels = np.where(tree.cut(0.0) > 0, 7, 0).astype(np.int32)
    edit = review.split(whole(tree), labels, (), left)
    (split_off,) = edit.changes
    assert (split_off.before, split_off.after) == (7, 8)
    assert 0 < len(split_off.indices[0]) < np.count_nonzero(labels) / 2
    apart = apply(edit, labels)
    back = review.merge(whole(tree), apart, (), left)
    assert {change.after for change in back.changes} == {7}
    np.testing.assert_array_equal(apply(back, apart), labels)


def test_what_was_mended_by_hand_stays_as_it_is(tree):
    left, right = neck_near(tree, 34), neck_near(tree, 61)
    labels = tree.cut(1.0)
    # By hand: the second and the third disc are one object with a number of its own.
    labels[np.isin(labels, review.side_labels(tree, labels)[right])] = 9
    merged = apply(review.merge(whole(tree), labels, (), left), labels)
    assert set(np.unique(merged)) == {0, 9}
    apart = apply(review.split(whole(tree), merged, (), right), merged)
    sides = review.side_labels(tree, apart)
    assert sides[left, 0] == sides[left, 1]
    assert sides[right, 0] != sides[right, 1]


def test_what_can_not_be_done_at_a_neck_any_more_is_an_error(tree):
    left = neck_near(tree, 34)
    nothing = np.zeros_like(tree.cut(0.0))
    for labels in (tree.cut(0.0), nothing):
        with pytest.raises(ValueError, match="no two objects"):
            review.merge(whole(tree), labels, (), left)
    for labels in (tree.cut(1.0), nothing):
        with pytest.raises(ValueError, match="no object to split"):
            review.split(whole(tree), labels, (), left)


def test_in_a_movie_only_the_frame_changes(tree):
    left = neck_near(tree, 34)
    movie = np.stack([tree.cut(0.0)] * 3)
    split = apply(review.split(whole(tree), movie, (1,), left), movie)
    assert same_partition(split[1], tree.cut(0.0, decisions={left: True}))
    np.testing.assert_array_equal(split[[0, 2]], movie[[0, 2]])
    merged = apply(review.merge(whole(tree), split, (1,), left), split)
    np.testing.assert_array_equal(merged, movie)


def test_a_type_without_a_number_left_is_told(tree):
    movie = np.stack([tree.cut(0.0)] * 2).astype(np.uint8)
    movie[0].flat[:255] = np.arange(1, 256)
    with pytest.raises(NoNumberLeft):
        review.split(whole(tree), movie, (1,), neck_near(tree, 34))


@pytest.mark.parametrize("neck", [0.0, 1.0])
def test_the_mark_lies_on_the_neck_whether_it_is_cut_or_not(tree, mask, neck):
    left = neck_near(tree, 34)
    found = review.look(whole(tree), tree.cut(neck), left)
    assert (np.abs(found.points[:, 1] - 36) < 4).all()
    # It goes from one edge of the mask to the other.
    height = np.count_nonzero(mask[:, 36])
    assert np.ptp(found.points[:, 0]) >= height - 4
    assert (found.low <= found.points.min(axis=0)).all()
    assert (found.high >= found.points.max(axis=0)).all()


def test_the_box_of_a_neck_holds_both_parts_and_not_the_others(tree):
    found = review.look(whole(tree), tree.cut(1.0), neck_near(tree, 34))
    assert found.low[1] == 3
    assert found.high[1] < 70


def test_there_is_a_place_to_look_at_even_if_the_objects_are_gone(tree):
    found = review.look(whole(tree), np.zeros_like(tree.cut(0.0)), 0)
    np.testing.assert_array_equal(found.points, tree.position[:1])


def test_faces_between_two_sides():
    sides = np.array([[1, 1, 2], [1, 2, 0]], np.int32)
    np.testing.assert_array_equal(review.faces(sides), [[0.5, 1.0], [0.0, 1.5], [1.0, 0.5]])


def test_the_necks_of_an_object_are_its_widest_cut_and_its_narrowest_kept(tree):
    left, right = neck_near(tree, 34), neck_near(tree, 61)
    labels = tree.cut(0.0, decisions={left: True})
    numbers = np.unique(labels)[1:]
    cut, inside = review.necks_of_labels(tree, labels, numbers)
    np.testing.assert_allclose(cut, tree.ratio[[left, left]])
    first, _ = review.side_labels(tree, labels)[right]
    np.testing.assert_allclose(inside[numbers == first], tree.ratio[right])
    assert np.isnan(inside[numbers != first])


def test_an_object_without_necks_has_none():
    tree = split_tree(row_of_discs(centres=(20,), radii=(18,)))
    cut, inside = review.necks_of_labels(tree, tree.cut(0.0), np.array([1]))
    assert np.isnan(cut).all()
    assert np.isnan(inside).all()
