"""Loops of Gaussian means: weighted sums along lines, within each run of equal labels."""

import cython
from numpy import empty


def gaussian_in_rows(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    weights: cython.float[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write weighted sums along the rows, within each run of equal labels."""
    n: cython.Py_ssize_t = labels.shape[1]
    reach: cython.Py_ssize_t = weights.shape[0] - 1
    row: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    label: cython.int
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    total: cython.float
    nothing: cython.float = 0.0
    with cython.nogil:
        for row in range(start, stop):
            first = 0
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
                    total = weights[0] * source[row, x]
                    if first + reach <= x < end - reach:
                        for k in range(1, reach + 1):
                            total += weights[k] * (source[row, x - k] + source[row, x + k])
                    else:
                        for k in range(1, reach + 1):
                            left, right = x - k, x + k
                            # The image goes on mirrored beyond its border, for runs that reach it.
                            if left < 0 and first == 0:
                                left = -left - 1
                            if right >= n and end == n:
                                right = 2 * n - 1 - right
                            total += weights[k] * (
                                (source[row, left] if first <= left < end else nothing)
                                + (source[row, right] if first <= right < end else nothing)
                            )
                    target[row, x] = total
                first = end


def gaussian_along_middle(
    labels: cython.int[:, :, ::1],
    source: cython.float[:, :, ::1],
    target: cython.float[:, :, ::1],
    weights: cython.float[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write weighted sums along the middle axis, from pixels that runs of equal labels lead to."""
    n: cython.Py_ssize_t = labels.shape[1]
    width: cython.Py_ssize_t = labels.shape[2]
    reach: cython.Py_ssize_t = weights.shape[0] - 1
    up: cython.int[::1] = empty(width, "int32")
    down: cython.int[::1] = empty(width, "int32")
    row: cython.Py_ssize_t
    i: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    weight: cython.float
    total: cython.float
    nothing: cython.float = 0.0
    with cython.nogil:
        for row in range(start, stop):
            i, y = row // n, row % n
            for x in range(width):
                target[i, y, x] = weights[0] * source[i, y, x] if labels[i, y, x] != 0 else 0.0
                # The label as far as the run goes on, and -1 beyond its end.
                up[x] = labels[i, y, x] if labels[i, y, x] != 0 else -1
                down[x] = up[x]
            for k in range(1, reach + 1):
                above, below = y - k, y + k
                if above < 0:
                    above = min(-above - 1, n - 1)
                if below >= n:
                    below = max(2 * n - 1 - below, 0)
                weight = weights[k]
                for x in range(width):
                    up[x] = up[x] if labels[i, above, x] == up[x] else -1
                    down[x] = down[x] if labels[i, below, x] == down[x] else -1
                    total = (source[i, above, x] if up[x] > 0 else nothing) + (
                        source[i, below, x] if down[x] > 0 else nothing
                    )
                    target[i, y, x] += weight * total
