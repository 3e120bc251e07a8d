"""Moments of fragments: their volume, and where and how far spread they are."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import in_order
from napari_ncut.splitting.half_width import Spacing, Volume


def highest(
    fragments: Volume, height: NDArray[np.float32], n: int, monitor: Monitor
) -> NDArray[np.float64]:
    """Return the greatest height in each fragment, shape (n,)."""
    result = np.zeros(n)
    work = partial(_highest_of, fragments.reshape(-1), height.reshape(-1), result)
    in_order(work, fragments.size, 1, monitor)
    return result


def volumes(fragments: Volume, spacing: Spacing, n: int, ndim: int) -> NDArray[np.float64]:
    """Return the area or volume of each fragment in physical units, shape (n,)."""
    pixels = np.bincount(fragments.reshape(-1) + 1, minlength=n + 1)[1:]
    return np.asarray(pixels * math.prod(spacing[3 - ndim :]))


def measure(
    fragments: Volume, spacing: Spacing, n: int, ndim: int, monitor: Monitor
) -> NDArray[np.float64]:
    """Return the moments of each fragment in physical units, shape (n, 10).

    They are the volume, the sums of z, y, x and of zz, yy, xx, zy, zx, yx, each times the volume of
    a pixel.
    """
    moments = np.zeros((n, 10))
    nz, ny, nx = fragments.shape
    rows = fragments.reshape(nz * ny, nx)
    in_order(partial(_measure_rows, rows, ny, np.array(spacing), moments), nz * ny, nx, monitor)
    moments *= math.prod(spacing[3 - ndim :])
    return moments


@compiled
def _highest_of(
    fragments: NDArray[np.int32],
    height: NDArray[np.float32],
    result: NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Raise the greatest heights to those of some pixels."""
    for i in range(start, stop):
        k = fragments[i]
        if k >= 0 and height[i] > result[k]:
            result[k] = height[i]


@compiled
def _measure_rows(
    fragments: NDArray[np.int32],
    ny: int,
    spacing: NDArray[np.float64],
    moments: NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Add some rows to the moments of the fragments."""
    for row in range(start, stop):
        z = (row // ny) * spacing[0]
        y = (row % ny) * spacing[1]
        for column in range(fragments.shape[1]):
            k = fragments[row, column]
            if k < 0:
                continue
            x = column * spacing[2]
            moments[k, 0] += 1.0
            moments[k, 1] += z
            moments[k, 2] += y
            moments[k, 3] += x
            moments[k, 4] += z * z
            moments[k, 5] += y * y
            moments[k, 6] += x * x
            moments[k, 7] += z * y
            moments[k, 8] += z * x
            moments[k, 9] += y * x
