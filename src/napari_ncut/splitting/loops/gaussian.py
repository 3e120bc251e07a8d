"""Loops of Gaussian means: weighted sums along lines, within each run of equal labels."""

import cython
from numpy import empty

# Lines along the middle axis that are copied at once: their pixels fill a line of the cache.
TILE = cython.declare(cython.Py_ssize_t, 16)
# Copies lie further apart than they are long, so that they do not get into one another's way in the
# cache, whose places repeat by powers of two.
APART = cython.declare(cython.Py_ssize_t, 16)


def gaussian_in_rows(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    weights: cython.float[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write weighted sums along the rows, within each run of equal labels."""
    row: cython.Py_ssize_t
    with cython.nogil:
        for row in range(start, stop):
            _in_line(labels, source, target, row, labels.shape[1], weights, 0)


def gaussian_along_middle(
    labels: cython.int[:, :, ::1],
    source: cython.float[:, :, ::1],
    target: cython.float[:, :, ::1],
    weights: cython.float[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write weighted sums along the middle axis, for lines ``start`` to ``stop`` of all blocks."""
    n: cython.Py_ssize_t = labels.shape[1]
    width: cython.Py_ssize_t = labels.shape[2]
    label: cython.int[:, ::1] = empty((TILE, n + APART), "int32")
    value: cython.float[:, ::1] = empty((TILE, n + APART), "float32")
    total: cython.float[:, ::1] = empty((TILE, n + APART), "float32")
    line: cython.Py_ssize_t = start
    i: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    count: cython.Py_ssize_t
    with cython.nogil:
        while line < stop:
            i, x = line // width, line % width
            count = min(TILE, stop - line, width - x)
            for y in range(n):
                for k in range(count):
                    label[k, y] = labels[i, y, x + k]
                    value[k, y] = source[i, y, x + k]
            for k in range(count):
                _in_line(label, value, total, k, n, weights, 1)
            for y in range(n):
                for k in range(count):
                    target[i, y, x + k] = total[k, y]
            line += count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _in_line(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    row: cython.Py_ssize_t,
    n: cython.Py_ssize_t,
    weights: cython.float[::1],
    goes_on: cython.bint,
) -> cython.void:
    """Write weighted sums along a line of n pixels, within each run of equal labels.

    The image goes on mirrored beyond its border, for runs that reach it; where that leads beyond
    the other border, with its last pixel or not at all.
    """
    reach: cython.Py_ssize_t = weights.shape[0] - 1
    first: cython.Py_ssize_t = 0
    end: cython.Py_ssize_t
    low: cython.Py_ssize_t
    high: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    label: cython.int
    weight: cython.float
    while first < n:
        label = labels[row, first]
        end = first + 1
        while end < n and labels[row, end] == label:
            end += 1
        if label == 0:
            for x in range(first, end):
                target[row, x] = 0.0
            first = end
            continue
        for x in range(first, end):
            target[row, x] = weights[0] * source[row, x]
        # Between these the image's border is out of reach.
        low = min(reach, end) if first == 0 else first
        high = max(n - reach, low) if end == n else end
        for k in range(1, min(reach, end - first - 1) + 1):
            weight = weights[k]
            # From ``left`` on there is a pixel on the left, up to ``right`` one on the right.
            left = min(max(first + k, low), high)
            right = min(max(end - k, low), high)
            for x in range(low, min(left, right)):
                target[row, x] += weight * source[row, x + k]
            for x in range(left, right):
                target[row, x] += weight * (source[row, x - k] + source[row, x + k])
            for x in range(max(left, right), high):
                target[row, x] += weight * source[row, x - k]
        for x in range(first, low):
            _mirrored(source, target, row, x, first, end, n, weights, goes_on)
        for x in range(high, end):
            _mirrored(source, target, row, x, first, end, n, weights, goes_on)
        first = end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _mirrored(
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    row: cython.Py_ssize_t,
    x: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    n: cython.Py_ssize_t,
    weights: cython.float[::1],
    goes_on: cython.bint,
) -> cython.void:
    """Add to a pixel what lies in its run from ``first`` to ``end``, mirrored at the border."""
    k: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    total: cython.float
    nothing: cython.float = 0.0
    for k in range(1, weights.shape[0]):
        left, right = x - k, x + k
        if left < 0 and first == 0:
            left = -left - 1
            if goes_on:
                left = min(left, n - 1)
        if right >= n and end == n:
            right = 2 * n - 1 - right
            if goes_on:
                right = max(right, 0)
        total = source[row, left] if first <= left < end else nothing
        total += source[row, right] if first <= right < end else nothing
        target[row, x] += weights[k] * total
