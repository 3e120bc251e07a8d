"""What a task has found, in a file that is its mark: there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.atomic import atomic_file


def runs_of(objects: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return where runs of equal values begin, as flat indices, and these values."""
    flat = objects.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    return starts, flat[starts]


def first_of(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the index of the first of each value from 1 to the highest; -1 if there is none."""
    first = np.full(int(values.max(initial=0)) + 1, -1, np.int64)
    # Of several assignments to one place the last is kept.
    first[values[::-1]] = np.arange(len(values))[::-1]
    return first[1:]


def write_objects(
    path: Path,
    starts: NDArray[np.int64],
    values: NDArray[np.int32],
    size: int,
    first: NDArray[np.int64],
) -> None:
    """Write the objects of a box as runs of equal values, which are few, and their first pixels.

    Parameters
    ----------
    path : Path
        The file to make.
    starts, values : ndarray of int
        As `runs_of` gives them: numbers from 1, 0 elsewhere.
    size : int
        Pixels of the box.
    first : ndarray of int64
        Flat index of the first pixel of each object, in the whole volume.
    """
    lengths = np.diff(starts, append=size).astype(np.uint32)
    with atomic_file(path, force=True) as file:
        np.savez(file, lengths=lengths, values=values, first=first)


class Objects:
    """The objects of a box, as they were written.

    Parameters
    ----------
    path : Path
        What `write_objects` made.
    shape : tuple of int
        Of the box.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self.values, lengths = arrays["values"], arrays["lengths"]
        self.stops = np.cumsum(lengths, dtype=np.int64)
        self.shape = (1,) * (3 - len(shape)) + shape

    def paint(
        self, part: tuple[slice, ...], numbers: NDArray[np.int32], target: NDArray[np.int32]
    ) -> None:
        """Write the new numbers of the objects in a part of the box over an array of its shape.

        Plane by plane, and in each the rows of the part: no more is there at once.
        """
        planes, rows, columns = (slice(0, 1),) * (3 - len(part)) + part
        _, ny, nx = self.shape
        volume = target.reshape(planes.stop - planes.start, rows.stop - rows.start, -1)
        for place, plane in enumerate(range(planes.start, planes.stop)):
            start, stop = ((plane * ny + row) * nx for row in (rows.start, rows.stop))
            first, last = np.searchsorted(self.stops, (start, stop - 1), side="right")
            ends = np.minimum(self.stops[first : last + 1], stop)
            found = np.repeat(numbers[self.values[first : last + 1]], np.diff(ends, prepend=start))
            there = volume[place]
            np.maximum(there, found.reshape(-1, nx)[:, columns], out=there)


def read_first(path: Path) -> NDArray[np.int64]:
    """Return the first pixels of the objects of a box."""
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays["first"])
