"""Move nodes between neighbouring segments while the normalised cut falls.

Two methods on one measure, the change of the sum of *cut / volume* when one node changes sides:
first every node at a border goes where the cut is lower, until none does; then whole sequences of
moves are tried that climb before they fall, and the best beginning of each is kept.

References
----------
Fiduccia and Mattheyses (1982), A linear-time heuristic for improving network partitions, 19th
Design Automation Conference, 175-181.
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957; section 4.3.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.compiled import compiled
from napari_ncut.monitor import Monitor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph import Graph

# Moves between two questions whether the run is cancelled.
CHUNK = 100_000
# A lower cut than this (relative) counts as lower; less is rounding.
LEAST = 1e-12


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
    border: NDArray[np.int32] | None = None,
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
    border : ndarray of int32, optional
        The nodes with a neighbour in another segment.
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
    if border is None:
        border = border_nodes(graph.indptr, graph.indices, partition.labels)
    state = np.zeros(graph.n, dtype=np.uint8)
    if bound is not None:
        state[bound] = 2
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    queue = border
    while len(queue):
        monitor.check()
        queue = descend(*arrays, partition.labels, partition.sums, state, queue, CHUNK)
    for _ in range(passes):
        monitor.check()
        border = border_among(graph.indptr, graph.indices, partition.labels, border)
        gain = climb(*arrays, partition.labels, partition.sums, state, border, patience)
        if gain > -1e-4 * partition.ncut:
            break


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


@compiled
def best_move(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    links: NDArray[np.float64],
    node: int,
) -> tuple[float, int]:
    """Return the lowest change of the normalised cut by a move of a node, and where it goes.

    ``links`` (k zeros) is scratch. Without a neighbour elsewhere, or if the node is the last of
    its segment, the change is infinite and the target -1.
    """
    own = labels[node]
    outside = False
    total = 0.0
    for edge in range(indptr[node], indptr[node + 1]):
        label = labels[indices[edge]]
        links[label] += weights[edge]
        total += weights[edge]
        outside = outside or label != own
    best = np.inf
    target = -1
    if outside and sums[2, own] > 1:
        volume = volumes[node]
        rest = sums[1, own] - volume
        left = (sums[0, own] + 2 * links[own] - total) / rest if rest > 0 else 0.0
        left -= sums[0, own] / sums[1, own] if sums[1, own] > 0 else 0.0
        for edge in range(indptr[node], indptr[node + 1]):
            label = labels[indices[edge]]
            if label == own or links[label] < 0:
                continue
            grown = sums[1, label] + volume
            change = left
            if grown > 0:
                change += (sums[0, label] + total - 2 * links[label]) / grown
            if sums[1, label] > 0:
                change -= sums[0, label] / sums[1, label]
            if change < best or (change == best and label < target):
                best = change
                target = label
            links[label] = -1.0
    for edge in range(indptr[node], indptr[node + 1]):
        links[labels[indices[edge]]] = 0.0
    return best, target


@compiled
def move(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    node: int,
    target: int,
) -> None:
    """Move a node to another segment and keep the sums right."""
    own = labels[node]
    for edge in range(indptr[node], indptr[node + 1]):
        label = labels[indices[edge]]
        if label == own:
            sums[0, own] += weights[edge]
        else:
            sums[0, own] -= weights[edge]
        if label == target:
            sums[0, target] -= weights[edge]
        else:
            sums[0, target] += weights[edge]
    sums[1, own] -= volumes[node]
    sums[1, target] += volumes[node]
    sums[2, own] -= 1
    sums[2, target] += 1
    labels[node] = target


@compiled
def descend(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    queue: NDArray[np.int32],
    most: int,
) -> NDArray[np.int32]:
    """Move each queued node while that lowers the cut; return what is queued after ``most`` moves.

    ``state`` is 0 for free nodes, 1 while queued, 2 for bound ones.
    """
    links = np.zeros(sums.shape[1])
    ring = np.empty(len(queue) + 1, dtype=np.int32)
    ring[: len(queue)] = queue
    head = 0
    size = len(queue)
    for node in queue:
        if state[node] == 0:
            state[node] = 1
    moves = 0
    while size and moves < most:
        node = ring[head]
        head = (head + 1) % len(ring)
        size -= 1
        if state[node] == 2:
            continue
        state[node] = 0
        change, target = best_move(indptr, indices, weights, volumes, labels, sums, links, node)
        if target < 0:
            continue
        own = labels[node]
        here = sums[0, own] / sums[1, own] if sums[1, own] > 0 else 0.0
        there = sums[0, target] / sums[1, target] if sums[1, target] > 0 else 0.0
        if change >= -1e-12 * (here + there):
            continue
        move(indptr, indices, weights, volumes, labels, sums, node, target)
        moves += 1
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if state[other] == 0:
                if size == len(ring):
                    longer = np.empty(2 * size + 16, dtype=np.int32)
                    for i in range(size):
                        longer[i] = ring[(head + i) % len(ring)]
                    ring = longer
                    head = 0
                ring[(head + size) % len(ring)] = other
                size += 1
                state[other] = 1
    left = np.empty(size, dtype=np.int32)
    for i in range(size):
        left[i] = ring[(head + i) % len(ring)]
        if state[left[i]] == 1:
            state[left[i]] = 0
    return left


@compiled
def climb(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    border: NDArray[np.int32],
    patience: int,
) -> float:
    """Move the best node again and again, each once, even uphill; keep the best beginning.

    Returns the change of the normalised cut, which is never above 0. ``state`` is 2 for bound
    nodes, and 1 for those that have moved in this sequence.
    """
    links = np.zeros(sums.shape[1])
    heap = [(0.0, np.int64(0)) for _ in range(0)]
    for node in border:
        if state[node] == 0:
            change, target = best_move(indptr, indices, weights, volumes, labels, sums, links, node)
            if target >= 0:
                heap.append((change, np.int64(node)))
    heapq.heapify(heap)
    moved = [0 for _ in range(0)]
    origin = [0 for _ in range(0)]
    start = sums.copy()
    best_sums = sums.copy()
    current = 0.0
    best = 0.0
    kept = 0
    while heap and len(moved) - kept < patience:
        change, node = heapq.heappop(heap)
        if state[node] != 0:
            continue
        now, target = best_move(indptr, indices, weights, volumes, labels, sums, links, node)
        if target < 0:
            continue
        if now > change and heap and now > heap[0][0]:
            heapq.heappush(heap, (now, node))
            continue
        moved.append(node)
        origin.append(labels[node])
        state[node] = 1
        move(indptr, indices, weights, volumes, labels, sums, node, target)
        current += now
        if current < best - 1e-12 * abs(now) - 1e-15:
            best = current
            kept = len(moved)
            best_sums[:] = sums
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if state[other] == 0:
                c, t = best_move(indptr, indices, weights, volumes, labels, sums, links, other)
                if t >= 0:
                    heapq.heappush(heap, (c, np.int64(other)))
    for i in range(len(moved) - 1, -1, -1):
        state[moved[i]] = 0
        if i >= kept:
            labels[moved[i]] = origin[i]
    sums[:] = best_sums if kept else start
    return best
