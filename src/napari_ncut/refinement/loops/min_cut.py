"""Loops of the minimum cut: push and relabel, first in, first out."""

from __future__ import annotations

import cython
import numpy as np


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pair_edges(
    m: cython.Py_ssize_t,
    starts: cython.const[cython.int][::1],
    heads: cython.const[cython.int][::1],
    mates: cython.int[::1],
    arriving: cython.int[::1],
    tails: cython.int[::1],
    filled: cython.int[::1],
    edge_to: cython.int[::1],
) -> cython.void:
    """Write, for every edge, the index of the edge that runs the other way."""
    cython.declare(node=cython.int, edge=cython.int, i=cython.Py_ssize_t)
    # Edges by where they lead; as many lead to a node as away from it.
    for node in range(m):
        filled[node] = starts[node]
    for node in range(m):
        for edge in range(starts[node], starts[node + 1]):
            tails[edge] = node
            arriving[filled[heads[edge]]] = edge
            filled[heads[edge]] += 1
    for node in range(m):
        for edge in range(starts[node], starts[node + 1]):
            edge_to[heads[edge]] = edge
        for i in range(starts[node], starts[node + 1]):
            mates[arriving[i]] = edge_to[tails[arriving[i]]]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_levels(
    m: cython.int,
    starts: cython.const[cython.int][::1],
    heads: cython.const[cython.int][::1],
    mates: cython.const[cython.int][::1],
    room: cython.const[cython.double][::1],
    excess: cython.const[cython.double][::1],
    tiny: cython.double,
    level: cython.int[::1],
    queue: cython.int[::1],
) -> cython.Py_ssize_t:
    """Write the distance of all m nodes to the sink over edges with room; m where there is no way.

    Returns the number of nodes from which something can flow, the farthest first in ``queue``.
    Every node enters the queue once.
    """
    count: cython.Py_ssize_t = 0
    head: cython.Py_ssize_t = 0
    active: cython.Py_ssize_t = 0
    cython.declare(i=cython.Py_ssize_t, edge=cython.Py_ssize_t, node=cython.int, other=cython.int)
    for node in range(m):
        level[node] = m
        if excess[node] < -tiny:
            level[node] = 0
            queue[count] = node
            count += 1
    while head < count:
        node = queue[head]
        head += 1
        for edge in range(starts[node], starts[node + 1]):
            other = heads[edge]
            if level[other] == m and room[mates[edge]] > tiny:
                level[other] = level[node] + 1
                queue[count] = other
                count += 1
    for i in range(count):
        if excess[queue[i]] > tiny:
            queue[active] = queue[i]
            active += 1
    for i in range(active // 2):
        node = queue[i]
        queue[i] = queue[active - 1 - i]
        queue[active - 1 - i] = node
    return active


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def discharge(
    m: cython.int,
    starts: cython.const[cython.int][::1],
    heads: cython.const[cython.int][::1],
    mates: cython.const[cython.int][::1],
    room: cython.double[::1],
    excess: cython.double[::1],
    tiny: cython.double,
    level: cython.int[::1],
    queue: cython.int[::1],
    cursor: cython.int[::1],
    active: cython.Py_ssize_t,
) -> cython.void:
    """Push what nodes have too much of to lower levels, until none has or many were lifted.

    ``queue`` holds the active nodes, ``cursor`` the first edge of every node. It ends: a node that
    is left without excess has pushed it to a lower level, a node that keeps some is lifted, and
    m / 2 lifts are the most.
    """
    head: cython.Py_ssize_t = 0
    cython.declare(last=cython.Py_ssize_t)
    lifted: cython.Py_ssize_t = 0
    cython.declare(
        edge=cython.int,
        stop=cython.int,
        node=cython.int,
        other=cython.int,
        below=cython.int,
        lowest=cython.int,
        amount=cython.double,
        waiting=cython.bint,
    )
    while active > 0 and 2 * lifted < m:
        node = queue[head]
        head = head + 1 if head + 1 < m else 0
        active -= 1
        stop = starts[node + 1]
        while excess[node] > tiny and level[node] < m:
            below = level[node] - 1
            edge = cursor[node]
            while edge < stop:
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
            if edge == stop:
                lowest = m - 1
                for edge in range(starts[node], stop):
                    if room[edge] > tiny:
                        lowest = min(lowest, level[heads[edge]])
                level[node] = lowest + 1
                cursor[node] = starts[node]
                lifted += 1


@cython.cclass
class Network:
    """A network, its edges as compressed rows, and all that its minimum cut needs.

    Parameters
    ----------
    starts, heads : ndarray of int32
        Edges of each node and where they lead; as many lead to a node as away from it.
    room : ndarray of float64
        Capacity of every edge; used up.
    excess : ndarray of float64
        Capacity from the source to each node, or below 0 that to the sink; used up.
    level : ndarray of int32
        After the last round m for those of the m nodes that stay with the source, as many as can.
    """

    starts: cython.int[::1]
    heads: cython.int[::1]
    room: cython.double[::1]
    excess: cython.double[::1]
    level: cython.int[::1]
    mates: cython.int[::1]
    arriving: cython.int[::1]
    tails: cython.int[::1]
    queue: cython.int[::1]
    cursor: cython.int[::1]
    tiny: cython.double

    def __init__(
        self,
        starts: cython.int[::1],
        heads: cython.int[::1],
        room: cython.double[::1],
        excess: cython.double[::1],
        level: cython.int[::1],
    ) -> None:
        self.starts, self.heads, self.room = starts, heads, room
        self.excess, self.level = excess, level
        m: cython.Py_ssize_t = excess.shape[0]
        count: cython.Py_ssize_t = heads.shape[0]
        self.mates = np.empty(count, dtype=np.int32)
        self.arriving = np.empty(count, dtype=np.int32)
        self.tails = np.empty(count, dtype=np.int32)
        self.queue = np.empty(m, dtype=np.int32)
        self.cursor = np.empty(m, dtype=np.int32)

    def begin(self, m: cython.int, least: cython.double) -> None:
        """Take the first m nodes; less than ``least`` of the largest capacity is nothing."""
        edge: cython.Py_ssize_t
        top: cython.double = 0.0
        with cython.nogil:
            pair_edges(
                m,
                self.starts,
                self.heads,
                self.mates,
                self.arriving,
                self.tails,
                self.cursor,
                self.queue,
            )
            for edge in range(self.starts[m]):
                top = max(top, self.room[edge])
        self.tiny = least * top

    def flow(self, m: cython.int, most: cython.Py_ssize_t) -> bool:
        """Do up to ``most`` rounds of pushes; return whether something may still flow.

        At most 2 m + 1 rounds are needed: levels never fall, none is above m, and a round that
        leaves something to flow has lifted m / 2 nodes.
        """
        turn: cython.Py_ssize_t
        node: cython.Py_ssize_t
        active: cython.Py_ssize_t = 1
        with cython.nogil:
            for turn in range(most):  # noqa: B007 (declared for the compiler)
                active = write_levels(
                    m,
                    self.starts,
                    self.heads,
                    self.mates,
                    self.room,
                    self.excess,
                    self.tiny,
                    self.level,
                    self.queue,
                )
                if active == 0:
                    break
                for node in range(m):
                    self.cursor[node] = self.starts[node]
                discharge(
                    m,
                    self.starts,
                    self.heads,
                    self.mates,
                    self.room,
                    self.excess,
                    self.tiny,
                    self.level,
                    self.queue,
                    self.cursor,
                    active,
                )
        return active > 0


def opposite_edges(starts: cython.int[::1], heads: cython.int[::1]) -> object:
    """Return, for every edge, the index of the edge that runs the other way."""
    m: cython.Py_ssize_t = starts.shape[0] - 1
    mates = np.empty(heads.shape[0], dtype=np.int32)
    scratch = np.empty((2, heads.shape[0]), dtype=np.int32)
    nodes = np.empty((2, m), dtype=np.int32)
    pair_edges(m, starts, heads, mates, scratch[0], scratch[1], nodes[0], nodes[1])
    return mates
