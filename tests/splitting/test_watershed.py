"""Watershed: every pixel climbs the steepest way, as in a slow and obvious search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.splitting.neighbours import neighbours, random_labels

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.watershed import renumbered, watershed


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans(), st.booleans())
@settings(max_examples=50)
def test_every_pixel_climbs_the_steepest_way_to_its_peak(seed, ndim, corners, level):
    labels = random_labels(seed, ndim)
    rng = np.random.default_rng(seed)
    heights = rng.integers(1, 4 if level else 10**6, labels.shape).astype(np.int32)
    connectivity = ndim if corners else 1
    spacing = (2.0, 1.0, 0.7)
    found, n = watershed(labels, heights, Grid(spacing, ndim, connectivity), Monitor())
    peak_of = {}
    for here in zip(*np.nonzero(labels), strict=True):
        peak = here
        while True:
            ways = [(-1.0, peak)]
            for there, step in neighbours(labels, peak, connectivity):
                rise = int(heights[there]) - int(heights[peak])
                # Of equal pixels, the later one counts as higher.
                if rise > 0 or (rise == 0 and there > peak):
                    ways.append((rise / np.linalg.norm(np.multiply(step, spacing)), there))
            steepest = max(slope for slope, _ in ways)
            best = max(there for slope, there in ways if slope >= steepest - 1e-9 * abs(steepest))
            if best == peak:
                break
            peak = best
        peak_of[here] = np.ravel_multi_index(peak, labels.shape)
    number = {peak: k for k, peak in enumerate(sorted(set(peak_of.values())))}
    assert n == len(number)
    wanted = np.full(labels.shape, -1)
    for here, peak in peak_of.items():
        wanted[here] = number[peak]
    np.testing.assert_array_equal(found, wanted)


def test_a_plateau_is_one_fragment():
    labels = np.ones((1, 30, 40), np.int32)
    found, n = watershed(labels, labels, Grid((1.0, 1.0, 1.0), 2), Monitor())
    assert n == 1
    assert not found.any()


def test_numbers_are_without_holes():
    fragments = np.array([[[5, -1, 2], [2, 7, 5]]], np.int32)
    found, n = renumbered(fragments.copy(), 9, Monitor())
    assert n == 3
    np.testing.assert_array_equal(found, [[[1, -1, 0], [0, 2, 1]]])


def test_a_run_that_is_cancelled_ends():
    labels = np.ones((1, 9, 9), np.int32)
    with pytest.raises(Cancelled):
        watershed(labels, labels, Grid((1.0, 1.0, 1.0), 2), Monitor(cancelled=lambda: True))
