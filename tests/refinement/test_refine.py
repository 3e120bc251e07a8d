"""Moves and redrawn borders: right, and never upwards."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import maximum_flow

from napari_ncut.graph import affinity
from napari_ncut.graph.pixel_graph import Graph
from napari_ncut.refinement import local_search, max_flow
from napari_ncut.refinement import refine as rf
from napari_ncut.refinement.loops import min_cut, moves
from napari_ncut.refinement.loops.borders import border_within

# A loop that never ends holds the interpreter: only another process can be given up.
CUTS = """
import sys
import numpy as np
from napari_ncut import normalized_cut

for seed in range(*map(int, sys.argv[1:])):
    rng = np.random.default_rng(seed)
    steps = rng.integers(-1, 2, (9, 17)).astype(float)
    noise = rng.random((9, 17))
    for image, k, beta, spacing in (
        (steps, 5, 90, (1e-3, 1e3)),
        (noise, 5, 30, (1, 1e4)),
        (noise, 5, 1000, (1, 1e4)),
        (noise, 2, 1000, (1, 1)),
        (rng.random((20, 30)), 7, 300, (1, 1e3)),
        (rng.random((4, 5, 7)), 4, 1000, (1e3, 1, 1e-3)),
    ):
        labels = normalized_cut(image, None, k, beta=beta, spacing=spacing)
        assert set(labels.ravel()) == set(range(1, k + 1))
