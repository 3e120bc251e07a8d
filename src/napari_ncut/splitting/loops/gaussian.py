"""Loops of Gaussian means: weighted sums along lines, within each run of equal labels.

Planes are done in tiles, each with as many pixels around it as the weights reach: what a tile needs
stays in the cache, and the sums are those of whole rows.
"""

import cython
import numpy as np

# Pixels that are summed up at once: a number that the compiler must see where it is used.
BLOCK = cython.declare(cython.Py_ssize_t, 32)


def means_in_tiles(
    labels: cython.int[:, :, ::1],
    values: cython.float[:, :, ::1],
    counts: cython.float[:, :, ::1],
    means: cython.float[:, :, ::1],
    weights_1: cython.float[::1],
    weights_2: cython.float[::1],
    side: cython.Py_ssize_t,
    run: cython.int[:, ::1],
    turned_run: cython.int[:, ::1],
    plain: cython.float[:, :, ::1],
    turned: cython.float[:, :, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the sums of values over those of counts, tile by tile of planes; 0 in the background.

    A sum is of two: along columns and then rows, and along rows and then columns. Where a run ends,
    these lead to other pixels; both together are the same for an image on its side.

    Parameters
    ----------
    labels : int32, shape (nz, ny, nx)
        Their runs.
    values, counts, means : float32, shape (nz, ny, nx)
        The last is written.
    weights_1, weights_2 : float32
        Along the columns (axis 1) and along the rows (axis 2).
    side : int
        Of a tile, in pixels; at least as many as the weights reach.
    run, turned_run, plain, turned : int32 and float32
        Room for a tile and what is around it, as it lies and on its side: once, once, four times
        and twice.
    """
    ny: cython.Py_ssize_t = labels.shape[1]
    nx: cython.Py_ssize_t = labels.shape[2]
    in_row: cython.Py_ssize_t = (nx + side - 1) // side
    in_plane: cython.Py_ssize_t = in_row * ((ny + side - 1) // side)
    reach_1: cython.Py_ssize_t = weights_1.shape[0] - 1
    reach_2: cython.Py_ssize_t = weights_2.shape[0] - 1
    tile: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    # Where the tile with what is around it begins, how large it is, and the tile in it.
    top: cython.Py_ssize_t
    left: cython.Py_ssize_t
    height: cython.Py_ssize_t
    width: cython.Py_ssize_t
    y0: cython.Py_ssize_t
    y1: cython.Py_ssize_t
    x0: cython.Py_ssize_t
    x1: cython.Py_ssize_t
    # Whether it begins and ends at the border of the image.
    begins_1: cython.bint
    begins_2: cython.bint
    ends_1: cython.bint
    ends_2: cython.bint
    is_empty: cython.bint
    padded: cython.float[::1] = np.zeros(
        max(run.shape[0], run.shape[1]) + 2 * max(reach_1, reach_2) + BLOCK, np.float32
    )
    with cython.nogil:
        for tile in range(start, stop):
            z = tile // in_plane
            y0, x0 = tile % in_plane // in_row * side, tile % in_row * side
            y1, x1 = min(y0 + side, ny), min(x0 + side, nx)
            top, left = max(y0 - reach_1, 0), max(x0 - reach_2, 0)
            height, width = min(y1 + reach_1, ny) - top, min(x1 + reach_2, nx) - left
            begins_1, ends_1 = top == 0, top + height == ny
            begins_2, ends_2 = left == 0, left + width == nx
            y0, y1, x0, x1 = y0 - top, y1 - top, x0 - left, x1 - left
            is_empty = True
            for y in range(height):
                for x in range(width):
                    run[y, x] = labels[z, top + y, left + x]
                    is_empty = is_empty and run[y, x] == 0
            if is_empty:
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        means[z, top + y, left + x] = 0.0
                continue
            for x in range(width):
                for y in range(height):
                    turned_run[x, y] = run[y, x]
            for k in range(2):
                for y in range(height):
                    for x in range(width):
                        if k == 0:
                            plain[0, y, x] = values[z, top + y, left + x]
                        else:
                            plain[0, y, x] = counts[z, top + y, left + x]
                _turn(plain[0], turned[0], height, width)
                _in_rows(
                    turned_run,
                    turned[0],
                    turned[1],
                    0,
                    width,
                    height,
                    weights_1,
                    True,
                    begins_1,
                    ends_1,
                    padded,
                )
                _in_rows(
                    run,
                    plain[0],
                    plain[1],
                    0,
                    height,
                    width,
                    weights_2,
                    False,
                    begins_2,
                    ends_2,
                    padded,
                )
                _turn(turned[1], plain[0], width, height)
                _turn(plain[1], turned[0], height, width)
                _in_rows(
                    run,
                    plain[0],
                    plain[2 + k],
                    y0,
                    y1,
                    width,
                    weights_2,
                    False,
                    begins_2,
                    ends_2,
                    padded,
                )
                _in_rows(
                    turned_run,
                    turned[0],
                    turned[1],
                    x0,
                    x1,
                    height,
                    weights_1,
                    True,
                    begins_1,
                    ends_1,
                    padded,
                )
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        plain[2 + k, y, x] += turned[1, x, y]
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if plain[3, y, x] > 0.0:
                        plain[2, y, x] /= plain[3, y, x]
                    means[z, top + y, left + x] = plain[2, y, x]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _turn(
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    height: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
) -> cython.void:
    """Write a tile on its side."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    for x in range(width):
        for y in range(height):
            target[x, y] = source[y, x]


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
    padded: cython.float[::1] = np.zeros(n + 2 * weights.shape[0] + BLOCK, np.float32)
    with cython.nogil:
        _in_rows(labels, source, target, start, stop, n, weights, goes_on, True, True, padded)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _in_rows(
    labels: cython.int[:, ::1],
    source: cython.float[:, ::1],
    target: cython.float[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    n: cython.Py_ssize_t,
    weights: cython.float[::1],
    goes_on: cython.bint,
    begins: cython.bint,
    ends: cython.bint,
    padded: cython.float[::1],
) -> cython.void:
    """Write weighted sums along some rows, which begin and end at the image's border or not.

    ``padded`` has room for a run and what the weights reach before and after it.
    """
    reach: cython.Py_ssize_t = weights.shape[0] - 1
    farthest: cython.Py_ssize_t
    row: cython.Py_ssize_t
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    long: cython.Py_ssize_t
    at: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    label: cython.int
    weight: cython.float
    sums = cython.declare(cython.float[32])
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
            long = end - first
            for x in range(long):
                padded[reach + x] = source[row, first + x]
            farthest = min(reach, long - 1)
            if (begins and first == 0) or (ends and end == n):
                farthest = reach
            for k in range(1, farthest + 1):
                padded[reach - k] = padded[reach + long - 1 + k] = 0.0
            if begins and first == 0:
                for k in range(1, reach + 1):
                    at = min(k - 1, n - 1) if goes_on else k - 1
                    if at < end:
                        padded[reach - k] = source[row, at]
            if ends and end == n:
                for k in range(1, reach + 1):
                    at = max(n - k, 0) if goes_on else n - k
                    if at >= first:
                        padded[reach + long - 1 + k] = source[row, at]
            # As many pixels at a time (BLOCK) as a processor can hold sums of.
            begin = 0
            while begin < long:
                at = reach + begin
                for x in range(32):
                    sums[x] = weights[0] * padded[at + x]
                for k in range(1, farthest + 1):
                    weight = weights[k]
                    for x in range(32):
                        sums[x] += weight * (padded[at + x - k] + padded[at + x + k])
                for x in range(min(BLOCK, long - begin)):
                    target[row, first + begin + x] = sums[x]
                begin += BLOCK
            first = end
