"""Islands: blobs that lie inside a hole of others, such as a speck in the hole of a nucleus.

They are taken out at first and found beside one another, so that a hole can be closed over them:
what a blob falls into hangs on nothing that lies in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as components

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.holes import Holes, blobs_around, enclosed_background
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
    count = blobs_around(found, labels, grid, monitor)
    if (count > 1).any():
        over = 1 if grid.strict else 3
        clumps = components(labels > 0, connectivity=over).astype(np.int32, copy=False)
        monitor.check()
        sides = ndimage.find_objects(clumps)
        hole, clump = found[count > 1].around(clumps, 1).T
        enclosed = _enclosed(hole, clump, sides)
        if len(enclosed):
            boxes: list[Box] = [(z, y, x) for z, y, x in (sides[k - 1] for k in enclosed)]
            masks = [clumps[box] == k for box, k in zip(boxes, enclosed, strict=True)]
            return Tiles.of(masks, boxes), None
    return None, found[count == 1]


def _enclosed(
    hole: NDArray[np.int32], clump: NDArray[np.int32], boxes: list[Any]
) -> NDArray[np.int32]:
    """Return the clumps that lie in holes, from the pairs that touch and the box of each clump."""
    # Of those around one hole, one encloses it, and thereby the others: its box is the largest.
    extent = np.array([np.prod([side.stop - side.start for side in box]) for box in boxes])
    order = np.lexsort((extent[clump - 1], hole))
    is_last = np.append(hole[order][1:] != hole[order][:-1], True)
    return np.unique(clump[order][~is_last])
