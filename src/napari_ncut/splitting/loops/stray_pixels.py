"""Loops that look for pixels apart from their fragment."""

import cython
from numpy import asarray, empty, int64


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _holds(
    found: cython.longlong[:, ::1],
    n: cython.Py_ssize_t,
    z: cython.longlong,
    y: cython.longlong,
    x: cython.longlong,
) -> cython.bint:
    """Tell whether a pixel is among the first n."""
    k: cython.Py_ssize_t
    for k in range(n):
        if found[k, 0] == z and found[k, 1] == y and found[k, 2] == x:
            return True
    return False


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_before(
    az: cython.longlong,
    ay: cython.longlong,
    ax: cython.longlong,
    bz: cython.longlong,
    by: cython.longlong,
    bx: cython.longlong,
) -> cython.bint:
    """Tell whether the first pixel comes before the second one in raster order."""
    if az != bz:
        return az < bz
    if ay != by:
        return ay < by
    return ax < bx


@cython.cfunc
def _with_room(rows: cython.longlong[:, ::1], used: cython.Py_ssize_t, n: cython.Py_ssize_t):
    """Return an array of rows, of which some are used, with room for n more."""
    larger: cython.longlong[:, ::1]
    if used + n <= rows.shape[0]:
        return asarray(rows)
    larger = empty((2 * rows.shape[0] + n, rows.shape[1]), int64)
    larger[:used, :] = rows[:used, :]
    return asarray(larger)


def stray_pixels_of_rows(
    labels: cython.int[:, :, ::1],
    fragments: cython.int[:, :, ::1],
    faces: cython.bint,
    largest: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Return (pixel, first pixel of the piece, pixel beside it) for stray pixels of some rows."""
    nz: cython.Py_ssize_t = labels.shape[0]
    ny: cython.Py_ssize_t = labels.shape[1]
    nx: cython.Py_ssize_t = labels.shape[2]
    found: cython.longlong[:, ::1] = empty((largest + 1, 3), int64)
    rows: cython.longlong[:, ::1] = empty((16, 3), int64)
    used: cython.Py_ssize_t = 0
    n: cython.Py_ssize_t
    done: cython.Py_ssize_t
    row: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    z0: cython.longlong
    y0: cython.longlong
    x0: cython.longlong
    z1: cython.longlong
    y1: cython.longlong
    x1: cython.longlong
    dz: cython.Py_ssize_t
    dy: cython.Py_ssize_t
    dx: cython.Py_ssize_t
    steps: cython.int
    own: cython.int
    label: cython.int
    beside: cython.longlong
    with cython.nogil:
        for row in range(start, stop):
            z, y = row // ny, row % ny
            for x in range(nx):
                own = fragments[z, y, x]
                # Most pixels are not the first of their piece.
                if own < 0 or (x > 0 and fragments[z, y, x - 1] == own):
                    continue
                if (y > 0 and fragments[z, y - 1, x] == own) or (
                    z > 0 and fragments[z - 1, y, x] == own
                ):
                    continue
                label = labels[z, y, x]
                found[0, 0], found[0, 1], found[0, 2] = z, y, x
                n, done, beside = 1, 0, -1
                while done < n <= largest:
                    z0, y0, x0 = found[done, 0], found[done, 1], found[done, 2]
                    done += 1
                    for dz in range(-1, 2):
                        for dy in range(-1, 2):
                            for dx in range(-1, 2):
                                z1, y1, x1 = z0 + dz, y0 + dy, x0 + dx
                                steps = (
                                    (1 if dz != 0 else 0)
                                    + (1 if dy != 0 else 0)
                                    + (1 if dx != 0 else 0)
                                )
                                if steps == 0 or n > largest or (faces and steps > 1):
                                    continue
                                if not (0 <= z1 < nz and 0 <= y1 < ny and 0 <= x1 < nx):
                                    continue
                                if labels[z1, y1, x1] != label:
                                    continue
                                if fragments[z1, y1, x1] != own:
                                    beside = (z1 * ny + y1) * nx + x1
                                    continue
                                if _is_before(z1, y1, x1, z, y, x):
                                    # Another pixel is the first.
                                    n = largest + 1
                                    continue
                                if not _holds(found, n, z1, y1, x1):
                                    found[n, 0], found[n, 1], found[n, 2] = z1, y1, x1
                                    n += 1
                if n > largest or beside < 0:
                    continue
                if used + n > rows.shape[0]:
                    with cython.gil:
                        rows = _with_room(rows, used, n)
                for k in range(n):
                    rows[used, 0] = (found[k, 0] * ny + found[k, 1]) * nx + found[k, 2]
                    rows[used, 1], rows[used, 2] = rows[used - k, 0], beside
                    used += 1
    return asarray(rows)[:used]
