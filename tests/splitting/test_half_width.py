"""Half-width: distances against SciPy's, label by label, and diffusion pixel by pixel."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import LARGEST, Grid
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.parameters import DEFAULT

SPACINGS = [(1.0, 1.0, 1.0), (1.0, 0.5, 2.0), (3.0, 1.0, 1.0), (0.2, 0.7, 0.65)]


def random_labels(seed, ndim=3, values=3, coarse=3):
    """Return a small volume of random patches; 2-D is one plane."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 14, 3)
    if ndim == 2:
        shape[0] = 1
    patches = rng.integers(0, values, -(-shape // coarse))
    for axis in range(3):
        patches = patches.repeat(coarse, axis)
    return np.ascontiguousarray(patches[tuple(slice(n) for n in shape)], np.int32)


def slow_squared_distance(labels, spacing):
    """Measure one label after the other; SciPy takes the border of the image for no edge, too."""
    result = np.zeros(labels.shape)
    for label in np.unique(labels[labels > 0]):
        inside = labels == label
        if inside.all():
            return np.full(labels.shape, ((np.array(labels.shape) * spacing) ** 2).sum())
        result[inside] = ndi.distance_transform_edt(inside, sampling=spacing)[inside] ** 2
    return result


def slow_diffusion(labels, width, weights, steps):
    """Let each pixel give 64ths of itself to its neighbours; what goes beyond an edge is lost."""
    for _ in range(steps):
        result = np.zeros_like(width)
        for here in zip(*np.nonzero(labels), strict=True):
            total = (64 - 2 * sum(weights)) * int(width[here])
            for axis, weight in enumerate(weights):
                for step in (-1, 1):
                    there = list(here)
                    there[axis] = min(max(there[axis] + step, 0), labels.shape[axis] - 1)
                    if labels[tuple(there)] == labels[here]:
                        total += weight * int(width[tuple(there)])
            result[here] = (total + 32) // 64
        width = result
    return width


def slow_half_width(labels, squared, grid):
    """Smooth the distance by a share of itself, but no less and no more than the limits."""
    width = np.minimum(np.sqrt(squared.astype(float)) / grid.unit + 0.5, LARGEST).astype(np.int64)
    fine, coarse = DEFAULT.finest_smoothing**2, DEFAULT.coarsest_smoothing**2
    # In pixels of the grid: the variance along each axis, and twice the weight for each step.
    variance = [fine * (grid.pixel / size) ** 2 for size in grid.sizes]
    steps = math.ceil(sum(variance) * 64 / 48 - 1e-9)
    weights = [0] * (3 - grid.ndim) + [round(32 * v / steps) for v in variance]
    once = slow_diffusion(labels, width, weights, steps)
    again = slow_diffusion(labels, once, weights, round(steps * coarse / fine) - steps)
    wanted = (DEFAULT.smoothing * width * grid.unit / grid.pixel) ** 2
    part = np.clip((wanted - fine) / (coarse - fine), 0, 1)
    return np.maximum((once + part * (again - once) + 0.5).astype(int), labels > 0)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from(SPACINGS))
def test_squared_distance_is_that_of_scipy_for_each_label(seed, ndim, spacing):
    labels = random_labels(seed, ndim)
    found = squared_distance(labels, Grid(spacing, ndim), Monitor())
    np.testing.assert_allclose(found, slow_squared_distance(labels, spacing), rtol=1e-5)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from(SPACINGS))
@settings(max_examples=30)
def test_half_width_is_the_distance_after_a_few_steps_of_diffusion(seed, ndim, spacing):
    labels = random_labels(seed, ndim, coarse=5)
    grid = Grid(spacing, ndim)
    squared = squared_distance(labels, grid, Monitor())
    found = half_width(labels, squared, grid, DEFAULT, Monitor())
    # One unit is a thousandth of a pixel.
    np.testing.assert_allclose(found, slow_half_width(labels, squared, grid), atol=1)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
def test_half_width_is_the_same_from_all_sides(seed, ndim):
    labels = random_labels(seed, ndim)
    grid = Grid((1.0, 1.0, 1.0), ndim)

    def measured(volume):
        volume = np.ascontiguousarray(volume)
        squared = squared_distance(volume, grid, Monitor())
        return half_width(volume, squared, grid, DEFAULT, Monitor())

    wanted = measured(labels)
    np.testing.assert_array_equal(measured(labels[:, ::-1])[:, ::-1], wanted)
    np.testing.assert_array_equal(measured(labels[..., ::-1])[..., ::-1], wanted)
    np.testing.assert_array_equal(measured(labels.swapaxes(1, 2)).swapaxes(1, 2), wanted)
    if ndim == 3:
        np.testing.assert_array_equal(measured(labels.swapaxes(0, 2)).swapaxes(0, 2), wanted)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_half_width_in_another_unit_of_length_is_the_same_in_pixels(spacing):
    labels = random_labels(3, values=2, coarse=5)
    widths = []
    for unit in (1.0, 10.0):
        grid = Grid(tuple(unit * value for value in spacing), 3)
        squared = squared_distance(labels, grid, Monitor())
        widths.append(half_width(labels, squared, grid, DEFAULT, Monitor()))
    np.testing.assert_allclose(*widths, atol=1)
    assert ((widths[0] > 0) == (labels > 0)).all()


def test_half_width_of_a_disc_is_nearly_its_radius():
    y, x = np.ogrid[:101, :101]
    labels = ((y - 50) ** 2 + (x - 50) ** 2 <= 40**2).astype(np.int32)[np.newaxis]
    grid = Grid((1.0, 1.0, 1.0), 2)
    squared = squared_distance(labels, grid, Monitor())
    width = half_width(labels, squared, grid, DEFAULT, Monitor())
    assert width.max() * grid.unit == pytest.approx(40, abs=2)
    assert np.unravel_index(width.argmax(), width.shape) == (0, 50, 50)


def test_half_width_at_the_border_of_the_image_goes_on():
    band = np.zeros((1, 60, 80), np.int32)
    band[:, 20:40] = 1
    grid = Grid((1.0, 1.0, 1.0), 2)
    squared = squared_distance(band, grid, Monitor())
    width = half_width(band, squared, grid, DEFAULT, Monitor())
    np.testing.assert_array_equal(width, np.broadcast_to(width[:, :, 40:41], width.shape))


def test_a_width_beyond_the_greatest_is_the_greatest():
    labels = np.ones((1, 2, 40_000), np.int32)
    labels[0, :, 0] = 0
    grid = Grid((1.0, 1.0, 1.0), 2)
    width = half_width(labels, squared_distance(labels, grid, Monitor()), grid, DEFAULT, Monitor())
    assert width.max() == LARGEST
    assert (np.diff(width[0, 0]) >= 0).all()


def test_nothing_but_background_has_no_width():
    labels = np.zeros((2, 5, 6), np.int32)
    grid = Grid((1.0, 1.0, 1.0), 3)
    squared = squared_distance(labels, grid, Monitor())
    assert not squared.any()
    assert not half_width(labels, squared, grid, DEFAULT, Monitor()).any()
