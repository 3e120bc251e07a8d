"""Loops that copy lines across the rows of an array into rows, and back."""

import cython


def copy_lines(
    array: cython.int[:, :, ::1],
    rows: cython.int[:, ::1],
    back: cython.bint,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Copy lines ``start`` to ``stop`` along the middle axis, each to the begin of a row, or back.

    Lines are numbered along the last axis first.
    """
    n: cython.Py_ssize_t = array.shape[1]
    width: cython.Py_ssize_t = array.shape[2]
    line: cython.Py_ssize_t = start
    row: cython.Py_ssize_t
    count: cython.Py_ssize_t
    i: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    with cython.nogil:
        while line < stop:
            i, x, row = line // width, line % width, line - start
            count = min(stop - line, width - x)
            for y in range(n):
                if back:
                    for k in range(count):
                        array[i, y, x + k] = rows[row + k, y]
                else:
                    for k in range(count):
                        rows[row + k, y] = array[i, y, x + k]
            line += count
