"""The estimator keeps scikit-learn's contract, and the function stands in for scikit-learn's."""

import numpy as np
import pytest
from sklearn.cluster import SpectralClustering
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from napari_ncut import NcutClustering, spectral_clustering

OURS = {"assign_labels"}


@parametrize_with_checks([NcutClustering(n_clusters=3)])
def test_estimator_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def test_parameters_are_those_of_scikit_learn():
    ours, theirs = NcutClustering().get_params(), SpectralClustering().get_params()
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if ours[name] != theirs[name]} == OURS


@pytest.mark.parametrize("affinity", ["rbf", "nearest_neighbors", "laplacian", "precomputed"])
def test_clusters_are_those_of_scikit_learn_where_there_is_no_doubt(affinity):
    samples, truth = make_blobs(120, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    given = np.exp(-pairwise_distances(samples)) if affinity == "precomputed" else samples
    ours = NcutClustering(3, affinity=affinity).fit_predict(given)
    theirs = SpectralClustering(3, affinity=affinity, random_state=0).fit_predict(given)
    assert adjusted_rand_score(truth, ours) == adjusted_rand_score(truth, theirs) == 1


def test_neighbours_may_be_computed_before():
    samples, truth = make_moons(200, noise=0.05, random_state=0)
    found = NcutClustering(2, affinity="nearest_neighbors").fit_predict(samples)
    before = NcutClustering(2, affinity="precomputed_nearest_neighbors").fit_predict(
        pairwise_distances(samples)
    )
    assert adjusted_rand_score(truth, found) == 1
    np.testing.assert_array_equal(found, before)


def test_a_callable_is_a_kernel():
    samples, truth = make_blobs(40, centers=[[0, 0], [8, 0]], random_state=0)
    kernel = NcutClustering(
        2,
        affinity=lambda a, b, scale: np.exp(-((a - b) ** 2).sum() / scale),
        kernel_params={"scale": 2.0},
    )
    assert adjusted_rand_score(truth, kernel.fit_predict(samples)) == 1


def test_it_is_a_step_of_a_pipeline():
    samples, truth = make_blobs(90, centers=[[0, 0], [9, 0]], random_state=1)
    steps = make_pipeline(StandardScaler(), NcutClustering(2))
    assert adjusted_rand_score(truth, steps.fit_predict(samples)) == 1


@pytest.mark.parametrize("solver", [None, "arpack", "lobpcg"])
def test_solvers_of_scikit_learn_change_nothing(solver):
    affinity = np.kron(np.eye(3), np.ones((4, 4))) + 0.01
    found = spectral_clustering(
        affinity, n_clusters=3, eigen_solver=solver, n_init=3, eigen_tol=0.1
    )
    np.testing.assert_array_equal(found, np.repeat(np.arange(3), 4))


@pytest.mark.parametrize(
    ("name", "value"),
    [("eigen_solver", "qr"), ("n_init", 0), ("eigen_tol", "x"), ("eigen_tol", -1)],
)
def test_what_scikit_learn_refuses_is_refused_by_name(name, value):
    with pytest.raises((TypeError, ValueError), match=name):
        spectral_clustering(np.ones((4, 4)), n_clusters=2, **{name: value})


def test_numpy_matrices_are_refused_in_the_words_of_scikit_learn():
    message = r"np\.matrix is not supported. Please convert to a numpy array"
    with pytest.raises(TypeError, match=message):
        spectral_clustering(np.matrix([[0.0, 2.0], [2.0, 0.0]]))


def test_verbose_tells_how_labels_are_assigned(capsys):
    NcutClustering(2, verbose=True).fit(np.arange(6.0)[:, np.newaxis])
    assert capsys.readouterr().out == "Computing label assignment using best\n"
