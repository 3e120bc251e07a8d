"""Redraw the border of two segments at once: the minimum cut within a band around it.

Moves of single nodes stop at the first border that no single move improves; in a noisy image that
is some per cent above the best. In a band of a few nodes on both sides the best border is a
minimum cut. The normalised cut is linearised for it: a cut edge costs its weight over both volumes,
a node costs what its volume, and its edges to other segments, change on either side. The result is
kept if the normalised cut itself has fallen.

References
----------
Goldberg and Tarjan (1988), A new approach to the maximum-flow problem, Journal of the ACM 35(4),
921-940.
Cherkassky and Goldberg (1997), On implementing the push-relabel method for the maximum flow
problem, Algorithmica 19(4), 390-410; section 3, global relabeling.
Sanders and Schulz (2011), Engineering multilevel graph partitioning algorithms, European Symposium
on Algorithms, 469-480; section 4.2, max-flow min-cut improvement in a band.
Dinkelbach (1967), On nonlinear fractional programming, Management Science 13(7), 492-498.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.compiled import compiled
from napari_ncut.moves import move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.monitor import Monitor

# Less than this part of the largest capacity is nothing.
TINY = 1e-10


@compiled
def redraw_border(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
) -> float:
    """Move the nodes between segments a and b to the minimum cut in a band around their border.

    ``state`` is 2 for nodes that are bound, ``position`` (n entries of -1) is scratch, ``border``
    the nodes of one segment with a neighbour in the other. Returns the change, never above 0.
    """
    band = grow_band(indptr, indices, labels, sums, state, position, border, a, b, hops)
    starts, heads, room, excess = band_network(
        indptr, indices, weights, volumes, labels, sums, position, band, a, b
    )
    mates = opposite_edges(starts, heads)
    side = minimum_cut(starts, heads, mates, room, excess)
    for i in range(len(band)):
        position[band[i]] = -1
    return move_to_sides(indptr, indices, weights, volumes, labels, sums, band, side, a, b)


def redraw_large_border(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
    monitor: Monitor,
) -> float:
    """Do what `redraw_border` does, and ask between its steps whether to go on."""
    band = grow_band(indptr, indices, labels, sums, state, position, border, a, b, hops)
    monitor.check()
    starts, heads, room, excess = band_network(
        indptr, indices, weights, volumes, labels, sums, position, band, a, b
    )
    position[band] = -1
    monitor.check()
    mates = opposite_edges(starts, heads)
    tiny = TINY * float(room.max(initial=0.0))
    level, queue, cursor = (np.empty(len(band), dtype=np.int32) for _ in range(3))
    while True:
        monitor.check()
        active = sink_levels(starts, heads, mates, room, excess, tiny, level, queue)
        if active == 0:
            break
        cursor[:] = starts[:-1]
        discharge(starts, heads, mates, room, excess, tiny, level, queue, cursor, active)
    side = level == len(band)
    return move_to_sides(indptr, indices, weights, volumes, labels, sums, band, side, a, b)


@compiled
def band_network(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    position: NDArray[np.int32],
    band: NDArray[np.int32],
    a: int,
    b: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges within a band, as `minimum_cut` takes them, and what nodes cost in b."""
    m = len(band)
    starts = np.zeros(m + 1, dtype=np.int32)
    count = 0
    for i in range(m):
        for edge in range(indptr[band[i]], indptr[band[i] + 1]):
            if position[indices[edge]] >= 0:
                count += 1
        starts[i + 1] = count
    heads = np.empty(count, dtype=np.int32)
    room = np.empty(count)
    excess = np.zeros(m)
    both = 1 / sums[1, a] + 1 / sums[1, b]
    tilt = sums[0, a] / sums[1, a] ** 2 - sums[0, b] / sums[1, b] ** 2
    at = 0
    for i in range(m):
        node = band[i]
        # What it costs to be in b rather than in a.
        cost = volumes[node] * tilt
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if position[other] >= 0:
                heads[at] = position[other]
                room[at] = weights[edge]
                at += 1
            elif labels[other] == a:
                cost += weights[edge] * both
            elif labels[other] == b:
                cost -= weights[edge] * both
            else:
                cost += weights[edge] * (1 / sums[1, b] - 1 / sums[1, a])
        excess[i] = cost / both
    return starts, heads, room, excess


