"""Loops over the pixels of a label image: one connected piece, the middle pixel of each label."""

from __future__ import annotations

import cython
import numpy as np

# Labels are only compared: a view as unsigned integers of the same size serves all types.
Label = cython.fused_type(cython.uchar, cython.ushort, cython.uint, cython.ulonglong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def push_runs(
    labels: cython.const[Label][:, :, :],
    label: Label,
    reached: cython.uchar[:, :, ::1],
    z: cython.Py_ssize_t,
    y: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    stack: cython.longlong[:, ::1],
    n: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Mark and push the first voxel of each run of the label in a part of a line.

    Return the new height of the stack.
    """
    x: cython.Py_ssize_t
    before: cython.bint = False
    for x in range(start, stop):
        if labels[z, y, x] == label and not reached[z, y, x]:
            if not before:
                reached[z, y, x] = True
                stack[n, 0] = z
                stack[n, 1] = y
                stack[n, 2] = x
                n += 1
            before = True
        else:
            before = False
    return n


def flood(
    labels: cython.const[Label][:, :, :],
    z: cython.Py_ssize_t,
    y: cython.Py_ssize_t,
    x: cython.Py_ssize_t,
    reached: cython.uchar[:, :, ::1],
    low: cython.longlong[::1],
    high: cython.longlong[::1],
) -> None:
    """Mark all voxels of the start's label that are linked to it by faces, and find their box.

    `low` and `high` become the corners of the box, both included. Whole runs along x are marked
    at once. A voxel is marked before it waits, so that each waits at most once.
    """
    depth: cython.Py_ssize_t = labels.shape[0]
    height: cython.Py_ssize_t = labels.shape[1]
    width: cython.Py_ssize_t = labels.shape[2]
    label: Label = labels[z, y, x]
    # A run pushes at most one voxel for every two of each of its four neighbouring lines.
    most: cython.Py_ssize_t = 4 * (width // 2 + 1)
    room: cython.Py_ssize_t = 1024 + most
    stack: cython.longlong[:, ::1] = np.empty((room, 3), np.int64)
    larger: cython.longlong[:, ::1]
    n: cython.Py_ssize_t = 1
    start: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    with cython.nogil:
        stack[0, 0] = low[0] = high[0] = z
        stack[0, 1] = low[1] = high[1] = y
        stack[0, 2] = low[2] = high[2] = x
        reached[z, y, x] = True
        while n > 0:
            n -= 1
            z = stack[n, 0]
            y = stack[n, 1]
            start = stack[n, 2]
            stop = start + 1
            while start > 0 and labels[z, y, start - 1] == label and not reached[z, y, start - 1]:
                start -= 1
                reached[z, y, start] = True
            while stop < width and labels[z, y, stop] == label and not reached[z, y, stop]:
                reached[z, y, stop] = True
                stop += 1
            low[0] = min(low[0], z)
            high[0] = max(high[0], z)
            low[1] = min(low[1], y)
            high[1] = max(high[1], y)
            low[2] = min(low[2], start)
            high[2] = max(high[2], stop - 1)
            if n + most > room:
                room *= 2
                with cython.gil:
                    larger = np.empty((room, 3), np.int64)
                    larger[:n] = stack[:n]
                    stack = larger
            if z > 0:
                n = push_runs(labels, label, reached, z - 1, y, start, stop, stack, n)
            if z < depth - 1:
                n = push_runs(labels, label, reached, z + 1, y, start, stop, stack, n)
            if y > 0:
                n = push_runs(labels, label, reached, z, y - 1, start, stop, stack, n)
            if y < height - 1:
                n = push_runs(labels, label, reached, z, y + 1, start, stop, stack, n)


def middle_pixels(
    fragments: cython.const[cython.int][::1],
    left: cython.longlong[::1],
    middle: cython.longlong[::1],
) -> None:
    """Write the pixel of each fragment that is the middle one in the order of the raster.

    ``left`` holds zeros; -1 is no fragment.
    """
    i: cython.Py_ssize_t
    k: cython.int
    with cython.nogil:
        for i in range(fragments.shape[0]):
            if fragments[i] >= 0:
                left[fragments[i]] += 1
        for i in range(left.shape[0]):
            left[i] = left[i] // 2
        for i in range(fragments.shape[0]):
            k = fragments[i]
            if k >= 0:
                if left[k] == 0:
                    middle[k] = i
                left[k] -= 1
