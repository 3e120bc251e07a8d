"""Loops of the watershed: every pixel climbs to a peak; and how the fragments touch.

Arrays of pixels are flat here, with the number of rows and columns beside them.
"""

import cython
from cython.cimports.libc.math import floor
from numpy import asarray, empty, full, int32, int64, zeros


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_walkable(
    labels: cython.int[::1],
    here: cython.Py_ssize_t,
    dz: cython.Py_ssize_t,
    dy: cython.Py_ssize_t,
    dx: cython.Py_ssize_t,
) -> cython.bint:
    """Tell whether faces inside the label lead where a step over an edge or a corner leads.

    The step is the sum of three, each along one axis, in pixels of the flat array.
    """
    label: cython.int = labels[here]
    n: cython.int = (1 if dz != 0 else 0) + (1 if dy != 0 else 0) + (1 if dx != 0 else 0)
    over_z: cython.bint = dz != 0 and labels[here + dz] == label
    over_y: cython.bint = dy != 0 and labels[here + dy] == label
    over_x: cython.bint = dx != 0 and labels[here + dx] == label
    if n == 1:
        return True
    if n == 2:
        return over_z or over_y or over_x
    return (
        ((over_z or over_y) and labels[here + dz + dy] == label)
        or ((over_z or over_x) and labels[here + dz + dx] == label)
        or ((over_y or over_x) and labels[here + dy + dx] == label)
    )


