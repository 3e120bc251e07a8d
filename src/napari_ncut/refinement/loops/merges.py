"""The loop that merges the nodes of a small graph, the cheapest pair first."""

from __future__ import annotations

import cython
import numpy as np

# What the union of two segments changes that are no neighbours.
NEVER = cython.declare(cython.double, 1e300)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def write_changes(
    links: cython.double[:, ::1],
    cut: cython.double[::1],
    volumes: cython.double[::1],
    change: cython.double[:, ::1],
    a: cython.Py_ssize_t,
) -> cython.void:
    """Write what the union of a segment with each of its neighbours changes, else infinity."""
    b: cython.Py_ssize_t
    for b in range(cut.shape[0]):
        change[a, b] = NEVER
        if links[a, b] > 0.0:
            change[a, b] = (
                (cut[a] + cut[b] - 2.0 * links[a, b]) / (volumes[a] + volumes[b])
                - cut[a] / volumes[a]
                - cut[b] / volumes[b]
            )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def lowest_of(change: cython.double[:, ::1], a: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Return where a row is lowest, the first of equals."""
    best: cython.Py_ssize_t = 0
    b: cython.Py_ssize_t
    for b in range(1, change.shape[1]):
        if change[a, b] < change[a, best]:
            best = b
    return best


def merge_cheapest(
    links: cython.double[:, ::1],
    volumes: cython.double[::1],
    segments: cython.int[::1],
    n_merges: cython.Py_ssize_t,
) -> None:
    """Merge the two neighbours whose union saves most, so many times.

    Parameters
    ----------
    links : (n, n) ndarray of float64
        Weights between nodes, 0 on the diagonal; used up.
    volumes : (n,) ndarray of float64
        Used up.
    segments : (n,) ndarray of int32
        Where to write the segment of each node: the number of one of its nodes.
    n_merges : int
        Number of merges, fewer than nodes of a connected graph.
    """
    n: cython.Py_ssize_t = volumes.shape[0]
    change: cython.double[:, ::1] = np.empty((n, n))
    cut: cython.double[::1] = np.zeros(n)
    best: cython.Py_ssize_t[::1] = np.empty(n, dtype=np.intp)
    merged: cython.uchar[::1] = np.zeros(n, dtype=np.uint8)
    turn: cython.Py_ssize_t
    node: cython.Py_ssize_t
    a: cython.Py_ssize_t
    b: cython.Py_ssize_t
    with cython.nogil:
        for a in range(n):
            segments[a] = a
            for b in range(n):
                cut[a] += links[a, b]
        for a in range(n):
            write_changes(links, cut, volumes, change, a)
            best[a] = lowest_of(change, a)
        for turn in range(n_merges):  # noqa: B007 (declared for the compiler)
            a = -1
            for node in range(n):
                if not merged[node] and (a < 0 or change[node, best[node]] < change[a, best[a]]):
                    a = node
            b = best[a]
            merged[b] = 1
            volumes[a] += volumes[b]
            # A sum of what is left, not a difference: faint borders keep their digits.
            cut[a] = 0.0
            for node in range(n):
                if segments[node] == b:
                    segments[node] = a
                links[a, node] = 0.0 if node in (a, b) else links[a, node] + links[b, node]
                links[node, a] = links[a, node]
                links[b, node] = links[node, b] = 0.0
                change[b, node] = change[node, b] = NEVER
                cut[a] += links[a, node]
            write_changes(links, cut, volumes, change, a)
            best[a] = lowest_of(change, a)
            for node in range(n):
                if merged[node] or node == a:
                    continue
                change[node, a] = change[a, node]
                if best[node] in (a, b):
                    best[node] = lowest_of(change, node)
                elif change[node, a] < change[node, best[node]]:
                    best[node] = a
