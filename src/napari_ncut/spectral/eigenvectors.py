"""The relaxed normalised cut: eigenvectors of a small graph.

The generalised problem ``(D - W) x = lambda D x`` is solved in its symmetric form with
``z = D^(1/2) x``. Its k smallest eigenvalues add up to a lower bound of the normalised cut into k
segments.

References
----------
Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on Pattern Analysis
and Machine Intelligence 22(8), 888-905.
von Luxburg (2007), A tutorial on spectral clustering, Statistics and Computing 17(4), 395-416.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph

# Up to this many nodes LAPACK is faster than Lanczos.
DENSE = 160
# What is added to the Laplacian, which has no inverse.
SHIFT = 1e-9
# With more links of each node than this, factors fill up; Lanczos iteration without them needs
# more steps, which are cheap, as such graphs have few small eigenvalues. It starts so often anew.
MANY_LINKS, RESTARTS = 32, 30


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
    links = -graph.weights / (root[rows] * root[graph.indices])
    degree = np.bincount(rows, weights=graph.weights, minlength=graph.n) / root**2
    m = min(m, graph.n)
    if graph.n <= DENSE or m > graph.n // 3:
        laplacian = np.diag(degree)
        np.add.at(laplacian, (rows, graph.indices), links)
        values, vectors = scipy.linalg.eigh(laplacian, subset_by_index=(0, m - 1))
    else:
        every = np.arange(graph.n)
        columns: NDArray[np.int64] = np.append(graph.indices, every)
        entries = np.append(links, degree + SHIFT), (np.append(rows, every), columns)
        shifted = sp.csc_matrix(entries, shape=(graph.n, graph.n))
        start = root * (1 + np.random.default_rng(0).random(graph.n))
        solve = _lanczos if len(graph.indices) > MANY_LINKS * graph.n else _shift_invert
        values, vectors = solve(shifted, m, start)
        values -= SHIFT
    # A sign is arbitrary: make the largest entry positive, so that it never depends on the solver.
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.where(vectors[largest, np.arange(m)] < 0, -1.0, 1.0)
    return Spectrum(np.maximum(values, 0.0), vectors, root)


def _shift_invert(
    matrix: sp.csc_matrix, m: int, start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lanczos iteration on the inverse of a matrix, factorised once."""
    from scipy.sparse.linalg import LinearOperator, eigsh, splu

    factors = splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    inverse = LinearOperator(matrix.shape, matvec=factors.solve, dtype=np.float64)
    values, vectors = eigsh(inverse, k=m, v0=start, which="LM", tol=1e-4)
    order = np.argsort(-values)
    return 1 / values[order], vectors[:, order]


def _lanczos(
    matrix: sp.csc_matrix, m: int, start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lanczos iteration on a matrix whose factors would be nearly full; its values are up to 2."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    turned = LinearOperator(matrix.shape, matvec=lambda x: 2 * x - matrix @ x, dtype=np.float64)
    try:
        values, vectors = eigsh(turned, k=m, v0=start, which="LA", tol=1e-6, maxiter=RESTARTS)
    except ArpackNoConvergence:
        return _shift_invert(matrix, m, start)
    order = np.argsort(-values)
    return 2 - values[order], vectors[:, order]
