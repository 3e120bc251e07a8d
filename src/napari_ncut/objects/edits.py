"""Correcting labels by hand: objects cut, merged and deleted, as changes of single pixels.

Nothing here writes into the labels. An action becomes an `Edit`: which pixels get which number.
Whoever owns the labels applies it, and so can undo it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_ncut.objects.flood import flood

Point = tuple[int, ...]


class NoNumberLeft(Exception):
    """Raised when the dtype of the labels has no number left for a new object."""


@dataclass(frozen=True)
class Frame:
    """A plane or a volume inside the labels: what an action sees and changes.

    Parameters
    ----------
    index : tuple of int or None
        The position along the axes that are fixed; None along the spatial axes.
    """

    index: tuple[int | None, ...]

    @property
    def axes(self) -> tuple[int, ...]:
        """The spatial axes."""
        return tuple(axis for axis, i in enumerate(self.index) if i is None)

    def view(self, data: Any) -> Any:
        """Return the frame of an array: of NumPy a view, of dask lazy, of others a `FrameView`."""
        if hasattr(data, "frame"):  # Labels that know where their objects are.
            return data.frame(self.index)
        if isinstance(data, np.ndarray) or hasattr(data, "dask"):
            return data[tuple(slice(None) if i is None else i for i in self.index)]
        return FrameView(data, self.index)

    def point(self, coordinates: Sequence[int]) -> Point:
        """Return a pixel of the labels as a pixel of the frame."""
        return tuple(int(coordinates[axis]) for axis in self.axes)

    def indices(self, pixels: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        """Return pixels of the frame as pixels of the labels, one array an axis."""
        spatial = iter(pixels)
        first = pixels[0]
        return tuple(next(spatial) if i is None else np.full_like(first, i) for i in self.index)


class FrameView:
    """A frame of an array on a disk, of which nothing is read before it is asked for.

    Parameters
    ----------
    data : array_like
        The array; it may have more axes, after those of the index.
    index : tuple of int or None
        As of `Frame`.
    """

    def __init__(self, data: Any, index: tuple[int | None, ...]) -> None:
        self._data, self.index = data, index
        # More axes than the index has, those of channels, stay.
        places = (*index, *(None,) * (len(data.shape) - len(index)))
        self.shape = tuple(n for n, i in zip(data.shape, places, strict=True) if i is None)
        self.ndim, self.dtype = len(self.shape), data.dtype

    def __getitem__(self, index: Any) -> NDArray[Any]:
        given = iter(index if isinstance(index, tuple) else (index,))
        whole = tuple(next(given, slice(None)) if i is None else i for i in self.index)
        return np.asarray(self._data[(*whole, *given)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[()], dtype)

    def box_of(self, label: int) -> tuple[slice, ...] | None:
        """Return a box around all pixels of a number, or None if there are none."""
        return tuple(slice(0, n) for n in self.shape)


@dataclass(frozen=True)
class Region:
    """An object, or a connected piece of it, cropped out of its frame.

    Parameters
    ----------
    label : int
        Its number.
    corner : tuple of int
        First pixel of its bounding box in the frame.
    mask : ndarray of bool
        Which pixels of the box belong to it.
    """

    label: int
    corner: Point
    mask: NDArray[np.bool_]

    @property
    def box(self) -> tuple[slice, ...]:
        """The bounding box as an index of the frame."""
        return tuple(slice(a, a + n) for a, n in zip(self.corner, self.mask.shape, strict=True))

    def local(self, point: Point) -> Point:
        """Return a pixel of the frame as a pixel of the box."""
        return tuple(p - a for p, a in zip(point, self.corner, strict=True))

    def contains(self, point: Point) -> bool:
        """Return whether a pixel of the frame belongs to the region."""
        local = self.local(point)
        inside = all(0 <= p < n for p, n in zip(local, self.mask.shape, strict=True))
        return inside and bool(self.mask[local])

    def pixels(self, mask: NDArray[np.bool_]) -> tuple[NDArray[Any], ...]:
        """Return where a mask of the box is true, as pixels of the frame."""
        # History keeps these arrays for every step, so they are as narrow as they can be.
        top = max(a + n for a, n in zip(self.corner, self.mask.shape, strict=True))
        dtype = np.min_scalar_type(-top)
        return tuple(
            (found + a).astype(dtype) for found, a in zip(mask.nonzero(), self.corner, strict=True)
        )

    def is_unchanged(self, frame: Any) -> bool:
        """Return whether all pixels of the region still have its number."""
        return bool((np.asarray(frame[self.box])[self.mask] == self.label).all())


def piece_at(frame: Any, point: Point) -> Region:
    """Return the connected piece of the object at a pixel of a frame."""
    label = int(frame[point])
    labels, start = _around(frame, label) if label else (np.asarray(frame), (0,) * len(point))
    corner, mask = flood(labels, tuple(p - a for p, a in zip(point, start, strict=True)))
    return Region(label, tuple(a + b for a, b in zip(corner, start, strict=True)), mask)


def whole_object(frame: Any, label: int) -> Region:
    """Return all pixels of a frame that have a number."""
    labels, start = _around(frame, label)
    hits = labels == label
    found = ndi.find_objects(hits.view(np.uint8))
    if not found:
        raise ValueError(f"There is no object {label} in this frame; it may have been changed.")
    corner = tuple(int(s.start) + a for s, a in zip(found[0], start, strict=True))
    return Region(label, corner, hits[found[0]])


def _around(frame: Any, label: int) -> tuple[NDArray[Any], Point]:
    """Return a part of a frame that holds all pixels of a number, and its first pixel."""
    if not isinstance(frame, FrameView):
        return np.asarray(frame), (0,) * frame.ndim
    box = frame.box_of(label)
    if box is None:
        return np.zeros((1,) * frame.ndim, frame.dtype), (0,) * frame.ndim
    return frame[box], tuple(side.start for side in box)


@dataclass(frozen=True)
class Change:
    """Pixels of the labels that get another number.

    Parameters
    ----------
    indices : tuple of ndarray of int
        The pixels, one array an axis.
    before, after : int
        Their number now and then.
    """

    indices: tuple[NDArray[Any], ...]
    before: int
    after: int


@dataclass(frozen=True)
class Edit:
    """One action by hand.

    Parameters
    ----------
    changes : tuple of Change
        The pixels that change, each at most once.
    text : str
        What was done, in words.
    numbers : tuple of int
        The numbers of the objects that came out, the one that keeps its number first.
    region : Region, optional
        The object that was cut, as it was.
    kept : tuple of Change
        Pixels that keep their number, without which the edit makes no sense.
    """

    changes: tuple[Change, ...]
    text: str
    numbers: tuple[int, ...] = ()
    region: Region | None = None
    kept: tuple[Change, ...] = ()

    def fits(self, data: Any) -> bool:
        """Return whether the labels still are as they were when the edit was computed."""
        return all(
            bool((np.asarray(data[change.indices]) == change.before).all())
            for change in (*self.changes, *self.kept)
        )

    def holds(self, data: Any) -> bool:
        """Return whether the labels are as the edit made them."""
        return all(
            bool((np.asarray(data[change.indices]) == change.after).all())
            for change in self.changes
        )


# Numbers


def free_numbers(data: Any, count: int) -> list[int]:
    """Return the next numbers that no object has.

    They follow the highest number. Where the dtype ends before, the gaps are used.

    Raises
    ------
    NoNumberLeft
        If there are not as many.
    """
    top = int(np.iinfo(data.dtype).max)
    highest = _highest(data)
    if highest + count <= top:
        return list(range(highest + 1, highest + count + 1))
    taken = set[int]()
    for block in _blocks(data):
        taken.update(np.unique(block).tolist())
    free = [n for n in range(1, min(top, len(taken) + count) + 1) if n not in taken]
    if len(free) < count:
        raise NoNumberLeft(
            f"The labels are {data.dtype} and all its {top} numbers are taken; a wider copy has "
            "room for more."
        )
    return free[:count]


def _highest(data: Any) -> int:
    """Return the highest number, 0 without any."""
    if hasattr(data, "highest"):  # Labels that know where their objects are.
        return int(data.highest())
    return max(0, *(int(np.max(block)) for block in _blocks(data)))


def _blocks(data: Any) -> list[Any] | Any:
    """Return an array as blocks that fit in memory."""
    return [data] if isinstance(data, np.ndarray) else (np.asarray(block) for block in data)


def wider_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the integer dtype with twice the bytes."""
    if dtype.itemsize >= 8:
        raise ValueError(f"There is no wider integer than {dtype}.")
    return np.dtype(f"{dtype.kind}{2 * dtype.itemsize}")


