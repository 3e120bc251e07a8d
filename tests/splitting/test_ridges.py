"""Ridges: dark lines, in units of what noise and texture can show."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.ridges import (
    expected_maximum,
    in_units_of_noise,
    noise_of,
    patch_of_texture,
    ridges,
)
from napari_ncut.splitting.oversegment import Fragments
from napari_ncut.splitting.parameters import DEFAULT

PLANE = Grid((1.0, 1.0, 1.0), 2)


def halves(shape):
    """Return labels of one, and the left and the right half as fragments."""
    labels = np.ones(shape, np.int32)
    number = (np.indices(shape)[2] >= shape[2] // 2).astype(np.int32)
    return labels, Fragments(number, 2)


def test_a_dark_line_is_a_ridge_a_bright_one_and_a_step_are_none():
    labels = np.ones((1, 40, 60), np.int32)
    grey = np.zeros(labels.shape, np.float32)
    grey[:, :, 29:31] = -1.0
    dark = ridges(grey, labels, PLANE, DEFAULT, Monitor())
    assert dark[0, 20].argmax() in (29, 30)
    assert dark[0, 20, 29] > 0.3
    np.testing.assert_allclose(ridges(-grey, labels, PLANE, DEFAULT, Monitor()), -dark)
    step = np.where(np.indices(labels.shape)[2] < 30, 0, 1).astype(np.float32)
    found = ridges(step, labels, PLANE, DEFAULT, Monitor())
    # On both sides of a step there is as much of either sign.
    assert found[0, 20].sum() == pytest.approx(0, abs=1e-3)


def test_the_edge_of_a_label_and_a_flat_image_are_no_ridges():
    labels = np.zeros((1, 40, 60), np.int32)
    labels[:, 5:30, 7:30] = 1
    labels[:, 5:30, 30:50] = 2
    grey = (3.0 * labels).astype(np.float32)
    np.testing.assert_allclose(ridges(grey, labels, PLANE, DEFAULT, Monitor()), 0, atol=1e-5)


def test_noise_is_that_of_the_side_without_ridges():
    labels, fragments = halves((1, 200, 400))
    rng = np.random.default_rng(0)
    ridge = rng.normal(size=labels.shape).astype(np.float32)
    ridge[fragments.number == 1] *= 3
    found = noise_of(ridge, fragments, Monitor())
    assert found[0] == 0
    np.testing.assert_allclose(found[1:], [1, 3], rtol=0.02)
    # A line on a tenth of the pixels changes nothing.
    ridge[(rng.random(labels.shape) < 0.1)] += 50
    np.testing.assert_allclose(noise_of(ridge, fragments, Monitor())[1:], [1, 3], rtol=0.02)


def test_the_more_places_there_are_the_stronger_is_the_strongest_by_chance():
    labels, fragments = halves((1, 100, 4000))
    found = expected_maximum(fragments, PLANE, DEFAULT, Monitor())
    places = 100 * 2000 / patch_of_texture(2, DEFAULT)
    np.testing.assert_allclose(found[1:], np.sqrt(2 * np.log(places)))
    few = Fragments(labels[:, :3, :3] - 1, 1)
    least = np.sqrt(2 * np.log(DEFAULT.fewest_places))
    np.testing.assert_allclose(expected_maximum(few, PLANE, DEFAULT, Monitor()), least)
    # It is about the greatest of as many normal numbers.
    greatest = np.random.default_rng(0).normal(size=(200, int(places))).max(axis=1).mean()
    assert found[1] == pytest.approx(greatest, rel=0.15)


def test_the_unit_is_what_noise_shows_and_no_less_than_a_floor():
    labels, fragments = halves((1, 60, 80))
    number = fragments.number.copy()
    number[:, :5] = -1
    fragments = Fragments(number, 2)
    rng = np.random.default_rng(0)
    ridge = rng.normal(size=labels.shape).astype(np.float32)
    ridge[number == 0] *= 1e-3
    expected = np.full(3, 2.5)
    noise = noise_of(ridge, fragments, Monitor())
    found = in_units_of_noise(ridge, fragments, noise, expected, PLANE, DEFAULT, Monitor())
    assert not found[number < 0].any()
    quiet, loud = number == 0, number == 1
    np.testing.assert_allclose(found[quiet], ridge[quiet] / DEFAULT.ridge_floor, rtol=1e-5)
    unit = DEFAULT.ridge_share * 2.5 * noise[2]
    limit = DEFAULT.ridge_limit
    np.testing.assert_allclose(found[loud], np.clip(ridge[loud] / unit, -limit, limit), rtol=1e-5)
    ridge[0, 20, 60] = 1e6
    found = in_units_of_noise(ridge, fragments, noise, expected, PLANE, DEFAULT, Monitor())
    assert found.max() == limit


def test_in_volumes_the_expected_maximum_has_a_limit():
    labels, fragments = halves((2, 30, 40))
    ridge = np.random.default_rng(0).normal(size=labels.shape).astype(np.float32)
    space = Grid((1.0, 1.0, 1.0), 3)
    noise = noise_of(ridge, fragments, Monitor())
    few, many = (
        in_units_of_noise(ridge, fragments, noise, np.full(3, value), space, DEFAULT, Monitor())
        for value in (DEFAULT.ridge_maximum_in_space, 9.0)
    )
    np.testing.assert_array_equal(few, many)


def test_texture_is_as_much_as_noise_in_units_of_noise():
    labels, fragments = halves((1, 200, 300))
    expected = expected_maximum(fragments, PLANE, DEFAULT, Monitor())
    rng = np.random.default_rng(0)
    for sigma in (0, 1, 2):
        grain = rng.normal(size=labels.shape)
        grain = ndi.gaussian_filter(grain, (0, sigma, sigma)) if sigma else grain
        grey = (grain / grain.std()).astype(np.float32)
        ridge = ridges(grey, labels, PLANE, DEFAULT, Monitor())
        noise = noise_of(ridge, fragments, Monitor())
        found = in_units_of_noise(ridge, fragments, noise, expected, PLANE, DEFAULT, Monitor())
        assert found.std() < 1.1
