"""Stray pixels: pieces of a fragment that lie apart from it."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut import split_touching
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.parameters import DEFAULT
from napari_ncut.splitting.stray_pixels import attach_stray_pixels

CUBE = (1.0, 1.0, 1.0)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@example(555, 2)  # two pieces, each beside the other
def test_stray_pixels_go_to_what_they_touch_and_no_fragment_vanishes(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1, 20, 21) if ndim == 2 else (8, 9, 10)
    labels = np.ones(shape, np.int32)
    fragments = (np.indices(shape)[2] > 9).astype(np.int32)
    strewn = rng.random(shape) < 0.02
    fragments[strewn] = 1 - fragments[strewn]
    attach_stray_pixels(labels, fragments, Grid(CUBE, ndim), DEFAULT, Monitor())
    assert [ndi.label(fragments == k)[1] for k in (0, 1)] == [1, 1]


def test_a_piece_of_another_label_or_beside_none_stays():
    labels = np.ones((1, 9, 20), np.int32)
    labels[:, :, 12:] = 2
    labels[:, 4, 10:] = 0
    fragments = labels - 1
    before = fragments.copy()
    attach_stray_pixels(labels, fragments, Grid(CUBE, 2), DEFAULT, Monitor())
    np.testing.assert_array_equal(fragments, before)


def test_a_large_piece_stays():
    labels = np.ones((1, 9, 40), np.int32)
    fragments = np.zeros(labels.shape, np.int32)
    fragments[:, :, 10:20] = 1
    before = fragments.copy()
    attach_stray_pixels(labels, fragments, Grid(CUBE, 2), DEFAULT, Monitor())
    np.testing.assert_array_equal(fragments, before)


@pytest.mark.parametrize("seed", range(3))
def test_every_object_is_one_piece(seed):
    rng = np.random.default_rng(seed)
    mask = ndi.gaussian_filter(rng.normal(size=(40, 60, 60)), 4) > 0
    labels = split_touching(mask, spacing=(1.5, 1, 1))
    for k, box in enumerate(ndi.find_objects(labels), start=1):
        assert ndi.label(labels[box] == k)[1] == 1
