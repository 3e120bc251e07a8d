"""Pinholes: which holes there are, and which of them are gaps between objects."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut import split_touching
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.parameters import DEFAULT
from napari_ncut.splitting.pinholes import find_pinholes, without_pinholes

PLANE = Grid((1.0, 1.0, 1.0), 2)


def pinwheel():
    """Return four rods around a gap of one pixel."""
    mask = np.zeros((90, 90), bool)
    mask[38:45, 10:46] = mask[45:81, 38:45] = True
    mask[10:46, 46:53] = mask[46:53, 45:81] = True
    mask[45, 45] = False
    return mask


def closed(mask):
    """Return the mask with its pinholes filled."""
    labels = mask.astype(np.int32)[np.newaxis]
    before = labels.copy()
    result = without_pinholes(labels, PLANE, DEFAULT, model(), Monitor()).labels
    np.testing.assert_array_equal(labels, before)
    return result[0] > 0


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
def test_pinholes_are_the_small_components_of_the_background_inside_a_label(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1, 12, 13) if ndim == 2 else (6, 7, 8)
    labels = 1 + (np.indices(shape)[2] > rng.integers(3, 12)).astype(np.int32)
    labels[rng.random(shape) < rng.uniform(0, 0.15)] = 0
    holes = find_pinholes(labels, 3, Monitor())
    found = {at: (label, size) for at, label, size in zip(*vars(holes).values(), strict=True)}
    assert len(found) == len(holes)
    wanted = {}
    background, n = ndi.label(labels == 0, np.ones((3, 3, 3)))
    for k in range(1, n + 1):
        hole = background == k
        grown = ndi.binary_dilation(hole, np.ones((3, 3, 3)))
        inside = ndi.binary_erosion(np.ones(shape[3 - ndim :], bool)).reshape(shape)
        beside = np.unique(labels[grown & ~hole])
        if hole.sum() <= 3 and len(beside) == 1 and inside[hole].all():
            wanted |= {at: (beside[0], hole.sum()) for at in np.flatnonzero(hole)}
    assert found == wanted


def test_a_gap_as_small_as_a_pinhole_is_opened_again_and_a_pinhole_is_not():
    both = np.zeros((100, 200), bool)
    both[5:95, 100:190] = pinwheel()
    both[10:91, 5:86] = np.hypot(*np.mgrid[-40:41, -40:41]) <= 40
    both[50, 45] = False
    found = closed(both)
    assert found[50, 45]
    assert not found[50, 145]


def test_the_same_holes_are_gaps_whatever_lies_beside_the_blob():
    mask = pinwheel()
    wanted = closed(mask)
    beside = np.zeros((120, 300), bool)
    beside[15:105, 100:190] = mask
    beside[30:60, 200:290] = True
    np.testing.assert_array_equal(closed(beside)[15:105, 100:190], wanted)


def test_a_disc_with_pinholes_is_split_no_more_than_one_without_and_they_stay_background():
    disc = np.hypot(*np.mgrid[-40:41, -40:41]) <= 36
    strewn = np.random.default_rng(0).random(disc.shape) < 0.004
    mask = disc & ~strewn
    found = split_touching(mask)
    assert found.max() == split_touching(disc).max() == 1
    np.testing.assert_array_equal(found > 0, mask)


def test_a_mask_without_holes_is_not_copied():
    labels = np.ones((1, 9, 9), np.int32)
    assert without_pinholes(labels, PLANE, DEFAULT, model(), Monitor()).labels is labels
