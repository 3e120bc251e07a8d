"""Half-width: the loops over lines against SciPy's distance transform, label by label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.half_width import half_width, smoothed, squared_distance

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
    return patches[tuple(slice(n) for n in shape)].astype(np.int32)


def slow_squared_distance(labels, spacing):
    """Measure one label after the other; SciPy takes the border of the image for no edge, too."""
    result = np.zeros(labels.shape)
    for label in np.unique(labels[labels > 0]):
        inside = labels == label
        if inside.all():
            return np.full(labels.shape, ((np.array(labels.shape) * spacing) ** 2).sum())
        result[inside] = ndi.distance_transform_edt(inside, sampling=spacing)[inside] ** 2
    return result


def slow_smoothed(values, labels, sigma, spacing):
    """Filter one label after the other, axis by axis, everything else being 0."""
    result = np.zeros(labels.shape)
    for label in np.unique(labels[labels > 0]):
        inside = labels == label
        part = np.where(inside, values, 0.0).astype(float)
        for axis, size in enumerate(spacing):
            reach = min(int(3 * sigma / size + 0.5), labels.shape[axis] - 1)
            steps = np.arange(-reach, reach + 1)
            weights = np.exp(-0.5 * (steps * size / sigma) ** 2)
            part = ndi.correlate1d(part, weights / weights.sum(), axis, mode="reflect") * inside
        result += part
    return result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from(SPACINGS))
def test_squared_distance_is_that_of_scipy_for_each_label(seed, ndim, spacing):
    labels = random_labels(seed, ndim)
    found = squared_distance(labels, spacing, Monitor())
    np.testing.assert_allclose(found, slow_squared_distance(labels, spacing), rtol=1e-5)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from(SPACINGS))
def test_smoothing_keeps_within_the_label(seed, ndim, spacing):
    labels = random_labels(seed, ndim)
    values = np.where(labels > 0, np.random.default_rng(seed).random(labels.shape), 0)
    found = smoothed(values.astype(np.float32), labels, 0.9, spacing, Monitor())
    np.testing.assert_allclose(
        found[labels > 0], slow_smoothed(values, labels, 0.9, spacing)[labels > 0], atol=1e-5
    )


@pytest.mark.parametrize("spacing", SPACINGS)
def test_half_width_of_another_unit_of_length_is_in_that_unit(spacing):
    labels = random_labels(3, values=2, coarse=5)
    widths = []
    for unit in (1.0, 10.0):
        size = tuple(unit * value for value in spacing)
        widths.append(
            half_width(labels, squared_distance(labels, size, Monitor()), size, Monitor())
        )
    np.testing.assert_allclose(widths[1], 10 * widths[0], rtol=1e-4)
    assert (widths[0][labels == 0] == 0).all()


def test_half_width_of_a_disc_is_nearly_its_radius():
    y, x = np.ogrid[:101, :101]
    labels = ((y - 50) ** 2 + (x - 50) ** 2 <= 40**2).astype(np.int32)[np.newaxis]
    squared = squared_distance(labels, (1.0, 1.0, 1.0), Monitor())
    width = half_width(labels, squared, (1.0, 1.0, 1.0), Monitor())
    assert width.max() == pytest.approx(40, abs=2)
    assert np.unravel_index(width.argmax(), width.shape) == (0, 50, 50)


def test_half_width_at_the_border_of_the_image_goes_on():
    whole = np.zeros((1, 60, 80), np.int32)
    whole[:, 20:40] = 1
    squared = squared_distance(whole, (1.0, 1.0, 1.0), Monitor())
    width = half_width(whole, squared, (1.0, 1.0, 1.0), Monitor())
    np.testing.assert_allclose(width, np.broadcast_to(width[:, :, 40:41], width.shape), atol=1e-5)


def test_nothing_but_background_has_no_width():
    labels = np.zeros((2, 5, 6), np.int32)
    assert (squared_distance(labels, (1.0, 1.0, 1.0), Monitor()) == 0).all()
