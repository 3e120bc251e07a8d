"""Loops that sum up over fragments: greatest height, moments, brightness."""

import cython


def highest_of(
    fragments: cython.int[::1],
    height: cython.int[::1],
    result: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Raise the greatest heights to those of some pixels."""
    i: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        for i in range(start, stop):
            k = fragments[i]
            if k >= 0 and height[i] > result[k]:
                result[k] = height[i]


def find_owners(
    fragments: cython.int[::1],
    labels: cython.int[::1],
    owner: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the label that each fragment lies in, from some pixels."""
    i: cython.Py_ssize_t
    k: cython.int = -1
    with cython.nogil:
        for i in range(start, stop):
            if fragments[i] != k:
                k = fragments[i]
                if k >= 0:
                    owner[k] = labels[i]


def count_pixels(
    fragments: cython.int[::1],
    count: cython.longlong[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Add some pixels to the numbers of those of their fragments, a run at a time."""
    i: cython.Py_ssize_t = start
    first: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        while i < stop:
            k, first = fragments[i], i
            i += 1
            while i < stop and fragments[i] == k:
                i += 1
            if k >= 0:
                count[k] += i - first


def extend_boxes(
    fragments: cython.int[:, :, ::1],
    before: cython.int[:, ::1],
    after: cython.int[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Extend the boxes of fragments by some rows: minus the first corner, and the one beyond."""
    ny: cython.Py_ssize_t = fragments.shape[1]
    nx: cython.Py_ssize_t = fragments.shape[2]
    row: cython.Py_ssize_t
    z: cython.int
    y: cython.int
    x: cython.Py_ssize_t
    first: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        for row in range(start, stop):
            z = cython.cast(cython.int, row // ny)
            y = cython.cast(cython.int, row % ny)
            x = 0
            while x < nx:
                k = fragments[z, y, x]
                first = x
                x += 1
                while x < nx and fragments[z, y, x] == k:
                    x += 1
                if k >= 0:
                    before[k, 0] = max(before[k, 0], -z)
                    before[k, 1] = max(before[k, 1], -y)
                    before[k, 2] = max(before[k, 2], -cython.cast(cython.int, first))
                    after[k, 0] = max(after[k, 0], z + 1)
                    after[k, 1] = max(after[k, 1], y + 1)
                    after[k, 2] = max(after[k, 2], cython.cast(cython.int, x))


def add_moments(
    fragments: cython.int[:, :, ::1],
    origin: cython.int[:, ::1],
    moments: cython.double[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Add the pixels of some rows to the moments of their fragments, about an origin for each.

    Runs of a fragment along a row are added at once. All terms are whole numbers, which a double
    holds exactly up to 2^53: the sums do not depend on where the fragment lies.
    """
    ny: cython.Py_ssize_t = fragments.shape[1]
    nx: cython.Py_ssize_t = fragments.shape[2]
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    first: cython.Py_ssize_t
    k: cython.int
    n: cython.double
    a: cython.double
    b: cython.double
    dz: cython.double
    dy: cython.double
    sum_x: cython.double
    sum_xx: cython.double
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            x = 0
            while x < nx:
                k = fragments[z, y, x]
                first = x
                x += 1
                while x < nx and fragments[z, y, x] == k:
                    x += 1
                if k < 0:
                    continue
                dz, dy = z - origin[k, 0], y - origin[k, 1]
                # Sums over first..x-1 of 1, x and x^2, counted from the origin.
                a, b = first - origin[k, 2], x - 1 - origin[k, 2]
                n = b - a + 1.0
                sum_x = n * (a + b) * 0.5
                sum_xx = (b * (b + 1.0) * (2.0 * b + 1.0) - (a - 1.0) * a * (2.0 * a - 1.0)) / 6.0
                moments[k, 0] += n
                moments[k, 1] += n * dz
                moments[k, 2] += n * dy
                moments[k, 3] += sum_x
                moments[k, 4] += n * dz * dz
                moments[k, 5] += n * dy * dy
                moments[k, 6] += sum_xx
                moments[k, 7] += n * dz * dy
                moments[k, 8] += sum_x * dz
                moments[k, 9] += sum_x * dy


def add_brightness(
    fragments: cython.int[::1],
    width: cython.int[::1],
    brightness: cython.float[::1],
    sums: cython.double[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Add w, w t and w t^2 of some pixels to their fragments, for width w and brightness t."""
    i: cython.Py_ssize_t
    k: cython.int
    weight: cython.double
    with cython.nogil:
        for i in range(start, stop):
            k = fragments[i]
            if k >= 0:
                weight = width[i]
                sums[k, 0] += weight
                weight *= brightness[i]
                sums[k, 1] += weight
                sums[k, 2] += weight * brightness[i]