# Edits


def split_edit(
    data: Any, frame: Frame, region: Region, parts: NDArray[np.int32], action: str = "Cut"
) -> Edit:
    """Return the edit that gives each part a number of its own.

    The largest part keeps the number of the object; the others get the next free numbers.

    Parameters
    ----------
    data : array_like
        The labels.
    frame : Frame
        Where the object lies.
    region : Region
        The object.
    parts : ndarray of int32
        The parts in the region's box, from 1; where it is 0 nothing changes.
    action : str
        The verb of the edit's text.
    """
    sizes = np.bincount(parts[region.mask])[1:]
    order = [int(part) + 1 for part in np.argsort(-sizes, kind="stable") if sizes[part] > 0]
    # Pixels that no part claims keep the number, so all parts may need a new one only if the
    # largest can not keep it; it always can.
    if len(order) < 2 and (parts[region.mask] > 0).all():
        raise ValueError(f"Object {region.label} could not be cut; nothing was changed.")
    kept, new = order[0], sorted(order[1:])
    numbers = free_numbers(data, len(new))
    changes = tuple(
        Change(frame.indices(region.pixels((parts == part) & region.mask)), region.label, number)
        for part, number in zip(new, numbers, strict=True)
    )
    by_part = {kept: region.label, **dict(zip(new, numbers, strict=True))}
    names = ", ".join(str(by_part[part]) for part in sorted(by_part))
    text = f"{action} object {region.label} into {len(order)}: {names}."
    return Edit(changes, text, (region.label, *numbers), region)


