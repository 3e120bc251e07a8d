"""Spectral clustering of any graph, hostile ones too."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets
from sklearn.cluster import spectral_clustering as sklearn_clustering
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import kneighbors_graph

from napari_ncut import ncut_value, spectral_clustering


def neighbours(points, k=10):
    links = kneighbors_graph(points, k)
    return 0.5 * (links + links.T)


def path(n):
    return sp.csr_array(sp.diags_array([np.ones(n - 1)] * 2, offsets=[-1, 1]))


def check(labels, n, k):
    assert labels.shape == (n,)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(np.unique(labels), np.arange(k))


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_every_cluster_is_there_whatever_the_graph(seed, k):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((30, 30)) < rng.choice([0.02, 0.1, 0.5]), 1)
    matrix = upper * rng.random((30, 30)) ** 4
    check(spectral_clustering(matrix + matrix.T, n_clusters=k), 30, k)


@pytest.mark.parametrize("k", [2, 4])
def test_the_cut_is_at_most_that_of_scikit_learn(k):
    points, _ = datasets.make_moons(600, noise=0.1, random_state=0)
    graph = neighbours(points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sklearn_clustering(graph, n_clusters=k, random_state=0)
    ours = spectral_clustering(graph, n_clusters=k)
    assert ncut_value(graph, ours) <= ncut_value(graph, theirs) * 1.01


def test_digits_are_told_apart_as_well_as_by_scikit_learn():
    points, truth = datasets.load_digits(return_X_y=True)
    labels = spectral_clustering(neighbours(points), n_clusters=10)
    assert adjusted_rand_score(truth, labels) > 0.74


@pytest.mark.parametrize("method", ["best", "kmeans", "discretize", "cluster_qr"])
def test_every_way_to_assign_labels_separates_two_rings(method):
    points, truth = datasets.make_circles(400, noise=0.03, factor=0.5, random_state=0)
    labels = spectral_clustering(neighbours(points), n_clusters=2, assign_labels=method)
    assert adjusted_rand_score(truth, labels) == 1


@pytest.mark.parametrize("k", [2, 3, 5, 17])
def test_a_path_of_100_000_nodes_is_cut_into_equal_parts(k):
    n = 100_000
    labels = spectral_clustering(path(n), n_clusters=k)
    check(labels, n, k)
    assert np.count_nonzero(np.diff(labels)) == k - 1
    # The lowest cut there is has k - 1 cuts and equal parts.
    best = (2 * (k - 1)) / (2 * n / k)
    assert ncut_value(path(n), labels) <= best * 1.05


def test_a_star():
    n = 2001
    star = sp.lil_array((n, n))
    star[0, 1:] = 1
    check(spectral_clustering(sp.csr_array(star + star.T), n_clusters=3), n, 3)


def test_a_complete_graph_of_2000():
    n = 2000
    labels = spectral_clustering(np.ones((n, n)), n_clusters=2)
    check(labels, n, 2)
    # All halves cut the same; unequal parts cut hardly more.
    assert ncut_value(np.ones((n, n)), labels) < 1.01


@pytest.mark.parametrize("weight", [1e-300, 1e300, 1e-12])
def test_extreme_weights(weight):
    graph = sp.block_diag([np.ones((20, 20)), np.ones((20, 20))]).tolil() * weight
    graph[0, 39] = graph[39, 0] = weight * 0.01
    labels = spectral_clustering(graph.tocsr(), n_clusters=2)
    assert len(set(labels[:20])) == len(set(labels[20:])) == 1
    assert labels[0] != labels[39]


def test_weights_of_all_magnitudes_in_one_graph():
    rng = np.random.default_rng(0)
    upper = np.triu(10.0 ** rng.uniform(-300, 300, (60, 60)), 1)
    check(spectral_clustering(upper + upper.T, n_clusters=5), 60, 5)


def test_components_share_the_clusters():
    graph = sp.block_diag([path(50), path(200)])
    labels = spectral_clustering(graph, n_clusters=5)
    assert len(set(labels[:50])) == 1
    assert len(set(labels[50:])) == 4


def test_fewer_clusters_than_components_puts_components_together():
    graph = sp.block_diag([path(n) for n in (10, 20, 30, 60)])
    labels = spectral_clustering(graph, n_clusters=2)
    check(labels, 120, 2)
    assert ncut_value(graph, labels) == 0
    assert np.bincount(labels).tolist() == [60, 60]


def test_nodes_without_links_do_not_use_up_clusters():
    graph = sp.block_diag([path(40), sp.csr_array((5, 5))])
    labels = spectral_clustering(graph, n_clusters=2)
    assert len(set(labels[:40])) == 2


@pytest.mark.parametrize("k", [1, 5])
def test_a_graph_without_any_link(k):
    check(spectral_clustering(sp.csr_array((5, 5)), n_clusters=k), 5, k)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_as_many_clusters_as_nodes(n):
    check(spectral_clustering(path(max(n, 1)), n_clusters=n), n, n)


def test_one_cluster_is_everything():
    assert not spectral_clustering(path(9), n_clusters=1).any()


@pytest.mark.parametrize(
    "form",
    [
        sp.csr_matrix,
        sp.csc_matrix,
        sp.coo_matrix,
        sp.csr_array,
        sp.coo_array,
        np.asarray,
        lambda m: sp.csr_array(np.asarray(m, dtype=np.float32)),
        lambda m: sp.csr_array(np.asarray(m * 8, dtype=np.int64)),
        lambda m: sp.csr_array(m + 3 * np.eye(len(m))),
    ],
)
def test_the_form_of_the_matrix_and_self_loops_do_not_matter(form):
    points, _ = datasets.make_blobs(150, centers=3, random_state=0)
    matrix = neighbours(points).toarray()
    wanted = spectral_clustering(matrix, n_clusters=3)
    np.testing.assert_array_equal(spectral_clustering(form(matrix), n_clusters=3), wanted)


def test_the_same_state_gives_the_same_labels():
    points, _ = datasets.make_blobs(300, centers=5, random_state=0, cluster_std=2)
    graph = neighbours(points)
    for state in (None, 3, np.random.RandomState):
        make = state if not callable(state) else None
        once = spectral_clustering(graph, n_clusters=5, random_state=make)
        again = spectral_clustering(graph, n_clusters=5, random_state=make)
        np.testing.assert_array_equal(once, again)
    for kind in (np.random.RandomState, np.random.default_rng):
        once = spectral_clustering(graph, n_clusters=5, random_state=kind(1))
        again = spectral_clustering(graph, n_clusters=5, random_state=kind(1))
        np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"n_clusters": 0}, ValueError, "n_clusters is 0; wanted a number from 1 to the 9"),
        ({"n_clusters": 10}, ValueError, "n_clusters is 10"),
        ({"n_clusters": 2.5}, TypeError, "n_clusters is 2.5"),
        ({"n_clusters": True}, TypeError, "n_clusters is True"),
        ({"n_components": 0}, ValueError, "n_components is 0"),
        ({"n_components": 99}, ValueError, "n_components is 99"),
        ({"assign_labels": "magic"}, ValueError, "'magic'; wanted 'best' or one of kmeans"),
        ({"random_state": -1}, ValueError, "random_state is -1"),
        ({"random_state": "x"}, TypeError, "random_state is 'x'"),
    ],
)
def test_bad_arguments_say_what_is_wrong(options, error, text):
    with pytest.raises(error, match=text):
        spectral_clustering(path(9), **{"n_clusters": 2, **options})


def test_n_components_is_the_number_of_eigenvectors():
    points, _ = datasets.make_blobs(200, centers=3, random_state=0)
    for n_components in (2, 3, 6, 200):
        labels = spectral_clustering(neighbours(points), n_clusters=3, n_components=n_components)
        check(labels, 200, 3)
