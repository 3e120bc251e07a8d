"""Islands: blobs that lie inside a hole of others, such as a speck in the hole of a nucleus.

They are taken out at first and found beside one another, so that a hole can be closed over them:
what a blob falls into hangs on nothing that lies in it.
"""

from __future__ import annotations

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.holes import Holes, blobs_beside, enclosed_background
from napari_ncut.splitting.holes.tiles import Box, Tiles


def without(labels: Volume, islands: Tiles) -> Volume:
    """Return labels without islands."""
    result = labels.copy()
    for box, mask in zip(islands.boxes, islands.masks, strict=True):
        result[box][mask] = 0
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
    starts = np.searchsorted(runs[:, 3], clumps)
    row, first, after = runs[:, :3].astype(np.intp).T
    z, y = np.divmod(row, mask.shape[1])
    low = np.stack([np.minimum.reduceat(side, starts) for side in (z, y, first)], axis=1)
    high = np.stack([np.maximum.reduceat(side, starts) for side in (z + 1, y + 1, after)], axis=1)
    # Of those around one hole, one encloses it, and thereby the others: its box is the largest.
    hole = around[:, 0]
    order = np.lexsort(((high - low).prod(axis=1)[beside], hole))
    is_last = np.append(hole[order][1:] != hole[order][:-1], True)
    enclosed = np.unique(beside[order][~is_last]).tolist()
    if not enclosed:
        return None
    boxes: list[Box] = []
    masks = []
    stops = np.append(starts[1:], len(runs))
    for k in enclosed:
        box = tuple(map(slice, low[k].tolist(), high[k].tolist()))
        boxes.append((box[0], box[1], box[2]))
        masks.append(np.zeros(high[k] - low[k], bool))
        for i in range(starts[k], stops[k]):
            in_row = slice(first[i] - low[k, 2], after[i] - low[k, 2])
            masks[-1][z[i] - low[k, 0], y[i] - low[k, 1], in_row] = True
    return Tiles.of(masks, boxes)
