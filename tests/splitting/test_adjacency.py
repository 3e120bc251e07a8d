"""The region adjacency graph: borders and sums against all pairs of neighbours, one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.splitting.neighbours import neighbours, random_labels

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import (
    BORDER_SUMS,
    MOMENTS,
    NODE_SUMS,
    Intensity,
    adjacency,
    find_borders,
    highest,
    moments,
)
from napari_ncut.splitting.grid import Grid

SPACING = (2.0, 1.0, 0.7)


def case(seed, ndim, connectivity=1):
    """Return labels, two fragments in each, half-widths and what an image tells."""
    labels = random_labels(seed, ndim)
    rng = np.random.default_rng(seed)
    fragments = np.where(labels > 0, 2 * labels - 2 + rng.integers(0, 2, labels.shape), -1)
    width = (labels > 0) * rng.integers(1, 9000, labels.shape)
    ridge, brightness = rng.normal(size=(2, *labels.shape)).astype(np.float32)
    expected = rng.uniform(0.5, 2, labels.shape).astype(np.float32)
    intensity = Intensity(brightness, expected, ridge)
    grid = Grid(SPACING, ndim, connectivity)
    return labels, fragments.astype(np.int32), width.astype(np.int32), intensity, grid


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans())
@settings(max_examples=50)
def test_borders_are_those_of_all_pairs_of_neighbours(seed, ndim, corners):
    connectivity = ndim if corners else 1
    labels, fragments, width, image, grid = case(seed, ndim, connectivity)
    found = find_borders(labels, fragments, width, grid, Monitor(), image)
    measures = {
        tuple(step): (area * grid.area_unit, length)
        for step, area, length in zip(grid.offsets, grid.areas, grid.lengths, strict=True)
    }
    wanted = {}
    for here in zip(*np.nonzero(labels), strict=True):
        for there, step in neighbours(labels, here, connectivity):
            pair = fragments[here], fragments[there]
            if pair[0] >= pair[1]:
                continue
            # The saddle is the highest of the lower pixels; of equal ones, the first.
            lower = min(
                here, there, key=lambda at: (width[at], np.ravel_multi_index(at, width.shape))
            )
            row = wanted.setdefault(pair, [(0, 0), np.zeros(len(BORDER_SUMS))])
            row[0] = max(row[0], (width[lower], -np.ravel_multi_index(lower, width.shape)))
            area, length = measures[step]
            ridge, mean, weight, expected = (
                (float(a[here]) + float(a[there])) / 2
                for a in (image.ridge, image.brightness, width, image.expected)
            )
            rise = (image.brightness[there] - image.brightness[here]) / (expected * length)
            # As weights, half-widths count in 64ths of a pixel.
            weight = int(2 * weight) // 32
            row[1] += area * np.array([1, ridge, rise, weight, weight * mean])
    pairs = sorted(wanted)
    assert list(zip(found.low, found.high, strict=True)) == pairs
    saddles = [wanted[pair][0] for pair in pairs]
    assert list(zip(found.saddle, -found.index, strict=True)) == saddles
    sums = np.array([wanted[pair][1] for pair in pairs]).reshape(-1, len(BORDER_SUMS))
    np.testing.assert_allclose(found.sums, sums, rtol=1e-3, atol=0.1)
    np.testing.assert_allclose(found.sums[:, 0], sums[:, 0])


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_a_contracted_graph_is_that_of_the_parts(seed, ndim):
    labels, fragments, width, image, grid = case(seed, ndim)
    number = np.unique(fragments, return_inverse=True)[1].reshape(fragments.shape)
    number = (number - (fragments.min() < 0)).astype(np.int32)
    n = int(number.max()) + 1
    graph = adjacency(labels, number, n, width, grid, Monitor(), intensity=image)
    _, part = np.unique(np.random.default_rng(seed).integers(0, n, n), return_inverse=True)
    part = part.astype(np.int32)
    joined = np.where(number >= 0, part[number], -1).astype(np.int32)
    k = int(part.max()) + 1
    found = graph.contracted(part, k)
    wanted = adjacency(labels, joined, k, width, grid, Monitor(), intensity=image)
    for name in ("width", "low", "high", "saddle", "index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), name)
    np.testing.assert_allclose(found.borders, wanted.borders, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    np.testing.assert_allclose(found.nodes[:, MOMENTS:], wanted.nodes[:, MOMENTS:], rtol=1e-6)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=30)
def test_sums_over_a_fragment_are_those_over_its_pixels(seed, ndim):
    labels, fragments, width, image, grid = case(seed, ndim)
    fragments = np.where(
        fragments >= 0,
        np.unique(fragments, return_inverse=True)[1].reshape(fragments.shape)
        - (fragments.min() < 0),
        -1,
    ).astype(np.int32)
    n = int(fragments.max()) + 1
    graph = adjacency(labels, fragments, n, width, grid, Monitor(), intensity=image)
    plain = adjacency(labels, fragments, n, width, grid, Monitor())
    assert graph.nodes.shape == (n, len(NODE_SUMS))
    assert not plain.nodes[:, MOMENTS:].any()
    np.testing.assert_array_equal(plain.nodes[:, :MOMENTS], graph.nodes[:, :MOMENTS])
    for k in range(n):
        inside = fragments == k
        w, t = width[inside].astype(float), image.brightness[inside].astype(float)
        np.testing.assert_allclose(
            graph.nodes[k, MOMENTS:], [w.sum(), (w * t).sum(), (w * t * t).sum()], rtol=1e-6
        )
        assert graph.pixels[k] == inside.sum()
        assert graph.width[k] == pytest.approx(width[inside].max() * grid.unit)
        # Central moments, which do not hang on the origin.
        at = np.argwhere(inside).astype(float)
        mean = graph.nodes[k, 1:4] / inside.sum()
        spread = graph.nodes[k, 4:MOMENTS] / inside.sum()
        wanted = np.atleast_2d(np.cov(at.T, bias=True))
        pairs = [(0, 0), (1, 1), (2, 2), (1, 0), (2, 0), (2, 1)]
        for value, (i, j) in zip(spread, pairs, strict=True):
            assert value - mean[i] * mean[j] == pytest.approx(wanted[i, j], abs=1e-9)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=30)
def test_sums_of_two_fragments_that_become_one_add_up(seed, ndim):
    labels, fragments, width, image, grid = case(seed, ndim)
    fine = adjacency(labels, fragments, 4, width, grid, Monitor(), intensity=image)
    joined = np.where(fragments >= 0, np.maximum(fragments - 1, 0), -1).astype(np.int32)
    blob = np.zeros(4, np.int32)
    together = moments(joined, 3, blob[:3], Monitor())
    apart = moments(fragments, 4, blob, Monitor())
    np.testing.assert_array_equal(together[0], apart[0] + apart[1])
    borders = find_borders(labels, joined, width, grid, Monitor(), image)
    kept = (fine.low != 0) | (fine.high != 1)
    np.testing.assert_allclose(borders.sums.sum(axis=0), fine.borders[kept].sum(axis=0), atol=1e-9)


def test_moments_are_the_same_wherever_a_blob_lies():
    rng = np.random.default_rng(0)
    fragments = np.full((1, 40, 200_000), -1, np.int32)
    patch = rng.integers(-1, 3, (30, 40))
    blob = np.zeros(3, np.int32)
    found = []
    for column in (0, 77_777, 199_960):
        fragments[:] = -1
        fragments[0, 5:35, column : column + 40] = patch
        found.append(moments(fragments, 3, blob, Monitor()))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_greatest_heights():
    fragments = np.array([[[0, 1, -1], [1, 0, 2]]], np.int32)
    height = np.array([[[4, 9, 90], [3, 5, 1]]], np.int32)
    np.testing.assert_array_equal(highest(fragments, height, 3, Monitor()), [5, 9, 1])


def test_more_borders_than_a_table_first_holds():
    labels = np.ones((1, 40, 40), np.int32)
    fragments = np.arange(1600, dtype=np.int32).reshape(labels.shape)
    found = find_borders(labels, fragments, labels, Grid((1.0, 1.0, 1.0), 2), Monitor())
    assert len(found.low) == 2 * 40 * 39 + 2 * 39 * 39
    assert (np.diff(found.low) >= 0).all()
