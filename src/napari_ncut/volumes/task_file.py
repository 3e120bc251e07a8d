"""What a task has found, in a file that is its mark: there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.atomic import atomic_file
from napari_ncut.volumes.boxes import Box, slabs


def runs_of(objects: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return where runs of equal values begin, as flat indices, and these values."""
    flat = objects.reshape(-1)
    starts, values = [np.zeros(1, np.int64)], [flat[:1]]
    for part in slabs(flat.size - 1):
        after = flat[part.start + 1 : part.stop + 1]
        change = np.flatnonzero(after != flat[part])
        starts.append(change + part.start + 1)
        values.append(after[change])
    return np.concatenate(starts), np.concatenate(values)


def first_of(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the index of the first of each value from 1 to the highest; -1 if there is none."""
    first = np.full(int(values.max(initial=0)) + 1, -1, np.int64)
    # Of several assignments to one place the last is kept.
    first[values[::-1]] = np.arange(len(values))[::-1]
    return first[1:]


def write_objects(
    path: Path,
    box: Box,
    starts: NDArray[np.int64],
    values: NDArray[np.int32],
    first: NDArray[np.int64],
    ratio: NDArray[np.float64],
    sides: NDArray[np.int64],
) -> None:
    """Write the objects of a box as runs of equal values, which are few, and their necks.

    Parameters
    ----------
    path : Path
        The file to make.
    box : Box
        Where the objects are.
    starts, values : ndarray of int
        As `runs_of` gives them: numbers from 1, 0 elsewhere.
    first : ndarray of int64
        Flat index of the first pixel of each object, in the whole volume.
    ratio : ndarray of float64, shape (k,)
        Of each neck.
    sides : ndarray of int64, shape (k, 2)
        The pixels that each neck is known by, in the whole volume; see `objects.review.necks`.
    """
    lengths = np.diff(starts, append=box.size).astype(np.uint32)
    place = np.array([box.low, box.high])
    with atomic_file(path, force=True) as file:
        np.savez(
            file,
            lengths=lengths,
            values=values,
            first=first,
            box=place,
            ratio=ratio,
            sides=sides,
        )


class Objects:
    """The objects of a box, as they were written.

    Parameters
    ----------
    path : Path
        What `write_objects` made.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self._values, lengths = arrays["values"], arrays["lengths"]
            self.first: NDArray[np.int64] = arrays["first"]
            low, high = arrays["box"].tolist()
        self.box = Box(tuple(low), tuple(high))
        self._stops = np.cumsum(lengths, dtype=np.int64)

    def paint(self, box: Box, numbers: NDArray[np.int32], target: NDArray[np.int32]) -> None:
        """Write the new numbers of the objects over an array that holds a box of the volume.

        Plane by plane, and in each the rows of the box: no more is there at once.
        """
        shared = box.shared(self.box)
        if shared is None:
            return
        target = target[shared.within(box)]
        part = shared.within(self.box)
        planes, rows, columns = (slice(0, 1),) * (3 - len(part)) + part
        ny, nx = self.box.shape[-2:]
        volume = target.reshape(planes.stop - planes.start, rows.stop - rows.start, -1)
        for place, plane in enumerate(range(planes.start, planes.stop)):
            start, stop = ((plane * ny + row) * nx for row in (rows.start, rows.stop))
            first, last = np.searchsorted(self._stops, (start, stop - 1), side="right")
            ends = np.minimum(self._stops[first : last + 1], stop)
            found = np.repeat(numbers[self._values[first : last + 1]], np.diff(ends, prepend=start))
            there = volume[place]
            np.maximum(there, found.reshape(-1, nx)[:, columns], out=there)


def read_first(path: Path) -> NDArray[np.int64]:
    """Return the first pixels of the objects of a box."""
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays["first"])


def read_necks(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the ratios and the sides of the necks in a box."""
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["ratio"], arrays["sides"]
