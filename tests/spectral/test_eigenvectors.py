"""Eigenvectors of coarse graphs, and segments read from them."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
from sklearn.cluster._spectral import cluster_qr
from sklearn.metrics import adjusted_rand_score

from napari_ncut import scenes
from napari_ncut.graph.coarsen import build_hierarchy
from napari_ncut.graph.pixel_graph import Graph, pixel_graph, pixel_neighbours, pixel_values
from napari_ncut.spectral import eigenvectors as spectral
from napari_ncut.spectral import rounding
from napari_ncut.spectral.loops import vectors


def circles_graph(n=4, size=60):
    scene = scenes.circles(n, size=size)
    pixels = pixel_neighbours(scene.mask, 1, (1.0, 1.0))
    graph = pixel_graph(pixels, pixel_values(scene.image, scene.mask), 0.25)
    return graph, scene.truth[scene.mask]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_eigenvectors_are_those_of_lapack(level):
    graph = build_hierarchy(circles_graph()[0]).graphs[level]
    weights = graph.matrix().toarray()
    laplacian = np.diag(weights.sum(axis=1)) - weights
    wanted = scipy.linalg.eigh(laplacian, np.diag(graph.volumes), eigvals_only=True)[:6]
    found = spectral.smallest_eigenvectors(graph, 6)
    np.testing.assert_allclose(found.values, wanted, atol=1e-8)
    residual = laplacian @ found.embedding - graph.volumes[:, None] * found.embedding * wanted
    assert abs(residual).max() < 1e-3 * abs(found.embedding).max()


def blocks_graph(between=0.05, n=(150, 250)):
    """Return a graph of two blocks with many links within."""
    rng = np.random.default_rng(0)
    block = np.repeat([0, 1], n)
    weights = np.triu(rng.random((sum(n),) * 2) < np.where(block[:, None] == block, 0.3, 0.0), 1)
    weights = weights.astype(float)
    weights[0, -1] = between
    weights = sp.csr_array(weights + weights.T)
    volumes = np.asarray(weights.sum(axis=1))
    indices = weights.indices.astype(np.int32)
    return Graph(weights.indptr.astype(np.int32), indices, weights.data, volumes), block


@pytest.mark.parametrize(("restarts", "needs_factors"), [(30, False), (1, True)])
def test_eigenvectors_of_a_graph_with_many_links_are_those_of_lapack(
    monkeypatch, restarts, needs_factors
):
    calls, shift_invert = [], spectral._shift_invert
    monkeypatch.setattr(spectral, "RESTARTS", restarts)
    monkeypatch.setattr(
        spectral, "_shift_invert", lambda *given: calls.append(1) or shift_invert(*given)
    )
    graph, _ = blocks_graph()
    assert len(graph.indices) > spectral.MANY_LINKS * graph.n
    weights = graph.matrix().toarray()
    laplacian = np.diag(graph.volumes) - weights
    wanted = scipy.linalg.eigh(laplacian, np.diag(graph.volumes), eigvals_only=True)[:4]
    found = spectral.smallest_eigenvectors(graph, 4)
    np.testing.assert_allclose(found.values, wanted, atol=1e-6)
    assert bool(calls) == needs_factors


@pytest.mark.parametrize("between", [1.0, 1e-3, 1e-9])
def test_blocks_that_hang_on_a_thread_are_told_apart(between):
    graph, block = blocks_graph(between)
    vector = spectral.smallest_eigenvectors(graph, 3).embedding[:, 1]
    order = np.argsort(vector)
    assert len(np.unique(block[order[:150]])) == 1 or len(np.unique(block[order[:250]])) == 1


def test_all_eigenvectors_of_a_tiny_graph():
    graph = build_hierarchy(circles_graph(2, 30)[0]).graphs[-1]
    assert spectral.smallest_eigenvectors(graph, 1000).vectors.shape == (graph.n, graph.n)


@pytest.mark.parametrize("method", rounding.METHODS)
def test_every_method_finds_the_circles(method):
    graph, truth = circles_graph()
    spectrum = spectral.smallest_eigenvectors(graph, 4)
    for labels in rounding.readings(spectrum, 4, 4, [method], seed=0):
        assert adjusted_rand_score(truth, labels) > 0.8
        assert set(labels) == {0, 1, 2, 3}


def test_group_means_are_weighted_means():
    rng = np.random.default_rng(0)
    points, mass, labels = rng.random((50, 3)), rng.random(50), rng.integers(0, 4, 50)
    found = np.zeros((5, 3))
    vectors.group_means(points, mass, labels.astype(np.int32), found)
    for c in range(4):
        mine = labels == c
        np.testing.assert_allclose(found[c], np.average(points[mine], axis=0, weights=mass[mine]))
    np.testing.assert_array_equal(found[4], 0)


def test_kmeans_does_not_raise_the_inertia():
    rng = np.random.default_rng(0)
    points, mass = rng.random((80, 2)), rng.random(80)
    centres = rounding.spread_centres(points, mass, 5, rng)
    one = rounding.cluster_kmeans(points, mass, centres, rounds=1)[1]
    many = rounding.cluster_kmeans(points, mass, centres, rounds=30)[1]
    assert many <= one


def test_empty_groups_get_a_node_of_the_largest():
    filled = rounding.fill_empty(np.array([0, 0, 0, 2, 0], np.int32), 4)
    assert set(filled) == {0, 1, 2, 3}


def test_cluster_qr_is_that_of_scikit_learn():
    vectors = spectral.smallest_eigenvectors(circles_graph()[0], 6).vectors
    np.testing.assert_array_equal(rounding.cluster_qr(vectors), cluster_qr(vectors))
