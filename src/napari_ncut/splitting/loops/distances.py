"""Loops of distances: to the edge of the label, and of the discs that hold each pixel.

Both are found along one axis after the other, as the lower envelope of parabolas within each run
of equal labels.
"""

import cython
from numpy import empty, float64, int32, int64

INFINITY = cython.declare(cython.double, float("inf"))
# Power where there is no disc.
NOWHERE = cython.declare(cython.float, -1e30)
# Where a parabola begins to be the lowest is rounded: another one may be as low this much before.
NEARLY = cython.declare(cython.double, 1e-6)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _end_of_run(
    labels: cython.int[:, ::1],
    row: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    n: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Return where the run of equal labels that begins at ``first`` is over."""
    end: cython.Py_ssize_t = first + 1
    while end < n and labels[row, end] == labels[row, first]:
        end += 1
    return end


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _added(
    centre: cython.longlong[::1],
    height: cython.double[::1],
    begin: cython.double[::1],
    k: cython.Py_ssize_t,
    y: cython.Py_ssize_t,
    value: cython.double,
) -> cython.Py_ssize_t:
    """Add the parabola around y, of some height there, to a lower envelope of k + 1; return its k.

    ``centre`` rises, and ``begin`` is where each begins to be the lowest.
    """
    c: cython.longlong
    bound: cython.double = -INFINITY
    # Each turn takes a parabola off the envelope.
    while k >= 0:
        c = centre[k]
        bound = (value - height[k] + (y - c) * (y + c)) / (2.0 * (y - c))
        if bound >= begin[k]:
            break
        k -= 1
        bound = -INFINITY
    k += 1
    centre[k], height[k], begin[k] = y, value, bound
    return k


def distance_in_rows(
    labels: cython.int[:, ::1],
    distance: cython.float[:, ::1],
    size: cython.double,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the squared distance along the rows to the end of the run of equal labels."""
    n: cython.Py_ssize_t = labels.shape[1]
    row: cython.Py_ssize_t
    x: cython.Py_ssize_t
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    label: cython.int
    steps: cython.double
    with cython.nogil:
        for row in range(start, stop):
            first = 0
            while first < n:
                label = labels[row, first]
                end = _end_of_run(labels, row, first, n)
                for x in range(first, end):
                    steps = INFINITY
                    if label == 0:
                        steps = 0.0
                    if first > 0:
                        steps = min(steps, cython.cast(cython.double, x - first + 1))
                    if end < n:
                        steps = min(steps, cython.cast(cython.double, end - x))
                    steps *= size
                    distance[row, x] = cython.cast(cython.float, steps * steps)
                first = end


def further_distance_in_rows(
    labels: cython.int[:, ::1],
    distance: cython.float[:, ::1],
    size: cython.double,
    n: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Lower envelope of the parabolas of each run of equal labels, in rows of n pixels.

    Their heights are the squared distances that were found along other axes. Places are counted
    from the run's first pixel: where the run lies in the image does not matter.
    """
    centre: cython.longlong[::1] = empty(n + 2, int64)
    height: cython.double[::1] = empty(n + 2, float64)
    begin: cython.double[::1] = empty(n + 3, float64)
    row: cython.Py_ssize_t
    y: cython.Py_ssize_t
    c: cython.Py_ssize_t
    k: cython.Py_ssize_t
    lowest: cython.Py_ssize_t
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    low: cython.Py_ssize_t
    high: cython.Py_ssize_t
    label: cython.int
    value: cython.double
    other: cython.Py_ssize_t
    square: cython.double = size * size
    with cython.nogil:
        for row in range(start, stop):
            first = 0
            while first < n:
                label = labels[row, first]
                end = _end_of_run(labels, row, first, n)
                if label == 0:
                    first = end
                    continue
                k = -1
                # The pixels beside the run are edges; beyond the border of the image are none.
                low = -1 if first > 0 else 0
                high = end - first + (1 if end < n else 0)
                for y in range(low, high):
                    value = 0.0
                    if 0 <= y < end - first:
                        value = distance[row, first + y] / square
                    if value == INFINITY:
                        continue
                    k = _added(centre, height, begin, k, y, value)
                if k >= 0:
                    begin[k + 1] = INFINITY
                    lowest = 0
                    for y in range(end - first):
                        while begin[lowest + 1] < y:
                            lowest += 1
                        c = y - centre[lowest]
                        value = c * c + height[lowest]
                        # Rounded bounds: the lowest, from whichever side one comes.
                        other = lowest + 1
                        while other <= k and begin[other] <= y + NEARLY:
                            c = y - centre[other]
                            value = min(value, c * c + height[other])
                            other += 1
                        distance[row, first + y] = cython.cast(cython.float, value * square)
                first = end


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
    square: cython.double = size * size
    with cython.nogil:
        for row in range(start, stop):
            first = 0
            while first < n:
                label = labels[row, first]
                end = _end_of_run(labels, row, first, n)
                if label == 0:
                    first = end
                    continue
                k = -1
                for y in range(end - first):
                    if power[row, first + y] <= NOWHERE:
                        continue
                    value = -power[row, first + y] / square
                    k = _added(at, height, begin, k, y, value)
                    index[k] = centre[row, first + y]
                if k >= 0:
                    begin[k + 1] = INFINITY
                    lowest = 0
                    for y in range(end - first):
                        while begin[lowest + 1] < y:
                            lowest += 1
                        chosen = lowest
                        c = y - at[lowest]
                        value = c * c + height[lowest]
                        other_at = lowest + 1
                        # Those that begin here, or a rounding later, may be as good.
                        while other_at <= k and begin[other_at] <= y + NEARLY:
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
