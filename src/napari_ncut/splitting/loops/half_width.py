"""Loops of the half-width: from squared distances to whole numbers, and their smoothing."""

import cython
from cython.cimports.libc.math import sqrt


def root(
    squared: cython.float[::1],
    scale: cython.double,
    largest: cython.int,
    width: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write square roots as integers: times ``scale``, and at most ``largest``."""
    i: cython.Py_ssize_t
    value: cython.double
    with cython.nogil:
        for i in range(start, stop):
            value = sqrt(cython.cast(cython.double, squared[i])) * scale + 0.5
            width[i] = cython.cast(cython.int, min(value, cython.cast(cython.double, largest)))


def diffuse(
    labels: cython.int[:, :, ::1],
    source: cython.int[:, :, ::1],
    target: cython.int[:, :, ::1],
    weight_z: cython.int,
    weight_y: cython.int,
    weight_x: cython.int,
    touching: cython.bint,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """One step of diffusion over the faces inside the label, for some rows; weights in 64ths.

    Beyond the edge of a label is 0; beyond the border of the image the pixel itself. Integers: the
    sums are the same in any order, and so under any flip or turn of the image.
    """
    nz: cython.Py_ssize_t = labels.shape[0]
    ny: cython.Py_ssize_t = labels.shape[1]
    nx: cython.Py_ssize_t = labels.shape[2]
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    up: cython.Py_ssize_t
    down: cython.Py_ssize_t
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    side: cython.int
    own: cython.int
    total: cython.int
    label: cython.int
    middle: cython.int = 64 - 2 * (weight_x + weight_y + weight_z)
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            up, down = max(y - 1, 0), min(y + 1, ny - 1)
            above, below = max(z - 1, 0), min(z + 1, nz - 1)
            if touching:
                for x in range(nx):
                    left, right = max(x - 1, 0), min(x + 1, nx - 1)
                    label = labels[z, y, x]
                    own = source[z, y, x]
                    total = middle * own
                    if label != 0:
                        if labels[z, y, left] == label:
                            total += weight_x * source[z, y, left]
                        if labels[z, y, right] == label:
                            total += weight_x * source[z, y, right]
                        if labels[z, up, x] == label:
                            total += weight_y * source[z, up, x]
                        if labels[z, down, x] == label:
                            total += weight_y * source[z, down, x]
                        if labels[above, y, x] == label:
                            total += weight_z * source[above, y, x]
                        if labels[below, y, x] == label:
                            total += weight_z * source[below, y, x]
                    target[z, y, x] = (total + 32) >> 6
                continue
            # Without labels that touch, a neighbour of another label is background, which is 0.
            for x in range(1, nx - 1):
                own = source[z, y, x]
                total = middle * own + weight_x * (source[z, y, x - 1] + source[z, y, x + 1])
                total += weight_y * (source[z, up, x] + source[z, down, x])
                total += weight_z * (source[above, y, x] + source[below, y, x])
                target[z, y, x] = (total + 32) >> 6 if own != 0 else 0
            # At both ends of the row, the pixel itself is the one beyond.
            for side in range(2):
                x = 0 if side == 0 else nx - 1
                left, right = max(x - 1, 0), min(x + 1, nx - 1)
                own = source[z, y, x]
                total = middle * own + weight_x * (source[z, y, left] + source[z, y, right])
                total += weight_y * (source[z, up, x] + source[z, down, x])
                total += weight_z * (source[above, y, x] + source[below, y, x])
                target[z, y, x] = (total + 32) >> 6 if own != 0 else 0


def blend(
    width: cython.int[::1],
    fine: cython.int[::1],
    coarse: cython.int[::1],
    narrow: cython.double,
    wide: cython.double,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write into ``width`` from the fine to the coarse as the square of the width goes up."""
    i: cython.Py_ssize_t
    part: cython.double
    square: cython.double
    factor: cython.double = 1.0 / (wide - narrow)
    with cython.nogil:
        for i in range(start, stop):
            square = cython.cast(cython.double, width[i]) * width[i]
            part = min(max((square - narrow) * factor, 0.0), 1.0)
            part = fine[i] + part * (coarse[i] - fine[i])
            # Never 0 within a label.
            width[i] = max(cython.cast(cython.int, part + 0.5), 1 if width[i] > 0 else 0)
