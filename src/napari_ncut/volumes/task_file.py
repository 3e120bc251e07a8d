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


def read_objects(path: Path, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the objects of a box."""
    with np.load(path, allow_pickle=False) as arrays:
        return np.repeat(arrays["values"], arrays["lengths"]).reshape(shape)


def read_first(path: Path) -> NDArray[np.int64]:
    """Return the first pixels of the objects of a box."""
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays["first"])
