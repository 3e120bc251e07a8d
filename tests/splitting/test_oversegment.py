"""Hills: pinholes and gaps, crumbs and rough edges."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut import split_touching
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.neighbours import neighbour_steps
from napari_ncut.splitting.oversegment import Grid, find_hills
from napari_ncut.splitting.pinholes import find_pinholes
from napari_ncut.splitting.stray_pixels import attach_crumbs

CUBE = (1.0, 1.0, 1.0)


def pinwheel():
    """Return four rods around a gap of one pixel."""
    mask = np.zeros((90, 90), bool)
    mask[38:45, 10:46] = mask[45:81, 38:45] = True
    mask[10:46, 46:53] = mask[46:53, 45:81] = True
    mask[45, 45] = False
    return mask


def hills_of(mask):
    labels = mask.astype(np.int32)[np.newaxis]
    return find_hills(labels, Grid(CUBE, neighbour_steps(labels.shape, CUBE), 1, 2), Monitor())


def test_a_gap_as_small_as_a_pinhole_is_opened_again_and_a_pinhole_is_not():
    both = np.zeros((100, 200), bool)
    both[5:95, 100:190] = pinwheel()
    both[10:91, 5:86] = np.hypot(*np.mgrid[-40:41, -40:41]) <= 40
    both[50, 45] = False
    hills = hills_of(both)
    assert hills.labels[0, 50, 45] == 1
    assert hills.labels[0, 50, 145] == 0


def test_a_blob_with_a_gap_is_measured_again_as_if_it_had_none_filled():
    mask = pinwheel()
    once = hills_of(mask)
    labels = mask.astype(np.int32)[np.newaxis]
    width = half_width(labels, squared_distance(labels, CUBE, Monitor()), CUBE, Monitor())
    np.testing.assert_array_equal(once.width, width)
    beside = np.zeros((120, 300), bool)
    beside[15:105, 100:190] = mask
    beside[30:60, 200:290] = True
    hills = hills_of(beside)
    np.testing.assert_array_equal(hills.width[:, 15:105, 100:190], width)
    pairs = np.stack([once.fragments[0][mask], hills.fragments[0, 15:105, 100:190][mask]])
    assert len(np.unique(pairs, axis=1).T) == len(np.unique(pairs[1])) == once.n
    assert list(np.unique(hills.fragments)) == list(range(-1, hills.n))


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
def test_pinholes_are_the_small_components_of_the_background_inside_a_label(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1, 12, 13) if ndim == 2 else (6, 7, 8)
    labels = 1 + (np.indices(shape)[2] > rng.integers(3, 12)).astype(np.int32)
    labels[rng.random(shape) < rng.uniform(0, 0.15)] = 0
    holes = find_pinholes(labels, 3, Monitor())
    found = {place: (label, size) for place, label, size in zip(*vars(holes).values(), strict=True)}
    wanted = {}
    background, n = ndi.label(labels == 0, np.ones((3, 3, 3)))
    for k in range(1, n + 1):
        hole = background == k
        grown = ndi.binary_dilation(hole, np.ones((3, 3, 3)))
        inside = ndi.binary_erosion(np.ones(shape[3 - ndim :], bool)).reshape(shape)
        beside = np.unique(labels[grown & ~hole])
        if hole.sum() <= 3 and len(beside) == 1 and inside[hole].all():
            wanted |= {place: (beside[0], hole.sum()) for place in np.flatnonzero(hole)}
    assert found == wanted


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@example(555, 2)  # two crumbs, each beside the other
def test_crumbs_go_to_what_they_touch_and_no_fragment_vanishes(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1, 20, 21) if ndim == 2 else (8, 9, 10)
    labels = np.ones(shape, np.int32)
    fragments = (np.indices(shape)[2] > 9).astype(np.int32)
    strewn = rng.random(shape) < 0.02
    fragments[strewn] = 1 - fragments[strewn]
    attach_crumbs(labels, fragments, 1, Monitor())
    assert [ndi.label(fragments == k)[1] for k in (0, 1)] == [1, 1]


@pytest.mark.parametrize("seed", range(6))
def test_a_rough_disc_stays_whole(seed):
    y, x = np.mgrid[-80:80, -80:80]
    noise = ndi.gaussian_filter(np.random.default_rng(seed).normal(size=x.shape), 1)
    pieces, _ = ndi.label(np.hypot(y, x) + 1.5 * noise / noise.std() <= 60)
    assert split_touching(pieces == pieces[80, 80]).max() == 1


@pytest.mark.parametrize("seed", range(3))
def test_every_object_is_one_piece(seed):
    rng = np.random.default_rng(seed)
    mask = ndi.gaussian_filter(rng.normal(size=(40, 60, 60)), 4) > 0
    labels = split_touching(mask, spacing=(1.5, 1, 1))
    for k, box in enumerate(ndi.find_objects(labels), start=1):
        assert ndi.label(labels[box] == k)[1] == 1
