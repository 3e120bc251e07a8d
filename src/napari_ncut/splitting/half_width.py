"""Half-width: how far each pixel is from the edge of its label.

The exact Euclidean distance transform of a label image, one axis after the other [1]_: a run of
equal labels along a line is bounded by the pixel before and the pixel after it, so that all labels
are measured in one pass and none sees another. The border of the image is not an edge: an object
that it cuts off is as wide there as it looks.

The distance is smoothed a little, by a few steps of diffusion within the label, and it is kept as
whole numbers (`Grid.unit`): every sum of them is exact, so that nothing depends on where in an
array an object lies, or on which way round it lies.

References
----------
.. [1] P. F. Felzenszwalb and D. P. Huttenlocher (2012). Distance transforms of sampled functions.
       Theory of Computing 8, 415-428.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import across_rows, map_chunks
from napari_ncut.splitting.grid import LARGEST, Grid, Volume
from napari_ncut.splitting.loops import distances
from napari_ncut.splitting.loops import half_width as loops
from napari_ncut.splitting.parameters import SplitParameters

# Weights of a diffusion are 64ths; the pixel itself keeps a quarter at least.
PARTS, MOST = 64, 48
# Variance along an axis, in its pixels, beyond which it is not smoothed further: of pixels that are
# hundreds of times longer than wide, the steps would be without number.
WIDEST = 100.0


def squared_distance(labels: Volume, grid: Grid, monitor: Monitor) -> NDArray[np.float32]:
    """Return the squared distance of each pixel to the nearest pixel of another label.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background, whose distance is 0.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Squared distance between pixel centres; the image's diagonal where a label fills the
        image: it has no necks, and any width will do.
    """
    nz, ny, nx = labels.shape
    size_z, size_y, size_x = grid.spacing
    result = np.empty(labels.shape, np.float32)
    rows = labels.reshape(nz * ny, nx), result.reshape(nz * ny, nx)
    map_chunks(partial(distances.distance_in_rows, *rows, size_x), nz * ny, nx, monitor)
    further, arrays = distances.further_distance_in_rows, (labels, result)
    across_rows(further, arrays, (size_y,), 1, 1, 2, monitor)
    if not grid.is_flat:
        across_rows(further, arrays, (size_z,), 1, 0, 2, monitor)
    diagonal = sum((n * size) ** 2 for n, size in zip(labels.shape, grid.spacing, strict=True))
    np.minimum(result, np.float32(diagonal), out=result)
    return result


def half_width(
    labels: Volume,
    squared: NDArray[np.float32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Return the smoothed distance of each pixel to the edge of its label.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    squared : ndarray of float32, shape (nz, ny, nx)
        As `squared_distance` gives it.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        Half-width in units of `Grid.unit`; 1 or more in a label, 0 in the background.
    """
    n = labels.size
    width = np.empty(labels.shape, np.int32)
    arrays = squared.reshape(-1), 1 / grid.unit, LARGEST, width.reshape(-1)
    map_chunks(partial(loops.root, *arrays), n, 1, monitor)
    fine, coarse = parameters.finest_smoothing**2, parameters.coarsest_smoothing**2
    weights, steps = _diffusion(grid, fine)
    touching = bool(labels.max(initial=0) > 1)
    once = _diffused(labels, width, weights, steps, touching, monitor)
    more = max(round(steps * coarse / fine) - steps, 0)
    again = _diffused(labels, once, weights, more, touching, monitor)
    # The widths for which the finest and the coarsest smoothing are the share that is wanted.
    to_width = (grid.pixel / (parameters.smoothing * grid.unit)) ** 2
    flat = width.reshape(-1), once.reshape(-1), again.reshape(-1)
    map_chunks(partial(loops.blend, *flat, fine * to_width, coarse * to_width), n, 1, monitor)
    return width


def _diffusion(grid: Grid, variance: float) -> tuple[tuple[int, int, int], int]:
    """Return the weights along the axes, in 64ths, and the steps, for a variance in pixels."""
    wanted = [min(variance * (grid.pixel / size) ** 2, WIDEST) for size in grid.sizes]
    # A step adds twice the weight of a neighbour to the variance along its axis.
    steps = max(1, math.ceil(sum(wanted) * PARTS / MOST - 1e-9))
    weights = [round(PARTS * v / (2 * steps)) for v in wanted]
    return (*[0] * (3 - grid.ndim), *weights), steps  # type: ignore[return-value]


def _diffused(
    labels: Volume,
    width: NDArray[np.int32],
    weights: tuple[int, int, int],
    steps: int,
    touching: bool,
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Return the width after some steps of diffusion within the labels."""
    nz, ny, nx = labels.shape
    source, spare = width, None
    for _ in range(steps):
        target = np.empty_like(width) if spare is None else spare
        step = partial(loops.diffuse, labels, source, target, *weights, touching)
        map_chunks(step, nz * ny, 2 * nx, monitor)
        spare = None if source is width else source
        source = target
    return source
