"""Single moves: what the change of one node's segment does to the normalised cut.

Two loops use them: every node at a border goes where the cut is lower, until none does
(`descend`); and sequences of moves that climb before they fall, of which the best beginning is
kept (`climb`).

References
----------
Fiduccia and Mattheyses (1982), A linear-time heuristic for improving network partitions, 19th
Design Automation Conference, 175-181.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Edges looked at in one sequence of moves: dense graphs would take hours, and gain nothing.
MOST_WORK = 2_000_000


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
        # Absolute values: a cut that rounding has made negative must not let moves go upwards.
        if change >= -1e-12 * (abs(here) + abs(there)):
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
    work = 0
    while heap and len(moved) - kept < patience and work < MOST_WORK:
        change, top = heapq.heappop(heap)
        node = int(top)
        if state[node] != 0:
            continue
        now, target = best_move(indptr, indices, weights, volumes, labels, sums, links, node)
        if target < 0:
            continue
        if now > change and heap and now > heap[0][0]:
            heapq.heappush(heap, (now, top))
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
                work += indptr[other + 1] - indptr[other]
                c, t = best_move(indptr, indices, weights, volumes, labels, sums, links, other)
                if t >= 0:
                    heapq.heappush(heap, (c, np.int64(other)))
    for i in range(len(moved) - 1, -1, -1):
        state[moved[i]] = 0
        if i >= kept:
            labels[moved[i]] = origin[i]
    sums[:] = best_sums if kept else start
    return best
