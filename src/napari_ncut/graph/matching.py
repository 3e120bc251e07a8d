"""Pairs of nodes to merge, for graphs without coordinates: heavy-edge matching.

References
----------
Karypis and Kumar (1998), A fast and high quality multilevel scheme for partitioning irregular
graphs, SIAM Journal on Scientific Computing 20(1), 359-392.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.graph.loops import coarsening as loops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor
    from napari_ncut.graph.pixel_graph import Graph

# A link weaker than this part of what the strongest link of a node is in the median, is faint.
FAINT = 0.1


def match_heavy_edges(
    graph: Graph, seeds: NDArray[np.int32] | None, monitor: Monitor
) -> tuple[NDArray[np.int32], int]:
    """Merge pairs of nodes over heavy edges, and leaves that share their neighbour.

    An edge is as heavy as its weight over the product of the volumes, so that large nodes do not
    swallow their surroundings. Strong links come first: nodes that others hold together much more
    strongly than these two are (weight over volume) wait for a coarser level, where few are left.
    Else a faint border could run through merged nodes, where no cut of the coarse graph finds it.

    Returns
    -------
    parent : (n,) ndarray of int32
        The merged node that each node is part of.
    n_merged : int
        Number of merged nodes.
    """
    bound = np.full(1, -1, dtype=np.int32) if seeds is None else seeds
    order = np.argsort(np.diff(graph.indptr), kind="stable").astype(np.int32)
    links = graph.indptr, graph.indices, np.asarray(graph.weights, dtype=np.float64), graph.volumes
    strengths = np.empty(graph.n)
    loops.strongest_links(*links, strengths)
    parent = np.empty(graph.n, dtype=np.int32)
    n = graph.n
    for least in (FAINT * float(np.median(strengths)), 0.0):
        mate = np.full(graph.n, -1, dtype=np.int32)
        monitor.check()
        loops.match_nodes(*links, bound, order, least, mate)
        monitor.check()
        loops.match_leaves(*links, bound, least, mate)
        n = loops.number_pairs(mate, parent)
        # A matching that hardly shrinks the graph is not worth its level.
        if n < 0.95 * graph.n:
            return parent, n
    return parent, graph.n
