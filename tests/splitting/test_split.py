"""Splitting touching objects: what splits, what stays whole, every input, every bad argument."""

import time
from itertools import pairwise

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from sklearn.metrics import adjusted_rand_score

from napari_ncut import Cancelled, SplitSettings, scenes, split_touching, split_tree
from napari_ncut.core.parallel import use_threads


def discs(shape, *discs):
    """Draw discs or balls: centre and radius of each."""
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    mask = np.zeros(shape, bool)
    for *centre, radius in discs:
        mask |= sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)) <= radius**2
    return mask


def turned(degrees, size=200):
    """Return the coordinates of a picture along axes that are turned about its centre."""
    y, x = np.indices((size, size)) - size / 2
    turn = np.deg2rad(degrees)
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def count(mask, *args, **options):
    return int(split_touching(mask, *args, **options).max())


@pytest.fixture(scope="module")
def field():
    return scenes.field(40, size=420)


@pytest.fixture(scope="module")
def labels(field):
    return split_touching(field.mask)


# What splits


@pytest.mark.parametrize("degrees", [0, 25, 45, 90])
@pytest.mark.parametrize(("large", "small"), [(30, 15), (40, 15), (40, 10)])
def test_a_small_disc_on_a_large_one_is_found(large, small, degrees):
    middle, turn = 2 * large + small, np.deg2rad(degrees)
    away = (large + 0.7 * small) * np.array([np.sin(turn), np.cos(turn)])
    mask = discs((2 * middle,) * 2, (middle, middle, large), (*(middle + away), small))
    assert count(mask) == 2


@pytest.mark.parametrize("size", [100, 150, 237, 500])
@pytest.mark.parametrize("n", [2, 4])
def test_the_circles_of_scikit_learn_are_found_without_their_number(n, size):
    scene = scenes.circles(n, size=size)
    for neck in (0.7, 0.8, SplitSettings().neck, 0.9):
        found = split_touching(scene.mask, neck=neck)
        assert found.max() == n
        assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.97


def test_three_discs_around_a_fourth_are_four():
    around = np.deg2rad([90, 210, 330])
    arms = [(100 + 48 * np.sin(a), 100 + 48 * np.cos(a), 25) for a in around]
    assert count(discs((200, 200), (100, 100, 30), *arms)) == 4


@pytest.mark.parametrize("size", [40, 60])
def test_spheres_are_found(size):
    scene = scenes.spheres(size=size)
    found = split_touching(scene.mask)
    assert found.max() == 4
    assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.97


def test_discs_at_the_border_of_the_image_are_found():
    assert count(discs((40, 110), (0, 28, 25), (0, 75, 25))) == 2


def test_a_single_pixel_between_two_squares_is_a_neck():
    mask = np.zeros((20, 43), bool)
    mask[:, :21] = mask[:, 22:] = True
    assert count(mask) == 2
    mask[10, 21] = True
    assert count(mask, neck=0) == 1
    assert count(mask) == 2


# What stays whole


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 9, 20, 41, 90])
def test_a_disc_stays_whole(radius):
    assert count(discs((200, 200), (100, 100, radius))) == 1


@pytest.mark.parametrize("degrees", [0, 20, 45, 70])
@pytest.mark.parametrize("half", [10, 40])
def test_a_square_stays_whole(half, degrees):
    along, across = turned(degrees)
    assert count(np.maximum(abs(along), abs(across)) <= half) == 1


@pytest.mark.parametrize("degrees", [0, 20, 45, 70])
def test_an_ellipse_stays_whole(degrees):
    along, across = turned(degrees)
    assert count((along / 80) ** 2 + (across / 20) ** 2 <= 1) == 1


@pytest.mark.parametrize("degrees", [0, 10, 20, 45, 70, 90])
@pytest.mark.parametrize("half_width", [3, 8])
def test_a_rod_stays_whole(half_width, degrees):
    along, across = turned(degrees)
    rod = np.hypot(np.maximum(abs(along) - 60, 0), across) <= half_width
    assert count(rod) == 1


def test_a_ring_and_a_bent_rod_stay_whole():
    along, across = turned(0)
    ring = abs(np.hypot(along, across) - 50) < 10
    assert count(ring) == 1
    assert count(ring & (along > 0)) == 1


