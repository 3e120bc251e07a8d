"""The minimum cut of a small network: push and relabel, first in, first out.

Levels are made exact again after some work.

References
----------
Goldberg and Tarjan (1988), A new approach to the maximum-flow problem, Journal of the ACM 35(4),
921-940.
Cherkassky and Goldberg (1997), On implementing the push-relabel method for the maximum flow
problem, Algorithmica 19(4), 390-410; section 3, global relabeling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Less than this part of the largest capacity is nothing.
TINY = 1e-10


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
    while push_round(starts, heads, mates, room, excess, tiny, level):
        pass
    side = np.empty(m, dtype=np.bool_)
    for node in range(m):
        side[node] = level[node] == m
    return side


@compiled
def push_round(
    starts: NDArray[np.int32],
    heads: NDArray[np.int32],
    mates: NDArray[np.int32],
    room: NDArray[np.float64],
    excess: NDArray[np.float64],
    tiny: float,
    level: NDArray[np.int32],
) -> bool:
    """Write exact levels and push until many are not; return False once nothing can flow."""
    queue = np.empty(len(excess), dtype=np.int32)
    active = sink_levels(starts, heads, mates, room, excess, tiny, level, queue)
    if active == 0:
        return False
    cursor = starts[:-1].copy()
    discharge(starts, heads, mates, room, excess, tiny, level, queue, cursor, active)
    return True


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
