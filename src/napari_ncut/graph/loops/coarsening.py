"""Loops from a graph to a smaller one: which nodes are merged, their graph, that of some nodes."""

from __future__ import annotations

import cython
import numpy as np

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def halve(cell: cython.longlong, z: cython.int, y: cython.int, x: cython.int) -> cython.longlong:
    """Halve the packed coordinates along the axes whose flag is 1."""
    return (
        ((cell >> 42) >> z) << 42
        | (((cell >> 21) & 0x1FFFFF) >> y) << 21
        | ((cell & 0x1FFFFF) >> x)
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def root_of(parent: cython.int[::1], node: cython.int) -> cython.int:
    """Return the root of a node, halving the path to it; parents descend, so that it ends."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def heaviest_edge(
    indptr: cython.const[Index][::1], weights: cython.const[Weight][::1], node: cython.Py_ssize_t
) -> cython.double:
    """Return the weight of the heaviest edge of a node."""
    heaviest: cython.double = 0.0
    edge: cython.Py_ssize_t
    for edge in range(indptr[node], indptr[node + 1]):
        heaviest = max(heaviest, cython.cast(cython.double, weights[edge]))
    return heaviest


def join_cells(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    cells: cython.const[cython.longlong][::1],
    z: cython.int,
    y: cython.int,
    x: cython.int,
    bound: cython.int[::1],
    parent: cython.int[::1],
    least: cython.double,
    top: cython.double,
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> None:
    """Join nodes ``first`` to ``stop`` with their earlier neighbours in the same halved cell.

    Not over an edge of less than ``least`` times the heaviest edge of either end; ``top`` is the
    heaviest of all. ``bound`` is -1 for free nodes, or has length 1 if all are free; it is kept
    for the roots.
    """
    seeded: cython.bint = bound.shape[0] > 1
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    a: cython.int
    b: cython.int
    cell: cython.longlong
    common: cython.double
    with cython.nogil:
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


def number_roots(
    parent: cython.int[::1],
    cells: cython.const[cython.longlong][::1],
    z: cython.int,
    y: cython.int,
    x: cython.int,
    merged: cython.longlong[::1],
) -> int:
    """Replace each root by a running number, write the merged cells, return how many there are."""
    count: cython.int = 0
    node: cython.Py_ssize_t
    with cython.nogil:
        for node in range(parent.shape[0]):
            if parent[node] == node:
                merged[count] = halve(cells[node], z, y, x)
                parent[node] = count
                count += 1
            else:
                parent[node] = parent[parent[node]]
    return count


def group_children(
    parent: cython.const[cython.int][::1], starts: cython.int[::1], children: cython.int[::1]
) -> None:
    """Write where the children of each merged node start in a list, and that list.

    ``starts`` holds zeros, one more than there are merged nodes.
    """
    n: cython.Py_ssize_t = starts.shape[0] - 1
    node: cython.Py_ssize_t
    with cython.nogil:
        for node in range(parent.shape[0]):
            starts[parent[node] + 1] += 1
        for node in range(n):
            starts[node + 1] += starts[node]
        for node in range(parent.shape[0]):
            children[starts[parent[node]]] = node
            starts[parent[node]] += 1
        for node in range(n, 0, -1):
            starts[node] = starts[node - 1]
        starts[0] = 0


def add_edges(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    parent: cython.const[cython.int][::1],
    starts: cython.const[cython.int][::1],
    children: cython.const[cython.int][::1],
    slot: cython.longlong[::1],
    new_indptr: Index[::1],
    new_indices: cython.int[::1],
    new_weights: cython.double[::1],
    new_volumes: cython.double[::1],
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> None:
    """Write the rows ``first`` to ``stop`` of the contracted graph.

    ``slot`` remembers where the edge to a merged node was written; older rows lie before this one.
    """
    end: cython.Py_ssize_t = new_indptr[first]
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    merged: cython.Py_ssize_t
    child: cython.Py_ssize_t
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    volume: cython.double
    with cython.nogil:
        for merged in range(first, stop):
            row = end
            volume = 0.0
            for i in range(starts[merged], starts[merged + 1]):
                child = children[i]
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


def copy_rows(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    nodes: cython.const[cython.int][::1],
    position: cython.const[cython.int][::1],
    new_indptr: cython.longlong[::1],
    new_indices: cython.int[::1],
    new_weights: cython.double[::1],
    outer: cython.double[::1],
) -> None:
    """Write the rows of some nodes; edges to nodes without a position add to ``outer``."""
    end: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    with cython.nogil:
        for i in range(nodes.shape[0]):
            for edge in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
                other = position[indices[edge]]
                if other >= 0:
                    new_indices[end] = other
                    new_weights[end] = weights[edge]
                    end += 1
                else:
                    outer[i] += weights[edge]
            new_indptr[i + 1] = end


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def apart(
    bound: cython.const[cython.int][::1], a: cython.Py_ssize_t, b: cython.Py_ssize_t
) -> cython.bint:
    """Return whether two nodes are bound to different segments; with length 1 none is bound."""
    return bound.shape[0] > 1 and bound[a] >= 0 and bound[b] >= 0 and bound[a] != bound[b]


def strongest_links(
    indptr: Index[::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[cython.double][::1],
    volumes: cython.const[cython.double][::1],
    strengths: cython.double[::1],
) -> None:
    """Write, for each node, its largest weight over the smaller volume of both ends."""
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    strength: cython.double
    with cython.nogil:
        for node in range(strengths.shape[0]):
            strengths[node] = 0.0
            for edge in range(indptr[node], indptr[node + 1]):
                strength = weights[edge] / min(volumes[node], volumes[indices[edge]])
                strengths[node] = max(strengths[node], strength)


def match_nodes(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[cython.double][::1],
    volumes: cython.const[cython.double][::1],
    bound: cython.const[cython.int][::1],
    order: cython.const[cython.int][::1],
    least: cython.double,
    mate: cython.int[::1],
) -> None:
    """Give each node in turn the free neighbour with the heaviest edge as its mate.

    Not over an edge of less than ``least`` times the smaller volume of both ends.
    """
    i: cython.Py_ssize_t
    node: cython.int
    edge: cython.Py_ssize_t
    other: cython.int
    best: cython.int
    heaviest: cython.double
    weight: cython.double
    with cython.nogil:
        for i in range(order.shape[0]):
            node = order[i]
            if mate[node] >= 0:
                continue
            best = -1
            heaviest = 0.0
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if mate[other] >= 0 or other == node or apart(bound, node, other):
                    continue
                if weights[edge] < least * min(volumes[node], volumes[other]):
                    continue
                weight = weights[edge] / volumes[other]
                if weight > heaviest:
                    heaviest = weight
                    best = other
            if best >= 0:
                mate[node] = best
                mate[best] = node


def match_leaves(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[cython.double][::1],
    volumes: cython.const[cython.double][::1],
    bound: cython.const[cython.int][::1],
    least: cython.double,
    mate: cython.int[::1],
) -> None:
    """Pair nodes left over that have the same heaviest neighbour, as the leaves of a star.

    Not if their edges to it are lighter than ``least`` times their volume.
    """
    n: cython.Py_ssize_t = mate.shape[0]
    waiting: cython.int[::1] = np.full(n, -1, dtype=np.int32)
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    hub: cython.int
    other: cython.int
    heaviest: cython.double
    with cython.nogil:
        for node in range(n):
            if mate[node] >= 0 or indptr[node] == indptr[node + 1]:
                continue
            hub = indices[indptr[node]]
            heaviest = weights[indptr[node]]
            for edge in range(indptr[node] + 1, indptr[node + 1]):
                if weights[edge] > heaviest:
                    heaviest = weights[edge]
                    hub = indices[edge]
            if heaviest < least * min(volumes[node], volumes[hub]):
                continue
            other = waiting[hub]
            if other < 0:
                waiting[hub] = node
            elif not apart(bound, node, other):
                mate[node] = other
                mate[other] = node
                waiting[hub] = -1


def number_pairs(mate: cython.const[cython.int][::1], parent: cython.int[::1]) -> int:
    """Number pairs and single nodes in order of their first node; return how many there are."""
    count: cython.int = 0
    node: cython.Py_ssize_t
    with cython.nogil:
        for node in range(mate.shape[0]):
            if mate[node] < 0 or mate[node] >= node:
                parent[node] = count
                count += 1
            else:
                parent[node] = parent[mate[node]]
    return count
