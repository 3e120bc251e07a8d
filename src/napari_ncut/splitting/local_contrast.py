"""Local contrast: objects before which the half-width does not fall.

A small object that lies half within a larger one, or between two others, has no maximum of the
half-width of its own, only a shoulder beside another one. Against its surroundings, a shoulder is a
maximum: the *relief* of a pixel is its half-width plus what that has more than the mean over the
square (in volumes, the cube) that fits into the pixel's disc. So the surroundings are as large as
the object, at any magnification, and they lie within the label. The mean over a square takes the
same time whatever its size, from sums over all pixels before a corner [1]_.

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

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks, through_planes
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.loops import local_contrast as loops
from napari_ncut.splitting.parameters import SplitParameters


def relief(
    width: NDArray[np.int32], grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> NDArray[np.int32]:
    """Return the half-width, raised by what it has more than its surroundings.

    Parameters
    ----------
    width : ndarray of int32, shape (nz, ny, nx)
        As `half_width.half_width` gives it.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        In the units of ``width``, above 0 wherever that is; 0 in the background.
    """
    nz, ny, nx = width.shape
    sums = _sums_before(width, grid, monitor)
    per_width = grid.unit / (math.sqrt(grid.ndim) * np.array(grid.spacing))
    result = np.empty_like(width)
    arrays = width, sums, per_width, parameters.sharpness, grid.is_flat, result
    cost = (16 if grid.is_flat else 64) * nx
    map_chunks(partial(loops.relief_of_rows, *arrays), nz * ny, cost, monitor)
    return result


def _sums_before(width: NDArray[np.int32], grid: Grid, monitor: Monitor) -> NDArray[np.uint64]:
    """Return the sum of all pixels before each corner of a pixel; a single plane stays one."""
    nz, ny, nx = width.shape
    layers = 0 if grid.is_flat else 1
    sums = np.zeros((nz + layers, ny + 1, nx + 1), np.uint64)
    sums[layers:, 1:, 1:] = width
    mz, my, mx = sums.shape
    for blocks, n, across in ((mz * my, mx, 1), (mz, my, mx)):
        lines = sums.reshape(blocks, n, across)
        map_chunks(partial(loops.add_up, lines), blocks * across, n, monitor)
    through_planes(loops.add_up, (sums,), (), 1, 1, monitor)
    return sums
