"""Labels that are there in part: what a split by parts has found so far, to be looked at."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.volumes.boxes import Box
from napari_ncut.volumes.task_file import Objects

# What is more is not shown before it is whole: bytes of a task's file, and pixels at once.
MOST_BYTES = 2**26
MOST_PIXELS = 2**25


class Filling:
    """The labels of the tasks that are done, as an array that is read where it is looked at.

    Their numbers are not those of the result, which are known when all is done.

    Parameters
    ----------
    folder : Path
        Where the tasks leave what they found.
    shape : tuple of int
        Of the whole volume.
    """

    dtype = np.dtype(np.int32)

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        self.shape, self.ndim = shape, len(shape)
        self._folder = folder
        self._done: dict[tuple[Path, int], tuple[Objects, NDArray[np.int32]]] = {}
        self._count = 0

    def grow(self) -> bool:
        """Take in what was done since, and tell whether there is anything new.

        What another run with other settings had left goes when this one finds it.
        """
        there = {}
        try:
            paths = sorted(self._folder.glob("task-*.npz"))
        except FileNotFoundError:
            # The run has ended, and the folder went while it was looked into.
            return False
        for path in paths:
            with suppress(FileNotFoundError):
                found = path.stat()
                if found.st_size <= MOST_BYTES:
                    there[path, found.st_mtime_ns] = path
        before = set(self._done)
        self._done = {key: done for key, done in self._done.items() if key in there}
        for key, path in there.items():
            if key not in self._done:
                with suppress(FileNotFoundError):
                    self._done[key] = self._read(path)
        return set(self._done) != before

    def _read(self, path: Path) -> tuple[Objects, NDArray[np.int32]]:
        """Return the objects of a task, and a number for each that no other has."""
        objects = Objects(path)
        numbers = self._count + np.arange(len(objects.first) + 1, dtype=np.int32)
        numbers[0] = 0
        self._count += len(objects.first)
        return objects, numbers

    def __getitem__(self, index: Any) -> NDArray[np.int32]:
        index = index if isinstance(index, tuple) else (index,)
        index += (slice(None),) * (self.ndim - len(index))
        ranges = [
            range(n)[k] if isinstance(k, slice) else range(n)[k : k + 1 or None]
            for k, n in zip(index, self.shape, strict=True)
        ]
        box = Box(tuple(r.start for r in ranges), tuple(max(r.stop, r.start) for r in ranges))
        steps = tuple(
            slice(None, None, r.step) if isinstance(k, slice) else 0
            for k, r in zip(index, ranges, strict=True)
        )
        if box.size > MOST_PIXELS:
            return np.broadcast_to(np.int32(0), box.shape)[steps]
        result = np.zeros(box.shape, np.int32)
        for objects, numbers in self._done.values():
            objects.paint(box, numbers, result)
        return result[steps]
