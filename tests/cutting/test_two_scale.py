"""Large objects: cut at a lower resolution, the border again at the full one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.session import CutSession
from napari_ncut.cutting.two_scale import MAX_PIXELS, LargeSession, beside_border, pool_sum
from napari_ncut.objects.object_cut import new_session


def balls(ndim, *centres, radius=20, shape=(60, 60, 140)):
    grid = np.ogrid[tuple(slice(n) for n in shape[-ndim:])]
    mask = np.zeros(shape[-ndim:], bool)
    for centre in centres:
        distances = [(g - c) ** 2 for g, c in zip(grid, centre[-ndim:], strict=True)]
        mask |= sum(distances) < radius**2
    return mask


def pair(ndim):
    return balls(ndim, (30, 30, 30), (30, 30, 66))


def agreement(a, b, mask):
    """Return the share of pixels that two cuts in two share, whichever part is called 1."""
    same = (a == b)[mask].mean()
    return max(same, 1 - same)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("with_image", [False, True])
def test_it_cuts_where_the_full_resolution_cuts(ndim, with_image):
    mask = pair(ndim)
    image = None
    if with_image:
        image = np.random.default_rng(0).normal(100, 10, mask.shape).astype(np.float32)
    large = LargeSession(image, mask, (1.0,) * ndim, max_pixels=mask.sum() // 3)
    flat = np.zeros(mask.shape, np.float32)
    full = CutSession(flat if image is None else image, mask)
    a = large.cut(CutSettings()).labels
    b = full.cut(CutSettings()).labels
    assert ((a > 0) == mask).all()
    assert agreement(a, b, mask) > 0.99


@given(seed=st.integers(0, 2**32 - 1), n_parts=st.integers(2, 5), max_pixels=st.integers(100, 900))
@settings(max_examples=40)
def test_every_part_is_there_and_every_pixel_has_one(seed, n_parts, max_pixels):
    rng = np.random.default_rng(seed)
    noise = ndi.gaussian_filter(rng.normal(size=(64, 80)), 4)
    pieces, _ = ndi.label(noise > 0)
    mask = pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1
    session = LargeSession(None, mask, (1.0, 1.0), max_pixels=max_pixels)
    labels = session.cut(CutSettings(n_segments=n_parts)).labels
    assert ((labels > 0) == mask).all()
    assert set(np.unique(labels[mask])) == set(range(1, n_parts + 1))
    np.testing.assert_array_equal(session.cut(CutSettings(n_segments=n_parts)).labels, labels)


def test_seeds_keep_their_pixels():
    mask = pair(3)
    seeds = np.zeros(mask.shape, np.int32)
    seeds[30, 20:40, 25] = 1
    seeds[30, 20:40, 38] = 2
    labels = LargeSession(None, mask, (1.0,) * 3, max_pixels=5000).cut(CutSettings(), seeds=seeds)
    assert (labels.labels[seeds > 0] == seeds[seeds > 0]).all()


def test_seeds_that_fall_together_are_an_error_that_says_what_to_do():
    mask = pair(2)
    seeds = np.zeros(mask.shape, np.int32)
    seeds[30, 30], seeds[30, 31] = 1, 2
    session = LargeSession(None, mask, (1.0, 1.0), max_pixels=100)
    with pytest.raises(ValueError, match="too near to each other; move them apart"):
        session.cut(CutSettings(), seeds=seeds)


def test_colours_and_pixel_size_count():
    mask = np.ones((64, 64), bool)
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :27, 0] = image[:, 27:, 1] = 200
    session = LargeSession(image, mask, (1.0, 1.0), has_channels=True, max_pixels=1000)
    labels = session.cut(CutSettings()).labels
    assert (labels[:, :27] == labels[0, 0]).all()
    assert (labels[:, 27:] == labels[0, 63]).all()
    wide = LargeSession(None, np.ones((80, 48), bool), (1.0, 4.0), max_pixels=1000)
    labels = wide.cut(CutSettings()).labels
    assert labels[0, 0] == labels[-1, 0] != labels[0, -1]


def test_only_large_objects_are_cut_that_way():
    small = np.ones((100, 100), bool)
    large = np.ones((1025, 1024), bool)
    assert large.sum() > MAX_PIXELS
    assert isinstance(new_session(small, None, (1.0, 1.0), False), CutSession)
    assert isinstance(new_session(large, None, (1.0, 1.0), False), LargeSession)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_sums_over_blocks(height, width, factor):
    array = np.arange(height * width).reshape(height, width)
    expected = [
        [array[y : y + factor, x : x + factor].sum() for x in range(0, width, factor)]
        for y in range(0, height, factor)
    ]
    np.testing.assert_array_equal(pool_sum(array, factor, 2), expected)


def test_pixels_beside_a_border():
    labels = np.array([[1, 1, 2, 0, 2], [1, 1, 1, 0, 3]])
    expected = np.array([[0, 1, 1, 0, 1], [0, 0, 1, 0, 1]], bool)
    np.testing.assert_array_equal(beside_border(labels), expected)
