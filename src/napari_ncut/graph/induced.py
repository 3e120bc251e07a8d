"""The graph of some of the nodes of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.graph.loops import coarsening as loops
from napari_ncut.graph.pixel_graph import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray


def induced_graph(
    graph: Graph, nodes: NDArray[np.signedinteger[Any]]
) -> tuple[Graph, NDArray[np.float64]]:
    """Return the graph of some nodes, and the weight of the edges from each to the others.

    Parameters
    ----------
    graph : Graph
        n nodes.
    nodes : (m,) ndarray of int
        Some of them, each once.

    Returns
    -------
    graph : Graph
        The nodes in this order, the edges between them, and the volumes that the nodes had.
    outer : (m,) ndarray of float64
        Weights that are left out, added up.
    """
    nodes = nodes.astype(np.int32, copy=False)
    position = np.full(graph.n, -1, dtype=np.int32)
    position[nodes] = np.arange(len(nodes), dtype=np.int32)
    most = int((graph.indptr[nodes + 1] - graph.indptr[nodes]).sum(dtype=np.int64))
    indptr = np.zeros(len(nodes) + 1, dtype=np.int64)
    indices = np.empty(most, dtype=np.int32)
    weights = np.empty(most)
    outer = np.zeros(len(nodes))
    loops.copy_rows(
        graph.indptr, graph.indices, graph.weights, nodes, position, indptr, indices, weights, outer
    )
    end = int(indptr[-1])
    narrow = indptr.astype(np.int32) if end < 2**31 else indptr
    return Graph(narrow, indices[:end], weights[:end], graph.volumes[nodes]), outer
