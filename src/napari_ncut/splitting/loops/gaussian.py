"""Loops of Gaussian means: weighted sums along lines, within each run of equal labels."""

import cython


def gaussian_in_rows(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    weights: cython.float[::1],
    goes_on: cython.bint,
    n: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write weighted sums along rows of n pixels, within each run of equal labels.

    The image goes on mirrored beyond its border, for runs that reach it; where that leads beyond
    the other border, with its last pixel or not at all.
    """
    row: cython.Py_ssize_t
    with cython.nogil:
        for row in range(start, stop):
            _in_row(labels, source, target, row, n, weights, goes_on)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _in_row(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    row: cython.Py_ssize_t,
    n: cython.Py_ssize_t,
    weights: cython.float[::1],
    goes_on: cython.bint,
) -> cython.void:
    """Write weighted sums along one row."""
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
