"""The relief of the half-width against a slow and obvious one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.local_contrast import relief
from napari_ncut.splitting.parameters import DEFAULT


def slow_relief(width, grid):
    """Sum up the share of every pixel in the box around every other."""
    result = np.zeros(width.shape)
    for here in zip(*np.nonzero(width), strict=True):
        weight = np.ones(width.shape)
        for axis in range(3 - grid.ndim, 3):
            half = width[here] * grid.unit / (np.sqrt(grid.ndim) * grid.spacing[axis])
            # Half a pixel around its centre counts as the pixel, from where the box begins to grow.
            beyond = np.clip(half - abs(np.arange(width.shape[axis]) - here[axis]), 0, 1)
            beyond[here[axis]] = 1
            weight *= np.expand_dims(beyond, tuple(k for k in range(3) if k != axis))
        mean = (weight * width).sum() / weight.sum()
        result[here] = max(width[here] + DEFAULT.sharpness * (width[here] - mean), 1)
    return result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=40)
def test_the_relief_is_what_the_half_width_has_more_than_the_mean_over_a_box(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1,) * (3 - ndim) + tuple(rng.integers(1, 9, ndim))
    width = (rng.uniform(300, 6000, shape) * (rng.random(shape) < 0.8)).astype(np.int32)
    grid = Grid(tuple(rng.uniform(0.4, 3, 3)), ndim)
    found = relief(width, grid, DEFAULT, Monitor())
    np.testing.assert_allclose(found, slow_relief(width, grid), atol=1)
    np.testing.assert_array_equal(found > 0, width > 0)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=40)
def test_the_relief_is_the_same_from_all_sides(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1,) * (3 - ndim) + tuple(rng.integers(1, 12, ndim))
    width = (rng.uniform(300, 6000, shape) * (rng.random(shape) < 0.8)).astype(np.int32)
    grid = Grid((1.0, 1.0, 1.0), ndim)

    def raised(volume):
        return relief(np.ascontiguousarray(volume), grid, DEFAULT, Monitor())

    wanted = raised(width)
    np.testing.assert_array_equal(raised(width[:, ::-1])[:, ::-1], wanted)
    np.testing.assert_array_equal(raised(width.swapaxes(1, 2)).swapaxes(1, 2), wanted)


def test_a_shoulder_of_the_half_width_is_a_maximum_of_the_relief():
    x = np.arange(120)
    slope = np.where(x < 60, 40 - 0.2 * x, np.where(x < 70, 28, 28 - 1.0 * (x - 70)))
    width = np.tile((1024 * np.clip(slope, 1, None)).astype(np.int32), (1, 120, 1))
    line = relief(width, Grid((1.0, 1.0, 1.0), 2), DEFAULT, Monitor())[0, 60]
    assert (np.diff(width[0, 60]) <= 0).all()
    inner = line[1:-1]
    assert 55 < 1 + np.flatnonzero((inner > line[:-2]) & (inner >= line[2:]))[-1] < 75


def test_a_run_that_is_cancelled_ends():
    with pytest.raises(Cancelled):
        relief(
            np.ones((1, 9, 9), np.int32),
            Grid((1.0, 1.0, 1.0), 2),
            DEFAULT,
            Monitor(cancelled=lambda: True),
        )
