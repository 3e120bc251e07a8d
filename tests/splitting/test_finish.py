"""Small objects are dropped, and labels that are not split keep their numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ncut import SplitSettings, scenes, split_touching
from napari_ncut.splitting.finish import numbers, with_numbers, without_dropped


def labelled():
    """Return two pairs of circles with numbers 7 and 3, a disc 9, and specks of 3 pixels."""
    pair = scenes.circles(2).mask
    labels = np.zeros((110, 320), np.int32)
    labels[5:105, 5:105] = 7 * pair
    labels[5:105, 110:210] = 3 * pair
    y, x = np.mgrid[:110, :320]
    labels[np.hypot(y - 50, x - 260) < 20] = 9
    labels[2, 300:303] = 20
    return labels


def test_what_is_not_split_keeps_its_number():
    labels = labelled()
    found = split_touching(labels, keep_labels=True)
    assert set(np.unique(found[labels == 9])) == {9}
    assert set(np.unique(found[labels == 20])) == {20}
    parts = set(np.unique(found)) - {0, 9, 20}
    assert len(parts) == 4
    assert min(parts) > 20
    table = numbers(labels, found)
    assert sorted(table["old"].tolist()) == [3, 3, 7, 7, 9, 20]
    plain = split_touching(labels)
    np.testing.assert_array_equal(
        np.unique(np.stack([plain, found]).reshape(2, -1), axis=1)[0], np.arange(7)
    )


def test_specks_are_dropped_and_min_size_drops_none():
    labels = labelled()
    assert (split_touching(labels, min_size=10) > 0).sum() == (labels > 0).sum()
    found = split_touching(labels, drop_small=10)
    assert found.max() == 5
    assert (found > 0).sum() == (labels > 0).sum() - 3
    assert split_touching(labels, drop_small=10, spacing=2.0).max() == 6
    kept = split_touching(labels, drop_small=10, keep_labels=True)
    assert 20 not in kept
    assert 9 in kept


def test_what_was_dropped_is_counted():
    labels = np.array([[1, 1, 0, 2, 0, 3]], np.int32)
    found, gone = without_dropped(labels, 1.0, SplitSettings(drop_small=1.5))
    assert found.tolist() == [[1, 1, 0, 0, 0, 0]]
    assert (gone.objects, gone.pixels) == (2, 2)


@given(st.integers(0, 1000))
def test_numbers_tell_objects_apart(seed):
    rng = np.random.default_rng(seed)
    before = rng.choice([0, 2, 5, 6], (8, 8))
    parts = rng.integers(0, 2, (8, 8))
    after = np.unique(before * 2 + parts * (before > 0), return_inverse=True)[1].reshape(8, 8)
    after = np.where(before > 0, after, 0).astype(np.int32)
    after = np.unique(after, return_inverse=True)[1].reshape(8, 8).astype(np.int32)
    found = with_numbers(after, before)
    assert len(np.unique(found)) == len(np.unique(after))
    for value in np.unique(before[before > 0]):
        inside = np.unique(found[before == value])
        assert (inside == value).all() if len(inside) == 1 else (inside > 6).all()


@pytest.mark.parametrize("value", [-1, np.nan, "x"])
def test_a_size_that_is_none_is_named(value):
    with pytest.raises((TypeError, ValueError), match="drop_small"):
        split_touching(np.ones((4, 4), bool), drop_small=value)


def test_large_objects_and_those_at_the_border_are_dropped():
    mask = np.zeros((60, 90), bool)
    mask[5:15, 5:15] = mask[20:50, 20:50] = mask[:10, 60:70] = mask[30:40, 80:] = True
    assert split_touching(mask).max() == 4
    small = split_touching(mask, drop_large=500)
    assert small.max() == 3
    assert not small[35, 35]
    inside = split_touching(mask, drop_border=True)
    assert inside.max() == 2
    assert not inside[0].any()
    assert not inside[:, -1].any()
    one = split_touching(mask, drop_border=True, drop_large=500, drop_small=50)
    assert np.unique(one).tolist() == [0, 1]
    # In the units of the spacing.
    assert split_touching(mask, drop_large=500 * 4, spacing=2.0).max() == 3


def test_all_borders_of_a_stack_count_and_those_of_a_single_plane_do_not():
    ball = np.zeros((9, 30, 30), bool)
    ball[:5, 10:20, 10:20] = True
    assert split_touching(ball, drop_border=True).max() == 0
    assert split_touching(ball[:1], drop_border=True).max() == 1


@pytest.mark.parametrize("value", [-1, "big", np.nan])
def test_what_is_no_largest_size_is_refused(value):
    with pytest.raises((TypeError, ValueError), match="drop_large"):
        split_touching(np.ones((4, 4), bool), drop_large=value)
