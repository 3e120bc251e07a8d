"""Numbers out of range are told with their name and the range, before any work."""

from pathlib import Path

import numpy as np
import pytest

import napari_ncut
from napari_ncut import (
    CutSession,
    CutSettings,
    image_statistics,
    normalized_cut,
    scenes,
    split_touching,
    split_tree,
)
from napari_ncut.core import validation

HUGE = 10**400
MASK = scenes.circles(2).mask
OUT_OF_RANGE = [
    ("spacing", 1e200, "from 1e-12 to 1e+12"),
    ("spacing", 1e-160, "from 1e-12 to 1e+12"),
    ("spacing", HUGE, "from 1e-12 to 1e+12"),
    ("spacing", (1e-4, 1e4), "more than 1e+06 times another"),
    ("beta", 3.5e38, "from 0 to 1e+06"),
    ("beta", HUGE, "from 0 to 1e+06"),
    ("beta", float("nan"), "from 0 to 1e+06"),
    ("min_size", 1e200, "from 0 to 1e+45"),
    ("min_size", HUGE, "from 0 to 1e+45"),
]


@pytest.mark.parametrize("function", [normalized_cut, split_touching])
@pytest.mark.parametrize(("name", "value", "wanted"), OUT_OF_RANGE)
def test_limits_are_the_same_for_all_functions(function, name, value, wanted):
    scene = scenes.circles(2)
    with pytest.raises(ValueError, match=name) as told:
        function(scene.mask, scene.mask, **{name: value})
    assert wanted in str(told.value)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("name", ["beta", "spacing"])
def test_limits_of_a_split_tree_are_those_of_a_split(name):
    with pytest.raises(ValueError, match=name):
        split_tree(np.ones((5, 5), bool), **{name: 1e300})


def test_limits_of_a_session_are_those_of_a_cut():
    session = CutSession(np.ones((5, 5)))
    with pytest.raises(ValueError, match=r"beta .* from 0 to 1e\+06"):
        session.cut(CutSettings(beta=1e300))
    with pytest.raises(ValueError, match="n_segments is 1000"):
        session.cut(CutSettings(n_segments=HUGE))
    with pytest.raises(ValueError, match=r"random_state .* from 0 to"):
        session.cut(CutSettings(random_state=HUGE))


def test_an_integer_that_python_will_not_write_out_is_told():
    with pytest.raises(ValueError, match="an integer of thousands of digits"):
        validation.integer(10**5000, "n", 0, 5)


@pytest.mark.parametrize("gain", [1e-320, 1e-200, 1e-30, 1e30, 1e200, 1e307])
@pytest.mark.parametrize("function", [normalized_cut, split_touching])
def test_no_gain_changes_the_labels(function, gain):
    scene = scenes.circles(4, noise=0.2)
    arrays = (scene.mask, scene.image) if function is split_touching else (scene.image, scene.mask)
    scaled = [a * gain if a is scene.image else a for a in arrays]
    options = {} if function is split_touching else {"n_segments": 4}
    np.testing.assert_array_equal(function(*scaled, **options), function(*arrays, **options))


@pytest.mark.parametrize("gain", [1e-300, 1e-20, 1e20, 1e200, 1e307])
def test_statistics_are_those_of_the_image_at_any_gain(gain):
    scene = scenes.circles(4, noise=0.2)
    plain = image_statistics(scene.image, scene.mask)
    whole = image_statistics(scene.image * gain, scene.mask)
    assert whole.mean == pytest.approx(plain.mean * gain)
    assert whole.deviation == pytest.approx(plain.deviation * gain)
    assert split_tree(scene.mask, scene.image * gain).statistics == whole
    # A crop by itself has another range.
    crop = np.s_[:60, :60]
    image = np.where(scene.mask, scene.image, 0)
    np.testing.assert_allclose(
        split_tree(scene.mask[crop], image[crop] * gain, statistics=whole).ratio,
        split_tree(scene.mask[crop], image[crop], statistics=plain).ratio,
        rtol=1e-4,
    )


@pytest.mark.parametrize("mark", [1.7e308, -1.7e308, np.inf, np.nan])
def test_a_mark_for_missing_data_outside_the_mask_changes_nothing(mark):
    scene = scenes.circles(4, noise=0.2)
    missing = split_touching(scene.mask, np.where(scene.mask, scene.image, np.nan))
    marked = split_touching(scene.mask, np.where(scene.mask, scene.image, mark))
    np.testing.assert_array_equal(marked, missing)


def test_images_in_the_usual_range_are_not_copied():
    image = np.ones((5, 5), np.float32)
    found, exponent = validation.in_safe_range(image, image > 0)
    assert found is image
    assert exponent == 0


def test_numbers_beyond_double_precision_are_told():
    image = np.ones((5, 5), np.longdouble)
    if np.finfo(np.longdouble).max > np.finfo(float).max:
        image[0, 0] = np.longdouble(10) ** 4000
        with pytest.raises(ValueError, match="beyond"):
            normalized_cut(image)


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.uint64])
def test_labels_beyond_32_bits_are_split_as_others(dtype):
    truth = scenes.circles(4).truth
    large = np.where(truth > 2, truth.astype(dtype) + dtype(2**31), truth.astype(dtype))
    np.testing.assert_array_equal(split_touching(large), split_touching(truth))


def test_large_labels_do_not_hide_nan():
    large = scenes.circles(4).truth.astype(np.uint32) + np.uint32(2**31)
    with pytest.raises(ValueError, match="NaN"):
        split_touching(large, np.full(large.shape, np.nan))


def test_labels_that_a_float_can_not_tell_apart_are_told():
    with pytest.raises(ValueError, match="beyond which not every integer"):
        split_touching(scenes.circles(4).truth * 1e300)


def test_a_seed_after_which_no_label_is_free_is_told():
    mask = np.zeros((10, 10), bool)
    mask[:4], mask[6:] = True, True
    seeds = np.zeros(mask.shape, np.int64)
    seeds[1, 1] = 2**31 - 1
    with pytest.raises(ValueError, match="components without a seed need labels"):
        normalized_cut(mask, mask, seeds=seeds)
    seeds[1, 1] -= 1
    assert normalized_cut(mask, mask, seeds=seeds).max() == 2**31 - 1


def test_seeds_beyond_64_bits_are_told():
    seeds = np.zeros((5, 5), np.uint64)
    seeds[0, 0] = 2**63 + 1
    with pytest.raises(ValueError, match="at most"):
        normalized_cut(np.ones((5, 5)), seeds=seeds)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: napari_ncut.split_touching("mask.tif"), "labels is a path, 'mask.tif'; wanted"),
        (lambda: napari_ncut.split_touching(Path("a.tif")), "labels is a path, PosixPath"),
        (lambda: napari_ncut.split_tree(MASK, "image.tif"), "image is a path, 'image.tif'"),
        (lambda: napari_ncut.normalized_cut(4), "image is 4, a number of shape"),
        (lambda: napari_ncut.normalized_cut(MASK, 4), "mask is 4, a number"),
        (lambda: napari_ncut.foreground(None), "image is None; wanted an array"),
        (lambda: napari_ncut.measure("labels.tif"), "labels is a path"),
        (lambda: napari_ncut.measure(MASK, 2), "image is 2, a number"),
        (lambda: napari_ncut.write_imagej("out.zip", "labels.tif"), "labels is a path"),
        (lambda: napari_ncut.split_volume("labels.zarr", out="out"), "labels is a path"),
    ],
)
def test_a_path_or_a_number_in_the_place_of_an_array_says_so(call, message):
    with pytest.raises(ValueError if "number" in message else TypeError, match=message):
        call()
