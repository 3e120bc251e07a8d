"""Coarser graphs: what is merged, and that volumes and cuts stay."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut import scenes
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.graph import coarsen
from napari_ncut.graph.matching import match_heavy_edges
from napari_ncut.graph.pixel_graph import Graph, pixel_graph, pixel_neighbours, pixel_values


def graph_of(matrix):
    matrix = sp.csr_array(matrix, dtype=float)
    return Graph(
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.asarray(matrix.sum(axis=1)),
    )


def random_graph(seed, n=30, density=0.2, whole=True):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < density, 1) * rng.integers(1, 9, (n, n))
    matrix = (upper + upper.T).astype(float)
    return graph_of(matrix if whole else matrix * rng.random())


def image_graph(mask, seed=0, connectivity=1):
    image = np.random.default_rng(seed).random(mask.shape)
    pixels = pixel_neighbours(mask, connectivity, (1.0,) * mask.ndim)
    return pixel_graph(pixels, pixel_values(image, mask), 0.25)


@given(st.integers(0, 10_000), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_contraction_is_the_galerkin_product(seed, n_merged):
    graph = random_graph(seed)
    parent = np.random.default_rng(seed).integers(0, n_merged, graph.n).astype(np.int32)
    coarse = coarsen.contract(graph, parent, n_merged)
    indicator = np.eye(n_merged)[parent]
    wanted = indicator.T @ graph.matrix().toarray() @ indicator
    np.testing.assert_array_equal(coarse.matrix().toarray(), wanted - np.diag(np.diag(wanted)))
    np.testing.assert_array_equal(coarse.volumes, indicator.T @ graph.volumes)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_contraction_keeps_total_volume_and_the_cut_of_every_coarse_partition(seed):
    graph = random_graph(seed)
    rng = np.random.default_rng(seed)
    parent = rng.integers(0, 10, graph.n).astype(np.int32)
    coarse = coarsen.contract(graph, parent, 10)
    labels = rng.integers(0, 3, 10)
    for side in range(3):
        inside = labels == side
        fine = inside[parent]
        cut = coarse.matrix()[inside][:, ~inside].sum()
        assert cut == graph.matrix()[fine][:, ~fine].sum()
    assert coarse.volumes.sum() == graph.volumes.sum()


def test_contraction_does_not_depend_on_the_slabs(monkeypatch):
    graph = image_graph(np.ones((20, 30), bool))
    parent = (np.arange(graph.n) // 5).astype(np.int32)
    whole = coarsen.contract(graph, parent, 120)
    monkeypatch.setattr(coarsen, "SLAB", 7)
    parts = coarsen.contract(graph, parent, 120)
    np.testing.assert_array_equal(whole.weights, parts.weights)
    np.testing.assert_array_equal(whole.indices, parts.indices)


def test_blocks_of_four_pixels_become_one_node():
    graph = image_graph(np.ones((6, 8), bool))
    parent, n, cells = coarsen.merge_cells(graph, np.array([False, True, True]), None, Monitor())
    assert n == 12
    y, x = np.divmod(np.arange(48), 8)
    np.testing.assert_array_equal(parent, (y // 2) * 4 + x // 2)
    np.testing.assert_array_equal(cells, [(j << 21) | i for j in range(3) for i in range(4)])


def test_pixels_that_do_not_touch_are_never_merged():
    mask = np.zeros((2, 2), bool)
    mask[0, 0] = mask[1, 1] = True
    _, n, _ = coarsen.merge_cells(image_graph(mask), np.ones(3, bool), None, Monitor())
    assert n == 2


def test_different_seeds_are_never_merged():
    graph = image_graph(np.ones((4, 4), bool))
    seeds = np.full(16, -1, np.int32)
    seeds[0], seeds[1], seeds[4] = 0, 1, 0
    levels = coarsen.build_hierarchy(graph, seeds=seeds)
    assert all((s[s >= 0] >= 0).all() and set(s[s >= 0]) == {0, 1} for s in levels.seeds)
    parent, _, _ = coarsen.merge_cells(graph, np.array([False, True, True]), seeds, Monitor())
    assert parent[0] != parent[1]


def test_long_axes_wait_until_pixels_are_about_as_long_as_wide():
    mask = np.ones((4, 16, 16), bool)
    levels = coarsen.build_hierarchy(image_graph(mask), (4.0, 1.0, 1.0))
    depth = [len(np.unique(g.cells >> 42)) for g in levels.graphs]
    assert depth[:3] == [4, 4, 4]


def test_matching_pairs_the_leaves_of_a_star():
    n = 101
    star = sp.lil_array((n, n))
    star[0, 1:] = 1
    graph = graph_of(sp.csr_array(star + star.T))
    _, merged = match_heavy_edges(graph, None, Monitor())
    assert merged <= 52


def test_matching_joins_nodes_over_edges_or_with_a_common_neighbour():
    graph = random_graph(3, n=60, density=0.08)
    parent, n = match_heavy_edges(graph, None, Monitor())
    dense = graph.matrix().toarray() > 0
    for merged in range(n):
        nodes = np.flatnonzero(parent == merged)
        assert len(nodes) <= 2
        if len(nodes) == 2:
            assert dense[tuple(nodes)] or (dense[nodes[0]] & dense[nodes[1]]).any()


def test_hierarchy_halves_a_path_again_and_again():
    n = 1000
    path = sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1])
    sizes = [g.n for g in coarsen.build_hierarchy(graph_of(sp.csr_array(path))).graphs]
    assert sizes[-1] <= coarsen.SMALLEST * 2
    assert all(b < 0.7 * a for a, b in pairwise(sizes))


def test_cancelling_ends_the_coarsening():
    scene = scenes.circles(2)
    with pytest.raises(Cancelled):
        coarsen.build_hierarchy(image_graph(scene.mask), monitor=Monitor(cancelled=lambda: True))


def test_pixels_are_not_merged_across_strong_contrast():
    image = np.zeros((12, 12))
    image[:, 5:] = 1
    pixels = pixel_neighbours(np.ones(image.shape, dtype=bool), 1, (1.0, 1.0))
    hierarchy = coarsen.build_hierarchy(pixel_graph(pixels, image.reshape(-1, 1), 1.0))
    parent, right = hierarchy.parents[0], image.ravel() > 0
    assert not set(parent[right]) & set(parent[~right])


def test_a_graph_of_nothing_but_contrast_still_shrinks():
    image = np.random.default_rng(0).normal(size=(64, 64))
    pixels = pixel_neighbours(np.ones(image.shape, dtype=bool), 1, (1.0, 1.0))
    sizes = [
        g.n for g in coarsen.build_hierarchy(pixel_graph(pixels, image.reshape(-1, 1), 20.0)).graphs
    ]
    assert all(b <= 0.75 * a for a, b in pairwise(sizes[:4]))