@pytest.mark.parametrize("shape", [(30, 40), (12, 14, 16), (1, 1), (1, 7), (1, 1, 1)])
def test_a_mask_that_fills_the_image_stays_whole(shape):
    assert count(np.ones(shape, bool)) == 1


def test_a_ball_stays_whole():
    assert count(discs((40, 40, 40), (20, 20, 20, 15))) == 1


# What holds for every result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.floats(0, 1))
@settings(max_examples=40)
def test_no_pixel_is_lost_and_no_label_missing(seed, ndim, neck):
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 12, ndim)) < rng.uniform(0.2, 1)
    found = split_touching(mask, rng.random(mask.shape), neck=neck)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found > 0, mask)
    np.testing.assert_array_equal(np.unique(found[mask]), np.arange(1, found.max() + 1))


@pytest.mark.parametrize("with_image", [False, True])
def test_neck_0_never_splits(field, with_image):
    image = field.image if with_image else None
    assert count(field.mask, image, neck=0) == ndi.label(field.mask)[1]


def test_a_higher_neck_only_splits_further_with_an_image_too(field):
    tree = split_tree(field.mask, field.image)
    cuts = [tree.cut(neck).ravel() for neck in np.linspace(0, 1, 21)]
    for coarse, fine in pairwise(cuts):
        assert np.unique(np.stack([coarse, fine]), axis=1).shape[1] == fine.max() + 1


def test_the_tree_cut_at_neck_is_the_split(field, labels):
    tree = split_tree(field.mask)
    np.testing.assert_array_equal(tree.cut(SplitSettings().neck), labels)
    np.testing.assert_array_equal(
        tree.cut(0.9, 700.0), split_touching(field.mask, neck=0.9, min_size=700)
    )


def test_two_labels_never_merge():
    given_labels = np.zeros((40, 60), int)
    given_labels[5:35, 5:30] = 7
    given_labels[5:35, 30:55] = 3
    found = split_touching(given_labels, neck=0)
    assert found.max() == 2
    assert adjusted_rand_score(given_labels.ravel(), found.ravel()) == 1
    assert count(given_labels, min_size=1e6) == 2


def test_labels_are_split_as_they_would_be_alone():
    one = scenes.circles(2)
    both = np.hstack([one.mask * 5, np.fliplr(one.mask) * 9])
    found = split_touching(both)
    left, right = np.hsplit(found, 2)
    assert adjusted_rand_score(split_touching(one.mask).ravel(), left.ravel()) == 1
    assert adjusted_rand_score(split_touching(np.fliplr(one.mask)).ravel(), right.ravel()) == 1


def test_a_blob_is_split_the_same_whatever_else_there_is(field, labels):
    blobs = ndi.label(field.mask)[0]
    for blob, box in list(enumerate(ndi.find_objects(blobs), start=1))[:8]:
        alone = split_touching(blobs == blob)
        inside = blobs[box] == blob
        assert adjusted_rand_score(labels[box][inside], alone[box][inside]) == 1


def test_corners_connect_only_with_full_connectivity():
    mask = np.zeros((16, 16), bool)
    mask[:8, :8] = mask[8:, 8:] = True
    assert count(mask, neck=0) == 2
    assert count(mask, neck=0, connectivity=2) == 1
    assert count(np.array([mask, mask]), neck=0, connectivity=3) == 1
    assert count(np.eye(6, dtype=bool), neck=0) == 6


def test_crumbs_are_merged_and_no_pixel_deleted(field):
    fine = split_touching(field.mask, neck=1)
    found = split_touching(field.mask, neck=1, min_size=2200)
    assert found.max() < fine.max()
    np.testing.assert_array_equal(found > 0, field.mask)
    # A blob below min_size has no neighbour to be merged with.
    alone = discs((40, 40), (20, 20, 3))
    assert count(alone, min_size=1000) == 1


def test_an_anisotropic_stack_is_split_like_an_isotropic_one():
    scene = scenes.spheres(size=60)
    found = split_touching(scene.mask[::3], spacing=(3, 1, 1))
    truth = scene.truth[::3]
    assert found.max() == 4
    assert adjusted_rand_score(truth[truth > 0], found[truth > 0]) > 0.95


