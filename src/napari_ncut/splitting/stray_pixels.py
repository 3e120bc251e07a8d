"""Crumbs: some pixels of a fragment that lie apart from it, beside other fragments.

Borders that are drawn by distance can leave a pixel behind a notch. It goes to the fragment that it
touches, so that every fragment is one piece.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.half_width import Volume
from napari_ncut.splitting.pinholes import holds, with_room

# Pieces of more pixels than this stay where they are.
LARGEST = 16
# A crumb inside a crumb is attached in the next pass.
PASSES = 4


def attach_crumbs(labels: Volume, fragments: Volume, connectivity: int, monitor: Monitor) -> None:
    """Give the crumbs of fragments to the fragments beside them, in place.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        Fragments lie within labels; -1 is background. No fragment vanishes.
    connectivity : int
        1: pixels that share a face are connected; else those that share a corner are, too.
    monitor : Monitor
        Asked whether to go on.
    """
    nz, ny, nx = labels.shape
    work = partial(_crumbs_of_rows, labels, fragments, connectivity == 1, LARGEST)
    for _ in range(PASSES):
        rows = np.concatenate(map_chunks(work, nz * ny, 4 * nx, monitor))
        if len(rows) == 0:
            return
        _attach(rows, fragments.reshape(-1))


def _attach(rows: NDArray[np.int64], flat: NDArray[np.int32]) -> None:
    """Give pieces to the fragments beside them, the smallest first."""
    left = np.bincount(flat + 1)[1:]
    starts = np.flatnonzero(np.append(True, rows[1:, 1] != rows[:-1, 1]))
    pieces = np.split(rows, starts[1:])
    for piece in sorted(pieces, key=len):
        place, beside = piece[:, 0], flat[piece[0, 2]]
        own = flat[place[0]]
        if left[own] > len(place):
            flat[place] = beside
            left[own] -= len(place)
            left[beside] += len(place)


@compiled
def _crumbs_of_rows(
    labels: NDArray[np.int32],
    fragments: NDArray[np.int32],
    faces: bool,
    largest: int,
    start: int,
    stop: int,
) -> NDArray[np.int64]:
    """Return (pixel, first pixel of the piece, pixel beside it) for the crumbs of some rows."""
    nz, ny, nx = labels.shape
    rows = np.empty((16, 3), np.int64)
    used = 0
    found = np.empty((largest + 1, 3), np.int64)
    for row in range(start, stop):
        z, y = row // ny, row % ny
        for x in range(nx):
            own = fragments[z, y, x]
            # Most pixels are not the first of their piece.
            if own < 0 or (x > 0 and fragments[z, y, x - 1] == own):
                continue
            if (y > 0 and fragments[z, y - 1, x] == own) or (
                z > 0 and fragments[z - 1, y, x] == own
            ):
                continue
            found[0, 0], found[0, 1], found[0, 2] = z, y, x
            n, done, beside = 1, 0, -1
            while done < n <= largest:
                z0, y0, x0 = found[done, 0], found[done, 1], found[done, 2]
                done += 1
                for dz in range(-1, 2):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            z1, y1, x1 = z0 + dz, y0 + dy, x0 + dx
                            steps = abs(dz) + abs(dy) + abs(dx)
                            if steps == 0 or n > largest or (faces and steps > 1):
                                continue
                            if z1 < 0 or z1 >= nz or y1 < 0 or y1 >= ny or x1 < 0 or x1 >= nx:
                                continue
                            if labels[z1, y1, x1] != labels[z, y, x]:
                                continue
                            if fragments[z1, y1, x1] != own:
                                beside = (z1 * ny + y1) * nx + x1
                                continue
                            if (z1, y1, x1) < (z, y, x):
                                # Another pixel is the first.
                                n = largest + 1
                                continue
                            if not holds(found, n, z1, y1, x1):
                                found[n, 0], found[n, 1], found[n, 2] = z1, y1, x1
                                n += 1
            if n > largest or beside < 0:
                continue
            rows = with_room(rows, used, n)
            for k in range(n):
                rows[used, 0] = (found[k, 0] * ny + found[k, 1]) * nx + found[k, 2]
                rows[used, 1], rows[used, 2] = rows[used - k, 0], beside
                used += 1
    return rows[:used]
