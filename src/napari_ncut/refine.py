"""Lower the normalised cut of a partition, level by level.

Three methods on one measure, the sum of *cut / volume*: every node at a border goes where the cut
is lower, until none does; the borders of two segments are redrawn along the minimum cut in a band;
then whole sequences of moves are tried that climb before they fall, and the best beginning of each
is kept.

References
----------
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957; section 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.compiled import compiled
from napari_ncut.flow import redraw_border
from napari_ncut.monitor import Monitor
from napari_ncut.moves import climb, descend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph import Graph

# Moves between two questions whether the run is cancelled.
CHUNK = 100_000
# A lower cut than this (relative) is worth another round.
LEAST = 1e-4
# Half the width of the bands in which borders are redrawn, in nodes, and the rounds of that.
HOPS, ROUNDS = 6, 3


@dataclass
class Partition:
    """Segments of the nodes of a graph, with all that their normalised cut needs.

    Parameters
    ----------
    labels : (n,) ndarray of int32
        Segments 0 to k - 1.
    sums : (3, k) ndarray of float64
        Cut, volume and number of nodes of each segment.
    """

    labels: NDArray[np.int32]
    sums: NDArray[np.float64]

    @property
    def ncut(self) -> float:
        """The normalised cut."""
        cut, volume = self.sums[0], self.sums[1]
        return float((cut[volume > 0] / volume[volume > 0]).sum())


def measure(graph: Graph, labels: NDArray[np.int32], k: int) -> Partition:
    """Return labels together with the cut, volume and size of their k segments."""
    sums = np.zeros((3, k))
    add_up(graph.indptr, graph.indices, graph.weights, graph.volumes, labels, sums)
    return Partition(labels, sums)


@compiled
def add_up(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Add cut, volume and number of nodes to ``sums`` of each segment."""
    for node in range(len(labels)):
        label = labels[node]
        sums[1, label] += volumes[node]
        sums[2, label] += 1
        for edge in range(indptr[node], indptr[node + 1]):
            if labels[indices[edge]] != label:
                sums[0, label] += weights[edge]


def refine(
    graph: Graph,
    partition: Partition,
    *,
    bound: NDArray[np.bool_] | None = None,
    patience: int = 60,
    passes: int = 4,
    monitor: Monitor | None = None,
) -> None:
    """Lower the normalised cut of a partition in place; it never rises.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Changed in place.
    bound : (n,) ndarray of bool, optional
        Nodes that keep their segment.
    patience : int
        Moves that are tried without a new best before a sequence ends.
    passes : int
        Sequences at most.
    monitor : Monitor, optional
        Asked whether to go on.
    """
    monitor = monitor or Monitor()
    if partition.sums.shape[1] < 2:
        return
    border = border_nodes(graph.indptr, graph.indices, partition.labels)
    state = np.zeros(graph.n, dtype=np.uint8)
    if bound is not None:
        state[bound] = 2
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    queue = border
    while len(queue):
        monitor.check()
        queue = descend(*arrays, partition.labels, partition.sums, state, queue, CHUNK)
    redraw_borders(graph, partition, border, state, monitor)
    for _ in range(passes):
        monitor.check()
        border = border_among(graph.indptr, graph.indices, partition.labels, border)
        gain = climb(*arrays, partition.labels, partition.sums, state, border, patience)
        if gain > -LEAST * partition.ncut:
            break


def redraw_borders(
    graph: Graph,
    partition: Partition,
    border: NDArray[np.int32],
    state: NDArray[np.uint8],
    monitor: Monitor,
) -> None:
    """Redraw all borders between two segments while that lowers the normalised cut, in place.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Its k segments.
    border : ndarray of int32
        Nodes near the borders.
    state : (n,) ndarray of uint8
        2 for nodes that keep their segment.
    monitor : Monitor
        Asked whether to go on.
    """
    k = partition.sums.shape[1]
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    position = np.full(graph.n, -1, dtype=np.int32)
    changed = np.ones(k, dtype=bool)
    for _ in range(ROUNDS):
        border = border_among(graph.indptr, graph.indices, partition.labels, border)
        pairs, nodes = border_pairs(graph.indptr, graph.indices, partition.labels, border, k)
        order = np.argsort(pairs, kind="stable")
        keys, starts = np.unique(pairs[order], return_index=True)
        active, changed = changed, np.zeros(k, dtype=bool)
        before = partition.ncut
        for key, between in zip(keys, np.split(nodes[order], starts[1:]), strict=True):
            monitor.check()
            a, b = divmod(int(key), k)
            if not (active[a] or active[b]):
                continue
            gain = redraw_border(
                *arrays, partition.labels, partition.sums, state, position, between, a, b, HOPS
            )
            if gain < -LEAST * before / k:
                changed[a] = changed[b] = True
        if not changed.any():
            break


@compiled
def border_pairs(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    border: NDArray[np.int32],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return ``a * k + b`` for the two segments a < b of edges that are cut, and a node of each."""
    pairs = [np.int64(0) for _ in range(0)]
    nodes = [np.int32(0) for _ in range(0)]
    for node in border:
        for edge in range(indptr[node], indptr[node + 1]):
            a = labels[node]
            b = labels[indices[edge]]
            if a < b:
                pairs.append(np.int64(a) * k + b)
                nodes.append(np.int32(node))
    return np.array(pairs, dtype=np.int64), np.array(nodes, dtype=np.int32)


@compiled
def border_nodes(
    indptr: NDArray[np.signedinteger[Any]], indices: NDArray[np.int32], labels: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the nodes that have a neighbour in another segment."""
    found = np.empty(len(labels), dtype=np.int32)
    count = 0
    for node in range(len(labels)):
        for edge in range(indptr[node], indptr[node + 1]):
            if labels[indices[edge]] != labels[node]:
                found[count] = node
                count += 1
                break
    return found[:count].copy()


@compiled
def border_among(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    nodes: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return the border nodes among some nodes, their neighbours, and the neighbours of those."""
    seen = set(nodes)
    ring = nodes
    for _ in range(2):
        fresh = [np.int32(0) for _ in range(0)]
        for node in ring:
            for edge in range(indptr[node], indptr[node + 1]):
                if indices[edge] not in seen:
                    seen.add(indices[edge])
                    fresh.append(indices[edge])
        ring = np.array(fresh, dtype=np.int32)
    found = [np.int32(0) for _ in range(0)]
    for node in seen:
        for edge in range(indptr[node], indptr[node + 1]):
            if labels[indices[edge]] != labels[node]:
                found.append(node)
                break
    return np.sort(np.array(found, dtype=np.int32))
