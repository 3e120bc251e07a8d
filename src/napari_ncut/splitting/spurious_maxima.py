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
from napari_ncut.core.parallel import across_rows, map_chunks
from napari_ncut.splitting.adjacency import Borders
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import distances
from napari_ncut.splitting.loops import spurious_maxima as loops
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import pixels_of, renumbered

# Power where there is no disc.
NOWHERE = np.float32(-1e30)
# Share of a power that rounding can change on its way over some pixels.
ROUNDING = np.float32(1e-5)


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
    sizes = pixels_of(fragments, n, monitor) * grid.volume
    # Of equals, what decides is not where they lie but what they are.
    rank = np.empty(n, np.int32)
    rank[np.lexsort((sizes, widths, tops))] = np.arange(n, dtype=np.int32)
    low, high = rank[borders.low], rank[borders.high]
    saddles = -np.maximum(low, high), -np.minimum(low, high), -borders.saddle
    group, is_object = loops.objects(
        np.lexsort(saddles),
        rank,
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
    map_chunks(partial(distances.forget, *flat, is_object), labels.size, 1, monitor)
    rank = rank[group]
    centre = holding_discs(labels, squared, fragments, rank, grid, monitor)
    _hold_the_rest(labels, squared, centre, fragments, rank, grid, monitor)
    arrays = flat[0], centre.reshape(-1), flat[1], group
    map_chunks(partial(distances.belong, *arrays), labels.size, 1, monitor)
    return renumbered(centre, n, monitor)


def holding_discs(
    labels: Volume,
    squared: NDArray[np.float32],
    fragments: Volume,
    rank: NDArray[np.int32],
    grid: Grid,
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Return the centre of the disc that holds each pixel most deeply.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared radius of the disc around each pixel, which lies within the pixel's label;
        -1e30 for no disc. Overwritten by the power at each pixel, which is that where no disc is.
    fragments : ndarray of int32, shape (nz, ny, nx)
        The fragment of each pixel.
    rank : ndarray of int32, shape (n,)
        Of discs that hold a pixel equally deeply, that of the fragment that ranks highest has it.
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
    arrays = labels, squared, centre
    of_all = fragments.reshape(-1), rank
    size_z, size_y, size_x = grid.spacing
    rows = [array.reshape(nz * ny, nx) for array in arrays]
    work = partial(distances.power_in_rows, *rows, *of_all, size_x, nx)
    map_chunks(work, nz * ny, 2 * nx, monitor)
    if ny > 1:
        across_rows(distances.power_in_rows, arrays, (*of_all, size_y), 2, 1, 2, monitor)
    if nz > 1:
        across_rows(distances.power_in_rows, arrays, (*of_all, size_z), 2, 0, 2, monitor)
    return centre


def _hold_the_rest(
    labels: Volume,
    power: NDArray[np.float32],
    centre: NDArray[np.int32],
    fragments: Volume,
    rank: NDArray[np.int32],
    grid: Grid,
    monitor: Monitor,
) -> None:
    """Give pixels that lie in no disc the nearest one of those beside them, again and again.

    Along one axis after the other, what such a pixel sees would depend on the order of the axes.
    Arguments as in `holding_discs`; ``power`` and ``centre`` are changed in place, and the power of
    pixels that are never reached becomes that of no disc.
    """
    flat, label_at = power.reshape(-1), labels.reshape(-1)
    centre_at, rank_at = centre.reshape(-1), fragments.reshape(-1)
    index = np.flatnonzero((flat <= 0) & (label_at > 0))
    if len(index) == 0:
        return
    shape = np.array(labels.shape)
    at = np.stack(np.unravel_index(index, labels.shape), axis=1)
    beside = at[:, None] + grid.offsets
    inside = ((beside >= 0) & (beside < shape)).all(axis=-1)
    beside = np.where(inside, beside @ np.array([shape[1] * shape[2], shape[2], 1]), 0)
    inside &= label_at[beside] == label_at[index][:, None]
    flat[index] = NOWHERE
    spacing = np.array(grid.spacing)
    place_of = np.minimum(np.searchsorted(index, beside), len(index) - 1)
    among = inside & (index[place_of] == beside)
    asked = np.arange(len(index))
    # A pixel gets its disc from a neighbour that has one: no more turns than pixels in a row. After
    # the first, only those are asked beside which something has changed.
    for _ in range(len(index)):
        monitor.check()
        near, here = beside[asked], at[asked][:, None]
        theirs = centre_at[near]
        place = np.stack(np.unravel_index(theirs, labels.shape), axis=-1)
        way = ((place - here) * spacing) ** 2
        back = (grid.offsets * spacing + (here - place) * spacing) ** 2
        offered = flat[near].astype(np.float64) + back.sum(axis=-1) - way.sum(axis=-1)
        offered[~inside[asked] | (flat[near] <= NOWHERE)] = NOWHERE
        order = np.lexsort((rank[rank_at[theirs]], offered), axis=1)[:, -1:]
        best = np.take_along_axis(offered, order, axis=1)[:, 0].astype(np.float32)
        # What rounding gains on the way around is nothing, and would be gained for ever.
        won = best > flat[index[asked]] + ROUNDING * np.abs(best)
        if not won.any():
            return
        new = asked[won]
        flat[index[new]] = best[won]
        centre_at[index[new]] = np.take_along_axis(theirs, order, axis=1)[won, 0]
        is_new = np.zeros(len(index), bool)
        is_new[new] = True
        asked = np.flatnonzero((is_new[place_of] & among).any(axis=1))
