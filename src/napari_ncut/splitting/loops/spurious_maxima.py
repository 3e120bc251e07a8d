"""Loops of the spurious maxima: which fragments are objects."""

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


def objects(
    order: cython.longlong[::1],
    rank: cython.int[::1],
    low: cython.int[::1],
    high: cython.int[::1],
    height: cython.double[::1],
    tops: cython.double[::1],
    sizes: cython.double[::1],
    disc: cython.double[::1],
    rough: cython.double[::1],
    held: cython.double,
    level: cython.double,
    noise: cython.double,
):
    """Tell which fragment each one belongs to, and which are (parts of) objects.

    Parameters
    ----------
    order : int64, shape (m,)
        The borders from the highest saddle to the lowest.
    rank : int32, shape (n,)
        The fragments from the lowest to the highest: of equals, the one that ranks higher wins.
    low, high : int32, shape (m,)
        The fragments on both sides.
    height : float64, shape (m,)
        Height of the saddle.
    tops, sizes, disc, rough : float64, shape (n,)
        Of each fragment the greatest height, the size, that of its disc, and the size below which
        a fragment beside it is the roughness of its edge.
    held, level, noise : float
        As in `parameters.SplitParameters`.

    Returns
    -------
    group : ndarray of int32, shape (n,)
    is_object : ndarray of uint8, shape (n,)
    """
    n: cython.Py_ssize_t = tops.shape[0]
    m: cython.Py_ssize_t = low.shape[0]
    root: cython.longlong[::1] = empty(n, int64)
    size: cython.double[::1] = empty(n, float64)
    best: cython.double[::1] = zeros(n, float64)
    second: cython.double[::1] = zeros(n, float64)
    neighbour: cython.longlong[::1] = full(n, -1, int64)
    real: cython.uchar[::1] = zeros(n, "uint8")
    group: cython.int[::1] = empty(n, int32)
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    a: cython.Py_ssize_t
    b: cython.Py_ssize_t
    r: cython.Py_ssize_t
    turn: cython.int
    side: cython.int
    with cython.nogil:
        for k in range(n):
            root[k], size[k] = k, sizes[k]
        for j in range(m):
            i = order[j]
            a, b = _root(root, low[i]), _root(root, high[i])
            if a == b:
                continue
            if rank[b] > rank[a]:
                a, b = b, a
            if height[i] >= (1.0 - noise) * tops[b] or size[b] < rough[a]:
                root[b] = a
                size[a] += size[b]
        # The two highest saddles to different neighbours.
        for turn in range(2):
            for i in range(m):
                for side in range(2):
                    a, b = _root(root, low[i]), _root(root, high[i])
                    if side == 1:
                        a, b = b, a
                    if a == b:
                        continue
                    if turn == 0 and (
                        height[i] > best[a]
                        or (height[i] == best[a] and rank[b] > rank[neighbour[a]])
                    ):
                        best[a], neighbour[a] = height[i], b
                    if turn == 1 and b != neighbour[a]:
                        second[a] = max(second[a], height[i])
        for k in range(n):
            r = _root(root, k)
            real[k] = size[r] >= held * disc[r] or second[r] < level * tops[r]
        # Pixels that no disc holds go over the highest saddle, and on, until there is an object.
        for k in range(n):
            r = _root(root, k)
            turn = 0
            while turn < 64 and not real[r]:
                r = neighbour[r]
                turn += 1
            group[k] = cython.cast(cython.int, r)
    return asarray(group), asarray(real)
