"""Compiled loops of graphs give what their source gives as plain Python."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Monitor
from napari_ncut.graph import coarsen, induced, matching, pixel_graph
from napari_ncut.graph.loops import coarsening, pixels


def graph_of(shape, *, connectivity=1, channels=1, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.8
    image = rng.random((*shape, channels))
    found = pixel_graph.pixel_neighbours(mask, connectivity, (1.0,) * len(shape))
    values = pixel_graph.pixel_values(image, mask)
    scale = pixel_graph.difference_scale(found, values)
    return pixel_graph.pixel_graph(found, values, 0.5, scale=scale, dtype=dtype)


def arrays_of(*graphs):
    return [
        array
        for graph in graphs
        for array in (graph.indptr, graph.indices, graph.weights, graph.volumes, graph.cells)
        if array is not None
    ]


def both(monkeypatch, module, compiled, plain, compute):
    """Return what is computed with compiled loops and with plain ones."""
    first = compute()
    monkeypatch.setattr(module, "loops", plain)
    second = compute()
    assert module.loops is not compiled
    return first, second


@pytest.mark.parametrize(
    ("shape", "connectivity", "channels"), [((9, 11), 1, 1), ((7, 8), 2, 3), ((3, 4, 5), 3, 1)]
)
def test_pixels(monkeypatch, uncompiled, shape, connectivity, channels):
    def compute():
        return arrays_of(graph_of(shape, connectivity=connectivity, channels=channels))

    first, second = both(monkeypatch, pixel_graph, pixels, uncompiled(pixels), compute)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seeded", [False, True])
def test_coarsening(monkeypatch, uncompiled, seeded):
    graph = graph_of((12, 13), connectivity=2)
    seeds = np.full(graph.n, -1, np.int32)
    seeds[[0, 5, 70]] = 0, 1, 0

    def compute():
        levels = coarsen.build_hierarchy(graph, seeds=seeds if seeded else None)
        return [*arrays_of(*levels.graphs), *levels.parents, *levels.seeds]

    first, second = both(monkeypatch, coarsen, coarsening, uncompiled(coarsening), compute)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seeded", [False, True])
def test_matching(monkeypatch, uncompiled, seeded):
    graph = graph_of((12, 13), connectivity=2)
    seeds = (np.arange(graph.n) % 3 - 1).astype(np.int32) if seeded else None

    def compute():
        return matching.match_heavy_edges(graph, seeds, Monitor())

    first, second = both(monkeypatch, matching, coarsening, uncompiled(coarsening), compute)
    assert first[1] == second[1]
    np.testing.assert_array_equal(first[0], second[0])


def test_induced_graph(monkeypatch, uncompiled):
    graph = graph_of((9, 9), connectivity=2)
    nodes = np.random.default_rng(1).permutation(graph.n)[:40]

    def compute():
        part, outer = induced.induced_graph(graph, nodes)
        return [*arrays_of(part), outer]

    first, second = both(monkeypatch, induced, coarsening, uncompiled(coarsening), compute)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    matrix = graph.matrix().toarray()
    part, outer = induced.induced_graph(graph, nodes)
    np.testing.assert_array_equal(part.matrix().toarray(), matrix[nodes][:, nodes])
    rest = np.setdiff1d(np.arange(graph.n), nodes)
    np.testing.assert_allclose(outer, matrix[nodes][:, rest].sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(part.volumes, graph.volumes[nodes])


def test_links_of_more_edges_than_32_bits_count():
    """Graphs with 64-bit row pointers take the other variant of each loop."""
    graph = graph_of((12, 13))
    wide = pixel_graph.Graph(
        graph.indptr.astype(np.int64), graph.indices, graph.weights, graph.volumes, graph.cells
    )
    narrow_levels, wide_levels = (coarsen.build_hierarchy(g).graphs for g in (graph, wide))
    assert {level.indptr.dtype for level in wide_levels} == {np.dtype(np.int64)}
    for a, b in zip(arrays_of(*narrow_levels), arrays_of(*wide_levels), strict=True):
        np.testing.assert_array_equal(a, b)
