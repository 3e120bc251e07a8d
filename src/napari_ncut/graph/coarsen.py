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
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.graph.matching import match_heavy_edges
from napari_ncut.graph.pixel_graph import SLAB, Graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Below this there is nothing left to gain.
SMALLEST = 32
# An edge of less than this part of the heaviest of both its ends is not merged: a border may run
# there. Unless the graph would keep more than MOST_LEFT of its nodes.
CONTRAST, MOST_LEFT = 0.25, 0.6


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
    while graph.n > SMALLEST:
        seeds = bound[-1] if bound else None
        if graph.cells is not None:
            # Axes that lag behind wait, until pixels are about as long as wide and deep.
            halved = sizes < 1.5 * sizes.min()
            sizes[halved] *= 2
            parent, n, cells = merge_cells(graph, halved, seeds, monitor)
        else:
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
    for least in (CONTRAST, 0.0):
        parent = np.arange(n, dtype=np.int32)
        bound = np.full(1, -1, dtype=np.int32) if seeds is None else seeds.copy()
        for first in range(0, n, SLAB):
            monitor.check()
            join_cells(
                graph.indptr,
                graph.indices,
                graph.weights,
                graph.cells,
                z,
                y,
                x,
                bound,
                parent,
                least,
                top,
                first,
                min(first + SLAB, n),
            )
        if count_roots(parent) <= MOST_LEFT * n:
            break
    cells = np.empty(n, dtype=np.int64)
    n_merged = number_roots(parent, graph.cells, z, y, x, cells)
    return parent, n_merged, cells[:n_merged].copy()


@compiled
def halve(cell: int, z: int, y: int, x: int) -> int:
    """Halve the packed coordinates along the axes whose flag is 1."""
    return (
        ((cell >> 42) >> z) << 42
        | (((cell >> 21) & 0x1FFFFF) >> y) << 21
        | ((cell & 0x1FFFFF) >> x)
    )


@compiled
def root_of(parent: NDArray[np.int32], node: int) -> int:
    """Return the root of a node, halving the path to it."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def count_roots(parent: NDArray[np.int32]) -> int:
    """Return how many nodes are their own root."""
    count = 0
    for node in range(len(parent)):
        if parent[node] == node:
            count += 1
    return count


@compiled
def heaviest_edge(
    indptr: NDArray[np.signedinteger[Any]], weights: NDArray[np.floating[Any]], node: int
) -> float:
    """Return the weight of the heaviest edge of a node."""
    heaviest = 0.0
    for edge in range(indptr[node], indptr[node + 1]):
        heaviest = max(heaviest, weights[edge])
    return heaviest


@compiled
def join_cells(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    cells: NDArray[np.int64],
    z: int,
    y: int,
    x: int,
    bound: NDArray[np.int32],
    parent: NDArray[np.int32],
    least: float,
    top: float,
    first: int,
    stop: int,
) -> None:
    """Join nodes ``first`` to ``stop`` with their earlier neighbours in the same halved cell.

    Not over an edge of less than ``least`` times the heaviest edge of either end; ``top`` is the
    heaviest of all. ``bound`` is -1 for free nodes, or has length 1 if all are free; it is kept
    for the roots.
    """
    seeded = len(bound) > 1
    for node in range(first, stop):
        cell = halve(cells[node], z, y, x)
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if other >= node or halve(cells[other], z, y, x) != cell:
                continue
            if weights[edge] < least * top:
                common = heaviest_edge(indptr, weights, node)
                common = min(common, heaviest_edge(indptr, weights, other))
                if weights[edge] < least * common:
                    continue
            a = root_of(parent, node)
            b = root_of(parent, other)
            if a == b:
                continue
            if seeded:
                if bound[a] >= 0 and bound[b] >= 0 and bound[a] != bound[b]:
                    continue
                bound[a] = bound[b] = max(bound[a], bound[b])
            # The smaller index is the root: numbering can go from left to right.
            if a < b:
                parent[b] = a
            else:
                parent[a] = b


@compiled
def number_roots(
    parent: NDArray[np.int32],
    cells: NDArray[np.int64],
    z: int,
    y: int,
    x: int,
    merged: NDArray[np.int64],
) -> int:
    """Replace each root by a running number, write the merged cells, return how many there are."""
    count = 0
    for node in range(len(parent)):
        if parent[node] == node:
            merged[count] = halve(cells[node], z, y, x)
            parent[node] = count
            count += 1
        else:
            parent[node] = parent[parent[node]]
    return count


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
        Asked whether to go on.
    """
    monitor = monitor or Monitor()
    starts, children = group_children(parent, n)
    indptr = np.zeros(n + 1, dtype=graph.indptr.dtype)
    indices = np.empty(len(graph.indices), dtype=np.int32)
    weights = np.empty(len(graph.indices), dtype=np.float64)
    volumes = np.empty(n)
    slot = np.full(n, -1, dtype=np.int64)
    for first in range(0, n, SLAB):
        monitor.check()
        add_edges(
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


@compiled
def group_children(
    parent: NDArray[np.int32], n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where the children of each merged node start in a list, and that list."""
    starts = np.zeros(n + 1, dtype=np.int32)
    for node in range(len(parent)):
        starts[parent[node] + 1] += 1
    for node in range(n):
        starts[node + 1] += starts[node]
    children = np.empty(len(parent), dtype=np.int32)
    for node in range(len(parent)):
        children[starts[parent[node]]] = node
        starts[parent[node]] += 1
    for node in range(n, 0, -1):
        starts[node] = starts[node - 1]
    starts[0] = 0
    return starts, children


@compiled
def add_edges(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    parent: NDArray[np.int32],
    starts: NDArray[np.int32],
    children: NDArray[np.int32],
    slot: NDArray[np.int64],
    new_indptr: NDArray[np.signedinteger[Any]],
    new_indices: NDArray[np.int32],
    new_weights: NDArray[np.float64],
    new_volumes: NDArray[np.float64],
    first: int,
    stop: int,
) -> None:
    """Write the rows ``first`` to ``stop`` of the contracted graph.

    ``slot`` remembers where the edge to a merged node was written; older rows lie before this one.
    """
    end = new_indptr[first]
    for merged in range(first, stop):
        row = end
        volume = 0.0
        for child in children[starts[merged] : starts[merged + 1]]:
            volume += volumes[child]
            for edge in range(indptr[child], indptr[child + 1]):
                other = parent[indices[edge]]
                if other == merged:
                    continue
                at = slot[other]
                if at >= row and at < end and new_indices[at] == other:
                    new_weights[at] += weights[edge]
                else:
                    slot[other] = end
                    new_indices[end] = other
                    new_weights[end] = weights[edge]
                    end += 1
        new_volumes[merged] = volume
        new_indptr[merged + 1] = end
