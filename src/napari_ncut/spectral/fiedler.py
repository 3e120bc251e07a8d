"""The second eigenvector of a small graph, roughly and at once.

To see where a segment would split, a few digits are enough. The Rayleigh quotient is minimised by
conjugate gradients, starting from the distance (in edges) to one end of the graph.

References
----------
Fiedler (1975), A property of eigenvectors of nonnegative symmetric matrices and its application to
graph theory, Czechoslovak Mathematical Journal 25(4), 619-633.
Knyazev (2001), Toward the optimal preconditioned eigensolver: locally optimal block preconditioned
conjugate gradient method, SIAM Journal on Scientific Computing 23(2), 517-541; block size 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.spectral.loops import vectors as loops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph


def fiedler_vector(graph: Graph, steps: int = 40) -> NDArray[np.float64]:
    """Return the second eigenvector of ``(D - W) x = lambda D x`` to a few digits.

    Parameters
    ----------
    graph : Graph
        n nodes.
    steps : int
        Steps at most.

    Returns
    -------
    (n,) ndarray of float64
        Of any scale and sign.
    """
    # The loops know graphs of few links alone, in double precision: here they are small.
    indptr = graph.indptr.astype(np.int32, copy=False)
    weights = graph.weights.astype(np.float64, copy=False)
    root = np.sqrt(np.where(graph.volumes > 0, graph.volumes, 1.0))
    distance = np.empty(graph.n, dtype=np.int32)
    loops.distances_from_end(indptr, graph.indices, distance)
    basis = np.zeros((3, graph.n))
    basis[0] = distance * root
    loops.descend_quotient(indptr, graph.indices, weights, root, basis, steps)
    vector: NDArray[np.float64] = basis[0] / root
    return vector


def average_neighbours(graph: Graph, vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each entry of a vector and the weighted mean over its neighbours."""
    result = np.empty(graph.n)
    loops.average_neighbours(graph.indptr, graph.indices, graph.weights, vector, result)
    return result
