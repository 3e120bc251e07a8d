"""Gaussian means within a label."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.splitting.mixed import scene

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.smoothing import mean_within

PLANE = Grid((1.0, 1.0, 1.0), 2)


def volume(array):
    """Return an array as a contiguous volume."""
    return np.ascontiguousarray(array.reshape((1,) * (3 - array.ndim) + array.shape))


def mean(values, labels, sigma, grid=PLANE):
    return mean_within(values.astype(np.float32), labels.astype(np.int32), sigma, grid, Monitor())


@pytest.mark.parametrize("sigma", [0.8, 2.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.7)])
def test_where_a_label_fills_the_image_it_is_the_gaussian_filter(spacing, sigma):
    values = np.random.default_rng(0).normal(size=(9, 14, 16))
    found = mean(values, np.ones(values.shape), sigma, Grid(spacing, 3))
    wanted = values
    for axis, size in enumerate(spacing):
        reach = int(3 * sigma / size + 0.5)
        wanted = ndi.gaussian_filter1d(wanted, sigma / size, axis, radius=reach, mode="reflect")
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_what_is_constant_stays_constant_and_the_background_is_0(seed, ndim):
    labels = volume(scene(seed, ndim, labelled=True)[0])
    found = mean(7.0 * labels, labels, 2.0, Grid((1.0, 1.0, 1.0), ndim))
    # No label sees another one.
    np.testing.assert_allclose(found, 7.0 * labels, rtol=1e-5)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.integers(1, 30))
@settings(max_examples=20)
def test_it_is_exactly_the_same_wherever_the_label_lies(seed, ndim, pad):
    labels, image = scene(seed, ndim)
    grid = Grid((1.0, 1.0, 1.0), ndim)
    wanted = mean(volume(image), volume(labels), 3.0, grid).reshape(labels.shape)
    wide = volume(np.pad(labels, pad))
    found = mean(volume(np.pad(image, pad, mode="edge")), wide, 3.0, grid)
    found = found.reshape(np.add(labels.shape, 2 * pad))[(slice(pad, -pad),) * ndim]
    np.testing.assert_array_equal(found, wanted)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_it_is_nearly_the_same_from_all_sides(seed, ndim):
    labels, image = (volume(a) for a in scene(seed, ndim))
    grid = Grid((1.0, 1.0, 1.0), ndim)
    wanted = mean(image, labels, 2.0, grid)
    for turn in (lambda a: a[:, ::-1], lambda a: a[..., ::-1], lambda a: a.swapaxes(1, 2)):
        found = mean(volume(turn(image)), volume(turn(labels)), 2.0, grid)
        np.testing.assert_allclose(turn(found), wanted, rtol=1e-4, atol=1e-3)


def test_beyond_the_border_of_the_image_it_goes_on_mirrored():
    values = np.random.default_rng(1).normal(size=(1, 20, 24))
    mirrored = np.pad(values, ((0, 0), (20, 20), (24, 24)), mode="symmetric")
    found = mean(values, np.ones(values.shape), 2.0)
    wanted = mean(mirrored, np.ones(mirrored.shape), 2.0)[:, 20:40, 24:48]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