def recut_edit(
    frame: Frame, region: Region, now: NDArray[Any], parts: NDArray[np.int32], numbers: Point
) -> Edit:
    """Return the edit that moves the border between the two parts of an earlier cut.

    Parameters
    ----------
    frame : Frame
        Where the object lies.
    region : Region
        The object before the earlier cut.
    now : ndarray
        The labels in the region's box as they are.
    parts : ndarray of int32
        The new parts, 1 and 2.
    numbers : tuple of int
        The two numbers of the earlier cut.
    """
    first, second = numbers
    same = np.count_nonzero((parts == 1) & (now == first)) + np.count_nonzero(
        (parts == 2) & (now == second)
    )
    swapped = 2 * same < np.count_nonzero(region.mask)
    wanted: Mapping[int, int] = {1: second, 2: first} if swapped else {1: first, 2: second}
    changes = []
    for part, number in wanted.items():
        before = second if number == first else first
        moved = (parts == part) & (now == before) & region.mask
        if moved.any():
            changes.append(Change(frame.indices(region.pixels(moved)), before, number))
    text = f"Moved the cut between {first} and {second} to between the two clicks."
    return Edit(tuple(changes), text, numbers)


def merge_edit(data: Any, frame: Frame, labels: Sequence[int]) -> Edit:
    """Return the edit that gives all objects the number of the first."""
    first, *others = labels
    view = frame.view(data)
    changes = []
    for label in others:
        region = whole_object(view, label)
        changes.append(Change(frame.indices(region.pixels(region.mask)), label, first))
    names = ", ".join(str(label) for label in others)
    # Whoever gave the first one another number meanwhile would get an object in two.
    around, start = _around(view, first)
    place = [axis[:1] + a for axis, a in zip((around == first).nonzero(), start, strict=True)]
    kept = (Change(frame.indices(place), first, first),) if len(place[0]) else ()
    return Edit(tuple(changes), f"Merged {names} into {first}.", (first,), kept=kept)


def delete_edit(frame: Frame, region: Region) -> Edit:
    """Return the edit that turns an object into background."""
    _, n_pieces = ndi.label(region.mask)
    what = f" in {n_pieces} pieces" if n_pieces > 1 else ""
    change = Change(frame.indices(region.pixels(region.mask)), region.label, 0)
    return Edit((change,), f"Deleted object {region.label}{what}.")
