"""Where each object of labels on a disk lies: the box around it, from one pass over the labels."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import number_of_threads
from napari_ncut.core.validation import check_label_range
from napari_ncut.splitting.holes.runs import runs_in_rows
from napari_ncut.volumes.boxes import Box, boxes, read

# Side of what is read at once.
SIDE = {2: 4096, 3: 256}


@dataclass
class ObjectBoxes:
    """The boxes of n objects, by their numbers.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)
        Ascending.
    low, high : ndarray of int64, shape (n, ndim)
        First pixel along each axis, and the one after the last. An object that has lost pixels
        since may be smaller.
    """

    numbers: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def highest(self) -> int:
        """The highest number; 0 without objects."""
        return int(self.numbers[-1]) if len(self) else 0

    def _place(self, number: int) -> tuple[int, bool]:
        """Return where a number is, or belongs, and whether it is there."""
        k = int(np.searchsorted(self.numbers, number))
        return k, k < len(self) and int(self.numbers[k]) == number

    def of(self, number: int) -> Box | None:
        """Return the box of an object; None if there is none of this number."""
        k, is_there = self._place(number)
        if not is_there:
            return None
        return Box(tuple(self.low[k].tolist()), tuple(self.high[k].tolist()))

    def grow(self, number: int, low: NDArray[Any], high: NDArray[Any]) -> None:
        """Note that an object, perhaps a new one, has pixels in a box."""
        k, is_there = self._place(number)
        if not is_there:
            self.numbers = np.insert(self.numbers, k, number)
            self.low = np.insert(self.low, k, low, axis=0)
            self.high = np.insert(self.high, k, high, axis=0)
        else:
            np.minimum(self.low[k], low, out=self.low[k])
            np.maximum(self.high[k], high, out=self.high[k])


def object_boxes(labels: Any, monitor: Monitor | None = None) -> ObjectBoxes:
    """Return the box around each object of labels that need not fit into memory.

    Parameters
    ----------
    labels : array of NumPy, dask or Zarr, shape (ny, nx) or (nz, ny, nx)
        0 is the background.
    monitor : Monitor, optional
        Is told about progress, and may end the call.

    Examples
    --------
    >>> found = object_boxes(np.array([[1, 1, 0], [0, 0, 5]]))
    >>> found.numbers.tolist(), found.of(5)
    ([1, 5], Box(low=(1, 2), high=(2, 3)))
    """
    monitor = monitor or Monitor()
    shape = tuple(labels.shape)
    side = SIDE[len(shape)]
    places = list(boxes(shape, [min(side, n) for n in shape]))
    # Reading, unpacking and the loop all let other threads run.
    with ThreadPoolExecutor(number_of_threads()) as pool:
        futures = [pool.submit(_read_boxes, labels, box) for box in places]
        try:
            found = []
            for k, future in enumerate(futures):
                monitor.report(k / len(places), "Looking for the objects")
                found.append(future.result())
        finally:
            for future in futures:
                future.cancel()
    return joined(found)


def joined(parts: Sequence[ObjectBoxes]) -> ObjectBoxes:
    """Return one box for each number, around all that several parts know of it."""
    every, place = np.unique(np.concatenate([part.numbers for part in parts]), return_inverse=True)
    low = np.full((len(every), parts[0].low.shape[1]), np.iinfo(np.int64).max)
    high = np.zeros_like(low)
    np.minimum.at(low, place, np.concatenate([part.low for part in parts]))
    np.maximum.at(high, place, np.concatenate([part.high for part in parts]))
    return ObjectBoxes(every, low, high)


def boxes_in(values: NDArray[Any], box: Box) -> ObjectBoxes:
    """Return where the objects are that the labels of a box show.

    Parameters
    ----------
    values : ndarray of int
        The labels of the box.
    box : Box
        Where it is.
    """
    check_label_range(values)
    volume = np.ascontiguousarray(values, np.int32).reshape((1,) * (3 - values.ndim) + values.shape)
    runs, _ = runs_in_rows(volume, False, Monitor())
    row, start, stop, number = runs.astype(np.int64).T
    at = np.unravel_index(row, box.shape[:-1])
    low = np.stack([*at, start], axis=1) + np.array(box.low)
    high = np.stack([*(axis + 1 for axis in at), stop], axis=1) + np.array(box.low)
    return joined([ObjectBoxes(number, low, high)])


def _read_boxes(labels: Any, box: Box) -> ObjectBoxes:
    return boxes_in(read(labels, box), box)
