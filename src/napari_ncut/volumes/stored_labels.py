"""Labels on a disk that are looked at and corrected where they are, with undo.

Nothing is read before it is looked at. What is changed is written at once: into the finest level,
and into those pixels of the coarser ones that show the same place.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.io.ome_zarr import (
    EDITS,
    OURS_KEY,
    check_array,
    is_zarr,
    open_picture,
    times_edited,
)
from napari_ncut.io.ome_zarr_labels import steps_of
from napari_ncut.objects.edits import Edit, FrameView
from napari_ncut.volumes.boxes import Box
from napari_ncut.volumes.object_boxes import ObjectBoxes, object_boxes
from napari_ncut.volumes.output import OBJECTS

# Of so many frames it is kept where their objects lie.
KEPT = 8

Index = tuple[int | None, ...]
# Who is told, and asked, while objects are looked for.
_watched: ContextVar[Monitor | None] = ContextVar("watched", default=None)


class StoredLabels:
    """The finest level of labels in an OME-Zarr that napari-ncut wrote.

    It is an array to look at: an index gives an array of NumPy. All methods can be called from any
    thread.

    Parameters
    ----------
    path : Path
        The folder of the labels.

    Attributes
    ----------
    levels : list
        What a layer of several resolutions is made of: this one, and the coarser levels.
    """

    def __init__(self, path: Path) -> None:
        import zarr

        self.path = path
        self._group = zarr.open_group(path, mode="r+")
        self._arrays = [self._group[level.path] for level in open_picture(path).levels]
        finest = self._arrays[0]
        self.shape: tuple[int, ...] = tuple(finest.shape)
        self.ndim, self.size = len(self.shape), math.prod(self.shape)
        self.dtype: np.dtype[Any] = finest.dtype
        self.chunks = finest.chunks
        self.levels = [self, *self._arrays[1:]]
        self._lock = threading.RLock()
        self._boxes: OrderedDict[Index, ObjectBoxes] = OrderedDict()
        self._highest: int | None = None
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredLabels, (self.path,)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        finest = self._arrays[0]
        if isinstance(index, tuple) and any(isinstance(axis, np.ndarray) for axis in index):
            return np.asarray(finest.vindex[tuple(np.asarray(axis, np.int64) for axis in index)])
        return np.asarray(finest[index])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def frame(self, index: Index) -> StoredFrame:
        """Return a plane or a volume in it, of which nothing is read yet.

        Parameters
        ----------
        index : tuple of int or None
            The position along the axes that are fixed; None along those of the frame.
        """
        return StoredFrame(self, index)

    def boxes(self, index: Index, monitor: Monitor | None = None) -> ObjectBoxes:
        """Return where the objects of a frame lie.

        Of a whole volume that was split by parts the store tells it; else all of the frame is read
        the first time.
        """
        with self._lock:
            if index not in self._boxes:
                told = None if index != (None,) * self.ndim else self._told()
                monitor = monitor or _watched.get()
                self._boxes[index] = told or object_boxes(FrameView(self, index), monitor)
                while len(self._boxes) > KEPT:
                    self._boxes.popitem(last=False)
            self._boxes.move_to_end(index)
            return self._boxes[index]

    def _told(self) -> ObjectBoxes | None:
        """Return where all objects lie, if the store tells it."""
        if OBJECTS not in self._group:
            return None
        try:
            low, high = (np.asarray(array, np.int64) for array in self._kept())
        except (KeyError, ValueError, OSError):  # Of another program, or damaged.
            return None
        is_right = low.shape == high.shape == (len(low), self.ndim)
        if not is_right or not ((low >= 0) & (low <= high) & (high <= self.shape)).all():
            return None
        return ObjectBoxes(np.arange(1, len(low) + 1), low, high)

    def _kept(self) -> tuple[Any, Any]:
        """Return the arrays of the store with the boxes of the objects 1, 2 and so on."""
        low, high = (self._group[f"{OBJECTS}/{name}"] for name in ("low", "high"))
        check_array(low)
        check_array(high)
        return low, high

    def _note(self, number: int) -> None:
        """Keep in the store that an object has grown: boxes that are too large do no harm."""
        if OBJECTS not in self._group:
            return
        box = self.boxes((None,) * self.ndim).of(number)
        assert box is not None
        for array, corner in zip(self._kept(), (box.low, box.high), strict=True):
            if number > array.shape[0]:
                array.resize((number, self.ndim))
            array[number - 1] = corner

    def highest(self) -> int:
        """Return the highest number; the first time all is read."""
        with self._lock:
            if self._highest is None:
                space: Index = (None,) * min(self.ndim, 3)
                frames = np.ndindex(*self.shape[: -len(space)])
                self._highest = max(self.boxes((*frame, *space)).highest for frame in frames)
            return self._highest

    # Changes

    def make(self, edit: Edit) -> bool:
        """Make an edit, and tell whether it was: not if the labels have changed meanwhile.

        Raises
        ------
        OSError
            If they are gone, or can not be written.
        """
        with self._lock:
            if not is_zarr(self.path):
                raise FileNotFoundError(f"{self.path}: is not there any more.")
            if not edit.fits(self):
                return False
            self._change(edit, "after", "before")
            self._done.append(edit)
            self._undone.clear()
            return True

    def undo(self) -> Edit | None:
        """Take the last edit back, and return it; None if there is none, or it holds no more."""
        return self._step(self._done, self._undone, Edit.holds, ("before", "after"))

    def redo(self) -> Edit | None:
        """Make the last edit that was taken back again, and return it; None if there is none."""
        return self._step(self._undone, self._done, Edit.fits, ("after", "before"))

    def _step(
        self,
        taken: list[Edit],
        given: list[Edit],
        can: Callable[[Edit, Any], bool],
        sides: tuple[str, str],
    ) -> Edit | None:
        """Go a step back or forward in the history."""
        with self._lock:
            if not taken or not can(taken[-1], self):
                return None
            self._change(taken[-1], *sides)
            given.append(taken.pop())
            return given[-1]

    def _change(self, edit: Edit, now: str, before: str) -> None:
        """Give the pixels of an edit their numbers; where that fails, those that they had."""
        try:
            self._write([(change.indices, getattr(change, now)) for change in edit.changes])
        except Exception:
            with suppress(Exception):
                self._write([(change.indices, getattr(change, before)) for change in edit.changes])
            raise

    def _write(self, changes: Sequence[tuple[Sequence[NDArray[Any]], int]]) -> None:
        """Give pixels their numbers, in all levels."""
        # First of all it is noted that the labels are no longer what a split made of them.
        ours = dict(self._group.attrs.get(OURS_KEY) or {})
        self._group.attrs[OURS_KEY] = ours | {EDITS: times_edited(ours) + 1}
        self._highest = max([self.highest(), *(number for _, number in changes)])
        for indices, number in changes:
            pixels = np.stack([np.asarray(axis, np.int64) for axis in indices], axis=1)
            if len(pixels):
                for index, known in self._boxes.items():
                    inside = _in_frame(pixels, index)
                    if number and len(inside):
                        known.grow(number, inside.min(axis=0), inside.max(axis=0) + 1)
                if number:
                    self._note(number)
                self._set(pixels, number)

    def _set(self, pixels: NDArray[np.int64], number: int) -> None:
        for level, array in enumerate(self._arrays):
            if level:
                # Every second pixel is in the next level, see `fill_pyramid`.
                steps = np.array(steps_of(self._arrays[level - 1].shape, array.shape))
                pixels = pixels[(pixels % steps == 0).all(axis=1)] // steps
            if not len(pixels):
                return
            low = pixels.min(axis=0)
            box = Box(tuple(low.tolist()), tuple((pixels.max(axis=0) + 1).tolist()))
            block = np.asarray(array[box.slices])
            block[tuple((pixels - low).T)] = number
            array[box.slices] = block


def _in_frame(pixels: NDArray[np.int64], index: Index) -> NDArray[np.int64]:
    """Return those pixels that lie in a frame, as pixels of it."""
    fixed = [axis for axis, place in enumerate(index) if place is not None]
    inside = (pixels[:, fixed] == [index[axis] for axis in fixed]).all(axis=1)
    free = [axis for axis, place in enumerate(index) if place is None]
    return np.asarray(pixels[inside][:, free])


@contextmanager
def watched(monitor: Monitor) -> Iterator[None]:
    """Let what is read meanwhile in this thread be cancelled."""
    token = _watched.set(monitor)
    try:
        yield
    finally:
        _watched.reset(token)


class StoredFrame(FrameView):
    """A frame of stored labels, which knows where its objects are."""

    _data: StoredLabels

    def box_of(self, label: int) -> tuple[slice, ...] | None:
        """Return a box around all pixels of a number, or None if there are none."""
        box = self._data.boxes(self.index).of(label)
        return None if box is None else box.slices


def stored_labels(path: Path) -> StoredLabels | None:
    """Return labels to be corrected where they are, or None where they can not be.

    Those that napari-ncut wrote can, unless the store is for reading only.
    """
    if not is_zarr(path):
        return None
    picture = open_picture(path)
    if not picture.are_labels or picture.ours is None or "c" in picture.axes:
        return None
    if not os.access(path, os.W_OK):
        return None
    for finer, coarser in pairwise(picture.levels):
        if any(m not in (n, -(-n // 2)) for n, m in zip(finer.shape, coarser.shape, strict=True)):
            return None
    return StoredLabels(path)
