"""Gaussian means within a label."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import across_rows, map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import gaussian as loops

# So many pixels away are looked at in any image, however small.
FARTHEST = 100
# Planes are smoothed in tiles of so many pixels.
SIDE = 192
# So many weights take the time of one step of a plain loop.
VECTOR = 4


def mean_within(
    values: NDArray[np.float32], labels: Volume, sigma: float, grid: Grid, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the Gaussian mean of each pixel over what lies in its label.

    Parameters
    ----------
    values : ndarray of float32, shape (nz, ny, nx)
        What to smooth.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background, where the mean is 0.
    sigma : float
        In physical units.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Checks for cancellation.
    """
    counts = (labels > 0).astype(np.float32)
    if not grid.is_flat:
        counts = _along_planes(counts, labels, sigma, grid, monitor)
        values = _along_planes(values, labels, sigma, grid, monitor)
    nz, ny, nx = labels.shape
    weights = [
        _weights(sigma / grid.spacing[axis], max(labels.shape[axis], FARTHEST)) for axis in (1, 2)
    ]
    reach = [len(weight) - 1 for weight in weights]
    side = max(SIDE, *reach)
    height, width = min(side + 2 * reach[0], ny), min(side + 2 * reach[1], nx)
    result = np.empty_like(values)

    def work(start: int, stop: int) -> None:
        room = (
            np.empty((height, width), np.int32),
            np.empty((width, height), np.int32),
            np.empty((4, height, width), np.float32),
            np.empty((2, width, height), np.float32),
        )
        loops.means_in_tiles(labels, values, counts, result, *weights, side, *room, start, stop)

    tiles = nz * math.ceil(ny / side) * math.ceil(nx / side)
    map_chunks(work, tiles, height * width * (reach[0] + reach[1] + 2 * VECTOR) / VECTOR, monitor)
    return result


def noise_left(near: float, far: float, grid: Grid) -> float:
    """Return the deviation of the difference of two Gaussian means, of white noise with 1.

    Parameters
    ----------
    near, far : float
        Sigmas, in physical units; 0 is the pixel itself.
    grid : Grid
        Pixel size.
    """
    both = far_alone = near_alone = 1.0
    for size in grid.sizes:
        a, b = (_weights(sigma / size, FARTHEST) for sigma in (near, far))
        shared = min(len(a), len(b))
        for_all = np.append(1.0, np.full(max(len(a), len(b)), 2.0))
        near_alone *= float((for_all[: len(a)] * a * a).sum())
        far_alone *= float((for_all[: len(b)] * b * b).sum())
        both *= float((for_all[:shared] * a[:shared] * b[:shared]).sum())
    return math.sqrt(max(near_alone + far_alone - 2 * both, 0.0))


def _along_planes(
    values: NDArray[np.float32], labels: Volume, sigma: float, grid: Grid, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the weighted sums through the planes."""
    weights = _weights(sigma / grid.spacing[0], max(len(labels), FARTHEST))
    result = np.empty_like(values)
    arrays, cost = (labels, values, result), len(weights) / VECTOR
    across_rows(loops.gaussian_in_rows, arrays, (weights, True), 1, 0, cost, monitor)
    return result


def _weights(sigma: float, farthest: int) -> NDArray[np.float32]:
    """Weights of a Gaussian at the whole numbers from 0 to three sigmas, or to the farthest pixel.

    Over pixels that are a thousand times longer than wide, three sigmas may be millions of them.
    """
    reach = min(int(3 * sigma + 0.5), farthest)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma, 1e-9)) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    return weights.astype(np.float32)