"""


def random_graph(seed, n=40, density=0.15):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < density, 1) * rng.random((n, n))
    path = np.diag(rng.random(n - 1) + 0.1, 1)
    matrix = sp.csr_array(upper + path + (upper + path).T)
    return Graph(
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.asarray(matrix.sum(axis=1)) + rng.random(n),
    )


def slow_ncut(graph, labels):
    matrix = graph.matrix().toarray()
    total = 0.0
    for side in np.unique(labels):
        inside = labels == side
        total += matrix[inside][:, ~inside].sum() / graph.volumes[inside].sum()
    return total


def start(seed, k=4):
    graph = random_graph(seed)
    labels = np.random.default_rng(seed + 1).integers(0, k, graph.n).astype(np.int32)
    labels[:k] = np.arange(k)
    return graph, rf.measure(graph, labels, k)


seeds = st.integers(0, 100_000)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_measured_cut_is_that_of_a_slow_sum(seed):
    graph, partition = start(seed)
    assert partition.ncut == pytest.approx(slow_ncut(graph, partition.labels))


def test_measured_cut_is_that_of_the_public_function_when_volumes_are_degrees():
    graph, partition = start(5)
    plain = Graph(graph.indptr, graph.indices, graph.weights, graph.matrix().sum(axis=1))
    measured = rf.measure(plain, partition.labels, 4).ncut
    value = affinity.ncut_value(plain.matrix(), partition.labels)
    assert measured == pytest.approx(value)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_best_move_is_the_best_of_all_moves(seed):
    graph, partition = start(seed)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    before = slow_ncut(graph, partition.labels)
    for node in range(0, graph.n, 7):
        change, target = moves.best_move(
            *arrays, partition.labels, partition.sums, np.zeros(4), node
        )
        near = set(partition.labels[graph.indices[graph.indptr[node] : graph.indptr[node + 1]]])
        options = []
        for label in near - {partition.labels[node]}:
            moved = partition.labels.copy()
            moved[node] = label
            if (moved == partition.labels[node]).any():
                options.append(slow_ncut(graph, moved) - before)
        assert (target >= 0) == bool(options)
        if options:
            assert change == pytest.approx(min(options), abs=1e-12)


def test_best_move_never_empties_a_segment():
    graph, _ = start(1)
    labels = np.zeros(graph.n, np.int32)
    labels[3] = 1
    partition = rf.measure(graph, labels, 2)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    change, target = moves.best_move(*arrays, labels, partition.sums, np.zeros(2), 3)
    assert target == -1
    assert change == np.inf


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_refinement_never_raises_the_cut_and_keeps_its_sums_right(seed):
    graph, partition = start(seed)
    before = partition.ncut
    rf.refine(graph, partition, passes=10)
    assert partition.ncut <= before + 1e-12
    np.testing.assert_allclose(
        rf.measure(graph, partition.labels, 4).sums, partition.sums, rtol=1e-9, atol=1e-9
    )
    assert (partition.sums[2] > 0).all()


def test_refinement_leaves_no_single_move_that_lowers_the_cut():
    graph, partition = start(11)
    rf.refine(graph, partition, passes=20)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    for node in range(graph.n):
        change, _ = moves.best_move(*arrays, partition.labels, partition.sums, np.zeros(4), node)
        assert change > -1e-9


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_bound_nodes_keep_their_segment(seed):
    graph, partition = start(seed)
    bound = np.random.default_rng(seed).random(graph.n) < 0.3
    held = partition.labels[bound].copy()
    rf.refine(graph, partition, bound=bound)
    np.testing.assert_array_equal(partition.labels[bound], held)


def test_climbing_leaves_a_minimum_that_single_moves_cannot():
    # Two cliques of four, cut through the middle of both: any single move raises the cut.
    matrix = np.kron(np.eye(2), np.ones((4, 4)))
    matrix[0, 4] = matrix[4, 0] = 0.1
    matrix = sp.csr_array(matrix - np.eye(8))
    graph = Graph(matrix.indptr, matrix.indices, matrix.data, matrix.sum(axis=1))
    partition = rf.measure(graph, np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int32), 2)
    rf.refine(graph, partition, passes=10)
    assert len(set(partition.labels[:4])) == len(set(partition.labels[4:])) == 1


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_minimum_cut_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    n = 25
    upper = np.triu(rng.random((n, n)) < 0.2, 1) * rng.integers(1, 20, (n, n))
    matrix = sp.csr_array(upper + upper.T)
    terminal = rng.integers(-30, 31, n)
    full = np.zeros((n + 2, n + 2), dtype=np.int32)
    full[:n, :n] = matrix.toarray()
    full[n, :n], full[:n, n + 1] = np.maximum(terminal, 0), np.maximum(-terminal, 0)
    wanted = maximum_flow(sp.csr_matrix(full), n, n + 1).flow_value
    starts, heads = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    level = np.empty(n, dtype=np.int32)
    room, excess = matrix.data.astype(float), terminal.astype(float)
    network = min_cut.Network(starts, heads, room, excess, level)
    network.begin(n, 1e-10)
    assert not network.flow(n, 2 * n + 2)
    inside = np.append(level == n, [True, False])
    assert full[inside][:, ~inside].sum() == wanted


def test_opposite_edges_lead_back():
    graph = random_graph(4)
    mates = min_cut.opposite_edges(graph.indptr, graph.indices)
    rows = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    np.testing.assert_array_equal(graph.indices[mates], rows)
    np.testing.assert_array_equal(rows[mates], graph.indices)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_redrawing_borders_never_raises_the_cut(seed):
    graph, partition = start(seed, k=3)
    before = partition.ncut
    border = rf.border_nodes(graph.indptr, graph.indices, partition.labels)
    state = np.zeros(graph.n, np.uint8)
    max_flow.redraw_borders(graph, partition, border, state, (6, 3), rf.Monitor())
    assert partition.ncut <= before + 1e-12
    assert partition.ncut == pytest.approx(slow_ncut(graph, partition.labels))


@pytest.mark.parametrize("seed", range(5))
def test_large_borders_are_redrawn_as_small_ones_are(seed, monkeypatch):
    found = []
    for large in (0, 10**9):
        monkeypatch.setattr(max_flow, "LARGE", large)
        graph, partition = start(seed, k=3)
        border = rf.border_nodes(graph.indptr, graph.indices, partition.labels)
        max_flow.redraw_borders(
            graph, partition, border, np.zeros(graph.n, np.uint8), (6, 3), rf.Monitor()
        )
        found.append(partition)
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    np.testing.assert_array_equal(found[0].sums, found[1].sums)


def test_border_nodes_are_those_with_a_neighbour_elsewhere():
    graph, partition = start(2)
    rows = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    cut = partition.labels[rows] != partition.labels[graph.indices]
    wanted = np.unique(rows[cut]).astype(np.int32)
    structure = graph.indptr, graph.indices, partition.labels
    np.testing.assert_array_equal(rf.border_nodes(*structure), wanted)
    every = np.arange(graph.n, dtype=np.int32)
    np.testing.assert_array_equal(border_within(*structure, every, 0), wanted)
    np.testing.assert_array_equal(border_within(*structure, wanted[:1], 40), wanted)


def test_no_cut_runs_for_ever_however_far_apart_the_weights_are():
    subprocess.run([sys.executable, "-c", CUTS, "0", "40"], check=True, timeout=240)


def test_a_descent_that_goes_round_in_a_circle_is_ended_and_undone(monkeypatch):
    graph, partition = start(3)
    before = partition.ncut

    def circle(indptr, indices, weights, volumes, labels, sums, state, queue, gain, most):
        labels[queue] = (labels[queue] + 1) % 4
        sums[:] = -1.0
        return queue

    monkeypatch.setattr(moves, "descend", circle)
    state = np.zeros(graph.n, np.uint8)
    local_search.descend(graph, partition, np.arange(7, dtype=np.int32), state, rf.Monitor())
    assert partition.ncut <= before
    measured = rf.measure(graph, partition.labels, 4)
    np.testing.assert_allclose(partition.sums, measured.sums)


@pytest.mark.parametrize("faint", [1e-6, 1e-20, 1e-35])
def test_sums_keep_their_digits_when_a_heavy_edge_was_cut_for_a_while(faint):
    graph, partition = start(6)
    graph.weights[graph.weights < 0.5] *= faint
    partition = rf.measure(graph, partition.labels, 4)
    rf.refine(graph, partition, passes=10)
    measured = rf.measure(graph, partition.labels, 4)
    np.testing.assert_allclose(partition.sums, measured.sums, rtol=1e-6)
