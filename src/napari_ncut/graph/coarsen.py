"""Coarser and coarser graphs: merge a few neighbouring nodes into one, again and again.

Pixels are merged by halving their coordinates, as in the decimated eigenvectors of Arbelaez, but
only where an edge joins them, so that what does not touch is never one node. Graphs without
coordinates are merged by pairs (see `matching`). The graph of the merged nodes is the Galerkin
product: volumes add up and parallel edges add up, so that every partition of the coarse graph has
exactly the cut and the volumes that it has in the fine one.

References
----------
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957.
Arbelaez, Pont-Tuset, Barron, Marques and Malik (2014), Multiscale combinatorial grouping, IEEE
Conference on Computer Vision and Pattern Recognition, 328-335; section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.graph.loops import coarsening as loops
from napari_ncut.graph.matching import match_heavy_edges
from napari_ncut.graph.pixel_graph import SLAB, Graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Below this there is nothing left to gain.
SMALLEST = 32
# An edge of less than this part of the heaviest of both its ends is not merged: a border may run
# there. If so much more of the nodes would stay than of even pixels (a half for each axis that is
# halved), faint borders are everywhere, and nodes are merged by pairs from there on.
CONTRAST, MORE_LEFT = 0.25, 0.15


@dataclass(frozen=True)
class Hierarchy:
    """Graphs from fine to coarse.

    Parameters
    ----------
    graphs : list of Graph
        The finest first.
    parents : list of (n,) ndarray of int32
        The node of the next coarser graph that each node of a graph is part of; one less than
        there are graphs.
    seeds : list of (n,) ndarray of int32
        The segment each node is bound to, -1 if it is free; empty without seeds.
    """

    graphs: list[Graph]
    parents: list[NDArray[np.int32]]
    seeds: list[NDArray[np.int32]]


def build_hierarchy(
    graph: Graph,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    *,
    seeds: NDArray[np.int32] | None = None,
    monitor: Monitor | None = None,
) -> Hierarchy:
    """Coarsen until nothing merges any more, or almost nothing is left.

    Parameters
    ----------
    graph : Graph
        The finest graph; with ``cells`` it is coarsened by its coordinates.
    spacing : sequence of float
        Pixel size along z, y and x: the axes with the smallest pixels are halved first.
    seeds : (n,) ndarray of int32, optional
        Segment that a node is bound to, -1 for free ones; different seeds are never merged.
    monitor : Monitor, optional
        Progress and cancelling.
    """
    monitor = monitor or Monitor()
    graphs, parents = [graph], []
    bound = [] if seeds is None else [seeds]
    sizes = np.array(spacing, dtype=float)
    finest = graph.n
    while graph.n > SMALLEST:  # every round has fewer nodes, or is the last
        seeds, cells = bound[-1] if bound else None, graph.cells
        if cells is not None:
            # Axes that lag behind wait, until pixels are about as long as wide and deep.
            halved = sizes < 1.5 * sizes.min()
            sizes[halved] *= 2
            parent, n, cells = merge_cells(graph, halved, seeds, monitor)
        if cells is None or n > (MORE_LEFT + 0.5 ** np.count_nonzero(halved)) * graph.n:
            parent, n = match_heavy_edges(graph, seeds, monitor)
            cells = None
        if n == graph.n:
            break
        graph = contract(graph, parent, n, cells, monitor)
        graphs.append(graph)
        parents.append(parent)
        if seeds is not None:
            coarse_seeds = np.full(n, -1, dtype=np.int32)
            coarse_seeds[parent[seeds >= 0]] = seeds[seeds >= 0]
            bound.append(coarse_seeds)
        monitor.report(1 - graph.n / finest, "Merging pixels into coarser ones")
    return Hierarchy(graphs, parents, bound)


def merge_cells(
    graph: Graph,
    halved: NDArray[np.bool_],
    seeds: NDArray[np.int32] | None,
    monitor: Monitor,
) -> tuple[NDArray[np.int32], int, NDArray[np.int64]]:
    """Merge nodes that are linked and whose coordinates are the same after halving.

    Returns
    -------
    parent : (n,) ndarray of int32
        The merged node that each node is part of, numbered in raster order.
    n_merged : int
        Number of merged nodes.
    cells : (n_merged,) ndarray of int64
        Their packed coordinates.
    """
    assert graph.cells is not None
    n = graph.n
    z, y, x = (int(flag) for flag in halved)
    top = float(graph.weights.max(initial=0.0))
    parent = np.arange(n, dtype=np.int32)
    bound = np.full(1, -1, dtype=np.int32) if seeds is None else seeds.copy()
    for first in range(0, n, SLAB):
        monitor.check()
        loops.join_cells(
            graph.indptr,
            graph.indices,
            graph.weights,
            graph.cells,
            z,
            y,
            x,
            bound,
            parent,
            CONTRAST,
            top,
            first,
            min(first + SLAB, n),
        )
    cells = np.empty(n, dtype=np.int64)
    n_merged = loops.number_roots(parent, graph.cells, z, y, x, cells)
    return parent, n_merged, cells[:n_merged].copy()


def contract(
    graph: Graph,
    parent: NDArray[np.int32],
    n: int,
    cells: NDArray[np.int64] | None = None,
    monitor: Monitor | None = None,
) -> Graph:
    """Return the graph of the merged nodes: the Galerkin product without its diagonal.

    Parameters
    ----------
    graph : Graph
        The fine graph.
    parent : (graph.n,) ndarray of int32
        The merged node each node is part of, 0 to n - 1.
    n : int
        Number of merged nodes.
    cells : (n,) ndarray of int64, optional
        Packed coordinates of the merged nodes.
    monitor : Monitor, optional
        Checks for cancellation.
    """
    monitor = monitor or Monitor()
    starts, children = np.zeros(n + 1, dtype=np.int32), np.empty(graph.n, dtype=np.int32)
    loops.group_children(parent, starts, children)
    indptr = np.zeros(n + 1, dtype=graph.indptr.dtype)
    indices = np.empty(len(graph.indices), dtype=np.int32)
    weights = np.empty(len(graph.indices), dtype=np.float64)
    volumes = np.empty(n)
    slot = np.full(n, -1, dtype=np.int64)
    for first in range(0, n, SLAB):
        monitor.check()
        loops.add_edges(
            graph.indptr,
            graph.indices,
            graph.weights,
            graph.volumes,
            parent,
            starts,
            children,
            slot,
            indptr,
            indices,
            weights,
            volumes,
            first,
            min(first + SLAB, n),
        )
    # Copies, so that the pages behind the end are given back.
    end = int(indptr[-1])
    return Graph(indptr, indices[:end].copy(), weights[:end].copy(), volumes, cells)
