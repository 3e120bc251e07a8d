"""Shoulders: objects before which the half-width does not fall.

A small object that lies half within a larger one, or between two others, has no hill of the
half-width of its own, only a shoulder of another hill. Against its surroundings, a shoulder is a
hill: the *relief* of a pixel is its half-width plus what that has more than the mean over the
square (in volumes, the cube) that fits into the pixel's disc. So the surroundings are as large as
the object, at any magnification, and they lie within the label. The mean over a square takes the
same time whatever its size, from sums over all pixels before a place [1]_.

References
----------
.. [1] F. C. Crow (1984). Summed-area tables for texture mapping. Computer Graphics (SIGGRAPH) 18,
       207-212.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.half_width import Spacing

# How much the surroundings count: more finds fainter shoulders, and the roughness of edges.
SHARPNESS = 1.25
# Half of the smallest square, in pixels.
SMALLEST = 0.25


def relief(width: NDArray[np.float32], spacing: Spacing, monitor: Monitor) -> NDArray[np.float32]:
    """Return the half-width, raised by what it has more than its surroundings.

    Parameters
    ----------
    width : ndarray of float32, shape (nz, ny, nx)
        Half-width in the units of ``spacing``; 0 in the background.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        In the units of ``spacing``, above 0 wherever the half-width is; 0 in the background.
    """
    nz, ny, nx = width.shape
    sums = _sums_before(width, monitor)
    per_width = 1 / (math.sqrt(3 if nz > 1 else 2) * np.array(spacing))
    result = np.empty_like(width)
    arrays = width, sums, per_width, SHARPNESS, SMALLEST, result
    map_chunks(partial(_relief_of_rows, *arrays), nz * ny, (64 if nz > 1 else 16) * nx, monitor)
    return result


def _sums_before(values: NDArray[np.float32], monitor: Monitor) -> NDArray[np.float64]:
    """Return the sum of all pixels before each corner of a pixel; a single plane stays one."""
    nz, ny, nx = values.shape
    layers = 0 if nz == 1 else 1
    sums = np.zeros((nz + layers, ny + 1, nx + 1))
    sums[layers:, 1:, 1:] = values
    mz, my, mx = sums.shape
    for blocks, n, width in ((mz * my, mx, 1), (mz, my, mx), (1, mz, my * mx)):
        lines = sums.reshape(blocks, n, width)
        map_chunks(partial(_add_up, lines), blocks * width, n, monitor)
    return sums


@compiled
def _add_up(lines: NDArray[np.float64], start: int, stop: int) -> None:
    """Replace some lines along the middle axis of an array (blocks, n, width) by their sums."""
    n, width = lines.shape[1], lines.shape[2]
    while start < stop:
        i, first = start // width, start % width
        last = min(width, first + stop - start)
        for y in range(1, n):
            for x in range(first, last):
                lines[i, y, x] += lines[i, y - 1, x]
        start += last - first


@compiled
def _in_plane(sums: NDArray[np.float64], z: int, y: float, x: float) -> float:
    """Sum of what lies before a place in y and x, the right share of each pixel it goes through."""
    j, k = int(y), int(x)
    v, u = y - j, x - k
    below = sums[z, min(j + 1, sums.shape[1] - 1)]
    above = sums[z, j]
    beside = min(k + 1, sums.shape[2] - 1)
    total = (1.0 - v) * ((1.0 - u) * above[k] + u * above[beside])
    return float(total + v * ((1.0 - u) * below[k] + u * below[beside]))


@compiled
def _in_box(
    sums: NDArray[np.float64], z: int, top: float, bottom: float, left: float, right: float
) -> float:
    """Sum of what lies before a layer, within a rectangle."""
    lower = _in_plane(sums, z, bottom, right) - _in_plane(sums, z, bottom, left)
    return float(lower - _in_plane(sums, z, top, right) + _in_plane(sums, z, top, left))


@compiled
def _relief_of_rows(
    width: NDArray[np.float32],
    sums: NDArray[np.float64],
    per_width: NDArray[np.float64],
    sharpness: float,
    smallest: float,
    result: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Write the relief of some rows."""
    nz, ny, nx = width.shape
    for row in range(start, stop):
        z, y = row // ny, row % ny
        for x in range(nx):
            here = width[z, y, x]
            result[z, y, x] = 0.0
            if here <= 0.0:
                continue
            # The pixels whose centres lie in the square reach half a pixel beyond it.
            reach = max(per_width[2] * here - 0.5, smallest)
            left, right = max(x + 0.5 - reach, 0.0), min(x + 0.5 + reach, nx)
            reach = max(per_width[1] * here - 0.5, smallest)
            top, bottom = max(y + 0.5 - reach, 0.0), min(y + 0.5 + reach, ny)
            volume = (right - left) * (bottom - top)
            if nz == 1:
                total = _in_box(sums, 0, top, bottom, left, right)
            else:
                reach = max(per_width[0] * here - 0.5, smallest)
                first, last = max(z + 0.5 - reach, 0.0), min(z + 0.5 + reach, nz)
                volume *= last - first
                total = 0.0
                for end, sign in ((first, -1.0), (last, 1.0)):
                    i = int(end)
                    part = end - i
                    total += sign * (1.0 - part) * _in_box(sums, i, top, bottom, left, right)
                    if part > 0.0:
                        total += sign * part * _in_box(sums, i + 1, top, bottom, left, right)
            # Never 0, so that the background is always lower.
            result[z, y, x] = max(here + sharpness * (here - total / volume), 1e-3 * here)
