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
