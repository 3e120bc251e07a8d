"""Pinholes: holes in a label that are too small to tell anything about its shape.

Masks from real pictures have them, and one missing pixel in the middle of an object is an edge for
the half-width, which falls to pieces around it. Widths are measured as if they were filled; in the
result they stay what they are, background.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.half_width import Volume


@dataclass(frozen=True)
class Pinholes:
    """The pixels of pinholes, one row each.

    Parameters
    ----------
    place : ndarray of int64, shape (n,)
        Flat index of the pixel.
    label : ndarray of int64, shape (n,)
        The label around it.
    size : ndarray of int64, shape (n,)
        Pixels of its pinhole.
    """

    place: NDArray[np.int64]
    label: NDArray[np.int64]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.place)


def find_pinholes(labels: Volume, largest: int, monitor: Monitor) -> Pinholes:
    """Return the pinholes of a label image.

    A pinhole is a small component of the background (over faces, edges and corners) that does not
    reach the border of the image and touches one label only.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    largest : int
        Most pixels of a pinhole.
    monitor : Monitor
        Asked whether to go on.
    """
    nz, ny, nx = labels.shape
    rows = map_chunks(partial(_pinholes_of_rows, labels, largest), nz * ny, 4 * nx, monitor)
    return Pinholes(*np.concatenate([np.zeros((0, 3), np.int64), *rows]).T)


@compiled
def _pinholes_of_rows(
    labels: NDArray[np.int32], largest: int, start: int, stop: int
) -> NDArray[np.int64]:
    """Return (place, label, size) for each pixel of the pinholes that start in some rows."""
    nz, ny, nx = labels.shape
    first_z, last_z = (0, 1) if nz == 1 else (-1, 2)
    found = np.empty((largest, 3), np.int64)
    rows = np.empty((16, 3), np.int64)
    used = 0
    for row in range(start, stop):
        z, y = row // ny, row % ny
        for x in range(1, nx):
            label = labels[z, y, x - 1]
            if label == 0 or labels[z, y, x] != 0:
                continue
            found[0, 0], found[0, 1], found[0, 2] = z, y, x
            n, done, inside = 1, 0, True
            while inside and done < n:
                z0, y0, x0 = found[done, 0], found[done, 1], found[done, 2]
                done += 1
                if y0 == 0 or y0 == ny - 1 or x0 == nx - 1 or x0 == 0:
                    inside = False
                    break
                if nz > 1 and (z0 == 0 or z0 == nz - 1):
                    inside = False
                    break
                for dz in range(first_z, last_z):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            z1, y1, x1 = z0 + dz, y0 + dy, x0 + dx
                            there = labels[z1, y1, x1]
                            if there == label or not inside:
                                continue
                            if there != 0 or (z1, y1, x1) < (z, y, x):
                                inside = False
                                continue
                            if holds(found, n, z1, y1, x1):
                                continue
                            if n == largest:
                                inside = False
                                continue
                            found[n, 0], found[n, 1], found[n, 2] = z1, y1, x1
                            n += 1
            if inside:
                rows = with_room(rows, used, n)
                for k in range(n):
                    rows[used, 0] = (found[k, 0] * ny + found[k, 1]) * nx + found[k, 2]
                    rows[used, 1], rows[used, 2] = label, n
                    used += 1
    return rows[:used]


@compiled
def holds(places: NDArray[np.int64], n: int, z: int, y: int, x: int) -> bool:
    """Tell whether a place is among the first n."""
    found = False
    for k in range(n):
        found = found or (places[k, 0] == z and places[k, 1] == y and places[k, 2] == x)
    return found


@compiled
def with_room(rows: NDArray[np.int64], used: int, n: int) -> NDArray[np.int64]:
    """Return an array of rows, of which some are used, with room for n more."""
    if used + n <= len(rows):
        return rows
    larger = np.empty((2 * len(rows) + n, rows.shape[1]), np.int64)
    larger[:used] = rows[:used]
    return larger
