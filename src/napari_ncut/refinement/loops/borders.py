"""Loops over the borders of segments: their sums, their nodes, and who is on the other side."""

from __future__ import annotations

import cython
import numpy as np

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)


def add_up(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.double[:, ::1],
) -> None:
    """Add cut, volume and number of nodes to ``sums`` of each segment."""
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    label: cython.int
    with cython.nogil:
        for node in range(labels.shape[0]):
            label = labels[node]
            sums[1, label] += volumes[node]
            sums[2, label] += 1.0
            for edge in range(indptr[node], indptr[node + 1]):
                if labels[indices[edge]] != label:
                    sums[0, label] += weights[edge]


def border_pairs(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    labels: cython.const[cython.int][::1],
    border: cython.const[cython.int][::1],
    k: cython.longlong,
) -> tuple[object, object]:
    """Return ``a * k + b`` for the two segments a < b of edges that are cut, and a node of each."""
    most: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    node: cython.int
    edge: cython.Py_ssize_t
    a: cython.int
    b: cython.int
    count: cython.Py_ssize_t = 0
    with cython.nogil:
        for i in range(border.shape[0]):
            most += indptr[border[i] + 1] - indptr[border[i]]
    found_pairs = np.empty(most, dtype=np.int64)
    found_nodes = np.empty(most, dtype=np.int32)
    pairs: cython.longlong[::1] = found_pairs
    nodes: cython.int[::1] = found_nodes
    with cython.nogil:
        for i in range(border.shape[0]):
            node = border[i]
            a = labels[node]
            for edge in range(indptr[node], indptr[node + 1]):
                b = labels[indices[edge]]
                if a < b:
                    pairs[count] = a * k + b
                    nodes[count] = node
                    count += 1
    return found_pairs[:count], found_nodes[:count]


def border_nodes(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    labels: cython.const[cython.int][::1],
) -> object:
    """Return the nodes that have a neighbour in another segment."""
    array = np.empty(labels.shape[0], dtype=np.int32)
    found: cython.int[::1] = array
    count: cython.Py_ssize_t = 0
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    label: cython.int
    with cython.nogil:
        for node in range(labels.shape[0]):
            label = labels[node]
            for edge in range(indptr[node], indptr[node + 1]):
                if labels[indices[edge]] != label:
                    found[count] = node
                    count += 1
                    break
    return array[:count].copy()


def border_within(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    labels: cython.const[cython.int][::1],
    nodes: cython.const[cython.int][::1],
    rings: cython.Py_ssize_t,
) -> object:
    """Return the border nodes among some nodes and those up to some edges away."""
    near = nodes_within(indptr, indices, nodes, rings)[0]
    queue: cython.const[cython.int][::1] = near
    border = np.zeros(queue.shape[0], dtype=np.uint8)
    at_border: cython.uchar[::1] = border
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    with cython.nogil:
        for i in range(queue.shape[0]):
            for edge in range(indptr[queue[i]], indptr[queue[i] + 1]):
                if labels[indices[edge]] != labels[queue[i]]:
                    at_border[i] = 1
                    break
    return np.sort(near[border.view(bool)])


def nodes_within(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    nodes: cython.const[cython.int][::1],
    hops: cython.Py_ssize_t,
) -> tuple[object, object]:
    """Return the nodes up to some edges away from some nodes, and how far each is."""
    n: cython.Py_ssize_t = indptr.shape[0] - 1
    found = np.empty(n, dtype=np.int32)
    away = np.empty(n, dtype=np.uint8)
    queue: cython.int[::1] = found
    hop_of: cython.uchar[::1] = away
    seen: cython.uchar[::1] = np.zeros(n, dtype=np.uint8)
    first: cython.Py_ssize_t = 0
    last: cython.Py_ssize_t
    end: cython.Py_ssize_t = 0
    hop: cython.Py_ssize_t
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    with cython.nogil:
        # Every node enters once.
        for i in range(nodes.shape[0]):
            if not seen[nodes[i]]:
                seen[nodes[i]] = 1
                queue[end] = nodes[i]
                hop_of[end] = 0
                end += 1
        for hop in range(1, hops + 1):
            last = end
            for i in range(first, last):
                for edge in range(indptr[queue[i]], indptr[queue[i] + 1]):
                    other = indices[edge]
                    if not seen[other]:
                        seen[other] = 1
                        queue[end] = other
                        hop_of[end] = cython.cast(cython.uchar, hop)
                        end += 1
            first = last
    return found[:end].copy(), away[:end].copy()
