"""Oversegmentation: the fragments that objects are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.splitting.mixed import scene

from napari_ncut import split_touching
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.oversegment import oversegment
from napari_ncut.splitting.parameters import DEFAULT


def fragments_of(labels, spacing=(1.0, 1.0, 1.0), connectivity=1):
    """Return the fragments of labels by shape alone."""
    grid = Grid(spacing, labels.ndim, connectivity)
    labels = labels.astype(np.int32).reshape((1,) * (3 - labels.ndim) + labels.shape)
    squared = squared_distance(labels, grid, Monitor())
    width = half_width(labels, squared, grid, DEFAULT, Monitor())
    return oversegment(labels, width, squared, grid, DEFAULT, Monitor())


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_every_fragment_is_one_piece_within_one_label(seed, ndim):
    labels, _ = scene(seed, ndim, labelled=True)
    found = fragments_of(labels)
    number = found.number.reshape(labels.shape)
    np.testing.assert_array_equal(number >= 0, labels > 0)
    np.testing.assert_array_equal(np.unique(number[labels > 0]), np.arange(found.n))
    for k, box in enumerate(ndi.find_objects(number + 1)):
        own = number[box] == k
        assert len(np.unique(labels[box][own])) == 1
        assert ndi.label(own)[1] == 1


def test_a_fragment_for_each_of_some_discs():
    y, x = np.mgrid[:60, :150]
    discs = {25: 20, 62: 20, 105: 26}
    mask = np.any([np.hypot(y - 30, x - c) <= r for c, r in discs.items()], axis=0)
    found = fragments_of(mask)
    assert found.n == 3
    assert len({found.number[0, 30, c] for c in discs}) == 3


@pytest.mark.parametrize("seed", range(6))
def test_a_rough_disc_stays_whole(seed):
    y, x = np.mgrid[-80:80, -80:80]
    noise = ndi.gaussian_filter(np.random.default_rng(seed).normal(size=x.shape), 1)
    pieces, _ = ndi.label(np.hypot(y, x) + 1.5 * noise / noise.std() <= 60)
    assert split_touching(pieces == pieces[80, 80]).max() == 1