@pytest.mark.parametrize("unit", [0.25, 1000.0])
def test_another_unit_of_length_changes_no_label(field, labels, unit):
    np.testing.assert_array_equal(split_touching(field.mask, spacing=unit), labels)


def test_the_same_for_any_number_of_threads():
    scene = scenes.field(300, size=1300)
    results = []
    for threads in (1, 3):
        with use_threads(threads):
            results.append(split_touching(scene.mask, scene.image))
    np.testing.assert_array_equal(*results)


# With an image


@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_in_the_image_alone_is_a_neck(sign):
    rng = np.random.default_rng(0)
    mask = np.zeros((60, 120), bool)
    mask[10:50, 10:110] = True
    image = mask * 100.0
    image[:, 58:62] *= 0.5
    image = sign * image + rng.normal(size=mask.shape)
    found = split_touching(mask, image)
    assert found.max() == 2
    truth = np.broadcast_to(np.arange(120) > 59, mask.shape)
    assert adjusted_rand_score(truth[mask], found[mask]) > 0.9
    assert count(mask) == count(mask, image, beta=0) == 1


@pytest.mark.parametrize("bright", [30, 90])
def test_a_step_of_brightness_alone_is_a_neck(bright):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:60, :120]
    mask = ((y - 30) / 20) ** 2 + ((x - 60) / 45) ** 2 < 1
    right = x > 60
    image = np.where(right, bright, 60.0) * mask
    image = ndi.gaussian_filter(image, 1.0) + rng.normal(size=mask.shape)
    found = split_touching(mask, image)
    assert found.max() == 2
    assert abs(((found == found[30, 80]) & mask).sum() / (right & mask).sum() - 1) < 0.05
    assert count(mask) == 1


def test_small_objects_within_the_reach_of_a_larger_one_are_found_wherever_they_are():
    for degrees in range(0, 360, 15):
        away = 17 * np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
        mask = discs((80, 80), (40, 40, 16), (*(40 + away), 8))
        assert split_touching(mask).max() == 2


def test_a_tapering_object_has_no_shoulder():
    y, x = np.mgrid[-60:61, 0:200]
    assert split_touching(np.abs(y) <= 45 - 0.2 * x).max() == 1
    assert split_touching((x / 180) ** 2 + (y / 40) ** 2 <= 1).max() == 1


@pytest.mark.parametrize("axes", [(20, 45), (20, 30), (25, 25), (14, 50)])
@pytest.mark.parametrize("steepness", [0.25, 0.5, 1.0, 2.0])
def test_a_slow_change_of_brightness_is_no_neck(axes, steepness):
    y, x = np.mgrid[:60, :120]
    mask = ((y - 30) / axes[0]) ** 2 + ((x - 60) / axes[1]) ** 2 < 1
    noise = np.random.default_rng(0).normal(size=mask.shape)
    assert count(mask, mask * (60.0 + steepness * x) + noise) == 1


@pytest.mark.parametrize("sigma", [0, 1, 3])
def test_noise_and_texture_split_hardly_any_small_disc(sigma):
    masks = np.tile(discs((29, 29), (14, 14, 6)), (10, 10))
    noise = np.random.default_rng(6).normal(size=masks.shape)
    noise = ndi.gaussian_filter(noise, sigma) if sigma else noise
    assert 100 <= count(masks, masks + 0.2 * noise / noise.std()) <= 104


def test_objects_of_unequal_size_are_found_in_noise():
    scene = scenes.unequal()
    assert count(scene.mask, scene.image) == 4


@pytest.mark.parametrize(("with_image", "number", "least"), [(False, 60, 0.88), (True, 59, 0.85)])
def test_nuclei_are_found_as_well_as_they_were(with_image, number, least):
    scene = scenes.nuclei()
    found = split_touching(scene.mask, scene.image if with_image else None)
    assert number <= found.max() <= 67
    pairs = np.stack([scene.truth.ravel(), found.ravel()])
    (truth, label), shared = np.unique(pairs, axis=1, return_counts=True)
    union = np.bincount(pairs[0])[truth] + np.bincount(pairs[1])[label] - shared
    matches = ((shared / union > 0.7) & (truth > 0) & (label > 0)).sum()
    assert 2 * matches / (found.max() + scene.truth.max()) > least


def test_a_flat_image_says_nothing(field, labels):
    found = split_touching(field.mask, np.full(field.mask.shape, 7))
    assert adjusted_rand_score(labels[field.mask], found[field.mask]) == 1


