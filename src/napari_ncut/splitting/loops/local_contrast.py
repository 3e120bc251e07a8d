"""Loops of the local contrast: sums over boxes around every pixel, in integers."""

import cython


def add_up(lines: cython.ulonglong[:, :, ::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t):
    """Replace some lines along the middle axis of an array (blocks, n, width) by their sums."""
    n: cython.Py_ssize_t = lines.shape[1]
    width: cython.Py_ssize_t = lines.shape[2]
    i: cython.Py_ssize_t
    x: cython.Py_ssize_t
    y: cython.Py_ssize_t
    first: cython.Py_ssize_t
    last: cython.Py_ssize_t
    with cython.nogil:
        while start < stop:
            i, first = start // width, start % width
            last = min(width, first + stop - start)
            for y in range(1, n):
                for x in range(first, last):
                    lines[i, y, x] += lines[i, y - 1, x]
            start += last - first


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _count(
    sums: cython.ulonglong[:, :, ::1],
    front: cython.Py_ssize_t,
    back: cython.Py_ssize_t,
    y: cython.Py_ssize_t,
    x: cython.Py_ssize_t,
) -> cython.longlong:
    """Sum of what lies before a corner, in the layers from ``front`` to ``back``, modulo 2^64."""
    total: cython.ulonglong = sums[back, y, x]
    if front >= 0:
        total -= sums[front, y, x]
    return cython.cast(cython.longlong, total)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _box(
    sums: cython.ulonglong[:, :, ::1],
    front: cython.Py_ssize_t,
    back: cython.Py_ssize_t,
    top: cython.Py_ssize_t,
    bottom: cython.Py_ssize_t,
    left: cython.Py_ssize_t,
    right: cython.Py_ssize_t,
    share_y: cython.double,
    share_x: cython.double,
) -> cython.double:
    """Sum over a box; of the pixels beside it, a share counts where there are any.

    Differences of integers, which may have wrapped around: no sum depends on where it began. Sums
    of two terms and products only: the same value for any flip and for exchanged axes.
    """
    up: cython.Py_ssize_t = max(top - 1, 0)
    down: cython.Py_ssize_t = min(bottom + 1, sums.shape[1] - 1)
    before: cython.Py_ssize_t = max(left - 1, 0)
    after: cython.Py_ssize_t = min(right + 1, sums.shape[2] - 1)
    # Columns of the box and of both strips beside it, up to each of four rows.
    a0: cython.longlong = _count(sums, front, back, up, before)
    a1: cython.longlong = _count(sums, front, back, up, left)
    a2: cython.longlong = _count(sums, front, back, up, right)
    a3: cython.longlong = _count(sums, front, back, up, after)
    b0: cython.longlong = _count(sums, front, back, top, before)
    b1: cython.longlong = _count(sums, front, back, top, left)
    b2: cython.longlong = _count(sums, front, back, top, right)
    b3: cython.longlong = _count(sums, front, back, top, after)
    c0: cython.longlong = _count(sums, front, back, bottom, before)
    c1: cython.longlong = _count(sums, front, back, bottom, left)
    c2: cython.longlong = _count(sums, front, back, bottom, right)
    c3: cython.longlong = _count(sums, front, back, bottom, after)
    d0: cython.longlong = _count(sums, front, back, down, before)
    d1: cython.longlong = _count(sums, front, back, down, left)
    d2: cython.longlong = _count(sums, front, back, down, right)
    d3: cython.longlong = _count(sums, front, back, down, after)
    inside: cython.longlong = c2 - c1 - b2 + b1
    rows: cython.longlong = (b2 - b1 - a2 + a1) + (d2 - d1 - c2 + c1)
    columns: cython.longlong = (c1 - c0 - b1 + b0) + (c3 - c2 - b3 + b2)
    corners: cython.longlong = (
        (b1 - b0 - a1 + a0) + (b3 - b2 - a3 + a2) + (d1 - d0 - c1 + c0) + (d3 - d2 - c3 + c2)
    )
    return inside + (share_y * rows + share_x * columns) + share_y * share_x * corners


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _extent(
    first: cython.Py_ssize_t, last: cython.Py_ssize_t, n: cython.Py_ssize_t, share: cython.double
) -> cython.double:
    """Pixels from ``first`` to ``last``, and the share of those beside them in the image."""
    sides: cython.int = (1 if first > 0 else 0) + (1 if last < n else 0)
    return last - first + share * sides


def relief_of_rows(
    width: cython.int[:, :, ::1],
    sums: cython.ulonglong[:, :, ::1],
    per_width: cython.double[::1],
    sharpness: cython.double,
    is_flat: cython.bint,
    result: cython.int[:, :, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the relief of some rows; ``per_width`` is half of the box for each unit of width."""
    nz: cython.Py_ssize_t = width.shape[0]
    ny: cython.Py_ssize_t = width.shape[1]
    nx: cython.Py_ssize_t = width.shape[2]
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    whole: cython.Py_ssize_t
    top: cython.Py_ssize_t
    bottom: cython.Py_ssize_t
    left: cython.Py_ssize_t
    right: cython.Py_ssize_t
    front: cython.Py_ssize_t
    back: cython.Py_ssize_t
    here: cython.int
    beyond: cython.double
    share_z: cython.double
    share_y: cython.double
    share_x: cython.double
    total: cython.double
    sides: cython.double
    volume: cython.double
    value: cython.double
    per_z: cython.double = per_width[0]
    per_y: cython.double = per_width[1]
    per_x: cython.double = per_width[2]
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            for x in range(nx):
                here = width[z, y, x]
                if here <= 0:
                    result[z, y, x] = 0
                    continue
                # Pixels whose centres lie in the box reach half a pixel beyond it; so the box goes
                # so far beyond the pixel, and one that lies within the pixel is the pixel.
                beyond = max(per_x * here - 1.0, 0.0)
                whole = cython.cast(cython.Py_ssize_t, beyond)
                share_x = beyond - whole
                left, right = max(x - whole, 0), min(x + whole + 1, nx)
                beyond = max(per_y * here - 1.0, 0.0)
                whole = cython.cast(cython.Py_ssize_t, beyond)
                share_y = beyond - whole
                top, bottom = max(y - whole, 0), min(y + whole + 1, ny)
                volume = _extent(left, right, nx, share_x) * _extent(top, bottom, ny, share_y)
                if is_flat:
                    total = _box(sums, -1, 0, top, bottom, left, right, share_y, share_x)
                else:
                    beyond = max(per_z * here - 1.0, 0.0)
                    whole = cython.cast(cython.Py_ssize_t, beyond)
                    share_z = beyond - whole
                    front, back = max(z - whole, 0), min(z + whole + 1, nz)
                    volume *= _extent(front, back, nz, share_z)
                    total = _box(sums, front, back, top, bottom, left, right, share_y, share_x)
                    sides = 0.0
                    if front > 0:
                        sides = _box(
                            sums, front - 1, front, top, bottom, left, right, share_y, share_x
                        )
                    if back < nz:
                        sides += _box(
                            sums, back, back + 1, top, bottom, left, right, share_y, share_x
                        )
                    total += share_z * sides
                value = here + sharpness * (here - total / volume)
                # Never 0, so that the background is always lower; no common value lies on a half.
                result[z, y, x] = max(cython.cast(cython.int, max(value, 0.0) + 0.4375), 1)
