"""Steps of brightness: gradients within labels, and their unit."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import Intensity, find_borders
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.gradients import gradients, length_of_gradient
from napari_ncut.splitting.oversegment import Fragments
from napari_ncut.splitting.parameters import DEFAULT

PLANE = Grid((1.0, 1.0, 1.0), 2)


def one_fragment(labels):
    """Return the labels as fragments."""
    n = int(labels.max())
    return Fragments(labels - 1, n)


def test_gradient_of_a_plane_in_physical_units():
    z, y, x = np.indices((4, 12, 15))
    found = length_of_gradient(
        (2.0 * z + 3.0 * y + 4.0 * x).astype(np.float32),
        np.ones(x.shape, np.int32),
        Grid((4.0, 2.0, 1.0), 3),
        Monitor(),
    )
    np.testing.assert_allclose(found, np.sqrt(0.5**2 + 1.5**2 + 4.0**2), rtol=1e-5)


def test_gradient_does_not_see_the_next_label():
    labels = np.ones((1, 6, 8), np.int32)
    labels[..., 4:] = 2
    assert not length_of_gradient(100 * labels.astype(np.float32), labels, PLANE, Monitor()).any()


def test_expected_gradient_follows_the_gain_of_the_image():
    labels = np.ones((1, 40, 40), np.int32)
    grey = np.random.default_rng(0).normal(size=labels.shape).astype(np.float32)
    expected = np.full(2, DEFAULT.ordinary)
    one, ten = (
        gradients(
            gain * grey, labels, one_fragment(labels), expected, PLANE, DEFAULT, Monitor()
        ).length
        for gain in np.float32([10, 100])
    )
    np.testing.assert_allclose(ten, one, rtol=0.02, atol=0.02)


def test_a_larger_object_must_show_a_greater_step():
    labels = np.ones((1, 40, 40), np.int32)
    grey = np.random.default_rng(0).normal(size=labels.shape).astype(np.float32)
    small, large = (
        gradients(grey, labels, one_fragment(labels), np.full(2, value), PLANE, DEFAULT, Monitor())
        for value in (2.0, 3.0)
    )
    np.testing.assert_allclose(large.expected, 1.5 * small.expected, rtol=1e-5)
    np.testing.assert_array_equal(large.brightness, small.brightness)


def test_a_flat_image_has_no_gradient():
    labels = np.ones((1, 20, 20), np.int32)
    flat = np.zeros(labels.shape, np.float32)
    found = gradients(
        flat, labels, one_fragment(labels), np.full(2, 2.0), PLANE, DEFAULT, Monitor()
    )
    assert not found.length.any()
    assert (found.expected > 0).all()


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.8])
def test_step_across_a_border_is_signed_and_the_same_in_every_direction(turn):
    _, y, x = np.indices((1, 60, 60))
    along = (x - 30) * np.cos(turn) + (y - 30) * np.sin(turn)
    labels = np.ones(x.shape, np.int32)
    parts = (along > 0.1).astype(np.int32)
    ones = np.ones(x.shape, np.float32)
    image = Intensity((2.0 * along).astype(np.float32), ones, 0 * ones)
    for order, sign in ((parts, 1), (1 - parts, -1)):
        found = find_borders(labels, order, labels, PLANE, Monitor(), image)
        area, _, step, *_ = found.sums[0]
        assert step / area == pytest.approx(1.6 * sign, rel=0.1)