def test_beta_0_is_shape_alone(field, labels):
    np.testing.assert_array_equal(split_touching(field.mask, field.image, beta=0), labels)


@pytest.mark.parametrize(("gain", "offset"), [(1, 1000.0), (3, 0), (1e-3, 5), (-2, 0)])
def test_neither_offset_nor_gain_nor_sign_changes_the_objects(field, gain, offset):
    wanted = split_touching(field.mask, field.image)
    found = split_touching(field.mask, field.image * gain + offset)
    assert adjusted_rand_score(wanted[field.mask], found[field.mask]) > 0.999


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_channels_may_lie_anywhere(field, axis):
    channels = np.stack([field.image] * 3, axis=axis)
    found = split_touching(field.mask, channels, channel_axis=axis)
    wanted = split_touching(field.mask, field.image)
    assert adjusted_rand_score(wanted[field.mask], found[field.mask]) > 0.999


# Kinds of arrays

KINDS = {
    "uint8 0/255": lambda m: m.astype(np.uint8) * 255,
    "uint16": lambda m: m.astype(np.uint16) * 40_000,
    "uint64": lambda m: m.astype(np.uint64) * 2**40,
    "int8": lambda m: m.astype(np.int8),
    "int64": lambda m: m.astype(np.int64) * 2**40,
    "big-endian": lambda m: m.astype(">i4"),
    "whole float": lambda m: m.astype(np.float32) * 3,
    "fortran": np.asfortranarray,
    "not contiguous": lambda m: np.repeat(np.repeat(m, 2, 0), 2, 1)[::2, ::2],
    "list": lambda m: m.tolist(),
    "dask": lambda m: da.from_array(m, chunks=100),
}


@pytest.mark.parametrize("kind", KINDS)
def test_masks_of_any_kind_are_split_alike(field, labels, kind):
    np.testing.assert_array_equal(split_touching(KINDS[kind](field.mask)), labels)


@pytest.mark.parametrize(
    "kind", [np.float32, np.float16, ">f8", np.asfortranarray, lambda a: da.from_array(a)]
)
def test_images_of_any_kind_are_taken(field, kind):
    image = kind(field.image) if callable(kind) and not isinstance(kind, type) else None
    image = field.image.astype(kind) if image is None else image
    wanted = split_touching(field.mask, np.asarray(image, float))
    assert (split_touching(field.mask, image) != wanted).mean() < 1e-3


def test_inputs_are_not_changed(field):
    mask, image = field.mask.astype(np.int32), field.image.copy()
    mask.flags.writeable = image.flags.writeable = False
    split_touching(mask, image)
    np.testing.assert_array_equal(mask, field.mask)
    np.testing.assert_array_equal(image, field.image)


def test_an_empty_mask_has_no_objects():
    found = split_touching(np.zeros((7, 9), bool), np.zeros((7, 9)))
    assert found.shape == (7, 9)
    assert found.dtype == np.int32
    assert not found.any()


# Progress and cancelling


@pytest.mark.parametrize("with_image", [False, True])
def test_progress_rises_from_0_to_1_in_words(field, with_image):
    told = []
    image = field.image if with_image else None
    split_touching(field.mask, image, progress=lambda f, t: told.append((f, t)))
    fractions = [fraction for fraction, _ in told]
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert fractions == sorted(fractions)
    assert all(text and text[0].isupper() for _, text in told)


@pytest.mark.parametrize("after", [0, 1, 3, 10, 25])
@pytest.mark.parametrize("with_image", [False, True])
def test_cancelling_ends_the_call(field, after, with_image):
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        split_touching(field.mask, field.image if with_image else None, cancelled=cancelled)
    assert len(asked) == after + 1


def test_cancelling_is_soon():
    mask = np.tile(scenes.field(40, size=420).mask, (6, 6))
    split_touching(mask[:50, :50])
    # The processor's time, so that what else the machine does is no matter.
    asked = []

    def cancelled():
        asked.append(time.process_time())
        return False

    split_touching(mask, cancelled=cancelled)
    assert np.diff(asked).max() < 1


# Bad input

SQUARE = np.ones((6, 6), int)
NAN = np.where(np.arange(36).reshape(6, 6) < 3, np.nan, 1.0)
HALF = SQUARE * (np.arange(6) > 2)

