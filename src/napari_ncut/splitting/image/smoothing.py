"""Gaussian means within a label."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import across_rows, map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import gaussian as loops

# So many pixels away are looked at in any image, however small.
FARTHEST = 100
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
    ones = (labels > 0).astype(np.float32)
    total = _gaussian(ones, labels, sigma, grid, monitor)
    result = _gaussian(values, labels, sigma, grid, monitor)
    flat = result.reshape(-1), total.reshape(-1)

    def work(start: int, stop: int) -> None:
        sums, weights = (array[start:stop] for array in flat)
        np.divide(sums, weights, out=sums, where=weights > 0)

    map_chunks(work, result.size, VECTOR, monitor)
    return result


def _gaussian(
    values: NDArray[np.float32], labels: Volume, sigma: float, grid: Grid, monitor: Monitor
) -> NDArray[np.float32]:
    """Return twice the sums weighted by a Gaussian, over pixels that runs of the label lead to.

    The image goes on mirrored beyond its border. Where a run ends, rows and columns lead to other
    pixels than columns and rows: the result is of both, the same for an image on its side.
    """
    if not grid.is_flat:
        values = _along(0, values, labels, sigma, grid, monitor)
    first = _along(2, _along(1, values, labels, sigma, grid, monitor), labels, sigma, grid, monitor)
    other = _along(1, _along(2, values, labels, sigma, grid, monitor), labels, sigma, grid, monitor)
    flat = first.reshape(-1), other.reshape(-1)

    def work(start: int, stop: int) -> None:
        np.add(flat[0][start:stop], flat[1][start:stop], out=flat[0][start:stop])

    map_chunks(work, first.size, 1, monitor)
    return first


def _along(
    axis: int,
    values: NDArray[np.float32],
    labels: Volume,
    sigma: float,
    grid: Grid,
    monitor: Monitor,
) -> NDArray[np.float32]:
    """Return the weighted sums along one axis."""
    nz, ny, nx = labels.shape
    weights = _weights(sigma / grid.spacing[axis], max(labels.shape[axis], FARTHEST))
    result = np.empty_like(values)
    arrays = labels, values, result
    cost = len(weights) / VECTOR
    if axis < 2:
        across_rows(loops.gaussian_in_rows, arrays, (weights, True), 1, axis, cost, monitor)
    else:
        rows = [array.reshape(nz * ny, nx) for array in arrays]
        work = partial(loops.gaussian_in_rows, *rows, weights, False, nx)
        map_chunks(work, nz * ny, cost * nx, monitor)
    return result


def _weights(sigma: float, farthest: int) -> NDArray[np.float32]:
    """Weights of a Gaussian at the whole numbers from 0 to three sigmas, or to the farthest pixel.

    Over pixels that are a thousand times longer than wide, three sigmas may be millions of them.
    """
    reach = min(int(3 * sigma + 0.5), farthest)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma, 1e-9)) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    return weights.astype(np.float32)
