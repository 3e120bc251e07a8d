"""Small masks side by side in one volume, so that all are measured in one go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.grid import Volume

Box = tuple[slice, slice, slice]


def mosaic(tiles: Sequence[NDArray[np.bool_]]) -> tuple[Volume, list[Box]]:
    """Return a volume that holds masks side by side, and where each is; their labels are 1 to n.

    Parameters
    ----------
    tiles : sequence of ndarray of bool, shape (nz, ny, nx)
        Of any sizes. Background is left between them, and around all.
    """
    order = sorted(range(len(tiles)), key=lambda k: tiles[k].shape[::-1], reverse=True)
    row = max(
        max(tile.shape[1] for tile in tiles) + 1,
        int(np.sqrt(sum((t.shape[1] + 1) * (t.shape[2] + 1) for t in tiles))),
    )
    # Columns as wide as their widest tile, filled from the top.
    corners = np.zeros((len(tiles), 2), int)
    y = x = 1
    width = 0
    for k in order:
        _, ny, nx = tiles[k].shape
        if y > 1 and y + ny > row:
            x, y, width = x + width + 1, 1, 0
        corners[k] = y, x
        y, width = y + ny + 1, max(width, nx)
    deep = max(tile.shape[0] for tile in tiles)
    flat = deep == 1
    result = np.zeros((1 if flat else deep + 2, row + 1, x + width + 1), np.int32)
    boxes: list[Box] = []
    for k, tile in enumerate(tiles):
        low = (0 if flat else 1, *corners[k].tolist())
        sides = [slice(start, start + n) for start, n in zip(low, tile.shape, strict=True)]
        boxes.append((sides[0], sides[1], sides[2]))
        result[boxes[k]][tile] = k + 1
    return result, boxes
