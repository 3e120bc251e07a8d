"""The blobs of a label image that is read box by box: exact connected components.

Each box is labelled together with the first pixels of the boxes after it. Where two boxes see the
same pixel, their components are one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import check_label_range, greatest
from napari_ncut.splitting.holes.runs import numbered_components
from napari_ncut.volumes.boxes import Box, read


@dataclass(frozen=True)
class Blobs:
    """The connected components of all labels, n of them, in the order of their first pixels.

    Parameters
    ----------
    first : ndarray of int64, shape (n,)
        Flat index of the first pixel.
    low, high : ndarray of int64, shape (n, ndim)
        The box around each.
    """

    first: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Part:
    """What one box knows of components, k of them.

    Parameters
    ----------
    box : Box
        The box.
    first, low, high : ndarray of int64
        As of `Blobs`; a component that has no pixel in the box itself has none.
    before, after : dict of ndarray
        By axis, the components in its first plane, and in the first plane of the next box.
    digest : bytes
        Hash of what was read.
    largest : float
        The greatest intensity in the components, whatever its sign.
    """

    box: Box
    first: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    before: dict[int, NDArray[np.int32]]
    after: dict[int, NDArray[np.int32]]
    digest: bytes
    largest: float = 0.0


NOWHERE = np.iinfo(np.int64).max


def part_of(
    labels: Any, image: Any, box: Box, connectivity: int, monitor: Monitor | None = None
) -> Part:
    """Return what a box knows of components, and of the image in them."""
    if monitor is not None:
        monitor.check()
    shape = tuple(labels.shape)
    region = box.grown(0, 1, shape)
    values = read(labels, region)
    found = hashlib.sha256(values.data)
    largest = 0.0
    if image is not None:
        picture = read(image, box)
        found.update(picture.data)
        inside = values[tuple(slice(n) for n in box.shape)] > 0
        largest = greatest(picture[inside])
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    check_label_range(values)
    number, runs = components(values, connectivity, monitor)
    n = int(runs[:, 3].max(initial=0))
    first, low, high = _extent(runs, n, box, region, shape)
    before: dict[int, NDArray[np.int32]] = {}
    after: dict[int, NDArray[np.int32]] = {}
    for axis, size in enumerate(box.shape):
        if box.low[axis] > 0:
            before[axis] = np.asarray(number.take(0, axis))
        if region.shape[axis] > size:
            after[axis] = np.asarray(number.take(size, axis))
    return Part(box, first, low, high, before, after, found.digest(), largest)


def components(
    values: NDArray[Any], connectivity: int, monitor: Monitor | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the connected components of all labels, and their runs.

    Parameters
    ----------
    values : ndarray of int, shape (ny, nx) or (nz, ny, nx)
        0 is background.
    connectivity : int
        1 over faces, or the number of axes.
    monitor : Monitor, optional
        Checks for cancellation.

    Returns
    -------
    number : ndarray of int32
        From 1, in the order of their first pixels; 0 in the background.
    runs : ndarray of int32, shape (n, 4)
        Row, first pixel, pixel after the last, and number, in raster order.
    """
    volume = np.ascontiguousarray(values, np.int32).reshape((1,) * (3 - values.ndim) + values.shape)
    number, runs = numbered_components(volume, connectivity > 1, monitor or Monitor())
    return number.reshape(values.shape), runs


def _extent(
    runs: NDArray[np.int32], n: int, box: Box, region: Box, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the first pixel, and the box, of what each component has in a box of a region."""
    ndim = len(shape)
    row, start, stop, number = runs.astype(np.int64).T
    place = np.unravel_index(row, region.shape[:-1])
    stop = np.minimum(stop, box.shape[-1])
    inside = start < stop
    for axis, at in enumerate(place):
        inside &= at < box.shape[axis]
    which = number[inside] - 1
    lows = np.stack([*(at[inside] for at in place), start[inside]], axis=1) + np.array(box.low)
    highs = lows + 1
    highs[:, -1] = stop[inside] + box.low[-1]
    first = np.full(n, NOWHERE)
    # Runs are in raster order: of several assignments to one place the last is kept.
    first[which[::-1]] = np.ravel_multi_index(tuple(lows.T), shape)[::-1]
    low, high = np.full((n, ndim), NOWHERE), np.zeros((n, ndim), np.int64)
    np.minimum.at(low, which, lows)
    np.maximum.at(high, which, highs)
    return first, low, high


def blobs_of(parts: Sequence[Part]) -> Blobs:
    """Return the blobs of all boxes."""
    starts = np.cumsum([0, *(len(part.first) for part in parts)])
    by_corner = {part.box.low: k for k, part in enumerate(parts)}
    links = [np.zeros((0, 2), np.int64)]
    for k, part in enumerate(parts):
        for axis, plane in part.after.items():
            corner = list(part.box.low)
            corner[axis] = part.box.high[axis]
            other = by_corner[tuple(corner)]
            beside = parts[other].before[axis]
            both = (plane > 0) & (beside > 0)
            pairs = np.stack([plane[both] + starts[k], beside[both] + starts[other]], axis=1) - 1
            links.append(np.unique(pairs, axis=0))
    pair = np.concatenate(links)
    n = int(starts[-1])
    graph = coo_array((np.ones(len(pair), np.int8), (pair[:, 0], pair[:, 1])), shape=(n, n))
    count, blob = connected_components(graph, directed=False)
    ndim = len(parts[0].box.low)
    first = np.full(count, NOWHERE)
    low, high = np.full((count, ndim), NOWHERE), np.zeros((count, ndim), np.int64)
    for part, start in zip(parts, starts, strict=False):
        which = blob[start : start + len(part.first)]
        np.minimum.at(first, which, part.first)
        np.minimum.at(low, which, part.low)
        np.maximum.at(high, which, part.high)
    order = np.argsort(first)
    return Blobs(first[order], low[order], high[order])
