"""Connected components as runs of pixels in rows."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.grid import Volume
from napari_ncut.splitting.loops import holes as loops


def runs_in_rows(
    labels: Volume, of_background: bool, monitor: Monitor
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the runs of equal labels, or of background.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    of_background : bool
        Whether the runs are those of the background, or of the labels.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    runs : ndarray of int32, shape (n, 4)
        Row, first pixel, pixel after the last, and label, in raster order; 1 for background.
    first : ndarray of int64, shape (nz * ny + 1,)
        The first run of each row.
    """
    nz, ny, nx = labels.shape
    rows = labels.reshape(nz * ny, nx)
    first = np.zeros(nz * ny + 1, np.int64)
    count = partial(loops.count_runs, rows, of_background, first[1:])
    map_chunks(count, nz * ny, nx, monitor)
    np.cumsum(first, out=first)
    runs = np.empty((int(first[-1]), 4), np.int32)
    map_chunks(partial(loops.write_runs, rows, of_background, first, runs), nz * ny, nx, monitor)
    return runs, first


def runs_of(
    labels: Volume, of_background: bool, over_corners: bool, monitor: Monitor
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the runs of the connected components of all labels, or of the background.

    Parameters
    ----------
    labels, of_background, monitor
        As in `runs_in_rows`.
    over_corners : bool
        Whether pixels touch over edges and corners too, or over faces only.

    Returns
    -------
    runs, first
        As of `runs_in_rows`, with the index of the first run of the component for the label.
    """
    runs, first = runs_in_rows(labels, of_background, monitor)
    loops.unite_runs(runs, first, labels.shape[1], over_corners)
    monitor.check()
    return runs, first


def numbered_components(
    labels: Volume, over_corners: bool, monitor: Monitor
) -> tuple[Volume, NDArray[np.int32]]:
    """Return the connected components of all labels, numbered from 1, and their runs.

    Parameters
    ----------
    labels, over_corners, monitor
        As in `runs_of`.

    Returns
    -------
    number : ndarray of int32, shape (nz, ny, nx)
        In the order of their first pixels; 0 in the background.
    runs : ndarray of int32, shape (n, 4)
        As of `runs_of`, with this number.
    """
    nz, ny, nx = labels.shape
    runs, _ = runs_of(labels, False, over_corners, monitor)
    loops.number_runs(runs)
    number = np.zeros(labels.shape, np.int32)
    rows = number.reshape(nz * ny, nx)
    length = labels.size / max(len(runs), 1)
    map_chunks(partial(loops.paint_runs, runs, rows), len(runs), length, monitor)
    return number, runs
