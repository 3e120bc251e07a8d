"""Watershed: every pixel climbs to its steepest neighbour until it stands on a peak.

The pixels of one peak are a fragment. This is the watershed of the height without a queue, so it
runs on all cores [1]_.

References
----------
.. [1] S. Beucher (1994). Watershed, hierarchical segmentation and waterfall algorithm.
       Mathematical Morphology and its Applications to Image Processing, 69-76.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import accumulate, map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import fragments as sums_of
from napari_ncut.splitting.loops import watershed as loops


def watershed(
    labels: Volume, height: NDArray[np.int32], grid: Grid, monitor: Monitor
) -> tuple[Volume, int]:
    """Return the fragment of each pixel, and how many there are.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background; no pixel climbs out of its label.
    height : ndarray of int32, shape (nz, ny, nx)
        What to climb. Of equal neighbours, the one with the larger index counts as higher.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Numbered from 0 in the order of their peaks' indices; -1 in the background.
    n : int
        Number of fragments.
    """
    nz, ny, nx = labels.shape
    size = labels.size
    target = np.empty(size, np.int32)
    shape = np.array(labels.shape, np.int64)
    flat = labels.reshape(-1), height.reshape(-1), shape
    arrays = *flat, grid.offsets, 1 / grid.lengths, grid.strict, target
    map_chunks(partial(loops.climb_rows, *arrays), nz * ny, nx * len(grid.offsets), monitor)
    map_chunks(partial(loops.follow, target), size, 1, monitor)
    before: dict[int, int] = {}
    n = 0

    def count(start: int, stop: int) -> tuple[int, int]:
        return start, loops.count_peaks(target, start, stop)

    for start, found in map_chunks(count, size, 1, monitor):
        before[start] = n
        n += found

    def number(start: int, stop: int) -> None:
        loops.number_peaks(target, before[start], start, stop)

    for work in (number, partial(loops.follow_to_number, target), partial(loops.to_number, target)):
        map_chunks(work, size, 1, monitor)
    return target.reshape(labels.shape), n


def pixels_of(fragments: Volume, n: int, monitor: Monitor) -> NDArray[np.int64]:
    """Return how many pixels each of n fragments has; below 0 is background."""
    count = np.zeros(n, np.int64)
    work = partial(sums_of.count_pixels, fragments.reshape(-1))
    accumulate(work, [count], np.add, fragments.size, 1, monitor)
    return count


def renumbered(fragments: Volume, n: int, monitor: Monitor) -> tuple[Volume, int]:
    """Number the fragments without holes, in place, and return how many there are.

    Parameters
    ----------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Below 0 is background.
    n : int
        All numbers are less.
    monitor : Monitor
        Checks for cancellation.
    """
    flat = fragments.reshape(-1)
    used = np.zeros(n, np.uint8)
    map_chunks(partial(loops.mark, flat, used), flat.size, 1, monitor)
    number = np.cumsum(used, dtype=np.int32) - 1
    map_chunks(partial(loops.renumber, flat, number), flat.size, 1, monitor)
    return fragments, int(used.sum())
