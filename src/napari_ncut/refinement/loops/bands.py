"""Loops that redraw the border of two segments: a band around it, and the minimum cut of that."""

from __future__ import annotations

import cython
import numpy as np

from napari_ncut.refinement.loops.min_cut import Network

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)

# Less than this part of the largest capacity is nothing.
TINY = 1e-10


@cython.cclass
class Band:
    """The nodes of a band and the network between them; its arrays are used again and again.

    Nodes are numbered from 0 to ``size`` - 1; ``network`` is a `Network` of ``starts``, ``heads``,
    ``room``, ``excess`` and ``level``.

    Parameters
    ----------
    n : int
        Nodes of the graph.
    """

    size: cython.Py_ssize_t
    nodes: cython.int[::1]
    starts: cython.int[::1]
    heads: cython.int[::1]
    room: cython.double[::1]
    excess: cython.double[::1]
    level: cython.int[::1]
    network: object

    def __init__(self, n: cython.Py_ssize_t) -> None:
        self.nodes = np.empty(n, dtype=np.int32)
        self.reserve(64, 512)

    @cython.cfunc
    def reserve(self, m: cython.Py_ssize_t, count: cython.Py_ssize_t) -> None:
        """Make room for m nodes and so many edges; what the arrays held is lost."""
        self.starts = np.empty(m + 1, dtype=np.int32)
        self.heads = np.empty(count, dtype=np.int32)
        self.room = np.empty(count)
        self.excess = np.empty(m)
        self.level = np.empty(m, dtype=np.int32)
        self.network = Network(self.starts, self.heads, self.room, self.excess, self.level)

    def begin(self) -> None:
        """Prepare the minimum cut."""
        self.network.begin(self.size, TINY)

    def flow(self, most: cython.Py_ssize_t) -> bool:
        """Do up to so many rounds of the minimum cut; return whether something may still flow."""
        return self.network.flow(self.size, most)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def grow(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.const[cython.double][:, ::1],
    state: cython.const[cython.uchar][::1],
    position: cython.int[::1],
    border: cython.const[cython.int][::1],
    a: cython.int,
    b: cython.int,
    hops: cython.Py_ssize_t,
) -> cython.void:
    """Take the free nodes of a and b within some hops of a border; number them in ``position``.

    At most half of each segment, so that both keep a core that holds them in place.
    """
    nodes: cython.int[::1] = band.nodes
    left_a: cython.longlong = cython.cast(cython.longlong, sums[2, a]) // 2
    left_b: cython.longlong = cython.cast(cython.longlong, sums[2, b]) // 2
    m: cython.int = 0
    first: cython.Py_ssize_t = 0
    cython.declare(
        last=cython.Py_ssize_t,
        hop=cython.Py_ssize_t,
        i=cython.Py_ssize_t,
        edge=cython.Py_ssize_t,
        start=cython.Py_ssize_t,
        stop=cython.Py_ssize_t,
        node=cython.int,
        other=cython.int,
    )
    for hop in range(hops + 1):
        last = m
        for i in range(first, border.shape[0] if hop == 0 else last):
            node = border[i] if hop == 0 else nodes[i]
            start = indptr[node] if hop > 0 else 0
            stop = indptr[node + 1] if hop > 0 else 1
            for edge in range(start, stop):
                other = indices[edge] if hop > 0 else node
                if position[other] >= 0 or state[other] == 2:
                    continue
                if labels[other] == a and left_a > 0:
                    left_a -= 1
                elif labels[other] == b and left_b > 0:
                    left_b -= 1
                else:
                    continue
                position[other] = m
                nodes[m] = other
                m += 1
        first = last if hop > 0 else 0
    band.size = m


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def weigh(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.const[cython.double][:, ::1],
    position: cython.const[cython.int][::1],
    a: cython.int,
    b: cython.int,
) -> cython.void:
    """Write the network of a band: its edges, and what it costs each node to be in b."""
    m: cython.Py_ssize_t = band.size
    nodes: cython.int[::1] = band.nodes
    count: cython.Py_ssize_t = 0
    cython.declare(
        i=cython.Py_ssize_t,
        edge=cython.Py_ssize_t,
        node=cython.int,
        other=cython.int,
        cost=cython.double,
    )
    both: cython.double = 1 / sums[1, a] + 1 / sums[1, b]
    rest: cython.double = 1 / sums[1, b] - 1 / sums[1, a]
    tilt: cython.double = sums[0, a] / (sums[1, a] * sums[1, a])
    tilt -= sums[0, b] / (sums[1, b] * sums[1, b])
    for i in range(m):
        for edge in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            if position[indices[edge]] >= 0:
                count += 1
    if band.excess.shape[0] < m or band.heads.shape[0] < count:
        with cython.gil:
            band.reserve(max(m, band.excess.shape[0]), 2 * count)
    count = 0
    band.starts[0] = 0
    for i in range(m):
        node = nodes[i]
        cost = volumes[node] * tilt
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if position[other] >= 0:
                band.heads[count] = position[other]
                band.room[count] = weights[edge]
                count += 1
            elif labels[other] == a:
                cost += weights[edge] * both
            elif labels[other] == b:
                cost -= weights[edge] * both
            else:
                cost += weights[edge] * rest
        band.excess[i] = cost / both
        band.starts[i + 1] = count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def move_to_sides(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    position: cython.int[::1],
    a: cython.int,
    b: cython.int,
) -> cython.double:
    """Move the nodes of a band to their sides, a or b, if that lowers the normalised cut.

    Returns the change, never above 0. Only edges that are cut before or after count: heavy ones
    between nodes that move together would leave their rounding. The nodes lose their numbers.
    """
    m: cython.Py_ssize_t = band.size
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    node: cython.int
    other: cython.int
    own: cython.int
    target: cython.int
    before: cython.double = sums[0, a] / sums[1, a] + sums[0, b] / sums[1, b]
    after: cython.double = before
    cut_a: cython.double = sums[0, a]
    cut_b: cython.double = sums[0, b]
    volume_a: cython.double = sums[1, a]
    volume_b: cython.double = sums[1, b]
    shift: cython.double
    volume: cython.double
    size: cython.Py_ssize_t = 0
    for i in range(m):
        node = band.nodes[i]
        own = labels[node]
        target = a if band.level[i] == m else b
        if own == target:
            continue
        # What leaves b for a counts once, what leaves a for b the other way.
        size += 1 if target == a else -1
        volume = volumes[node] if target == a else -volumes[node]
        volume_a += volume
        volume_b -= volume
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            j = position[other]
            if labels[other] == a or labels[other] == b:
                if j >= 0 and labels[other] != (a if band.level[j] == m else b):
                    continue
                shift = weights[edge] if labels[other] == own else -weights[edge]
                cut_a += shift
                cut_b += shift
            else:
                shift = weights[edge] if target == a else -weights[edge]
                cut_a += shift
                cut_b -= shift
    if sums[2, a] + size > 0 and sums[2, b] - size > 0 and volume_a > 0.0 and volume_b > 0.0:
        after = cut_a / volume_a + cut_b / volume_b
    for i in range(m):
        position[band.nodes[i]] = -1
    if not after < before * (1 - 1e-12):
        return 0.0
    for i in range(m):
        labels[band.nodes[i]] = a if band.level[i] == m else b
    sums[0, a], sums[0, b] = cut_a, cut_b
    sums[1, a], sums[1, b] = volume_a, volume_b
    sums[2, a] += size
    sums[2, b] -= size
    return after - before