BAD = {
    "neck too high": ({"neck": 1.2}, ValueError, r"neck is 1\.2.*from 0 to 1"),
    "neck negative": ({"neck": -0.1}, ValueError, r"neck is -0\.1.*from 0 to 1"),
    "neck NaN": ({"neck": np.nan}, ValueError, r"neck is nan.*from 0 to 1"),
    "neck text": ({"neck": "0.8"}, TypeError, r"neck is '0\.8'.*number"),
    "neck None": ({"neck": None}, TypeError, r"neck is None.*number"),
    "min_size negative": ({"min_size": -1}, ValueError, r"min_size is -1.*from 0 to"),
    "min_size infinite": ({"min_size": np.inf}, ValueError, r"min_size is inf.*from 0 to"),
    "beta negative": ({"beta": -2}, ValueError, r"beta is -2.*from 0 to"),
    "beta text": ({"beta": "a lot"}, TypeError, r"beta is 'a lot'.*number"),
    "connectivity": ({"connectivity": 3}, ValueError, r"connectivity is 3.*1 .* or 2"),
    "connectivity fraction": ({"connectivity": 1.5}, TypeError, r"connectivity is 1\.5.*integer"),
    "spacing length": ({"spacing": (1, 1, 1)}, ValueError, r"spacing has 3 values.*2 spatial"),
    "spacing zero": ({"spacing": (0, 1)}, ValueError, r"spacing is 0;.*from 1e-12"),
    "spacing negative": ({"spacing": -1}, ValueError, r"spacing is -1;.*from 1e-12"),
    "image shape": ({"image": np.ones((6, 7))}, ValueError, r"\(6, 6\).*\(6, 7\).*crop"),
    "image channels": ({"image": np.ones((6, 6, 3))}, ValueError, r"\(6, 6, 3\).*channel_axis"),
    "channel_axis": ({"image": SQUARE, "channel_axis": 5}, ValueError, r"channel_axis is 5.*-2"),
    "image NaN": ({"image": NAN}, ValueError, r"NaN or infinity at 3 of the 36 pixels"),
    "image complex": ({"image": SQUARE * 1j}, TypeError, r"image has dtype complex128.*wanted"),
    "labels complex": ({"labels": SQUARE * 1j}, TypeError, r"labels has dtype complex128.*wanted"),
    "labels object": ({"labels": SQUARE.astype(object)}, TypeError, r"labels has dtype object"),
    "labels text": ({"labels": [["a", "b"]]}, TypeError, r"labels has dtype <U1.*wanted"),
    "labels fractions": ({"labels": SQUARE * 0.5}, TypeError, r"labels .*fractions.*labels > t"),
    "labels NaN": ({"labels": NAN}, TypeError, r"labels .*NaN.*wanted"),
    "labels negative": ({"labels": -SQUARE}, ValueError, r"negative labels \(the lowest is -1\)"),
    "labels 1-D": ({"labels": np.ones(5)}, ValueError, r"labels has 1 axes; wanted 2"),
    "labels 4-D": ({"labels": np.ones((2,) * 4)}, ValueError, r"labels has 4 axes.*one frame"),
    "no pixels": ({"labels": np.ones((0, 4))}, ValueError, r"labels has shape \(0, 4\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_argument_is_refused_with_what_to_do(case):
    arguments, error, message = BAD[case]
    arguments = {"labels": SQUARE, **arguments}
    with pytest.raises(error, match=message):
        split_touching(**arguments)


def test_nan_outside_the_mask_is_ignored():
    wanted = split_touching(HALF, np.nan_to_num(NAN))
    np.testing.assert_array_equal(split_touching(HALF, NAN), wanted)


def test_a_flat_image_changes_nothing_not_even_a_number():
    mask = scenes.field(40, size=300).mask
    flat = np.full(mask.shape, 7.0)
    np.testing.assert_array_equal(split_touching(mask, flat), split_touching(mask))


def test_what_does_not_fit_into_memory_is_said_at_once_with_the_figure():
    large = np.broadcast_to(np.uint8(1), (300_000, 300_000))
    with pytest.raises(ValueError, match=r"90000000000 pixels takes about \d+ GB of memory"):
        split_touching(large)
