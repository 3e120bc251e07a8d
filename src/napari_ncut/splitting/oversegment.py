"""Oversegmentation: the fragments that objects are made of, by shape alone.

They are the basins of the half-width, turned over: a fragment for each maximum of its relief
(`local_contrast`), without those that are no objects (`spurious_maxima`), each in one piece
(`stray_pixels`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import find_borders, highest
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.local_contrast import relief
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.spurious_maxima import without_spurious_maxima
from napari_ncut.splitting.stray_pixels import attach_stray_pixels
from napari_ncut.splitting.watershed import watershed


@dataclass(frozen=True)
class Fragments:
    """The fragments of a label image.

    Parameters
    ----------
    number : ndarray of int32, shape (nz, ny, nx)
        Fragment of each pixel, from 0; -1 in the background.
    n : int
        How many there are.
    """

    number: Volume
    n: int


def oversegment(
    labels: Volume,
    width: NDArray[np.int32],
    squared: NDArray[np.float32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Fragments:
    """Return the fragments of labels, by shape alone.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared distance to the edge; overwritten.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    raised = relief(width, grid, parameters, monitor)
    number, n = watershed(labels, raised, grid, monitor)
    borders = find_borders(labels, number, raised, grid, monitor)
    tops = highest(number, raised, n, monitor)
    widths = highest(number, width, n, monitor).astype(np.float64) * grid.unit
    del raised
    number, n = without_spurious_maxima(
        labels, number, borders, tops, widths, squared, grid, parameters, monitor
    )
    attach_stray_pixels(labels, number, grid, parameters, monitor)
    return Fragments(number, n)
