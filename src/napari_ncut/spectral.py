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
from numpy.typing import NDArray

from napari_ncut.compiled import compiled

if TYPE_CHECKING:
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
    """Block Krylov iteration on the inverse of the (slightly shifted) Laplacian.

    A block finds eigenvalues that are the same or nearly so, as a square has them, whatever the
    rounding; the Laplacian is factorised once.
    """
    from scipy.sparse.linalg import splu

    n = laplacian.shape[0]
    factors = splu(
        sp.csc_matrix(laplacian + 1e-7 * sp.eye_array(n, format="csc")),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    block = np.random.default_rng(0).standard_normal((n, m + 2)) * root[:, None]
    block[:, 0] = root
    for _ in range(12):
        basis = np.linalg.qr(block)[0]
        block = basis
        for _ in range(3):
            block = factors.solve(block)
            for _ in range(2):  # twice is enough to be orthogonal to rounding
                block -= basis @ (basis.T @ block)
                block = np.linalg.qr(block)[0]
            basis = np.hstack((basis, block))
            if basis.shape[1] + block.shape[1] > n:
                break
        image = laplacian @ basis
        values, rotation = np.linalg.eigh(basis.T @ image)
        block = basis @ rotation[:, : m + 2]
        residual = np.linalg.norm(image @ rotation[:, :m] - block[:, :m] * values[:m], axis=0)
        if residual.max() <= 1e-4 * values[m - 1]:
            break
    return values[:m], block[:, :m]


def cluster_kmeans(
    points: NDArray[np.float64], mass: NDArray[np.float64], k: int, seed: int, starts: int = 4
) -> NDArray[np.int32]:
    """Group points by k-means with masses: the best of some k-means++ starts.

    Parameters
    ----------
    points : (n, d) ndarray of float64
        Rows to group.
    mass : (n,) ndarray of float64
        How much each counts.
    k : int
        Number of groups.
    seed : int
        Seed of the starts.
    starts : int
        How many are tried.

    Returns
    -------
    (n,) ndarray of int32
        Groups 0 to k - 1.
    """
    draws = np.random.default_rng(seed).random((starts, k))
    best: NDArray[np.int32] | None = None
    lowest = np.inf
    points = np.ascontiguousarray(points)
    for start in draws:
        labels = np.zeros(len(points), dtype=np.int32)
        inertia = lloyd(points, mass, start, labels)
        if inertia < lowest:
            best, lowest = labels, inertia
    assert best is not None
    return best


@compiled
def lloyd(
    points: NDArray[np.float64],
    mass: NDArray[np.float64],
    draws: NDArray[np.float64],
    labels: NDArray[np.int32],
) -> float:
    """Run k-means from one k-means++ start; write the groups, return the inertia."""
    n, d = points.shape
    k = len(draws)
    centres = np.zeros((k, d))
    nearest = np.full(n, np.inf)
    chance = mass.copy()
    for c in range(k):
        # A point with a chance in proportion to its mass times its squared distance.
        wanted = draws[c] * chance.sum()
        chosen = 0
        while chosen < n - 1 and wanted > chance[chosen]:
            wanted -= chance[chosen]
            chosen += 1
        centres[c] = points[chosen]
        for i in range(n):
            distance = 0.0
            for j in range(d):
                distance += (points[i, j] - centres[c, j]) ** 2
            nearest[i] = min(nearest[i], distance)
            chance[i] = mass[i] * nearest[i]
    inertia = np.inf
    weight = np.zeros(k)
    for _ in range(100):
        total = 0.0
        for i in range(n):
            best = np.inf
            for c in range(k):
                distance = 0.0
                for j in range(d):
                    distance += (points[i, j] - centres[c, j]) ** 2
                if distance < best:
                    best = distance
                    labels[i] = c
            total += mass[i] * best
        centres[:] = 0.0
        weight[:] = 0.0
        for i in range(n):
            weight[labels[i]] += mass[i]
            for j in range(d):
                centres[labels[i], j] += mass[i] * points[i, j]
        for c in range(k):
            if weight[c] > 0:
                centres[c] /= weight[c]
            else:
                centres[c] = np.inf
        if total >= inertia * (1 - 1e-6):
            return total
        inertia = total
    return inertia


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