def draw_band(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.const[cython.double][:, ::1],
    state: cython.const[cython.uchar][::1],
    position: cython.int[::1],
    border: cython.const[cython.int][::1],
    a: cython.int,
    b: cython.int,
    hops: cython.Py_ssize_t,
) -> None:
    """Take the band around the border of a and b, and write its network."""
    with cython.nogil:
        grow(band, indptr, indices, labels, sums, state, position, border, a, b, hops)
        weigh(band, indptr, indices, weights, volumes, labels, sums, position, a, b)


def settle_band(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    position: cython.int[::1],
    a: cython.int,
    b: cython.int,
) -> float:
    """Do what `move_to_sides` says, once the minimum cut is found; return the change."""
    change: cython.double
    with cython.nogil:
        change = move_to_sides(
            band, indptr, indices, weights, volumes, labels, sums, position, a, b
        )
    return change


def redraw_borders(
    band: Band,
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    state: cython.const[cython.uchar][::1],
    position: cython.int[::1],
    pairs: cython.const[cython.longlong][::1],
    starts: cython.const[cython.longlong][::1],
    nodes: cython.const[cython.int][::1],
    changed: cython.uchar[:, ::1],
    hops: cython.Py_ssize_t,
    worth: cython.double,
    first: cython.Py_ssize_t,
    large: cython.Py_ssize_t,
    most_work: cython.Py_ssize_t,
) -> int:
    """Redraw the borders of pairs of segments from ``first`` on; return the first that is left.

    Parameters
    ----------
    band : Band
        Workspace.
    pairs : (p,) ndarray of int64
        ``a * k + b`` for segments a < b.
    starts, nodes : ndarray
        Where the nodes of each border start, and the nodes.
    changed : (2, k) ndarray of uint8
        Segments that changed in the last round, one of which a pair needs; and in this one, by
        more than ``worth``.
    first, large, most_work : int
        Where to begin; it ends before a border of more nodes than ``large``, and after about so
        many edges.
    """
    k: cython.longlong = sums.shape[1]
    work: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t = first
    a: cython.int
    b: cython.int
    change: cython.double
    with cython.nogil:
        while i < pairs.shape[0] and work < most_work:
            a = pairs[i] // k
            b = pairs[i] % k
            if (changed[0, a] or changed[0, b]) and sums[1, a] > 0.0 and sums[1, b] > 0.0:
                if starts[i + 1] - starts[i] > large:
                    break
                grow(
                    band,
                    indptr,
                    indices,
                    labels,
                    sums,
                    state,
                    position,
                    nodes[starts[i] : starts[i + 1]],
                    a,
                    b,
                    hops,
                )
                weigh(band, indptr, indices, weights, volumes, labels, sums, position, a, b)
                with cython.gil:
                    band.begin()
                    band.flow(2 * band.size + 2)
                change = move_to_sides(
                    band, indptr, indices, weights, volumes, labels, sums, position, a, b
                )
                if change < -worth:
                    changed[1, a] = changed[1, b] = 1
                work += band.starts[band.size] + 16
            i += 1
    return i
