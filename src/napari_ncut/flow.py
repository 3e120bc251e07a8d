"""Redraw the border of two segments at once: the minimum cut within a band around it.

Moves of single nodes stop at the first border that no single move improves; in a noisy image that
is some per cent above the best. In a band of a few nodes on both sides the best border is a
minimum cut. The normalised cut is linearised for it: a cut edge costs its weight over both volumes,
a node costs what its volume, and its edges to other segments, change on either side. The result is
kept if the normalised cut itself has fallen.

References
----------
Dinitz (1970), Algorithm for solution of a problem of maximum flow in a network with power
estimation, Soviet Mathematics Doklady 11, 1277-1280.
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

# Level of a node from which the sink was found out of reach, above any other.
DEAD_END = 2**30


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
    mates = opposite_edges(starts, heads)
    side = minimum_cut(starts, heads, mates, room, excess)
    for i in range(m):
        position[band[i]] = -1
    return move_to_sides(indptr, indices, weights, volumes, labels, sums, band, side, a, b)


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
    """Return which nodes stay on the side of the source in a minimum cut.

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
    tiny = 1e-10 * top
    level = np.empty(m, dtype=np.int32)
    queue = np.empty(m, dtype=np.int32)
    cursor = np.empty(m, dtype=np.int32)
    path = np.empty(m, dtype=np.int32)
    for _ in range(1000):
        sources = sink_levels(starts, heads, mates, room, excess, tiny, level, queue)
        if sources == 0:
            break
        cursor[:] = starts[:-1]
        for i in range(sources):
            push_from(queue[i], starts, heads, mates, room, excess, tiny, level, cursor, path)
    side = np.zeros(m, dtype=np.bool_)
    for node in range(m):
        side[node] = level[node] < 0
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
    """Write the distance of every node to the sink over edges with room; -1 where there is no way.

    Returns the number of nodes from which something can flow, the nearest first in ``queue``.
    """
    m = len(excess)
    level[:] = -1
    count = 0
    for node in range(m):
        if excess[node] < -tiny:
            level[node] = 0
            queue[count] = node
            count += 1
    sources = 0
    head = 0
    while head < count:
        node = queue[head]
        head += 1
        if excess[node] > tiny:
            queue[sources] = node
            sources += 1
        for edge in range(starts[node], starts[node + 1]):
            other = heads[edge]
            if level[other] < 0 and room[mates[edge]] > tiny:
                level[other] = level[node] + 1
                queue[count] = other
                count += 1
    return sources


@compiled
def push_from(
    source: int,
    starts: NDArray[np.int32],
    heads: NDArray[np.int32],
    mates: NDArray[np.int32],
    room: NDArray[np.float64],
    excess: NDArray[np.float64],
    tiny: float,
    level: NDArray[np.int32],
    cursor: NDArray[np.int32],
    path: NDArray[np.int32],
) -> None:
    """Send as much as possible from one node along shortest paths to the sink."""
    depth = 0
    node = source
    while excess[source] > tiny:
        if excess[node] < -tiny:
            amount = min(excess[source], -excess[node])
            for i in range(depth):
                amount = min(amount, room[path[i]])
            excess[source] -= amount
            excess[node] += amount
            back = depth
            for i in range(depth - 1, -1, -1):
                room[path[i]] -= amount
                room[mates[path[i]]] += amount
                if room[path[i]] <= tiny:
                    back = i
            if back < depth:
                depth = back
                node = heads[mates[path[back]]]
            continue
        below = level[node] - 1
        while cursor[node] < starts[node + 1]:
            edge = cursor[node]
            if level[heads[edge]] == below and room[edge] > tiny:
                break
            cursor[node] += 1
        if below >= 0 and cursor[node] < starts[node + 1]:
            path[depth] = cursor[node]
            node = heads[cursor[node]]
            depth += 1
        elif depth == 0:
            return
        else:
            level[node] = DEAD_END
            depth -= 1
            node = heads[mates[path[depth]]]
            cursor[node] += 1


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
