"""Loops of the split tree: labels at a threshold, and the nodes that merges make."""

import cython
from numpy import asarray, empty, float64, full, int32, int64, zeros


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _root(root: cython.longlong[::1], i: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Find the representative of a set, shortening the way to it; links lead to representatives."""
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def look_up(
    fragments: cython.int[::1],
    label: cython.int[::1],
    result: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the label of each pixel; fragment -1 stands for the last entry."""
    last: cython.Py_ssize_t = label.shape[0] - 1
    i: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        for i in range(start, stop):
            k = fragments[i]
            result[i] = label[k] if k >= 0 else label[last]


def first_indices(fragments: cython.int[::1], n: cython.Py_ssize_t):
    """Return the flat index of the first pixel of each of n fragments, shape (n,); -1 is nothing.

    A fragment without pixels comes after all others.
    """
    size: cython.Py_ssize_t = fragments.shape[0]
    result: cython.longlong[::1] = full(n, size, int64)
    i: cython.Py_ssize_t
    before: cython.int = -1
    k: cython.int
    with cython.nogil:
        for i in range(size):
            k = fragments[i]
            if k != before:
                if k >= 0 and result[k] == size:
                    result[k] = i
                before = k
    return asarray(result)


def renumber(
    fragments: cython.int[::1],
    number: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Give fragments other numbers, in place; those below 0 keep theirs."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if fragments[i] >= 0:
                fragments[i] = number[fragments[i]]


def groups(beside: cython.int[:, ::1], together: cython.uchar[::1], n: cython.Py_ssize_t):
    """Return the group of each fragment, in the order of their first ones, and how many there are.

    The rows that are ``together`` join the fragments beside them. The rows are a spanning tree of
    each blob, so each can be joined or cut on its own.
    """
    root: cython.longlong[::1] = empty(n, int64)
    group: cython.longlong[::1] = empty(n, int64)
    number: cython.longlong[::1] = full(n, -1, int64)
    count: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    a: cython.Py_ssize_t
    b: cython.Py_ssize_t
    with cython.nogil:
        for k in range(n):
            root[k] = k
        for i in range(beside.shape[0]):
            if together[i]:
                a, b = _root(root, beside[i, 0]), _root(root, beside[i, 1])
                # The first fragment stands for its group.
                root[max(a, b)] = min(a, b)
        for k in range(n):
            a = _root(root, k)
            if number[a] == -1:
                number[a] = count
                count += 1
            group[k] = number[a]
    return asarray(group), count


def without_small(
    order: cython.longlong[::1],
    group: cython.longlong[::1],
    size: cython.double[::1],
    contacts: cython.int[:, ::1],
    area: cython.double[::1],
    min_size: cython.double,
):
    """Merge groups below ``min_size`` where their contact is the widest, and return the groups.

    Parameters
    ----------
    order : int64, shape (n_groups,)
        The groups from the smallest to the largest.
    group : int64, shape (n_fragments,)
        Group of each fragment.
    size : float64, shape (n_groups,)
        Size of each group; overwritten.
    contacts : int32, shape (m, 2)
        Fragments that touch.
    area : float64, shape (m,)
        Length or area of their border.
    min_size : float
        Least size.
    """
    count: cython.Py_ssize_t = size.shape[0]
    m: cython.Py_ssize_t = contacts.shape[0]
    # The contacts of a group are a linked list of their sides, joined when groups merge.
    head: cython.longlong[::1] = full(count, -1, int64)
    tail: cython.longlong[::1] = full(count, -1, int64)
    following: cython.longlong[::1] = full(2 * m, -1, int64)
    root: cython.longlong[::1] = empty(count, int64)
    touch: cython.double[::1] = zeros(count, float64)
    result: cython.longlong[::1] = empty(group.shape[0], int64)
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    g: cython.Py_ssize_t
    half: cython.Py_ssize_t
    other: cython.Py_ssize_t
    best: cython.Py_ssize_t
    with cython.nogil:
        for k in range(count):
            root[k] = k
        for half in range(2 * m):
            g = group[contacts[half // 2, half % 2]]
            if head[g] == -1:
                head[g] = half
            else:
                following[tail[g]] = half
            tail[g] = half
        for i in range(count):
            g = order[i]
            if root[g] != g or size[g] >= min_size:
                continue
            half = head[g]
            while half != -1:
                other = _root(root, group[contacts[half // 2, 1 - half % 2]])
                touch[other] += area[half // 2]
                half = following[half]
            touch[g] = 0.0
            best = -1
            half = head[g]
            while half != -1:
                other = _root(root, group[contacts[half // 2, 1 - half % 2]])
                if other != g and (
                    best == -1
                    or touch[other] > touch[best]
                    or (touch[other] == touch[best] and other < best)
                ):
                    best = other
                half = following[half]
            half = head[g]
            while half != -1:
                touch[_root(root, group[contacts[half // 2, 1 - half % 2]])] = 0.0
                half = following[half]
            if best == -1:
                continue
            root[g] = best
            size[best] += size[g]
            following[tail[best]] = head[g]
            tail[best] = tail[g]
        for k in range(group.shape[0]):
            result[k] = _root(root, group[k])
    return asarray(result)


def nodes_of_merges(n: cython.Py_ssize_t, into: cython.int[::1], gone: cython.int[::1]):
    """Turn merges of n fragments into nodes of a tree, and number the blobs by their fragments.

    Returns
    -------
    parts : ndarray of int32, shape (m, 2)
        The nodes that each merge joins; node n + i is what merge i makes.
    blob : ndarray of int32, shape (m,)
        From 1, in the order of their first fragments.
    """
    m: cython.Py_ssize_t = into.shape[0]
    parts: cython.int[:, ::1] = empty((m, 2), int32)
    blob: cython.int[::1] = empty(m, int32)
    node: cython.longlong[::1] = empty(n, int64)
    root: cython.longlong[::1] = empty(n + m, int64)
    number: cython.int[::1] = zeros(n + m, int32)
    count: cython.int = 0
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    with cython.nogil:
        for k in range(n):
            node[k] = k
        for k in range(n + m):
            root[k] = k
        for i in range(m):
            parts[i, 0] = cython.cast(cython.int, node[into[i]])
            parts[i, 1] = cython.cast(cython.int, node[gone[i]])
            node[into[i]] = n + i
        for i in range(m - 1, -1, -1):
            root[parts[i, 0]] = root[n + i]
            root[parts[i, 1]] = root[n + i]
        for k in range(n):
            if number[root[k]] == 0:
                count += 1
                number[root[k]] = count
        for i in range(m):
            blob[i] = number[root[n + i]]
    return asarray(parts), asarray(blob)


def sums_of_nodes(leaves: cython.double[:, ::1], parts: cython.int[:, ::1]):
    """Return sums over all nodes, shape (n + m, k), from those over the n leaves.

    Node n + i is made of the two nodes in row i of ``parts``.
    """
    n: cython.Py_ssize_t = leaves.shape[0]
    columns: cython.Py_ssize_t = leaves.shape[1]
    result: cython.double[:, ::1] = empty((n + parts.shape[0], columns), float64)
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    with cython.nogil:
        result[:n] = leaves
        for i in range(parts.shape[0]):
            for k in range(columns):
                result[n + i, k] = result[parts[i, 0], k] + result[parts[i, 1], k]
    return asarray(result)


def greatest_of_nodes(leaves: cython.double[::1], parts: cython.int[:, ::1]):
    """Return the greatest value of the leaves in all nodes, shape (n + m,)."""
    n: cython.Py_ssize_t = leaves.shape[0]
    result: cython.double[::1] = empty(n + parts.shape[0], float64)
    i: cython.Py_ssize_t
    with cython.nogil:
        result[:n] = leaves
        for i in range(parts.shape[0]):
            result[n + i] = max(result[parts[i, 0]], result[parts[i, 1]])
    return asarray(result)


def roots_of_nodes(n: cython.Py_ssize_t, parts: cython.int[:, ::1]):
    """Return the topmost node above each of n nodes; the last ones are those of ``parts``."""
    result: cython.longlong[::1] = empty(n, int64)
    first: cython.Py_ssize_t = n - parts.shape[0]
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(n):
            result[i] = i
        for i in range(parts.shape[0] - 1, -1, -1):
            result[parts[i, 0]] = result[parts[i, 1]] = result[first + i]
    return asarray(result)
