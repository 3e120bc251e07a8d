"""The connected piece of a label image around a pixel, without looking at the rest of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled


@compiled
def _flood(
    labels: NDArray[Any],
    z: int,
    y: int,
    x: int,
    reached: NDArray[np.bool_],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> None:
    """Mark all voxels of the start's label that are linked to it by faces, and find their box.

    `labels` and `reached` have three axes; `low` and `high` become the corners of the box, both
    included.
    """
    depth, height, width = labels.shape
    label = labels[z, y, x]
    stack = np.empty((1024, 3), np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = z, y, x
    n = 1
    reached[z, y, x] = True
    for axis in range(3):
        low[axis] = high[axis] = stack[0, axis]
    while n > 0:
        n -= 1
        z, y, x = stack[n, 0], stack[n, 1], stack[n, 2]
        low[0], high[0] = min(low[0], z), max(high[0], z)
        low[1], high[1] = min(low[1], y), max(high[1], y)
        low[2], high[2] = min(low[2], x), max(high[2], x)
        if n + 6 > len(stack):
            larger = np.empty((2 * len(stack), 3), np.int64)
            larger[:n] = stack[:n]
            stack = larger
        for face in range(6):
            step = -1 if face % 2 == 0 else 1
            c = z + step if face < 2 else z
            b = y + step if 2 <= face < 4 else y
            a = x + step if face >= 4 else x
            if c < 0 or c >= depth or b < 0 or b >= height or a < 0 or a >= width:
                continue
            if not reached[c, b, a] and labels[c, b, a] == label:
                reached[c, b, a] = True
                stack[n, 0], stack[n, 1], stack[n, 2] = c, b, a
                n += 1


def flood(
    labels: NDArray[Any], point: tuple[int, ...]
) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Return the connected piece of a pixel's label as a cropped mask.

    Parameters
    ----------
    labels : ndarray
        Label image with two or three axes; only the piece and its rim are read.
    point : tuple of int
        The pixel.

    Returns
    -------
    corner : tuple of int
        First pixel of the piece's bounding box.
    mask : ndarray of bool
        The piece in its bounding box. Pixels are linked by their faces.
    """
    missing = (1,) * (3 - labels.ndim)
    volume = labels.reshape(missing + labels.shape)
    # Zeroed by the operating system when a page is first touched: the size does not matter.
    reached = np.zeros(volume.shape, dtype=np.bool_)
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    z, y, x = (0,) * (3 - labels.ndim) + tuple(point)
    _flood(volume, z, y, x, reached, low, high)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    mask = reached[box].copy().reshape(tuple((high - low + 1)[3 - labels.ndim :]))
    return tuple(int(a) for a in low[3 - labels.ndim :]), mask
