"""Spectral clustering of any graph: what scikit-learn's function of that name does, multilevel."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core import validation as checks
from napari_ncut.core.blas import one_blas_thread
from napari_ncut.core.monitor import Monitor
from napari_ncut.cutting.multilevel import MultilevelCut
from napari_ncut.cutting.numbering import numbers_by_appearance
from napari_ncut.graph.affinity import as_affinity
from napari_ncut.graph.coarsen import build_hierarchy
from napari_ncut.graph.induced import induced_graph
from napari_ncut.graph.pixel_graph import Graph
from napari_ncut.spectral.rounding import METHODS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOLVERS = ("arpack", "lobpcg", "amg")


def spectral_clustering(
    affinity: Any,
    *,
    n_clusters: int = 8,
    n_components: int | None = None,
    eigen_solver: str | None = None,
    random_state: int | np.random.RandomState | np.random.Generator | None = None,
    n_init: int = 10,
    eigen_tol: float | str = "auto",
    assign_labels: str = "best",
    verbose: bool = False,
) -> NDArray[np.int32]:
    """Cluster the nodes of a graph so that the normalised cut is low.

    It stands in for `sklearn.cluster.spectral_clustering`: the arguments mean the same.

    Parameters
    ----------
    affinity : (n, n) sparse matrix, sparse array or array_like
        Symmetric weights that are not negative. The diagonal does not count.
    n_clusters : int
        Number of clusters, 1 to n.
    n_components : int, optional
        Number of eigenvectors to read the clusters from; ``n_clusters`` by default.
    eigen_solver : {None, "arpack", "lobpcg", "amg"}
        Accepted in scikit-learn's place, and without effect: the eigenvectors are those of a coarse
        graph, for which one solver serves. "amg" is refused without pyamg, as there.
    random_state : int, RandomState, Generator or None
        Seed of the k-means starts. None is 0: the same input gives the same labels.
    n_init : int
        Accepted, and without effect: refinement makes up for the start.
    eigen_tol : float or "auto"
        Accepted, and without effect: the eigenvectors of the coarse graph are exact.
    assign_labels : {"best", "kmeans", "discretize", "cluster_qr"}
        How clusters are read from the eigenvectors of the coarse graph, before their borders are
        refined; "best" tries several and takes the lowest cut.
    verbose : bool
        Whether to print how labels are assigned.

    Returns
    -------
    (n,) ndarray of int32
        Clusters 0 to ``n_clusters`` - 1, none of them empty, in the order in which they appear.

    Raises
    ------
    TypeError
        If the affinity is a `numpy.matrix` or does not hold real numbers.
    ValueError
        If the affinity is not square, or holds NaN, infinite or negative weights; if
        ``n_clusters`` or ``n_components`` is out of range; for an unknown ``assign_labels`` or
        ``eigen_solver``.

    Warns
    -----
    UserWarning
        If the affinity is not symmetric; the mean with its transpose is taken.

    Notes
    -----
    Components share the clusters so that the total cut is least. Nodes without links change no
    cut: they join the largest cluster, unless their number is needed. With fewer clusters than
    components, components are put together so that the clusters are about equal in volume.

    References
    ----------
    Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel
    approach, IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957.

    Examples
    --------
    >>> import numpy as np
    >>> affinity = np.kron(np.eye(2), np.ones((3, 3)))
    >>> affinity[2, 3] = affinity[3, 2] = 0.1
    >>> spectral_clustering(affinity, n_clusters=2)
    array([0, 0, 0, 1, 1, 1], dtype=int32)
    """
    matrix = as_affinity(affinity)
    n = matrix.shape[0]
    k = checks.integer(n_clusters, "n_clusters")
    if not 1 <= k <= n:
        raise ValueError(f"n_clusters is {k}; wanted a number from 1 to the {n} nodes.")
    if n_components is not None:
        n_components = checks.integer(n_components, "n_components")
        if not 1 <= n_components <= n:
            raise ValueError(f"n_components is {n_components}; wanted 1 to the {n} nodes, or None.")
    if assign_labels != "best" and assign_labels not in METHODS:
        raise ValueError(
            f"assign_labels is {assign_labels!r}; wanted 'best' or one of {', '.join(METHODS)}."
        )
    _check_solver(eigen_solver, n_init, eigen_tol)
    seed = _seed(random_state)
    if verbose:
        print(f"Computing label assignment using {assign_labels}")  # noqa: T201 as scikit-learn
    linked = np.flatnonzero(np.diff(matrix.indptr))
    labels = np.zeros(n, dtype=np.int32)
    used = min(k, len(linked))
    if used:
        graph = Graph(
            matrix.indptr.astype(np.int32 if matrix.nnz < 2**31 else np.int64),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.asarray(matrix.sum(axis=1), dtype=np.float64),
        )
        if len(linked) < n:
            graph = induced_graph(graph, linked)[0]
        methods = () if assign_labels == "best" else (assign_labels,)
        found = _cluster_linked(graph, used, n_components, seed, methods)
        labels[:] = np.bincount(found).argmax()
        labels[linked] = found
    # More clusters than nodes with links: the others are clusters of their own.
    alone = np.flatnonzero(np.diff(matrix.indptr) == 0)
    labels[alone[: k - used]] = used + np.arange(k - used)
    return numbers_by_appearance(labels, k)[labels]


def _check_solver(eigen_solver: Any, n_init: Any, eigen_tol: Any) -> None:
    """Raise an error for what scikit-learn would not take either."""
    if eigen_solver not in (None, *SOLVERS):
        raise ValueError(
            f"eigen_solver is {eigen_solver!r}; wanted None or one of {', '.join(SOLVERS)}."
        )
    if eigen_solver == "amg" and find_spec("pyamg") is None:
        raise ValueError(
            "eigen_solver is 'amg', but pyamg is not installed; leave eigen_solver out, it is not "
            "needed here."
        )
    if checks.integer(n_init, "n_init") < 1:
        raise ValueError(f"n_init is {n_init}; wanted 1 or more.")
    if eigen_tol != "auto":
        checks.real(eigen_tol, "eigen_tol")


def _seed(random_state: Any) -> int:
    """Return an integer seed for what scikit-learn takes as a random state."""
    if random_state is None:
        return 0
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    seed = checks.integer(random_state, "random_state")
    if seed < 0:
        raise ValueError(f"random_state is {seed}; wanted 0 or a positive integer.")
    return seed


def _cluster_linked(
    graph: Graph, k: int, n_components: int | None, seed: int, methods: tuple[str, ...]
) -> NDArray[np.int32]:
    """Cluster a graph in which every node has a link."""
    with one_blas_thread():
        cut = MultilevelCut(
            build_hierarchy(graph), random_state=seed, methods=methods, n_eigenvectors=n_components
        )
        count = cut.components.n
        if k < count:
            of = cut.components.of[0]
            volumes = np.zeros(count)
            np.add.at(volumes, of, graph.volumes)
            return _pack(volumes, k)[cut.components.of[0]]
        shares = cut.share(k, np.ones(count, dtype=bool), Monitor())
        return cut.partition(shares).labels


def _pack(volumes: NDArray[np.float64], k: int) -> NDArray[np.int32]:
    """Put components into k clusters of about equal volume: the largest first."""
    filled = np.zeros(k)
    cluster = np.empty(len(volumes), dtype=np.int32)
    for c in np.argsort(-volumes, kind="stable"):
        cluster[c] = filled.argmin()
        filled[cluster[c]] += volumes[c]
    return cluster
