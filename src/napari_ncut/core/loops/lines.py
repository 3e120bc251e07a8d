"""Loops that copy lines across the rows of an array into rows, and back."""

import cython


def into_rows(
    array: cython.int[:, :, ::1],
    rows: cython.int[:, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Copy lines ``start`` to ``stop`` along the middle axis, each to the begin of a row."""
    n: cython.Py_ssize_t = array.shape[1]
    width: cython.Py_ssize_t = array.shape[2]
    line: cython.Py_ssize_t = start
    count: cython.Py_ssize_t
    i: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    with cython.nogil:
        while line < stop:
            i, x = line // width, line % width
            count = min(stop - line, width - x)
            for y in range(n):
                for k in range(count):
                    rows[line - start + k, y] = array[i, y, x + k]
            line += count


def from_rows(
    rows: cython.int[:, ::1],
    array: cython.int[:, :, ::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
):
    """Copy rows back to where `into_rows` had them from."""
    n: cython.Py_ssize_t = array.shape[1]
    width: cython.Py_ssize_t = array.shape[2]
    line: cython.Py_ssize_t = start
    count: cython.Py_ssize_t
    i: cython.Py_ssize_t
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    k: cython.Py_ssize_t
    with cython.nogil:
        while line < stop:
            i, x = line // width, line % width
            count = min(stop - line, width - x)
            for y in range(n):
                for k in range(count):
                    array[i, y, x + k] = rows[line - start + k, y]
            line += count
