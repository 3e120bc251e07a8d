"""The relaxed normalised cut: eigenvectors of a small graph, and partitions read from them.

The generalised problem ``(D - W) x = lambda D x`` is solved in its symmetric form with
``z = D^(1/2) x``. Its k smallest eigenvalues add up to a lower bound of the normalised cut into k
segments, and the rows of its first k eigenvectors are points that fall into k groups.

References
----------
Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on Pattern Analysis
and Machine Intelligence 22(8), 888-905.
von Luxburg (2007), A tutorial on spectral clustering, Statistics and Computing 17(4), 395-416.
Damle, Minden and Ying (2019), Simple, direct and efficient multi-way spectral clustering,
Information and Inference 8(1), 181-203.
Yu and Shi (2003), Multiclass spectral clustering, Ninth IEEE International Conference on Computer
Vision, 313-319.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph import Graph

# Up to this many nodes LAPACK is faster than Lanczos.
DENSE = 160


@dataclass(frozen=True)
class Spectrum:
    """The smallest eigenvalues of a connected graph and their eigenvectors.

    Parameters
    ----------
    values : (m,) ndarray of float64
        Ascending; the first is 0.
    vectors : (n, m) ndarray of float64
        Orthonormal eigenvectors z of the symmetric problem.
    root : (n,) ndarray of float64
        Square root of the volumes; ``vectors / root[:, None]`` solves the generalised problem.
    """

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]
    root: NDArray[np.float64]

    @property
    def embedding(self) -> NDArray[np.float64]:
        """The generalised eigenvectors x, shape (n, m); the first is constant."""
        return self.vectors / self.root[:, None]


def smallest_eigenvectors(graph: Graph, m: int) -> Spectrum:
    """Solve ``(D - W) x = lambda D x`` for the m smallest eigenvalues of a connected graph.

    Parameters
    ----------
    graph : Graph
        Connected, n nodes.
    m : int
        Number of eigenvectors, at most n.
    """
    root = np.sqrt(np.where(graph.volumes > 0, graph.volumes, 1.0))
    rows = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    data = graph.weights / (root[rows] * root[graph.indices])
    degree = np.bincount(rows, weights=graph.weights, minlength=graph.n) / root**2
    links = sp.csr_array((data, graph.indices, graph.indptr), shape=(graph.n, graph.n))
    laplacian = sp.csc_array(sp.diags_array(degree) - links)
    m = min(m, graph.n)
    if graph.n <= DENSE or m > graph.n // 3:
        values, vectors = scipy.linalg.eigh(laplacian.toarray(), subset_by_index=(0, m - 1))
    else:
        values, vectors = _shift_invert(laplacian, m, root)
    # A sign is arbitrary: make the largest entry positive, so that it never depends on the solver.
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.where(vectors[largest, np.arange(m)] < 0, -1.0, 1.0)
    return Spectrum(np.maximum(values, 0.0), vectors, root)


def _shift_invert(
    laplacian: sp.csc_array, m: int, root: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lanczos iteration on the inverse of the (slightly shifted) Laplacian, factorised once."""
    from scipy.sparse.linalg import LinearOperator, eigsh, splu

    n = laplacian.shape[0]
    shift = 1e-9
    factors = splu(
        sp.csc_matrix(laplacian + shift * sp.eye_array(n, format="csc")),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    inverse = LinearOperator((n, n), matvec=factors.solve, dtype=np.float64)
    start = root * (1 + np.random.default_rng(0).random(n))
    values, vectors = eigsh(inverse, k=m, v0=start, which="LM", tol=1e-4)
    order = np.argsort(-values)
    return 1 / values[order] - shift, vectors[:, order]


def cluster_kmeans(
    points: NDArray[np.float64],
    mass: NDArray[np.float64],
    centres: NDArray[np.float64],
    rounds: int = 20,
) -> tuple[NDArray[np.int32], float]:
    """Group points with masses by k-means, from given centres.

    Parameters
    ----------
    points : (n, d) ndarray of float64
        Rows to group.
    mass : (n,) ndarray of float64
        How much each counts.
    centres : (k, d) ndarray of float64
        Where the groups start.
    rounds : int
        Rounds at most; the refinement that follows does the rest.

    Returns
    -------
    labels : (n,) ndarray of int32
        Groups 0 to k - 1.
    inertia : float
        Mass times squared distance to the centre of the group, added up.
    """
    k = len(centres)
    square = (points**2).sum(axis=1)
    last = np.inf
    for _ in range(rounds):
        distance = (centres**2).sum(axis=1) - 2 * (points @ centres.T)
        labels = distance.argmin(axis=1).astype(np.int32)
        inertia = float(mass @ (distance.min(axis=1) + square))
        if inertia >= last * (1 - 1e-4):
            break
        last = inertia
        members = sp.csr_array((mass, labels, np.arange(len(mass) + 1)), shape=(len(mass), k))
        weight = np.bincount(labels, weights=mass, minlength=k)
        centres = (members.T @ points) / np.where(weight > 0, weight, 1.0)[:, None]
    return labels, inertia


def spread_centres(
    points: NDArray[np.float64], mass: NDArray[np.float64], k: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Choose k points far from one another: k-means++, Arthur and Vassilvitskii (2007)."""
    nearest = np.ones(len(points))
    chosen = np.empty(k, dtype=np.intp)
    for c in range(k):
        chance = np.cumsum(mass * nearest)
        chosen[c] = min(np.searchsorted(chance, rng.random() * chance[-1]), len(points) - 1)
        distance = ((points - points[chosen[c]]) ** 2).sum(axis=1)
        nearest = distance if c == 0 else np.minimum(nearest, distance)
    centres: NDArray[np.float64] = points[chosen]
    return centres


def cluster_qr(vectors: NDArray[np.float64]) -> NDArray[np.int32]:
    """Group the rows of k eigenvectors by a QR factorisation with column pivoting.

    Parameters
    ----------
    vectors : (n, k) ndarray of float64
        Eigenvectors.

    Returns
    -------
    (n,) ndarray of int32
        Groups 0 to k - 1.
    """
    k = vectors.shape[1]
    pivots = scipy.linalg.qr(vectors.T, pivoting=True, mode="economic")[2]
    left, _, right = np.linalg.svd(vectors[pivots[:k]].T)
    labels: NDArray[np.int32] = np.abs(vectors @ (left @ right)).argmax(axis=1).astype(np.int32)
    return labels


def discretize(vectors: NDArray[np.float64], seed: int, rounds: int = 30) -> NDArray[np.int32]:
    """Group the rows of k eigenvectors by the rotation that brings them closest to indicators.

    Parameters
    ----------
    vectors : (n, k) ndarray of float64
        Eigenvectors.
    seed : int
        Seed of the first row.
    rounds : int
        Rotations at most.

    Returns
    -------
    (n,) ndarray of int32
        Groups 0 to k - 1.
    """
    n, k = vectors.shape
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = vectors / np.where(length > 0, length, 1.0)
    rotation = np.zeros((k, k))
    rotation[:, 0] = rows[np.random.default_rng(seed).integers(n)]
    overlap = np.zeros(n)
    for j in range(1, k):
        # The row most orthogonal to those chosen.
        overlap += np.abs(rows @ rotation[:, j - 1])
        rotation[:, j] = rows[np.argmin(overlap)]
    last = 0.0
    for _ in range(rounds):
        labels = (rows @ rotation).argmax(axis=1).astype(np.int32)
        left, singular, right = np.linalg.svd(np.eye(k)[labels].T @ rows)
        if abs(singular.sum() - last) < 1e-12:
            break
        last = singular.sum()
        rotation = right.T @ left.T
    return labels