@compiled
def grow_band(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
) -> NDArray[np.int32]:
    """Return the free nodes of a and b within some hops of a border; number them in ``position``.

    At most half of each segment, so that both keep a core that holds them in place.
    """
    left_a = sums[2, a] // 2
    left_b = sums[2, b] // 2
    band = np.empty(int(left_a + left_b), dtype=np.int32)
    m = 0
    first = 0
    for hop in range(hops + 1):
        last = m
        for i in range(first, len(border) if hop == 0 else last):
            node = border[i] if hop == 0 else band[i]
            start = indptr[node] if hop else 0
            stop = indptr[node + 1] if hop else 1
            for edge in range(start, stop):
                other = indices[edge] if hop else node
                label = labels[other]
                if position[other] >= 0 or state[other] == 2:
                    continue
                if label == a and left_a > 0:
                    left_a -= 1
                elif label == b and left_b > 0:
                    left_b -= 1
                else:
                    continue
                position[other] = m
                band[m] = other
                m += 1
        first = last if hop else 0
    return band[:m]


@compiled
def opposite_edges(starts: NDArray[np.int32], heads: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return, for every edge, the place of the edge that runs the other way."""
    n = len(starts) - 1
    # Edges by where they lead; as many lead to a node as away from it.
    arriving = np.empty(len(heads), dtype=np.int32)
    tails = np.empty(len(heads), dtype=np.int32)
    filled = starts[:-1].copy()
    for node in range(n):
        for edge in range(starts[node], starts[node + 1]):
            tails[edge] = node
            arriving[filled[heads[edge]]] = edge
            filled[heads[edge]] += 1
    mates = np.empty(len(heads), dtype=np.int32)
    edge_to = np.empty(n, dtype=np.int32)
    for node in range(n):
        for edge in range(starts[node], starts[node + 1]):
            edge_to[heads[edge]] = edge
        for at in range(starts[node], starts[node + 1]):
            mates[arriving[at]] = edge_to[tails[arriving[at]]]
    return mates


@compiled
def minimum_cut(
    starts: NDArray[np.int32],
    heads: NDArray[np.int32],
    mates: NDArray[np.int32],
    room: NDArray[np.float64],
    excess: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which nodes stay on the side of the source in a minimum cut, as many as can.

    By push and relabel, first in, first out, with exact levels anew after some work.

    Parameters
    ----------
    starts, heads, mates : ndarray of int32
        Edges of each node, where they lead, and the edge that runs the other way.
    room : ndarray of float64
        Capacity of every edge; used up.
    excess : (m,) ndarray of float64
        Capacity from the source to each node, or below 0 that to the sink; used up.
    """
    m = len(excess)
    top = 0.0
    for edge in range(len(room)):
        top = max(top, room[edge])
    tiny = TINY * top
    level = np.empty(m, dtype=np.int32)
    queue = np.empty(m, dtype=np.int32)
    cursor = np.empty(m, dtype=np.int32)
    while True:
        active = sink_levels(starts, heads, mates, room, excess, tiny, level, queue)
        if active == 0:
            break
        cursor[:] = starts[:-1]
        discharge(starts, heads, mates, room, excess, tiny, level, queue, cursor, active)
    side = np.empty(m, dtype=np.bool_)
    for node in range(m):
        side[node] = level[node] == m
    return side


@compiled
def sink_levels(
    starts: NDArray[np.int32],
    heads: NDArray[np.int32],
    mates: NDArray[np.int32],
    room: NDArray[np.float64],
    excess: NDArray[np.float64],
    tiny: float,
    level: NDArray[np.int32],
    queue: NDArray[np.int32],
) -> int:
    """Write the distance of all m nodes to the sink over edges with room; m where there is no way.

    Returns the number of nodes from which something can flow, the farthest first in ``queue``.
    """
    m = len(excess)
    level[:] = m
    count = 0
    for node in range(m):
        if excess[node] < -tiny:
            level[node] = 0
            queue[count] = node
            count += 1
    head = 0
    while head < count:
        node = queue[head]
        head += 1
        for edge in range(starts[node], starts[node + 1]):
            other = heads[edge]
            if level[other] == m and room[mates[edge]] > tiny:
                level[other] = level[node] + 1
                queue[count] = other
                count += 1
    active = 0
    for i in range(count):
        if excess[queue[i]] > tiny:
            queue[active] = queue[i]
            active += 1
    for i in range(active // 2):
        queue[i], queue[active - 1 - i] = queue[active - 1 - i], queue[i]
    return active


@compiled
def discharge(
    starts: NDArray[np.int32],
    heads: NDArray[np.int32],
    mates: NDArray[np.int32],
    room: NDArray[np.float64],
    excess: NDArray[np.float64],
    tiny: float,
    level: NDArray[np.int32],
    queue: NDArray[np.int32],
    cursor: NDArray[np.int32],
    active: int,
) -> None:
    """Push what nodes have too much of to lower levels, until none has or many were lifted.

    ``queue`` holds the active nodes, ``cursor`` the first edge of every node.
    """
    m = len(excess)
    head = 0
    lifted = 0
    while active and 2 * lifted < m:
        node = queue[head]
        head = head + 1 if head + 1 < m else 0
        active -= 1
        while excess[node] > tiny and level[node] < m:
            below = level[node] - 1
            edge = cursor[node]
            while edge < starts[node + 1]:
                other = heads[edge]
                if level[other] == below and room[edge] > tiny:
                    amount = min(excess[node], room[edge])
                    room[edge] -= amount
                    room[mates[edge]] += amount
                    waiting = excess[other] > tiny
                    excess[node] -= amount
                    excess[other] += amount
                    if not waiting and excess[other] > tiny:
                        last = head + active
                        queue[last if last < m else last - m] = other
                        active += 1
                    if excess[node] <= tiny:
                        break
                edge += 1
            cursor[node] = edge
            if edge == starts[node + 1]:
                lowest = m - 1
                for edge in range(starts[node], starts[node + 1]):
                    if room[edge] > tiny:
                        lowest = min(lowest, level[heads[edge]])
                level[node] = lowest + 1
                cursor[node] = starts[node]
                lifted += 1


@compiled
def move_to_sides(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    band: NDArray[np.int32],
    side: NDArray[np.bool_],
    a: int,
    b: int,
) -> float:
    """Move nodes to a (side True) or b, unless that raises the normalised cut."""
    before = sums[:, a].copy(), sums[:, b].copy()
    value = before[0][0] / before[0][1] + before[1][0] / before[1][1]
    moved = np.zeros(len(band), dtype=np.bool_)
    for i in range(len(band)):
        target = a if side[i] else b
        if labels[band[i]] != target:
            move(indptr, indices, weights, volumes, labels, sums, band[i], target)
            moved[i] = True
    after = np.inf
    if sums[2, a] > 0 and sums[2, b] > 0 and sums[1, a] > 0 and sums[1, b] > 0:
        after = sums[0, a] / sums[1, a] + sums[0, b] / sums[1, b]
    if after < value * (1 - 1e-12):
        return float(after - value)
    for i in range(len(band)):
        if moved[i]:
            labels[band[i]] = b if side[i] else a
    sums[:, a] = before[0]
    sums[:, b] = before[1]
    return 0.0
