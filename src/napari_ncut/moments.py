"""Moments of fragments: their volume, and where and how far spread they are."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.chunks import in_order
from napari_ncut.compiled import compiled
from napari_ncut.monitor import Monitor
from napari_ncut.widths import Spacing, Volume


def measure(
    fragments: Volume,
    width: NDArray[np.float32],
    spacing: Spacing,
    n: int,
    ndim: int,
    monitor: Monitor,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the greatest half-width of each fragment and its moments in physical units.

    The moments are the volume, the sums of z, y, x and of zz, yy, xx, zy, zx, yx, each times the
    volume of a pixel, shape (n, 10).
    """
    peaks = np.zeros(n)
    moments = np.zeros((n, 10))
    nz, ny, nx = fragments.shape
    rows = fragments.reshape(nz * ny, nx), width.reshape(nz * ny, nx)
    work = partial(_measure_rows, *rows, ny, np.array(spacing), peaks, moments)
    in_order(work, nz * ny, nx, monitor)
    moments *= math.prod(spacing[3 - ndim :])
    return peaks, moments


@compiled
def _measure_rows(
    fragments: NDArray[np.int32],
    width: NDArray[np.float32],
    ny: int,
    spacing: NDArray[np.float64],
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Add some rows to the measures of the fragments."""
    for row in range(start, stop):
        z = (row // ny) * spacing[0]
        y = (row % ny) * spacing[1]
        for column in range(fragments.shape[1]):
            k = fragments[row, column]
            if k < 0:
                continue
            x = column * spacing[2]
            peaks[k] = max(peaks[k], width[row, column])
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
