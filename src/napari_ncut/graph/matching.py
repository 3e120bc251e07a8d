"""Pairs of nodes to merge, for graphs without coordinates: heavy-edge matching.

References
----------
Karypis and Kumar (1998), A fast and high quality multilevel scheme for partitioning irregular
graphs, SIAM Journal on Scientific Computing 20(1), 359-392.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor
    from napari_ncut.graph.pixel_graph import Graph


def match_heavy_edges(
    graph: Graph, seeds: NDArray[np.int32] | None, monitor: Monitor
) -> tuple[NDArray[np.int32], int]:
    """Merge pairs of nodes over heavy edges, and leaves that share their neighbour.

    An edge is as heavy as its weight over the product of the volumes, so that large nodes do not
    swallow their surroundings.

    Returns
    -------
    parent : (n,) ndarray of int32
        The merged node that each node is part of.
    n_merged : int
        Number of merged nodes.
    """
    monitor.check()
    bound = np.full(1, -1, dtype=np.int32) if seeds is None else seeds
    order = np.argsort(np.diff(graph.indptr), kind="stable").astype(np.int32)
    mate = np.full(graph.n, -1, dtype=np.int32)
    match_nodes(graph.indptr, graph.indices, graph.weights, graph.volumes, bound, order, mate)
    monitor.check()
    match_leaves(graph.indptr, graph.indices, graph.weights, bound, mate)
    parent = np.empty(graph.n, dtype=np.int32)
    n = number_pairs(mate, parent)
    # A matching that hardly shrinks the graph is not worth its level.
    return parent, n if n < 0.95 * graph.n else graph.n


@compiled
def match_nodes(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    bound: NDArray[np.int32],
    order: NDArray[np.int32],
    mate: NDArray[np.int32],
) -> None:
    """Give each node in turn the free neighbour with the heaviest edge as its mate."""
    seeded = len(bound) > 1
    for node in order:
        if mate[node] >= 0:
            continue
        best = -1
        heaviest = 0.0
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if mate[other] >= 0 or other == node:
                continue
            if seeded and bound[node] >= 0 and bound[other] >= 0 and bound[node] != bound[other]:
                continue
            weight = weights[edge] / volumes[other]
            if weight > heaviest:
                heaviest = weight
                best = other
        if best >= 0:
            mate[node] = best
            mate[best] = node


@compiled
def match_leaves(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    bound: NDArray[np.int32],
    mate: NDArray[np.int32],
) -> None:
    """Pair nodes left over that have the same heaviest neighbour, as the leaves of a star."""
    seeded = len(bound) > 1
    waiting = np.full(len(mate), -1, dtype=np.int32)
    for node in range(len(mate)):
        if mate[node] >= 0 or indptr[node] == indptr[node + 1]:
            continue
        hub = indices[indptr[node]]
        heaviest = weights[indptr[node]]
        for edge in range(indptr[node] + 1, indptr[node + 1]):
            if weights[edge] > heaviest:
                heaviest = weights[edge]
                hub = indices[edge]
        other = waiting[hub]
        if other < 0:
            waiting[hub] = node
        elif not (
            seeded and bound[node] >= 0 and bound[other] >= 0 and bound[node] != bound[other]
        ):
            mate[node] = other
            mate[other] = node
            waiting[hub] = -1


@compiled
def number_pairs(mate: NDArray[np.int32], parent: NDArray[np.int32]) -> int:
    """Number pairs and single nodes in order of their first node; return how many there are."""
    count = 0
    for node in range(len(mate)):
        if mate[node] < 0 or mate[node] >= node:
            parent[node] = count
            count += 1
        else:
            parent[node] = parent[mate[node]]
    return count
