"""Compiled loops of refinement give what their source gives as plain Python."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from napari_ncut.graph.pixel_graph import Graph
from napari_ncut.refinement import agglomerate, local_search, max_flow, merge_split, partition
from napari_ncut.refinement import refine as rf
from napari_ncut.refinement.loops import bands, borders, merges, min_cut, moves, splits

DTYPES = [(np.int32, np.float64), (np.int32, np.float32), (np.int64, np.float64)]


def random_partition(seed, index, weight, k=4, n=60):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < 0.1, 1) * rng.random((n, n))
    path = np.diag(rng.random(n - 1) + 0.1, 1)
    matrix = sp.csr_array(upper + path + (upper + path).T)
    graph = Graph(
        matrix.indptr.astype(index),
        matrix.indices.astype(np.int32),
        matrix.data.astype(weight),
        np.asarray(matrix.sum(axis=1)) + rng.random(n),
    )
    labels = rng.integers(0, k, n).astype(np.int32)
    labels[:k] = np.arange(k)
    return graph, rf.measure(graph, labels, k)


def use_plain_loops(monkeypatch, uncompiled):
    plain_borders, plain_bands = uncompiled(borders), uncompiled(bands)
    plain_bands.Network = uncompiled(min_cut).Network
    monkeypatch.setattr(local_search, "moves", uncompiled(moves))
    monkeypatch.setattr(max_flow, "bands", plain_bands)
    for module in (max_flow, partition, rf):
        for name in ("add_up", "border_nodes", "border_pairs", "border_within"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(plain_borders, name))
    monkeypatch.setattr(merge_split, "sweep", uncompiled(splits).sweep)


@pytest.mark.parametrize(("index", "weight"), DTYPES)
@pytest.mark.parametrize("large", [0, 1000])
def test_refined_partitions_are_the_same(monkeypatch, uncompiled, index, weight, large):
    monkeypatch.setattr(max_flow, "LARGE", large)
    found = []
    for _ in range(2):
        results = []
        for seed in range(3):
            graph, cut = random_partition(seed, index, weight)
            bound = np.random.default_rng(seed).random(graph.n) < 0.1
            rf.refine(graph, cut, bound=bound, passes=5)
            results.append((cut.labels, cut.sums))
        found.append(results)
        use_plain_loops(monkeypatch, uncompiled)
    for (labels, sums), (plain_labels, plain_sums) in zip(*found, strict=True):
        np.testing.assert_array_equal(labels, plain_labels)
        np.testing.assert_array_equal(sums, plain_sums)


def test_exchanged_segments_are_the_same(monkeypatch, uncompiled):
    found = []
    for _ in range(2):
        graph, cut = random_partition(7, np.int32, np.float64, k=6, n=80)
        found.append(merge_split.exchange(graph, cut))
        use_plain_loops(monkeypatch, uncompiled)
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    np.testing.assert_array_equal(found[0].sums, found[1].sums)


def test_segments_merged_from_below_are_the_same(monkeypatch, uncompiled):
    graph, _ = random_partition(3, np.int32, np.float64)
    found = agglomerate.agglomerate(graph, 5)
    monkeypatch.setattr(agglomerate, "loops", uncompiled(merges))
    np.testing.assert_array_equal(agglomerate.agglomerate(graph, 5), found)


def test_best_moves_and_opposite_edges_are_the_same(uncompiled):
    graph, cut = random_partition(2, np.int32, np.float64)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    plain = uncompiled(moves)
    for node in range(graph.n):
        found = [
            loops.best_move(*arrays, cut.labels, cut.sums, np.zeros(4), node)
            for loops in (moves, plain)
        ]
        assert found[0] == found[1]
    mates = [
        loops.opposite_edges(graph.indptr, graph.indices)
        for loops in (min_cut, uncompiled(min_cut))
    ]
    np.testing.assert_array_equal(mates[0], mates[1])


@pytest.mark.parametrize(("index", "weight"), DTYPES)
def test_many_moves_leave_the_sums_that_are_measured(uncompiled, index, weight):
    graph, cut = random_partition(5, index, weight)
    rng = np.random.default_rng(0)
    nodes = rng.choice(graph.n, 20, replace=False).astype(np.int32)
    targets = ((cut.labels[nodes] + rng.integers(1, 4, 20)) % 4).astype(np.int32)
    for loops in (moves, uncompiled(moves)):
        labels, sums = cut.labels.copy(), cut.sums.copy()
        arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
        loops.move_all(*arrays, labels, sums, nodes, targets)
        np.testing.assert_array_equal(labels[nodes], targets)
        np.testing.assert_allclose(sums, rf.measure(graph, labels, 4).sums, rtol=1e-6)


def test_nodes_within_some_edges_are_those_at_that_distance(uncompiled):
    graph, _ = random_partition(6, np.int32, np.float64)
    start = np.array([3, 40], np.int32)
    steps = dijkstra(graph.matrix(), unweighted=True, indices=start).min(axis=0)
    for loops in (borders, uncompiled(borders)):
        nodes, away = loops.nodes_within(graph.indptr, graph.indices, start, 2)
        order = np.argsort(nodes)
        np.testing.assert_array_equal(nodes[order], np.flatnonzero(steps <= 2))
        np.testing.assert_array_equal(away[order], steps[steps <= 2])


def test_graphs_that_must_not_be_written_to_can_be_refined():
    graph, cut = random_partition(4, np.int32, np.float64)
    for array in (graph.indptr, graph.indices, graph.weights, graph.volumes):
        array.flags.writeable = False
    before = cut.ncut
    rf.refine(graph, cut)
    assert merge_split.exchange(graph, cut).ncut <= cut.ncut < before
