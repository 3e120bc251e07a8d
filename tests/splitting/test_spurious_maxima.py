"""Spurious maxima: which fragments are objects, and the discs that hold the pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut import split_touching
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting import spurious_maxima
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.half_width import squared_distance
from napari_ncut.splitting.loops.spurious_maxima import objects
from napari_ncut.splitting.parameters import DEFAULT
from napari_ncut.splitting.spurious_maxima import holding_discs


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=50)
def test_the_disc_that_holds_a_pixel_is_the_one_with_the_greatest_power(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1, 9, 12) if ndim == 2 else (5, 6, 7)
    labels = ndi.zoom(rng.integers(0, 3, (1 if ndim == 2 else 3, 4, 4)), 3, order=0)
    labels = np.ascontiguousarray(labels[tuple(slice(n) for n in shape)], np.int32)
    grid = Grid((2.0, 1.0, 0.7), ndim)
    squared = squared_distance(labels, grid, Monitor())
    fragments = (labels - 1).astype(np.int32)
    rank = np.arange(3, dtype=np.int32)
    centre = holding_discs(labels, squared.copy(), fragments, rank, grid, Monitor())
    pixels = np.argwhere(labels > 0)
    apart = ((pixels[:, np.newaxis] - pixels) * grid.spacing) ** 2
    power = squared[labels > 0] - apart.sum(axis=-1)
    power[labels[labels > 0][:, np.newaxis] != labels[labels > 0]] = -np.inf
    at = np.searchsorted(np.flatnonzero(labels), centre[labels > 0])
    chosen = power[np.arange(len(pixels)), at]
    np.testing.assert_allclose(chosen, power.max(axis=1, initial=-np.inf), atol=1e-4)


def test_of_discs_that_hold_a_pixel_equally_deeply_the_fragment_that_ranks_higher_has_it():
    labels = np.ones((1, 1, 9), np.int32)
    labels[0, 0, [0, 8]] = 0
    grid = Grid((1.0, 1.0, 1.0), 2)
    squared = np.full(labels.shape, -1e30, np.float32)
    squared[0, 0, [2, 6]] = 9.0
    fragments = np.array([[[-1, 0, 0, 0, 0, 1, 1, 1, -1]]], np.int32)
    for rank, winner in (([0, 1], 6), ([1, 0], 2)):
        centre = holding_discs(
            labels, squared.copy(), fragments, np.array(rank, np.int32), grid, Monitor()
        )
        assert centre[0, 0, 4] == winner


def test_pixels_without_a_disc_get_one_in_as_many_turns_as_they_are_away():
    """What rounding gains on one way and loses on another is no gain: it would have no end."""
    grid = Grid((0.235, 0.15, 0.15), 3)
    labels = np.ones((12, 24, 26), np.int32)
    fragments = np.zeros_like(labels)
    fragments[:, :, 13:] = 1
    power = np.full(labels.shape, -1.0, np.float32)
    power[6, 12, 5], power[5, 11, 20] = 0.9, 0.7
    centre = np.arange(labels.size, dtype=np.int32).reshape(labels.shape)
    turns = []
    monitor = Monitor(cancelled=lambda: turns.append(None) is not None)
    rank = np.arange(2, dtype=np.int32)
    spurious_maxima._hold_the_rest(labels, power, centre, fragments, rank, grid, monitor)
    assert len(turns) <= 40
    assert set(np.unique(centre)) == {centre[6, 12, 5], centre[5, 11, 20]}


def judged(tops, borders, sizes, disc, rough=0.0):
    """Return the group of each fragment and whether it is an object; borders are (a, b, height)."""
    n = len(tops)
    low, high, height = (np.array(column) for column in zip(*borders, strict=True))
    rank = np.argsort(np.argsort(tops, kind="stable"), kind="stable").astype(np.int32)
    return objects(
        np.argsort(-height, kind="stable"),
        rank,
        low.astype(np.int32),
        high.astype(np.int32),
        height.astype(float),
        np.array(tops, float),
        np.array(sizes, float),
        np.full(n, float(disc)),
        np.full(n, float(rough)),
        DEFAULT.least_held,
        DEFAULT.junction_level,
        DEFAULT.rise,
    )


def test_a_fragment_that_fills_its_disc_is_an_object():
    group, is_object = judged([10, 8], [(0, 1, 5)], [300, 200], 300)
    assert list(group) == [0, 1]
    assert list(is_object) == [1, 1]


def test_a_small_fragment_with_two_high_saddles_is_none_and_goes_over_the_higher():
    tops, borders = [10, 10, 8], [(0, 2, 7), (1, 2, 6)]
    group, is_object = judged(tops, borders, [300, 300, 60], 300)
    assert list(group) == [0, 1, 0]
    assert list(is_object) == [1, 1, 0]
    # With one way out, or with a low second one, it is an object that is cut off.
    for single in ([(0, 2, 7)], [(0, 2, 7), (1, 2, 2)]):
        assert list(judged(tops, single, [300, 300, 60], 300)[1]) == [1, 1, 1]


def test_a_maximum_that_hardly_rises_is_noise():
    borders = [(0, 1, (1 - DEFAULT.rise / 2) * 8)]
    assert list(judged([10, 8], borders, [300, 300], 300)[0]) == [0, 0]
    borders = [(0, 1, (1 - DEFAULT.rise * 2) * 8)]
    assert list(judged([10, 8], borders, [300, 300], 300)[0]) == [0, 1]


def test_a_fragment_smaller_than_the_roughness_beside_it_is_part_of_that():
    assert list(judged([10, 8], [(0, 1, 2)], [300, 20], 10, rough=30)[0]) == [0, 0]
    assert list(judged([10, 8], [(0, 1, 2)], [300, 20], 10, rough=10)[0]) == [0, 1]


@pytest.mark.parametrize("degrees", range(0, 120, 15))
def test_the_middle_of_three_discs_that_meet_is_no_object(degrees):
    y, x = np.mgrid[:160, :160] - 80
    mask = np.zeros(y.shape, bool)
    for turn in np.deg2rad(degrees + np.array([0, 120, 240])):
        mask |= np.hypot(y - 32 * np.sin(turn), x - 32 * np.cos(turn)) <= 32
    found = split_touching(mask)
    assert found.max() == 3
    assert np.bincount(found.ravel())[1:].min() > mask.sum() / 3.3
