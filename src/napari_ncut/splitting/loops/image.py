"""Loops over the image: noise and texture of fragments, gradients, and sums over fragments."""

import cython
from cython.cimports.libc.math import sqrt


def add_roots(
    evidence: cython.float[::1],
    fragments: cython.int[::1],
    count: cython.double[::1],
    roots: cython.double[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Add up the roots of negative evidence of some pixels, by fragment; first the background."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if evidence[i] < 0.0:
                count[fragments[i] + 1] += 1.0
                roots[fragments[i] + 1] += sqrt(-cython.cast(cython.double, evidence[i]))


def scale(
    evidence: cython.float[::1],
    fragments: cython.int[::1],
    factor: cython.float[::1],
    largest: cython.float,
    result: cython.float[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write evidence times the factor of its fragment; the first one is the background's."""
    i: cython.Py_ssize_t
    value: cython.float
    with cython.nogil:
        for i in range(start, stop):
            value = evidence[i] * factor[fragments[i] + 1]
            result[i] = min(max(value, -largest), largest)


def gradients_of_rows(
    brightness: cython.float[:, :, ::1],
    labels: cython.int[:, :, ::1],
    spacing: cython.double[::1],
    gradient: cython.float[:, :, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the length of the gradient: along each axis the mean rise to both neighbours."""
    nz: cython.Py_ssize_t = labels.shape[0]
    ny: cython.Py_ssize_t = labels.shape[1]
    nx: cython.Py_ssize_t = labels.shape[2]
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    label: cython.int
    count: cython.int
    here: cython.float
    total: cython.double
    square_z: cython.double
    square_y: cython.double
    square_x: cython.double
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            for x in range(nx):
                label = labels[z, y, x]
                gradient[z, y, x] = 0.0
                if label == 0:
                    continue
                here = brightness[z, y, x]
                square_z = square_y = square_x = 0.0
                total, count = 0.0, 0
                if z > 0 and labels[z - 1, y, x] == label:
                    total, count = here - brightness[z - 1, y, x], 1
                if z < nz - 1 and labels[z + 1, y, x] == label:
                    total, count = total + (brightness[z + 1, y, x] - here), count + 1
                if count > 0:
                    square_z = total / (count * spacing[0])
                    square_z *= square_z
                total, count = 0.0, 0
                if y > 0 and labels[z, y - 1, x] == label:
                    total, count = here - brightness[z, y - 1, x], 1
                if y < ny - 1 and labels[z, y + 1, x] == label:
                    total, count = total + (brightness[z, y + 1, x] - here), count + 1
                if count > 0:
                    square_y = total / (count * spacing[1])
                    square_y *= square_y
                total, count = 0.0, 0
                if x > 0 and labels[z, y, x - 1] == label:
                    total, count = here - brightness[z, y, x - 1], 1
                if x < nx - 1 and labels[z, y, x + 1] == label:
                    total, count = total + (brightness[z, y, x + 1] - here), count + 1
                if count > 0:
                    square_x = total / (count * spacing[2])
                    square_x *= square_x
                gradient[z, y, x] = cython.cast(
                    cython.float, sqrt(square_z + (square_y + square_x))
                )
