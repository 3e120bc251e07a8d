"""Fragments, their contacts and the discs that hold them: loops against slow and obvious ones."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.gradients import Edges
from napari_ncut.splitting.half_width import squared_distance
from napari_ncut.splitting.neighbours import neighbour_steps
from napari_ncut.splitting.spurious_maxima import holding_discs
from napari_ncut.splitting.watershed import climb, find_contacts

CUBE = (1.0, 1.0, 1.0)


def random_case(seed, ndim):
    """Return labels, and heights of which no two are equal, nor any two slopes."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 8, ndim))
    shape = (1,) * (3 - ndim) + shape
    labels = rng.choice(3, shape, p=[0.3, 0.5, 0.2]).astype(np.int32)
    heights = rng.permutation(labels.size) + rng.uniform(0, 0.5, labels.size)
    return labels, heights.reshape(shape).astype(np.float32)


def linked(labels, here, there, connectivity):
    """Tell whether two neighbours of one label touch, in the box that they span."""
    if labels[here] != labels[there]:
        return False
    low, high = np.minimum(here, there), np.maximum(here, there)
    box = labels[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] == labels[here]
    full = connectivity > 1
    pieces = ndi.label(box, np.ones((3, 3, 3)) if full else None)[0]
    return pieces[tuple(here - low)] == pieces[tuple(there - low)]


def neighbours(labels, here, connectivity):
    """Yield every neighbour that touches a pixel."""
    for step in product((-1, 0, 1), repeat=3):
        there = tuple(np.add(here, step))
        inside = all(0 <= i < n for i, n in zip(there, labels.shape, strict=True))
        if any(step) and inside and linked(labels, here, there, connectivity):
            yield there, step


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans())
@settings(max_examples=50)
def test_every_pixel_climbs_the_steepest_way_to_its_peak(seed, ndim, corners):
    labels, heights = random_case(seed, ndim)
    connectivity = ndim if corners else 1
    spacing = (2.0, 1.0, 0.7)
    steps = neighbour_steps(labels.shape, spacing)
    found, n = climb(labels, heights, steps, connectivity, Monitor())
    peak_of = {}
    for here in zip(*np.nonzero(labels), strict=True):
        peak = here
        while True:
            slopes = {
                there: (heights[there] - heights[peak]) / np.linalg.norm(np.multiply(step, spacing))
                for there, step in neighbours(labels, peak, connectivity)
            }
            best = max(slopes, key=slopes.get, default=peak)
            if slopes.get(best, 0) <= 0:
                break
            peak = best
        peak_of[here] = np.ravel_multi_index(peak, labels.shape)
    number = {peak: k for k, peak in enumerate(sorted(set(peak_of.values())))}
    assert n == len(number)
    wanted = np.full(labels.shape, -1)
    for here, peak in peak_of.items():
        wanted[here] = number[peak]
    np.testing.assert_array_equal(found, wanted)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans())
@settings(max_examples=50)
def test_contacts_are_those_of_all_pairs_of_neighbours(seed, ndim, corners):
    labels, heights = random_case(seed, ndim)
    connectivity = ndim if corners else 1
    rng = np.random.default_rng(seed)
    fragments = np.where(labels > 0, 2 * labels + rng.integers(0, 2, labels.shape), -1)
    fragments = fragments.astype(np.int32)
    evidence, tone = rng.normal(size=(2, *labels.shape)).astype(np.float32)
    usual = rng.uniform(0.5, 2, labels.shape).astype(np.float32)
    steps = neighbour_steps(labels.shape, CUBE)
    facts = zip(steps.offsets, steps.areas, steps.lengths, strict=True)
    measures = {tuple(step): (area, length) for step, area, length in facts}
    around = steps, connectivity, Monitor()
    edges = Edges(tone, np.zeros_like(tone), usual)
    found = find_contacts(labels, fragments, heights, evidence, *around, edges)
    wanted = {}
    for here in zip(*np.nonzero(labels), strict=True):
        for there, step in neighbours(labels, here, connectivity):
            pair = fragments[here], fragments[there]
            if pair[0] >= pair[1]:
                continue
            lower = min(here, there, key=lambda pixel: heights[pixel])
            row = wanted.setdefault(pair, [0, -1.0, *np.zeros(5)])
            if heights[lower] > row[1]:
                row[:2] = np.ravel_multi_index(lower, labels.shape), heights[lower]
            area, length = measures[step]
            width, brightness = (np.mean([a[here], a[there]]) for a in (heights, tone))
            row[2] += area
            row[3] += area * (evidence[here] + evidence[there]) / 2
            rise = (tone[there] - tone[here]) / length
            row[4] += area * rise / ((usual[here] + usual[there]) / 2)
            row[5] += area * width
            row[6] += area * width * brightness
    pairs = sorted(wanted)
    assert list(zip(found.low, found.high, strict=True)) == pairs
    rows = np.array([wanted[pair] for pair in pairs]).reshape(-1, 7)
    np.testing.assert_array_equal(found.place, rows[:, 0])
    np.testing.assert_array_equal(found.height, rows[:, 1])
    np.testing.assert_allclose(found.area, rows[:, 2])
    np.testing.assert_allclose(found.sums, rows[:, 1:], atol=1e-5)


@pytest.mark.parametrize("spacing", [CUBE, (3.0, 1.0, 1.0), (1.0, 0.7, 1.2)])
@pytest.mark.parametrize("angle", [0, 20, 45, 70, 90])
def test_the_area_of_a_straight_border_is_its_length(spacing, angle):
    size, turn = 80, np.deg2rad(angle)
    y, x = np.indices((size, size)) - size / 2 + 0.25
    y, x = y * spacing[1], x * spacing[2]
    labels = (np.hypot(y, x) < 0.4 * size * min(spacing[1:])).astype(np.int32)[np.newaxis]
    side = (y * np.sin(turn) + x * np.cos(turn) > 0)[np.newaxis]
    fragments = np.where(labels > 0, side, -1).astype(np.int32)
    steps = neighbour_steps(labels.shape, spacing)
    found = find_contacts(labels, fragments, labels + np.float32(0), None, steps, 1, Monitor())
    assert found.area[0] == pytest.approx(0.8 * size * min(spacing[1:]), rel=0.15)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=50)
def test_the_disc_that_holds_a_pixel_is_the_one_with_the_greatest_power(seed, ndim):
    rng = np.random.default_rng(seed)
    spacing = (2.0, 1.0, 0.7)
    shape = (1, 9, 12) if ndim == 2 else (5, 6, 7)
    labels = ndi.zoom(rng.integers(0, 3, (1 if ndim == 2 else 3, 4, 4)), 3, order=0)
    labels = np.ascontiguousarray(labels[tuple(slice(n) for n in shape)]).astype(np.int32)
    squared = squared_distance(labels, spacing, Monitor())
    centre = holding_discs(labels, squared.copy(), spacing, Monitor())
    pixels = np.argwhere(labels > 0)
    apart = ((pixels[:, np.newaxis] - pixels) * spacing) ** 2
    power = squared[labels > 0] - apart.sum(axis=-1)
    power[labels[labels > 0][:, np.newaxis] != labels[labels > 0]] = -np.inf
    at = np.searchsorted(np.flatnonzero(labels), centre[labels > 0])
    chosen = power[np.arange(len(pixels)), at]
    np.testing.assert_allclose(chosen, power.max(axis=1, initial=-np.inf), atol=1e-4)
