"""Loops of the spurious maxima: which fragments are objects, and the discs that hold the pixels."""

import cython
from numpy import asarray, empty, float64, full, int32, int64, zeros

# Power where there is no disc.
NOWHERE = cython.declare(cython.float, -1e30)


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


def forget(
    fragments: cython.int[::1],
    squared: cython.float[::1],
    is_object: cython.uchar[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Take away the discs of the fragments that are no objects."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if fragments[i] >= 0 and not is_object[fragments[i]]:
                squared[i] = NOWHERE


def belong(
    fragments: cython.int[::1],
    centre: cython.int[::1],
    power: cython.float[::1],
    group: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Replace the centre of the disc that holds a pixel by its group, or that of the fragment."""
    i: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        for i in range(start, stop):
            k = fragments[i]
            if k >= 0:
                if power[i] > NOWHERE:
                    k = fragments[centre[i]]
                k = group[k]
            centre[i] = k


def power_in_rows(
    labels: cython.int[:, ::1],
    power: cython.float[:, ::1],
    centre: cython.int[:, ::1],
    fragments: cython.int[::1],
    rank: cython.int[::1],
    size: cython.double,
    n: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Upper envelope of the parabolas of each run of equal labels, in rows of n pixels.

    Pixels are counted from the run's first one. Of discs that hold a pixel equally deeply, the one
    whose fragment ranks highest has it, from whichever side one comes.
    """
    at: cython.longlong[::1] = empty(n, int64)
    index: cython.int[::1] = empty(n, int32)
    height: cython.double[::1] = empty(n, float64)
    begin: cython.double[::1] = empty(n + 1, float64)
    row: cython.Py_ssize_t
    y: cython.Py_ssize_t
    c: cython.Py_ssize_t
    k: cython.Py_ssize_t
    lowest: cython.Py_ssize_t
    chosen: cython.Py_ssize_t
    other_at: cython.Py_ssize_t
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    label: cython.int
    value: cython.double
    other: cython.double
    bound: cython.double
    square: cython.double = size * size
    infinity: cython.double = float("inf")
    with cython.nogil:
        for row in range(start, stop):
            first = 0
            while first < n:
                label = labels[row, first]
                end = first + 1
                while end < n and labels[row, end] == label:
                    end += 1
                if label == 0:
                    first = end
                    continue
                k = -1
                for y in range(end - first):
                    if power[row, first + y] <= NOWHERE:
                        continue
                    value = -power[row, first + y] / square
                    bound = -infinity
                    # Each turn takes a parabola off the envelope.
                    while k >= 0:
                        c = at[k]
                        bound = (value - height[k] + (y - c) * (y + c)) / (2.0 * (y - c))
                        if bound >= begin[k]:
                            break
                        k -= 1
                        bound = -infinity
                    k += 1
                    at[k], height[k], begin[k] = y, value, bound
                    index[k] = centre[row, first + y]
                if k >= 0:
                    begin[k + 1] = infinity
                    lowest = 0
                    for y in range(end - first):
                        while begin[lowest + 1] < y:
                            lowest += 1
                        chosen = lowest
                        c = y - at[lowest]
                        value = c * c + height[lowest]
                        other_at = lowest + 1
                        # Those that begin here, or a rounding later, may be as good.
                        while other_at <= k and begin[other_at] <= y + 1e-6:
                            c = y - at[other_at]
                            other = c * c + height[other_at]
                            if other < value or (
                                other == value
                                and rank[fragments[index[other_at]]]
                                > rank[fragments[index[chosen]]]
                            ):
                                value, chosen = other, other_at
                            other_at += 1
                        power[row, first + y] = cython.cast(cython.float, -value * square)
                        centre[row, first + y] = index[chosen]
                first = end
