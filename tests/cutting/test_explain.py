"""The explanation of a blob: Fiedler vector, cut profile, valley."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.cutting.explain import Blobs, explain


def two_discs(radius=20, gap=30, offset=(0, 0)):
    rows, columns = np.mgrid[:60, :100]
    y, x = 30 + offset[0], 30 + offset[1]
    left = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
    return left | ((rows - y) ** 2 + (columns - x - gap) ** 2 < radius**2)


def test_two_equal_discs_have_their_valley_in_the_middle():
    mask = two_discs()
    found = explain(Blobs(mask), 1)
    n = mask.sum()
    assert found.valley.position == pytest.approx(n / 2, rel=0.03)
    # The neck of two discs of radius 20, 30 apart, is 2 sqrt(20^2 - 15^2) = 26.5 wide, a disc 40.
    assert found.valley.ratio == pytest.approx(26.5 / 40, abs=0.1)


def test_the_fiedler_vector_fills_the_box_of_the_blob():
    mask = two_discs()
    found = explain(Blobs(mask), 1)
    np.testing.assert_array_equal(np.isnan(found.fiedler), ~mask[found.box])
    assert len(found.profile) == mask.sum() - 1


def test_pixels_come_in_the_order_of_the_fiedler_vector():
    mask = two_discs()
    found = explain(Blobs(mask), 1)
    columns = np.broadcast_to(np.arange(mask.shape[1]), mask.shape)
    ordered = found.in_order(columns)
    n = len(ordered)
    # One disc, then the other, whichever comes first.
    ends = ordered[: n // 3].mean(), ordered[-n // 3 :].mean()
    assert abs(ends[0] - ends[1]) > 25


def test_two_labels_that_touch_are_two_blobs():
    labels = np.zeros((6, 10), int)
    labels[:, :5], labels[:, 5:] = 7, 3
    blobs = Blobs(labels)
    assert blobs.at((0, 0)) != blobs.at((0, 9))
    assert blobs.labels.max() == 2


def test_corners_link_pixels_only_where_they_are_neighbours():
    mask = np.eye(4, dtype=bool)
    assert Blobs(mask, connectivity=1).labels.max() == 4
    assert Blobs(mask, connectivity=2).labels.max() == 1


def test_there_is_no_blob_in_the_background_or_outside():
    blobs = Blobs(two_discs())
    assert blobs.at((0, 0)) == 0
    assert blobs.at((-1, 5)) == 0
    assert blobs.at((30, 1000)) == 0


def test_the_image_counts_where_it_is_given():
    mask = np.ones((20, 60), bool)
    image = np.random.default_rng(0).normal(0, 0.05, mask.shape)
    image[:, 19:21] -= 5.0
    without = explain(Blobs(mask), 1)
    found = explain(Blobs(mask), 1, image, beta=1.0)
    assert without.valley is None or without.valley.ratio > 0.8
    assert found.valley.ratio < 0.5
    columns = np.broadcast_to(np.arange(60), mask.shape)
    halves = found.in_order(columns)
    at = found.valley.position
    smaller = halves[:at] if at < len(halves) / 2 else halves[at:]
    assert abs(len(smaller) / 20 - 20) <= 2


def test_channels_and_spacing_are_taken():
    mask = two_discs()
    image = np.stack([mask * 1.0, mask * 2.0, mask * 0.0], axis=-1)
    found = explain(Blobs(mask), 1, image, spacing=(2.0, 1.0))
    assert found.valley is not None


def test_a_single_pixel_is_an_error_in_words():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    with pytest.raises(ValueError, match="single pixel"):
        explain(Blobs(mask), 1)


def test_explaining_can_be_cancelled():
    with pytest.raises(Cancelled):
        explain(Blobs(two_discs()), 1, monitor=Monitor(cancelled=lambda: True))
