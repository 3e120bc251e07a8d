"""The statistics of an image: what they say, and on what they depend."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.splitting.mixed import assert_same_labels, scene

from napari_ncut import image_statistics, scenes, split_touching
from napari_ncut.splitting.image.statistics import ImageStatistics


def test_mean_and_deviation_are_those_of_the_foreground():
    labels, image = scene(0)
    found = image_statistics(image, labels)
    inside = image[labels > 0].astype(float)
    assert found.direction == (1.0,)
    assert found.mean == pytest.approx(inside.mean())
    assert found.deviation == pytest.approx(inside.std())
    assert not found.bright_ridges


def test_objects_darker_than_their_rim_count_as_bright():
    labels, image = scene(0)
    assert image_statistics(-image, labels).direction == (-1.0,)


def test_channels_add_up_to_one_in_which_objects_are_bright():
    labels, image = scene(1)
    noise = np.random.default_rng(0).normal(size=image.shape)
    channels = np.stack([image, 0 * image, -2 * image + noise], axis=-1)
    found = np.array(image_statistics(channels, labels, channel_axis=-1).direction)
    assert np.linalg.norm(found) == pytest.approx(1)
    np.testing.assert_allclose(found, [math.sqrt(0.2), 0, -math.sqrt(0.8)], atol=0.02)


def test_a_flat_image_has_no_deviation():
    labels, image = scene(0)
    assert image_statistics(np.full(image.shape, 7.0), labels).deviation == 0


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=15)
def test_they_hang_on_the_foreground_alone(seed, ndim):
    labels, image = scene(seed, ndim)
    rng = np.random.default_rng(seed)
    wanted = image_statistics(image, labels)
    pad = [tuple(map(int, pair)) for pair in rng.integers(0, 30, (ndim, 2))]
    around = rng.normal(100, 50, np.add(labels.shape, np.sum(pad, axis=1)))
    box = tuple(slice(a, a + n) for (a, _), n in zip(pad, labels.shape, strict=True))
    wide = np.pad(labels, pad)
    around[box] = image
    around[wide == 0] = np.nan
    assert image_statistics(around, wide) == wanted


@pytest.mark.parametrize("sign", [1, -1])
def test_lines_between_cells_without_background_may_be_bright_or_dark(sign):
    y, x = np.mgrid[:90, :90]
    lines = (y % 30 < 2) | (x % 30 < 2)
    image = sign * lines + 0.05 * np.random.default_rng(0).normal(size=lines.shape)
    found = image_statistics(image, np.ones(lines.shape, int))
    assert found.bright_ridges == (sign == 1)


def test_a_crop_with_the_statistics_of_the_whole_has_the_labels_of_the_whole():
    field = scenes.field(30, size=360)
    whole = image_statistics(field.image, field.mask)
    labels = split_touching(field.mask, field.image)
    np.testing.assert_array_equal(split_touching(field.mask, field.image, statistics=whole), labels)
    # The left half, cut where there is background, without what reaches over the cut.
    blobs, _ = ndi.label(field.mask)
    crossing = np.unique(blobs[:, 180:])
    keep = (blobs > 0) & ~np.isin(blobs, crossing)
    keep[:, 179:] = False
    assert keep.any()
    crop = split_touching(keep[:, :180], field.image[:, :180], statistics=whole)
    assert_same_labels(crop, np.where(keep, labels, 0)[:, :180])


def test_they_go_through_json_and_back():
    labels, image = scene(2)
    found = image_statistics(image, labels)
    assert ImageStatistics.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"deviation": -1.0}, ValueError),
        ({"mean": float("nan")}, ValueError),
        ({"direction": [2.0]}, ValueError),
        ({"direction": ["up"]}, TypeError),
        ({"deviation": None}, TypeError),
    ],
)
def test_what_are_no_statistics_is_refused(change, error):
    data = ImageStatistics((1.0,), 5.0, 2.0).to_dict()
    with pytest.raises(error):
        ImageStatistics.from_dict(data | change)
    for name in data:
        with pytest.raises(ValueError, match=name):
            ImageStatistics.from_dict({key: data[key] for key in data if key != name})


def test_statistics_of_another_kind_of_image_are_refused():
    labels, image = scene(0)
    with pytest.raises(ValueError, match="2 channels"):
        split_touching(labels, image, statistics=ImageStatistics((0.6, 0.8), 0.0, 1.0))
    with pytest.raises(TypeError, match="ImageStatistics"):
        split_touching(labels, image, statistics={"mean": 1})


@pytest.mark.parametrize("background", ["noise", "one value", "the brightness of the objects"])
def test_nothing_outside_the_mask_of_a_real_image_counts(background):
    nuclei = scenes.nuclei()
    inside = nuclei.image[nuclei.mask].astype(float)
    rng = np.random.default_rng(0)
    values = {
        "noise": rng.normal(inside.mean(), 3 * inside.std(), nuclei.mask.shape),
        "one value": np.full(nuclei.mask.shape, 1e4),
        "the brightness of the objects": rng.choice(inside, nuclei.mask.shape),
    }
    other = np.where(nuclei.mask, nuclei.image, values[background])
    wanted = split_touching(nuclei.mask, nuclei.image.astype(float))
    np.testing.assert_array_equal(split_touching(nuclei.mask, other), wanted)
