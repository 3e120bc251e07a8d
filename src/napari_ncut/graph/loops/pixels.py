"""Loops from pixels to a weighted graph."""

from __future__ import annotations

import cython
from cython.cimports.libc.math import exp, fabs, sqrt

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)
# The lowest weight: a little more than the least number that single precision has all digits of.
LEAST = cython.declare(cython.double, 1e-37)


def pack_cells(
    mask: cython.const[cython.uchar][:, :, ::1],
    starts: cython.const[cython.longlong][::1],
    cells: cython.longlong[::1],
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> None:
    """Write the packed coordinates of the pixels in rows ``first`` to ``stop`` of a volume.

    A cell has 21 bits an axis (z, y, x).
    """
    height: cython.Py_ssize_t = mask.shape[1]
    width: cython.Py_ssize_t = mask.shape[2]
    row: cython.Py_ssize_t
    z: cython.longlong
    y: cython.longlong
    x: cython.Py_ssize_t
    line: cython.longlong
    at: cython.Py_ssize_t
    with cython.nogil:
        for row in range(first, stop):
            z = row // height
            y = row % height
            line = (z << 42) | (y << 21)
            at = starts[row]
            for x in range(width):
                if mask[z, y, x]:
                    cells[at] = line | x
                    at += 1


def link_cells(
    cells: cython.const[cython.longlong][::1],
    steps: cython.const[cython.longlong][::1],
    indptr: Index[::1],
    indices: cython.int[::1],
    cursors: cython.longlong[::1],
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> None:
    """Write the neighbours of nodes ``first`` to ``stop``.

    The cells ascend, and so do the cells that lie one step from them: one cursor a step walks
    through the list beside the node, and nothing is searched for. Behind the cells stands one more
    number, larger than all that is looked for: there every cursor stops, and none ever goes back.
    """
    n_steps: cython.Py_ssize_t = steps.shape[0]
    edge: cython.Py_ssize_t = indptr[first]
    node: cython.Py_ssize_t
    s: cython.Py_ssize_t
    at: cython.Py_ssize_t
    here: cython.longlong
    wanted: cython.longlong
    with cython.nogil:
        for node in range(first, stop):
            here = cells[node]
            for s in range(n_steps):
                wanted = here + steps[s]
                at = cursors[s]
                while cells[at] < wanted:
                    at += 1
                cursors[s] = at
                if cells[at] == wanted:
                    indices[edge] = at
                    edge += 1
            indptr[node + 1] = edge


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def difference(
    values: cython.const[cython.double][:, ::1],
    channels: cython.Py_ssize_t,
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
) -> cython.double:
    """Return the Euclidean norm over channels of the difference of two pixels."""
    total: cython.double = 0.0
    d: cython.double
    channel: cython.Py_ssize_t
    if channels == 1:
        return fabs(values[a, 0] - values[b, 0])
    for channel in range(channels):
        d = values[a, channel] - values[b, channel]
        total += d * d
    return sqrt(total)


def sum_differences(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    values: cython.const[cython.double][:, ::1],
    pivot: cython.double,
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> tuple[int, float, float, float]:
    """Return count, sum and sum of squares of (difference - pivot), and the largest difference."""
    count: cython.longlong = 0
    total: cython.double = 0.0
    squares: cython.double = 0.0
    top: cython.double = 0.0
    g: cython.double
    channels: cython.Py_ssize_t = values.shape[1]
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    with cython.nogil:
        for node in range(first, stop):
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if other > node:
                    g = difference(values, channels, node, other)
                    top = max(top, g)
                    count += 1
                    total += g - pivot
                    squares += (g - pivot) * (g - pivot)
    return count, total, squares, top


def weigh_edges(
    cells: cython.const[cython.longlong][::1],
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    steps: cython.const[cython.longlong][::1],
    contacts: cython.const[cython.double][::1],
    values: cython.const[cython.double][:, ::1],
    slope: cython.double,
    weights: Weight[::1],
    volumes: cython.double[::1],
    cursors: Index[::1],
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
) -> None:
    """Write the weights of nodes ``first`` to ``stop``, each to both rows, and add up volumes.

    Rows are sorted and visited in order: the lower neighbours of a node come in the order of its
    row, so that a cursor a node says where the other half of an edge goes.
    """
    channels: cython.Py_ssize_t = values.shape[1]
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.Py_ssize_t
    s: cython.Py_ssize_t
    exponent: cython.double
    weight: cython.double
    with cython.nogil:
        for node in range(first, stop):
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if other < node:
                    continue
                # Every edge was made from one of the steps, so that this ends.
                s = 0
                while steps[s] != cells[other] - cells[node]:
                    s += 1
                # A link is never quite 0, in single precision either: what touches stays connected.
                exponent = min(slope * difference(values, channels, node, other), 80.0)
                weight = max(contacts[s] * exp(-exponent), LEAST)
                weights[edge] = weight
                weights[cursors[other]] = weight
                cursors[other] += 1
                volumes[node] += weight
                volumes[other] += weight