def climb_rows(
    labels: cython.int[::1],
    height: cython.int[::1],
    shape: cython.longlong[::1],
    offsets: cython.longlong[:, ::1],
    per_length: cython.double[::1],
    strict: cython.bint,
    target: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the steepest higher neighbour of each pixel of some rows, or the pixel itself.

    Every step leads up, or to a larger index at the same height: no way is a circle.
    """
    nz: cython.Py_ssize_t = shape[0]
    ny: cython.Py_ssize_t = shape[1]
    nx: cython.Py_ssize_t = shape[2]
    n: cython.Py_ssize_t = offsets.shape[0]
    away: cython.longlong[::1] = zeros(n, int64)
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    here: cython.Py_ssize_t
    there: cython.Py_ssize_t
    best: cython.Py_ssize_t
    inner_row: cython.bint
    inner: cython.bint
    deep: cython.bint
    label: cython.int
    level: cython.int
    rise: cython.int
    slope: cython.double
    steepest: cython.double
    for k in range(n):
        away[k] = (offsets[k, 0] * ny + offsets[k, 1]) * nx + offsets[k, 2]
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            inner_row = 0 < y < ny - 1 and (nz == 1 or 0 < z < nz - 1)
            for x in range(nx):
                here = row * nx + x
                label = labels[here]
                if label == 0:
                    target[here] = -1
                    continue
                inner = inner_row and 0 < x < nx - 1
                # Most pixels lie deep in their label: any step leads to a pixel that touches them.
                deep = inner
                if inner:
                    for k in range(n):
                        deep = deep and labels[here + away[k]] == label
                best, steepest = here, -1.0
                level = height[here]
                for k in range(n):
                    if not inner and not (
                        0 <= z + offsets[k, 0] < nz
                        and 0 <= y + offsets[k, 1] < ny
                        and 0 <= x + offsets[k, 2] < nx
                    ):
                        continue
                    there = here + away[k]
                    rise = height[there] - level
                    if rise < 0:
                        continue
                    slope = rise * per_length[k]
                    if slope < steepest or (rise == 0 and there < here):
                        continue
                    if slope == steepest and there < best:
                        continue
                    if not deep and (
                        labels[there] != label
                        or (
                            strict
                            and not _is_walkable(
                                labels,
                                here,
                                offsets[k, 0] * ny * nx,
                                offsets[k, 1] * nx,
                                offsets[k, 2],
                            )
                        )
                    ):
                        continue
                    best, steepest = there, slope
                target[here] = cython.cast(cython.int, best)


def follow(target: cython.int[::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t):
    """Replace each pixel's target by the peak at the end of the way.

    Other threads do the same at the same time; what they write are targets further up the same way.
    No way is a circle (`climb_rows`), so each ends.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    peak: cython.int
    following: cython.int
    with cython.nogil:
        for i in range(start, stop):
            if target[i] < 0:
                continue
            peak = target[i]
            while target[peak] != peak:
                peak = target[peak]
            j = i
            while target[j] != peak:
                following = target[j]
                target[j] = peak
                j = following


def count_peaks(target: cython.int[::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t) -> int:
    """Return the number of pixels that stand on a peak."""
    i: cython.Py_ssize_t
    n: cython.Py_ssize_t = 0
    with cython.nogil:
        for i in range(start, stop):
            n += 1 if target[i] == i else 0
    return n


def number_peaks(
    target: cython.int[::1], n: cython.int, start: cython.Py_ssize_t, stop: cython.Py_ssize_t
):
    """Write -2 - k for the k-th pixel that stands on a peak, counted from ``n`` on."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if target[i] == i:
                target[i] = -2 - n
                n += 1


def follow_to_number(target: cython.int[::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t):
    """Write for each pixel what `number_peaks` wrote for its peak; peaks stay as they are."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if target[i] >= 0:
                target[i] = target[target[i]]


def to_number(target: cython.int[::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t):
    """Write the numbers themselves; -1 stays what it is."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if target[i] < -1:
                target[i] = -2 - target[i]


def mark(
    fragments: cython.int[::1],
    used: cython.uchar[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Mark the fragments that have a pixel."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if fragments[i] >= 0:
                used[fragments[i]] = 1


def renumber(
    fragments: cython.int[::1],
    number: cython.int[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Give each fragment its number."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(start, stop):
            if fragments[i] >= 0:
                fragments[i] = number[fragments[i]]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _slot(keys: cython.longlong[::1], key: cython.longlong) -> cython.Py_ssize_t:
    """Index of a key, or of the free slot for it, in an open table of a power of two of slots."""
    last: cython.longlong = keys.shape[0] - 1
    i: cython.longlong = ((key & 0x7FFFFFFF) * 0x1E3779B1 ^ (key >> 32) * 0x15EBCA6B) & last
    # At most half of the slots are taken, so one is free.
    while keys[i] != -1 and keys[i] != key:
        i = (i + 1) & last
    return i


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_differences(
    fragments: cython.int[::1],
    shape: cython.longlong[::1],
    offsets: cython.longlong[:, ::1],
    row: cython.Py_ssize_t,
    differs: cython.int[::1],
) -> cython.void:
    """Write for each pixel of a row something else than 0 if a step leads to another fragment."""
    nz: cython.Py_ssize_t = shape[0]
    ny: cython.Py_ssize_t = shape[1]
    nx: cython.Py_ssize_t = shape[2]
    z: cython.Py_ssize_t = row // ny
    y: cython.Py_ssize_t = row % ny
    k: cython.Py_ssize_t
    dz: cython.Py_ssize_t
    dy: cython.Py_ssize_t
    dx: cython.Py_ssize_t
    x: cython.Py_ssize_t
    here: cython.Py_ssize_t = row * nx
    there: cython.Py_ssize_t
    for x in range(nx):
        differs[x] = 0
    for k in range(offsets.shape[0]):
        dz, dy, dx = offsets[k, 0], offsets[k, 1], offsets[k, 2]
        if not (0 <= z + dz < nz and 0 <= y + dy < ny):
            continue
        there = here + (dz * ny + dy) * nx + dx
        for x in range(max(-dx, 0), min(nx - dx, nx)):
            differs[x] |= fragments[here + x] ^ fragments[there + x]


def borders_of_rows(
    labels: cython.int[::1],
    fragments: cython.int[::1],
    width: cython.int[::1],
    ridge: cython.float[::1],
    brightness: cython.float[::1],
    expected: cython.float[::1],
    shape: cython.longlong[::1],
    offsets: cython.longlong[:, ::1],
    areas: cython.longlong[::1],
    lengths: cython.double[::1],
    strict: cython.bint,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Return the borders that start in some rows: pairs, saddles, their indices, and sums.

    The columns of the sums are those of `adjacency.BORDER_SUMS`, in fixed point: integers add up to
    the same in any order, and however the rows are divided. The arrays of the image have a value
    for each pixel, or are empty.
    """
    nz: cython.Py_ssize_t = shape[0]
    ny: cython.Py_ssize_t = shape[1]
    nx: cython.Py_ssize_t = shape[2]
    n: cython.Py_ssize_t = offsets.shape[0]
    away: cython.longlong[::1] = zeros(n, int64)
    keys: cython.longlong[::1] = full(256, -1, int64)
    saddles: cython.longlong[::1] = full(256, -1, int64)
    indices: cython.longlong[::1] = zeros(256, int64)
    sums: cython.longlong[:, ::1] = zeros((256, 5), int64)
    larger_keys: cython.longlong[::1]
    larger_saddles: cython.longlong[::1]
    larger_indices: cython.longlong[::1]
    larger_sums: cython.longlong[:, ::1]
    used: cython.Py_ssize_t = 0
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    to: cython.Py_ssize_t
    here: cython.Py_ssize_t
    there: cython.Py_ssize_t
    saddle: cython.Py_ssize_t
    own: cython.int
    other: cython.int
    level: cython.int
    weight: cython.longlong
    key: cython.longlong
    value: cython.double
    inner_row: cython.bint
    inner: cython.bint
    differs: cython.int[::1] = empty(nx, int32)
    for k in range(n):
        away[k] = (offsets[k, 0] * ny + offsets[k, 1]) * nx + offsets[k, 2]
    with cython.nogil:
        for row in range(start, stop):
            # Most pixels lie within a fragment: nothing is asked of them.
            _find_differences(fragments, shape, offsets, row, differs)
            z, y = row // ny, row % ny
            inner_row = 0 < y < ny - 1 and (nz == 1 or 0 < z < nz - 1)
            for x in range(nx):
                here = row * nx + x
                own = fragments[here]
                if own < 0 or differs[x] == 0:
                    continue
                inner = inner_row and 0 < x < nx - 1
                for k in range(n):
                    if not inner and not (
                        0 <= z + offsets[k, 0] < nz
                        and 0 <= y + offsets[k, 1] < ny
                        and 0 <= x + offsets[k, 2] < nx
                    ):
                        continue
                    there = here + away[k]
                    other = fragments[there]
                    if other == own or labels[there] != labels[here]:
                        continue
                    if strict and not _is_walkable(
                        labels,
                        here,
                        offsets[k, 0] * ny * nx,
                        offsets[k, 1] * nx,
                        offsets[k, 2],
                    ):
                        continue
                    key = cython.cast(cython.longlong, min(own, other))
                    key = (key << 32) | cython.cast(cython.longlong, max(own, other))
                    i = _slot(keys, key)
                    if keys[i] == -1:
                        keys[i] = key
                        used += 1
                    level, saddle = width[here], here
                    if width[there] < level:
                        level, saddle = width[there], there
                    if level > saddles[i] or (level == saddles[i] and saddle < indices[i]):
                        saddles[i], indices[i] = level, saddle
                    sums[i, 0] += areas[k]
                    if ridge.shape[0] > 0:
                        value = 0.5 * (cython.cast(cython.double, ridge[here]) + ridge[there])
                        sums[i, 1] += areas[k] * cython.cast(
                            cython.longlong, floor(value * 4096 + 0.5)
                        )
                    if brightness.shape[0] > 0:
                        value = 0.5 * (cython.cast(cython.double, expected[here]) + expected[there])
                        value = (brightness[there] - brightness[here]) / (value * lengths[k])
                        value = min(max(value, -32768.0), 32768.0)
                        # From the lower to the higher number, whichever of them is here.
                        value = value if own < other else -value
                        sums[i, 2] += areas[k] * cython.cast(
                            cython.longlong, floor(value * 4096 + 0.5)
                        )
                        weight = (cython.cast(cython.longlong, width[here]) + width[there]) >> 5
                        sums[i, 3] += areas[k] * weight
                        value = 0.5 * (
                            cython.cast(cython.double, brightness[here]) + brightness[there]
                        )
                        sums[i, 4] += (areas[k] * weight) * cython.cast(
                            cython.longlong, floor(value * 4096 + 0.5)
                        )
                    if 2 * used > keys.shape[0]:
                        with cython.gil:
                            larger_keys = full(2 * keys.shape[0], -1, int64)
                            larger_saddles = full(2 * keys.shape[0], -1, int64)
                            larger_indices = zeros(2 * keys.shape[0], int64)
                            larger_sums = zeros((2 * keys.shape[0], 5), int64)
                            for j in range(keys.shape[0]):
                                if keys[j] != -1:
                                    to = _slot(larger_keys, keys[j])
                                    larger_keys[to] = keys[j]
                                    larger_saddles[to] = saddles[j]
                                    larger_indices[to] = indices[j]
                                    larger_sums[to, :] = sums[j, :]
                            keys, saddles = larger_keys, larger_saddles
                            indices, sums = larger_indices, larger_sums
    return asarray(keys), asarray(saddles), asarray(indices), asarray(sums)
