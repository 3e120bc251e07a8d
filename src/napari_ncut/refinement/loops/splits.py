"""The lowest cut in two of a graph whose nodes are in an order."""

from __future__ import annotations

import cython
import numpy as np

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)


def sweep(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    outer: cython.const[cython.double][::1],
    order: cython.const[cython.int][::1],
    cut: cython.double,
    volume: cython.double,
) -> tuple[float, int]:
    """Return the lowest *cut / volume* of the two parts of an order, and where the first ends."""
    inside: cython.uchar[::1] = np.zeros(order.shape[0], dtype=np.uint8)
    between: cython.double = 0.0
    first_cut: cython.double = 0.0
    first_volume: cython.double = 0.0
    rest: cython.double
    value: cython.double
    lowest: cython.double = float("inf")
    at: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    node: cython.int
    with cython.nogil:
        for i in range(order.shape[0] - 1):
            node = order[i]
            inside[node] = 1
            first_cut += outer[node]
            first_volume += volumes[node]
            for edge in range(indptr[node], indptr[node + 1]):
                if inside[indices[edge]]:
                    between -= weights[edge]
                else:
                    between += weights[edge]
            rest = volume - first_volume
            if first_volume <= 0.0 or rest <= 0.0:
                continue
            value = (first_cut + between) / first_volume + (cut - first_cut + between) / rest
            if value < lowest:
                lowest = value
                at = i
    return lowest, at
