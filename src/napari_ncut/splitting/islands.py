"""Islands: blobs that lie inside a hole of others, such as a speck in the hole of a nucleus.

They are taken out at first and found beside one another, so that a hole can be closed over them:
what a blob falls into hangs on nothing that lies in it.
"""

from __future__ import annotations

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.holes import Holes, blobs_beside, enclosed_background, paint
from napari_ncut.splitting.holes.tiles import Tiles, box_of


def without(labels: Volume, islands: Tiles) -> Volume:
    """Return labels without islands."""
    result = labels.copy()
    islands.put_back(np.zeros_like(islands.labels), result)
    return result


def find_islands(labels: Volume, grid: Grid, monitor: Monitor) -> tuple[Tiles | None, Holes | None]:
    """Return the islands of a label image, if there are any; if there are none, its holes.

    An island is a component of the foreground that another one encloses: over the same neighbours
    as blobs, so that a pixel that hangs by a corner at the rim of a hole is one, too.

    Parameters
    ----------
    labels, grid, monitor
        As in `holes.find_holes`.
    """
    found = enclosed_background(labels, monitor)
    around, _ = blobs_beside(found, labels, grid, monitor)
    count = np.bincount(around[:, 0], minlength=len(found))
    if (count > 1).any():
        islands = _islands(found[count > 1], (labels > 0).astype(np.int32), grid, monitor)
        if islands is not None:
            return islands, None
    return None, found[count == 1]


def _islands(holes: Holes, mask: Volume, grid: Grid, monitor: Monitor) -> Tiles | None:
    """Return the clumps of a mask that lie in holes, if there are any."""
    around, runs = blobs_beside(holes, mask, grid, monitor)
    clumps, beside = np.unique(around[:, 1], return_inverse=True)
    runs = runs[np.isin(runs[:, 3], clumps)]
    runs = runs[np.argsort(runs[:, 3], kind="stable")]
    starts, stops = (np.searchsorted(runs[:, 3], clumps, side) for side in ("left", "right"))
    row, start, stop = runs[:, :3].T
    z, y = np.divmod(row, mask.shape[1])
    low = np.stack([np.minimum.reduceat(side, starts) for side in (z, y, start)], axis=1)
    high = np.stack([np.maximum.reduceat(side, starts) for side in (z + 1, y + 1, stop)], axis=1)
    # Of those around one hole, one encloses it, and thereby the others: its box is the largest.
    hole = around[:, 0]
    order = np.lexsort(((high - low).prod(axis=1, dtype=np.int64)[beside], hole))
    is_last = np.append(hole[order][1:] != hole[order][:-1], True)
    enclosed = np.unique(beside[order][~is_last]).tolist()
    if not enclosed:
        return None
    tiles = []
    for k in enclosed:
        tile = np.zeros(high[k] - low[k], bool)
        paint(runs[starts[k] : stops[k]], tile, low[k], mask.shape[1])
        tiles.append((tile, box_of(low[k], high[k])))
    return Tiles.of(*map(list, zip(*tiles, strict=True)))
