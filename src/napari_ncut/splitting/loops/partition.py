"""Loops of the choice of objects: scores of trees, and the partitions that they favour."""

import cython
from numpy import asarray, empty, float64, full, int32, zeros


def scores(
    terms: cython.float[:, ::1],
    root: cython.int[::1],
    term: cython.short[::1],
    threshold: cython.float[::1],
    missing_left: cython.uchar[::1],
    below: cython.int[:, ::1],
    value: cython.double[::1],
    result: cython.double[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the sums of the leaves that the rows ``start`` to ``stop`` of terms end in.

    A tree is walked from ``root`` to where ``term`` is -1: to the left where the term is at most
    the threshold. The nodes below have higher numbers, so each walk ends.
    """
    i: cython.Py_ssize_t
    t: cython.Py_ssize_t
    k: cython.Py_ssize_t
    x: cython.float
    with cython.nogil:
        for i in range(start, stop):
            result[i] = 0.0
        # A tree stays in the cache while all rows walk it.
        for t in range(root.shape[0]):
            for i in range(start, stop):
                k = root[t]
                while term[k] >= 0:
                    x = terms[i, term[k]]
                    if x != x:
                        k = below[k, 0] if missing_left[k] else below[k, 1]
                    else:
                        k = below[k, 0] if x <= threshold[k] else below[k, 1]
                result[i] += value[k]


def contributions(
    terms: cython.float[::1],
    root: cython.int[::1],
    term: cython.short[::1],
    threshold: cython.float[::1],
    missing_left: cython.uchar[::1],
    below: cython.int[:, ::1],
    value: cython.double[::1],
):
    """Return what each term adds to the score of one row: the changes of value along the walks."""
    result: cython.double[::1] = zeros(terms.shape[0], float64)
    t: cython.Py_ssize_t
    k: cython.Py_ssize_t
    side: cython.Py_ssize_t
    x: cython.float
    with cython.nogil:
        for t in range(root.shape[0]):
            k = root[t]
            while term[k] >= 0:
                x = terms[term[k]]
                side = 1
                if x <= threshold[k] or (x != x and missing_left[k]):
                    side = 0
                result[term[k]] += value[below[k, side]] - value[k]
                k = below[k, side]
    return asarray(result)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _united(
    one: cython.int,
    other: cython.int,
    key: cython.double[::1],
    left: cython.int[::1],
    right: cython.int[::1],
    rank: cython.int[::1],
) -> cython.int:
    """Unite two leftist heaps, the greatest key on top; -1 is an empty one.

    Crane, "Linear lists and priority queues as balanced binary trees", 1972. The recursion is as
    deep as the right spines are long: at most twice the logarithm of the number of entries.
    """
    if one < 0:
        return other
    if other < 0:
        return one
    if key[one] < key[other]:
        one, other = other, one
    right[one] = _united(right[one], other, key, left, right, rank)
    if left[one] < 0 or rank[left[one]] < rank[right[one]]:
        left[one], right[one] = right[one], left[one]
    rank[one] = 1 if right[one] < 0 else rank[right[one]] + 1
    return one


def critical_penalties(score: cython.double[::1], parts: cython.int[:, ::1]):
    """Return the penalty from which on each united node stays whole, shape (m,).

    The best partition of a tree at a penalty is that with the greatest sum of ``score - penalty``
    over its nodes. A node is whole in it from some penalty on (weakest-link pruning of Breiman et
    al., "Classification and regression trees", 1984, with a score for each node), and never below
    that of the nodes that hold it.

    Parameters
    ----------
    score : float64, shape (n + m,)
        Of each node.
    parts : int32, shape (m, 2)
        Node n + i is made of the two nodes in row i.
    """
    m: cython.Py_ssize_t = parts.shape[0]
    n: cython.Py_ssize_t = score.shape[0] - m
    # At the penalties in a node's heap its best partition has so many more parts.
    key: cython.double[::1] = empty(m, float64)
    more: cython.int[::1] = empty(m, int32)
    left: cython.int[::1] = full(m, -1, int32)
    right: cython.int[::1] = full(m, -1, int32)
    rank: cython.int[::1] = full(m, 1, int32)
    top: cython.int
    count: cython.int
    total: cython.double
    limit: cython.double
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    side: cython.Py_ssize_t
    heap: cython.int[::1] = full(n + m, -1, int32)
    with cython.nogil:
        for i in range(m):
            top = _united(heap[parts[i, 0]], heap[parts[i, 1]], key, left, right, rank)
            count = 2
            total = score[parts[i, 0]] + score[parts[i, 1]]
            limit = total - score[n + i]
            # Each entry is taken out once at most.
            while top >= 0 and key[top] > limit:
                total += key[top] * more[top]
                count += more[top]
                top = _united(left[top], right[top], key, left, right, rank)
                limit = (total - score[n + i]) / (count - 1)
            key[i] = limit
            more[i] = count - 1
            left[i] = right[i] = -1
            rank[i] = 1
            heap[n + i] = _united(cython.cast(cython.int, i), top, key, left, right, rank)
        for i in range(m - 1, -1, -1):
            for side in range(2):
                k = parts[i, side] - n
                if k >= 0 and key[k] > key[i]:
                    key[k] = key[i]
    return asarray(key)
