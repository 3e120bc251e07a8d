"""Masks of images: thresholds, smoothed before, and with an uneven background."""

import numpy as np
import pytest
from skimage import filters

from napari_ncut import CutSettings, Recipe, SplitSettings, foreground, scenes
from napari_ncut.runs.foreground import METHODS, Automatic, Thresholding
from napari_ncut.runs.stacks import Source, StackSession

SCENE = scenes.circles(4)


def agreement(mask):
    return (mask == SCENE.mask).mean()


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_that_of_scikit_image(method):
    image = SCENE.image
    threshold = getattr(filters, f"threshold_{method}")(image)
    found = foreground(image, method=method)
    np.testing.assert_array_equal(found, image > threshold)


def test_what_is_dark_is_what_is_bright_in_the_negative():
    dark = -SCENE.image
    wanted = dark < filters.threshold_otsu(dark)
    np.testing.assert_array_equal(foreground(dark, dark=True), wanted)


def test_smoothing_finds_what_noise_hides():
    noisy = SCENE.image + np.random.default_rng(0).normal(0, 0.6, SCENE.image.shape)
    assert agreement(foreground(noisy)) < 0.9
    assert agreement(foreground(noisy, smoothing=1.5)) > 0.95


def test_a_local_mean_levels_an_uneven_background():
    scene = scenes.field(30, size=400, radius=(10, 14))
    uneven = scene.image + np.linspace(0, 4, 400)
    assert (foreground(uneven) == scene.mask).mean() < 0.8
    assert (foreground(uneven, smoothing=1, window=30) == scene.mask).mean() > 0.95


def test_lengths_are_in_the_units_of_the_spacing():
    image = SCENE.image[:, ::2]
    one = foreground(image, smoothing=2.0, spacing=(1.0, 2.0))
    other = foreground(image, smoothing=0.2, spacing=(0.1, 0.2))
    np.testing.assert_array_equal(one, other)


def test_what_is_not_finite_is_background_and_spoils_nothing_beside_it():
    image = SCENE.image.copy()
    image[40:43, 40:43] = np.nan
    found = foreground(image, smoothing=1.0)
    assert not found[40:43, 40:43].any()
    assert agreement(found) > 0.95


def test_channels_count_by_their_mean():
    image = np.stack([SCENE.image, SCENE.image + 1], axis=0)
    np.testing.assert_array_equal(foreground(image, channel_axis=0), foreground(SCENE.image + 0.5))


def test_an_image_of_one_value_has_no_foreground():
    assert not foreground(np.full((8, 9), 3)).any()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"method": "magic"}, "method"),
        ({"smoothing": -1}, "smoothing"),
        ({"window": "far"}, "window"),
    ],
)
def test_what_is_none_is_said(values, word):
    with pytest.raises((TypeError, ValueError), match=word):
        foreground(SCENE.image, **values)


def test_nothing_finite_is_an_error():
    with pytest.raises(ValueError, match="no finite pixel"):
        foreground(np.full((4, 4), np.nan))


@pytest.mark.parametrize("settings", [SplitSettings(), CutSettings(n_segments=4)])
def test_a_recipe_repeats_the_foreground(settings):
    how = Automatic("li", smoothing=1.0, window=40.0)
    _, threshold, _ = how.found(SCENE.image, (1.0, 1.0))
    recipe = Recipe(settings, threshold=threshold, smoothing=1.0, window=40.0)
    labels = Recipe.from_json(recipe.to_json()).run(SCENE.image).labels
    wanted = foreground(SCENE.image, method="li", smoothing=1.0, window=40.0)
    np.testing.assert_array_equal(labels > 0, wanted)


def test_planes_are_smoothed_each_by_itself():
    stack = np.stack([SCENE.image, SCENE.image.T, np.zeros_like(SCENE.image)])
    source = Source(stack, None, 2, (1.0, 1.0), threshold=0.8, smoothing=1.5)
    labels = StackSession().run(source, SplitSettings()).labels
    for plane, found in zip(stack, labels, strict=True):
        wanted = Thresholding(0.8, smoothing=1.5).mask(plane, (1.0, 1.0))
        np.testing.assert_array_equal(found > 0, wanted)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_li_ends_where_rounding_exceeds_the_least_difference(dtype):
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 1, (31, 20)).astype(dtype)
        noise[0, :2] = noise[0, 2], np.nextafter(noise[0, 2], dtype(9))
        mask = foreground(noise, method="li")
        assert 0 < mask.sum() < mask.size
