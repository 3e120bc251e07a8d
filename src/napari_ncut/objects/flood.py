"""The connected piece of a label image around a pixel, without looking at the rest of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.objects.loops import pixels as loops


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
    reached = np.zeros(volume.shape, dtype=np.uint8)
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    z, y, x = (0,) * (3 - labels.ndim) + tuple(point)
    bits = np.dtype(f"u{volume.itemsize}")
    loops.flood(volume.view(bits), z, y, x, reached, low, high)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    mask = reached[box].astype(np.bool_).reshape(tuple((high - low + 1)[3 - labels.ndim :]))
    return tuple(int(a) for a in low[3 - labels.ndim :]), mask
