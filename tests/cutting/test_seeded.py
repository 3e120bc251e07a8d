"""Seeds are honoured exactly, and the rest follows them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from sklearn.metrics import adjusted_rand_score

from napari_ncut import normalized_cut, scenes
from napari_ncut.cutting.numbering import in_order_of_appearance


def one_seed_each(scene):
    """Return one seed pixel at the middle of every object."""
    seeds = np.zeros(scene.truth.shape, int)
    for label in range(1, scene.truth.max() + 1):
        depth = ndi.distance_transform_edt(scene.truth == label)
        seeds[np.unravel_index(depth.argmax(), depth.shape)] = label
    return seeds


@pytest.mark.parametrize(
    "scene",
    [
        scenes.circles(4),
        scenes.circles(2, size=300),
        scenes.spheres(size=40),
        scenes.unequal(),
        scenes.unequal(size=400, seed=3),
    ],
    ids=["circles", "two", "spheres", "unequal", "unequal, larger"],
)
def test_one_seed_an_object_finds_the_objects(scene):
    found = normalized_cut(scene.image, scene.mask, seeds=one_seed_each(scene))
    assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.9


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_seeded_pixels_keep_their_label_whatever_it_is(seed, k, n):
    rng = np.random.default_rng(seed)
    image = rng.random((20, 24))
    names = rng.choice(np.arange(1, 2**31 - 50, 97_003), k, replace=False)
    seeds = np.zeros(image.shape, int)
    seeds.ravel()[rng.choice(image.size, n, replace=False)] = rng.choice(names, n)
    found = normalized_cut(image, seeds=seeds)
    np.testing.assert_array_equal(found[seeds > 0], seeds[seeds > 0])
    np.testing.assert_array_equal(np.unique(found), np.unique(seeds[seeds > 0]))


@pytest.mark.parametrize("names", [(1, 2, 3, 4), (9, 3, 70, 1), (4, 3, 2, 1)])
def test_renaming_seeds_renames_segments(names):
    scene = scenes.circles(4)
    seeds = one_seed_each(scene)
    renamed = np.array([0, *names])[seeds]
    wanted = np.array([0, *names])[normalized_cut(scene.image, scene.mask, seeds=seeds)]
    np.testing.assert_array_equal(normalized_cut(scene.image, scene.mask, seeds=renamed), wanted)


def test_every_pixel_may_be_a_seed():
    seeds = np.random.default_rng(0).integers(1, 5, (10, 12))
    np.testing.assert_array_equal(normalized_cut(np.ones((10, 12)), seeds=seeds), seeds)


def test_scribbles_pull_the_border():
    image = np.random.default_rng(0).random((40, 60)) * 0.1
    seeds = np.zeros(image.shape, int)
    seeds[5:35, 10] = 1
    seeds[5:35, 14] = 2
    found = normalized_cut(image, seeds=seeds)
    assert (found[5:35, :11] == 1).all()
    assert (found[5:35, 14:] == 2).mean() > 0.95


def test_components_without_a_seed_follow_with_labels_of_their_own():
    mask = np.zeros((10, 30), bool)
    mask[2:8, 1:8] = mask[2:8, 11:18] = mask[2:8, 21:28] = True
    seeds = np.zeros(mask.shape, int)
    seeds[4, 13] = 7
    found = normalized_cut(mask * 1.0, mask, seeds=seeds)
    assert found[4, 13] == 7
    assert sorted(np.unique(found)) == [0, 7, 8, 9]


def test_one_label_may_lie_in_two_components():
    mask = np.zeros((10, 20), bool)
    mask[2:8, 1:8] = mask[2:8, 11:18] = True
    seeds = np.zeros(mask.shape, int)
    seeds[4, 3] = seeds[4, 13] = 5
    found = normalized_cut(mask * 1.0, mask, seeds=seeds)
    np.testing.assert_array_equal(found, np.where(mask, 5, 0))


def test_seeds_outside_the_mask_are_left_out_unless_their_label_would_be_lost():
    scene = scenes.circles(2)
    seeds = one_seed_each(scene)
    wanted = normalized_cut(scene.image, scene.mask, seeds=seeds)
    beside = seeds.copy()
    beside[0, 0] = 1
    np.testing.assert_array_equal(normalized_cut(scene.image, scene.mask, seeds=beside), wanted)
    beside[0, 1] = 3
    with pytest.raises(ValueError, match="label 3 lie outside the mask"):
        normalized_cut(scene.image, scene.mask, seeds=beside)


def test_seeds_may_be_of_any_type_and_are_not_changed():
    scene = scenes.circles(2)
    seeds = one_seed_each(scene)
    wanted = normalized_cut(scene.image, scene.mask, seeds=seeds)
    for dtype in (np.uint8, np.int16, np.float32, ">i4", np.uint64):
        given_seeds = seeds.astype(dtype)
        given_seeds.flags.writeable = False
        found = normalized_cut(scene.image, scene.mask, seeds=given_seeds)
        np.testing.assert_array_equal(found, wanted)


def test_numbers_follow_the_order_of_appearance():
    numbers, names = in_order_of_appearance(np.array([7, 3, 7, 9, 3]))
    np.testing.assert_array_equal(numbers, [0, 1, 0, 2, 1])
    np.testing.assert_array_equal(names, [7, 3, 9])


def test_a_border_in_a_flat_region_stays_away_from_the_scribbles():
    row, column = np.mgrid[:200, :200]
    disc = (row - 100) ** 2 + (column - 100) ** 2 < 90**2
    image = 1 + 0.2 * np.random.default_rng(0).normal(size=disc.shape)
    scribbles = np.zeros(disc.shape, dtype=int)
    scribbles[60:140, 60] = 1
    scribbles[60:140, 140] = 2
    for picture in (np.ones(disc.shape), image):
        found = normalized_cut(picture, disc, seeds=scribbles)
        border = (found[70:131] == 1).sum(axis=1) + disc[70:131].argmax(axis=1)
        assert 88 <= border.min() <= border.max() <= 112
