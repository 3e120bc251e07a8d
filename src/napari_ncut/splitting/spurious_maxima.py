"""Spurious maxima: fragments that are no objects, such as the middle between objects that meet.

Where three discs meet, the relief has a maximum in their middle, in a fragment that belongs to none
of them. Such a fragment is left out, and every pixel goes to the fragment of the disc that holds it
most deeply: of all discs inside the blob (a pixel c as centre, its distance f to the edge as
radius) the one with the greatest power f^2 - |x - c|^2 at the pixel x. So the borders are the
chords of overlapping discs, straight from notch to notch. The powers are found like distances, one
axis after the other [1]_.

References
----------
.. [1] D. Coeurjolly and A. Montanvert (2007). Optimal separable algorithms to compute the reverse
       Euclidean distance transformation and discrete medial axis in arbitrary dimension. IEEE
       Transactions on Pattern Analysis and Machine Intelligence 29, 437-448.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import Borders
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import spurious_maxima as loops
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import renumbered


def without_spurious_maxima(
    labels: Volume,
    fragments: Volume,
    borders: Borders,
    tops: NDArray[np.int32],
    widths: NDArray[np.float64],
    squared: NDArray[np.float32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> tuple[Volume, int]:
    """Return fragments of objects only, whose borders run from notch to notch.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        As `watershed` takes and gives them.
    borders : Borders
        Of the fragments, with the relief at their saddles.
    tops : ndarray of int32, shape (n,)
        Greatest relief in each fragment.
    widths : ndarray of float64, shape (n,)
        Greatest half-width in each fragment, in physical units.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared distance to the edge; overwritten.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Numbered from 0; -1 in the background.
    n : int
        Number of fragments.
    """
    n = len(tops)
    disc = math.pi * widths**2 if grid.is_flat else 4 / 3 * math.pi * widths**3
    share = parameters.roughness + parameters.roughness_pixels * grid.finest / widths
    sizes = np.bincount(fragments.reshape(-1) + 1, minlength=n + 1)[1:] * grid.volume
    group, is_object = loops.objects(
        np.argsort(-borders.saddle, kind="stable"),
        borders.low,
        borders.high,
        borders.saddle.astype(np.float64),
        tops.astype(np.float64),
        sizes,
        disc,
        share**grid.ndim * disc,
        parameters.least_held,
        parameters.junction_level,
        parameters.rise,
    )
    flat = fragments.reshape(-1), squared.reshape(-1)
    map_chunks(partial(loops.forget, *flat, is_object), labels.size, 1, monitor)
    centre = holding_discs(labels, squared, grid, monitor)
    arrays = flat[0], centre.reshape(-1), flat[1], group
    map_chunks(partial(loops.belong, *arrays), labels.size, 1, monitor)
    return renumbered(centre, n, monitor)


def holding_discs(
    labels: Volume, squared: NDArray[np.float32], grid: Grid, monitor: Monitor
) -> NDArray[np.int32]:
    """Return the centre of the disc that holds each pixel most deeply.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared radius of the disc around each pixel, which lies within the pixel's label;
        -1e30 for no disc. Overwritten by the power at each pixel, which is that where no disc is.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        Flat index of the centre; of the pixel itself where no disc is found.
    """
    nz, ny, nx = labels.shape
    centre = np.arange(labels.size, dtype=np.int32).reshape(labels.shape)
    views = ((nz * ny, nx, 1), (nz, ny, nx), (1, nz, ny * nx))
    for size, (blocks, n, width) in zip(reversed(grid.spacing), views, strict=True):
        if n == 1:
            continue
        seen_as = (blocks, n, width)
        arrays = labels.reshape(seen_as), squared.reshape(seen_as), centre.reshape(seen_as)
        work = partial(loops.power_along_middle, *arrays, size)
        map_chunks(work, blocks * width, 2 * n, monitor)
    return centre
