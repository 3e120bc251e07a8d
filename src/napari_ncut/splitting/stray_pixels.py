"""Stray pixels: pieces of a fragment that lie apart from it, beside other fragments.

Borders that are drawn by distance can leave a pixel behind a notch. It goes to the fragment that it
touches, so that every fragment is one piece.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import stray_pixels as loops
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import pixels_of


def attach_stray_pixels(
    labels: Volume, fragments: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> None:
    """Give stray pixels to the fragments beside them, in place.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        Fragments lie within labels; -1 is background. No fragment vanishes.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    nz, ny, nx = labels.shape
    arrays = labels, fragments, grid.strict, parameters.stray_size
    work = partial(loops.stray_pixels_of_rows, *arrays)
    # A piece inside a piece is attached in the next pass.
    for _ in range(parameters.stray_passes):
        rows = np.concatenate(map_chunks(work, nz * ny, 4 * nx, monitor))
        if len(rows) == 0:
            return
        _attach(rows, fragments.reshape(-1), monitor)


def _attach(rows: NDArray[np.int64], flat: NDArray[np.int32], monitor: Monitor) -> None:
    """Give pieces to the fragments beside them, the smallest first."""
    left = pixels_of(flat, int(flat.max()) + 1, monitor)
    starts = np.flatnonzero(np.append(True, rows[1:, 1] != rows[:-1, 1]))
    pieces = np.split(rows, starts[1:])
    for piece in sorted(pieces, key=len):
        index, beside = piece[:, 0], flat[piece[0, 2]]
        own = flat[index[0]]
        if left[own] > len(index):
            flat[index] = beside
            left[own] -= len(index)
            left[beside] += len(index)
