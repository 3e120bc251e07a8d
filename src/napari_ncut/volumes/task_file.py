"""What a task has found, in a file that is its mark: there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.atomic import atomic_file


def write_objects(path: Path, objects: NDArray[Any], first: NDArray[np.int64]) -> None:
    """Write the objects of a box as runs of equal values, which are few, and their first pixels.

    Parameters
    ----------
    path : Path
        The file to make.
    objects : ndarray of int
        Their numbers from 1; 0 elsewhere.
    first : ndarray of int64
        Flat index of the first pixel of each, in the whole volume.
    """
    flat = objects.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=flat.size).astype(np.uint32)
    values = flat[starts].astype(np.int32)
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
