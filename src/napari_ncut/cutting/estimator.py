"""Spectral clustering as an estimator of scikit-learn: for pipelines, searches and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.metrics.pairwise import KERNEL_PARAMS, pairwise_kernels
from sklearn.neighbors import NearestNeighbors, kneighbors_graph
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from napari_ncut.cutting.clustering import SOLVERS, spectral_clustering
from napari_ncut.spectral.rounding import METHODS

GRAPHS = ("nearest_neighbors", "precomputed", "precomputed_nearest_neighbors")


class NcutClustering(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Cluster samples by normalised cuts: `sklearn.cluster.SpectralClustering`, multilevel.

    Parameters
    ----------
    n_clusters : int
        Number of clusters.
    eigen_solver, n_init, eigen_tol, verbose
        Accepted in scikit-learn's place; see `spectral_clustering`.
    n_components : int, optional
        Number of eigenvectors to read the clusters from; ``n_clusters`` by default.
    random_state : int, RandomState or None
        Seed; None is 0.
    gamma : float
        Coefficient of the kernels rbf, poly, sigmoid, laplacian and chi2.
    affinity : str or callable
        "nearest_neighbors", "precomputed", "precomputed_nearest_neighbors", or a kernel of
        `sklearn.metrics.pairwise.pairwise_kernels`.
    n_neighbors : int
        Neighbours of each sample in the graphs of neighbours.
    assign_labels : {"best", "kmeans", "discretize", "cluster_qr"}
        See `spectral_clustering`.
    degree, coef0 : float
        Of the kernels poly and sigmoid.
    kernel_params : dict, optional
        Of a callable kernel.
    n_jobs : int, optional
        Processes that look for neighbours.

    Attributes
    ----------
    affinity_matrix_ : (n, n) array or sparse array
        The graph.
    labels_ : (n,) ndarray of int32
        Cluster of each sample.
    n_features_in_ : int
        Number of columns of the samples.

    See Also
    --------
    spectral_clustering : The function, for a graph.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_ncut import NcutClustering
    >>> samples = np.array([[1, 1], [2, 1], [1, 0], [4, 7], [3, 5], [3, 6]])
    >>> NcutClustering(n_clusters=2).fit(samples).labels_
    array([0, 0, 0, 1, 1, 1], dtype=int32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "eigen_solver": [StrOptions(set(SOLVERS)), None],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "gamma": [Interval(Real, 0, None, closed="left")],
        "affinity": [StrOptions({*KERNEL_PARAMS, *GRAPHS}), callable],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "eigen_tol": [Interval(Real, 0.0, None, closed="left"), StrOptions({"auto"})],
        "assign_labels": [StrOptions({"best", *METHODS})],
        "degree": [Interval(Real, 0, None, closed="left")],
        "coef0": [Interval(Real, None, None, closed="neither")],
        "kernel_params": [dict, None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        eigen_solver: str | None = None,
        n_components: int | None = None,
        random_state: Any = None,
        n_init: int = 10,
        gamma: float = 1.0,
        affinity: str | Callable[..., float] = "rbf",
        n_neighbors: int = 10,
        eigen_tol: float | str = "auto",
        assign_labels: str = "best",
        degree: float = 3,
        coef0: float = 1,
        kernel_params: dict[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_clusters = n_clusters
        self.eigen_solver = eigen_solver
        self.n_components = n_components
        self.random_state = random_state
        self.n_init = n_init
        self.gamma = gamma
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.eigen_tol = eigen_tol
        self.assign_labels = assign_labels
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: object = None) -> NcutClustering:
        """Cluster samples, or the nodes of a graph that is ``X`` itself.

        Parameters
        ----------
        X : (n, n_features) array_like, or (n, n) graph if the affinity is precomputed
            Samples.
        y : object
            Ignored.

        Returns
        -------
        NcutClustering
            This estimator.
        """
        self._validate_params()
        samples = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc", "coo"],
            dtype=np.float64,
            ensure_min_samples=2,
        )
        self.affinity_matrix_ = self._graph(samples)
        self.labels_: NDArray[np.int32] = spectral_clustering(
            self.affinity_matrix_,
            n_clusters=self.n_clusters,
            n_components=self.n_components,
            eigen_solver=self.eigen_solver,
            random_state=self.random_state,
            n_init=self.n_init,
            eigen_tol=self.eigen_tol,
            assign_labels=self.assign_labels,
            verbose=bool(self.verbose),
        )
        return self

    def _graph(self, samples: Any) -> Any:
        """Return the affinity of samples, as scikit-learn builds it."""
        if self.affinity == "precomputed":
            return samples
        if self.affinity == "nearest_neighbors":
            links = kneighbors_graph(
                samples, self.n_neighbors, include_self=True, n_jobs=self.n_jobs
            )
            return 0.5 * (links + links.T)
        if self.affinity == "precomputed_nearest_neighbors":
            search = NearestNeighbors(
                n_neighbors=self.n_neighbors, n_jobs=self.n_jobs, metric="precomputed"
            )
            links = search.fit(samples).kneighbors_graph(samples, mode="connectivity")
            return 0.5 * (links + links.T)
        given = dict(self.kernel_params or {})
        if not callable(self.affinity):
            given |= {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        return pairwise_kernels(samples, metric=self.affinity, filter_params=True, **given)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.affinity in ("precomputed", "precomputed_nearest_neighbors")
        return tags
