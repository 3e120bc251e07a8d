"""Loops that find holes, and the blobs around them: runs in rows, united where they touch."""

import cython
from numpy import arange, asarray, empty, int32, zeros


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _root(parent: cython.int[::1], k: cython.int) -> cython.int:
    """Return the root of a run, halving the path."""
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _unite(parent: cython.int[::1], a: cython.int, b: cython.int) -> cython.void:
    """Make two runs one region; the root is the earlier one."""
    a = _root(parent, a)
    b = _root(parent, b)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unite_rows(
    runs: cython.int[:, ::1],
    parent: cython.int[::1],
    first: cython.longlong[::1],
    row: cython.Py_ssize_t,
    other: cython.Py_ssize_t,
    over_corners: cython.bint,
) -> cython.void:
    """Unite the runs of one label in two rows where they touch."""
    a: cython.Py_ssize_t = first[row]
    b: cython.Py_ssize_t = first[other]
    while a < first[row + 1] and b < first[other + 1]:
        _unite_two(runs, parent, a, b, over_corners)
        if runs[a, 2] < runs[b, 2]:
            a += 1
        else:
            # Runs of two labels may follow one another without a gap.
            if runs[a, 2] == runs[b, 2] and a + 1 < first[row + 1]:
                _unite_two(runs, parent, a + 1, b, over_corners)
            b += 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _unite_two(
    runs: cython.int[:, ::1],
    parent: cython.int[::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    over_corners: cython.bint,
) -> cython.void:
    """Unite two runs of neighbouring rows if they touch and are of one label."""
    more: cython.int = 1 if over_corners else 0
    if (
        runs[a, 3] == runs[b, 3]
        and runs[a, 1] < runs[b, 2] + more
        and runs[b, 1] < runs[a, 2] + more
    ):
        _unite(parent, cython.cast(cython.int, a), cython.cast(cython.int, b))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _kind(label: cython.int, of_background: cython.bint) -> cython.int:
    """Return the label of a pixel, or whether it is background; 0 is in no run."""
    return (1 if label == 0 else 0) if of_background else label


def count_runs(
    labels: cython.int[:, ::1],
    of_background: cython.bint,
    count: cython.longlong[::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the number of runs of some rows, as `write_runs` finds them."""
    row: cython.Py_ssize_t
    x: cython.Py_ssize_t
    n: cython.int
    value: cython.int
    with cython.nogil:
        for row in range(start, stop):
            n = 1 if labels.shape[1] and _kind(labels[row, 0], of_background) else 0
            for x in range(1, labels.shape[1]):
                value = _kind(labels[row, x], of_background)
                n += (value != 0) & (value != _kind(labels[row, x - 1], of_background))
            count[row] = n


def write_runs(
    labels: cython.int[:, ::1],
    of_background: cython.bint,
    first: cython.longlong[::1],
    runs: cython.int[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the runs of equal labels, or of background, of some rows.

    Parameters
    ----------
    labels : int32, shape (n_rows, nx)
        0 is background.
    of_background : bool
        Whether the runs are those of the background, or of the labels.
    first : int64, shape (n_rows + 1,)
        The first run of each row.
    runs : int32, shape (n, 4)
        Becomes the row, first pixel, pixel after the last, and label of each; 1 for background.
    """
    nx: cython.Py_ssize_t = labels.shape[1]
    row: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    last: cython.int
    value: cython.int
    with cython.nogil:
        for row in range(start, stop):
            k = first[row] - 1
            last = 0
            for x in range(nx):
                value = _kind(labels[row, x], of_background)
                if value == last:
                    continue
                if last != 0:
                    runs[k, 2] = cython.cast(cython.int, x)
                if value != 0:
                    k += 1
                    runs[k, 0] = cython.cast(cython.int, row)
                    runs[k, 1] = cython.cast(cython.int, x)
                    runs[k, 3] = value
                last = value
            if last != 0:
                runs[k, 2] = cython.cast(cython.int, nx)


def unite_runs(
    runs: cython.int[:, ::1],
    first: cython.longlong[::1],
    ny: cython.Py_ssize_t,
    over_corners: cython.bint,
):
    """Replace the label of each run by the index of the first run of its component.

    Parameters
    ----------
    runs, first
        As `write_runs` gives them.
    ny : int
        Rows of a plane.
    over_corners : bool
        Whether pixels touch over edges and corners too, or over faces only.
    """
    parent: cython.int[::1] = arange(runs.shape[0], dtype=int32)
    row: cython.Py_ssize_t
    dy: cython.Py_ssize_t
    k: cython.Py_ssize_t
    reach: cython.Py_ssize_t = 1 if over_corners else 0
    with cython.nogil:
        for row in range(first.shape[0] - 1):
            if row % ny > 0:
                _unite_rows(runs, parent, first, row, row - 1, over_corners)
            if row >= ny:
                for dy in range(-reach, reach + 1):
                    if 0 <= row % ny + dy < ny:
                        _unite_rows(runs, parent, first, row, row - ny + dy, over_corners)
        for k in range(runs.shape[0]):
            runs[k, 3] = _root(parent, cython.cast(cython.int, k))


def runs_of_holes(
    runs: cython.int[:, ::1], nz: cython.Py_ssize_t, ny: cython.Py_ssize_t, nx: cython.Py_ssize_t
):
    """Return the runs of the regions of background that do not reach the border of the image.

    Parameters
    ----------
    runs : int32, shape (m, 4)
        Those of the background, as `unite_runs` gives them.
    nz, ny, nx : int
        Shape of the image.

    Returns
    -------
    ndarray of int32, shape (n, 4)
        Row, first pixel, pixel after the last, and number of the hole, from 0 in the order of their
        first pixels.
    """
    total: cython.Py_ssize_t = runs.shape[0]
    holes: cython.int[:, ::1] = empty((total, 4), int32)
    number: cython.int[::1] = zeros(total, int32)
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    kept: cython.Py_ssize_t = 0
    n: cython.int = 0
    root: cython.int
    with cython.nogil:
        # At the root: -1 is a region that reaches the border.
        for k in range(total):
            z, y = runs[k, 0] // ny, runs[k, 0] % ny
            if (
                runs[k, 1] == 0
                or runs[k, 2] == nx
                or y == 0
                or y == ny - 1
                or (nz > 1 and (z == 0 or z == nz - 1))
            ):
                number[runs[k, 3]] = -1
        for k in range(total):
            root = runs[k, 3]
            if number[root] < 0:
                continue
            if root == k:
                number[k] = n
                n += 1
            for x in range(3):
                holes[kept, x] = runs[k, x]
            holes[kept, 3] = number[root]
            kept += 1
    return asarray(holes)[:kept].copy()


def around_runs(values: cython.int[:, :, ::1], runs: cython.int[:, ::1], least: cython.int):
    """Return pairs (hole, value) of what lies around holes, shape (n, 2); some of them repeatedly.

    Parameters
    ----------
    values : int32, shape (nz, ny, nx)
        What is less than ``least`` is left out.
    runs : int32, shape (m, 4)
        As `runs_of_holes` gives them.
    """
    nz: cython.Py_ssize_t = values.shape[0]
    ny: cython.Py_ssize_t = values.shape[1]
    nx: cython.Py_ssize_t = values.shape[2]
    pairs: cython.int[:, ::1] = empty((64, 2), int32)
    larger: cython.int[:, ::1]
    n: cython.Py_ssize_t = 0
    k: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    dz: cython.Py_ssize_t
    dy: cython.Py_ssize_t
    value: cython.int
    last: cython.int
    with cython.nogil:
        for k in range(runs.shape[0]):
            z, y = runs[k, 0] // ny, runs[k, 0] % ny
            last = least - 1
            for dz in range(-1 if z > 0 else 0, 2 if z < nz - 1 else 1):
                for dy in range(-1 if y > 0 else 0, 2 if y < ny - 1 else 1):
                    for x in range(max(runs[k, 1] - 1, 0), min(runs[k, 2] + 1, nx)):
                        value = values[z + dz, y + dy, x]
                        if value < least or value == last:
                            continue
                        if n == pairs.shape[0]:
                            with cython.gil:
                                larger = empty((2 * n, 2), int32)
                                larger[:n, :] = pairs
                                pairs = larger
                        pairs[n, 0], pairs[n, 1] = runs[k, 3], value
                        last = value
                        n += 1
    return asarray(pairs)[:n]


def blobs_beside(
    holes: cython.int[:, ::1],
    blobs: cython.int[:, ::1],
    first: cython.longlong[::1],
    ny: cython.Py_ssize_t,
):
    """Return pairs (hole, blob) that touch, shape (n, 2); some of them repeatedly.

    Parameters
    ----------
    holes, blobs : int32, shape (m, 4)
        As `runs_of_holes` and `unite_runs` give them.
    first : int64, shape (nz * ny + 1,)
        First run of blobs in each row.
    ny : int
        Rows of a plane.
    """
    nz: cython.Py_ssize_t = (first.shape[0] - 1) // ny
    pairs: cython.int[:, ::1] = empty((64, 2), int32)
    larger: cython.int[:, ::1]
    n: cython.Py_ssize_t = 0
    k: cython.Py_ssize_t
    z: cython.Py_ssize_t
    y: cython.Py_ssize_t
    dz: cython.Py_ssize_t
    dy: cython.Py_ssize_t
    low: cython.Py_ssize_t
    high: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    row: cython.Py_ssize_t
    last: cython.int
    with cython.nogil:
        for k in range(holes.shape[0]):
            z, y = holes[k, 0] // ny, holes[k, 0] % ny
            last = -1
            for dz in range(-1 if z > 0 else 0, 2 if z < nz - 1 else 1):
                for dy in range(-1 if y > 0 else 0, 2 if y < ny - 1 else 1):
                    row = (z + dz) * ny + y + dy
                    # The first run that ends where the hole begins, or after.
                    low, high = first[row], first[row + 1]
                    while low < high:
                        middle = (low + high) // 2
                        if blobs[middle, 2] < holes[k, 1]:
                            low = middle + 1
                        else:
                            high = middle
                    while low < first[row + 1] and blobs[low, 1] <= holes[k, 2]:
                        if blobs[low, 3] != last:
                            if n == pairs.shape[0]:
                                with cython.gil:
                                    larger = empty((2 * n, 2), int32)
                                    larger[:n, :] = pairs
                                    pairs = larger
                            last = blobs[low, 3]
                            pairs[n, 0], pairs[n, 1] = holes[k, 3], last
                            n += 1
                        low += 1
    return asarray(pairs)[:n]


def number_runs(runs: cython.int[:, ::1]):
    """Number components from 1 in the order of their first runs, in the last column of the runs.

    Parameters
    ----------
    runs : int32, shape (n, 4)
        As `unite_runs` gives them.
    """
    k: cython.Py_ssize_t
    n: cython.int = 0
    with cython.nogil:
        for k in range(runs.shape[0]):
            # The first run of a component comes before its others.
            if runs[k, 3] == k:
                n += 1
                runs[k, 3] = n
            else:
                runs[k, 3] = runs[runs[k, 3], 3]


def paint_runs(
    runs: cython.int[:, ::1],
    number: cython.int[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Write the last column of some runs into their pixels, in rows."""
    k: cython.Py_ssize_t
    x: cython.Py_ssize_t
    with cython.nogil:
        for k in range(start, stop):
            for x in range(runs[k, 1], runs[k, 2]):
                number[runs[k, 0], x] = runs[k, 3]
