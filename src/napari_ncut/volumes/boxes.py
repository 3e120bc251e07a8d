"""Boxes of an array: what is read, worked on and written at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Cancelled

# Pixels that are read at once, unless a chunk has more.
AT_ONCE = 2**24


@dataclass(frozen=True)
class Box:
    """A part of an array.

    Parameters
    ----------
    low, high : tuple of int
        First pixel along each axis, and the one after the last.
    """

    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis."""
        return tuple(b - a for a, b in zip(self.low, self.high, strict=True))

    @property
    def size(self) -> int:
        """Number of pixels."""
        return math.prod(self.shape)

    @property
    def slices(self) -> tuple[slice, ...]:
        """What indexes it."""
        return tuple(slice(a, b) for a, b in zip(self.low, self.high, strict=True))

    def grown(self, before: int, after: int, shape: Sequence[int]) -> Box:
        """Return the box with so many pixels more on each side, within an array."""
        low = tuple(max(a - before, 0) for a in self.low)
        high = tuple(min(b + after, n) for b, n in zip(self.high, shape, strict=True))
        return Box(low, high)

    def within(self, other: Box) -> tuple[slice, ...]:
        """Return what indexes the box in an array that holds another one."""
        return tuple(
            slice(a - o, b - o) for a, b, o in zip(self.low, self.high, other.low, strict=True)
        )

    def index_in(self, shape: Sequence[int], index: NDArray[Any]) -> NDArray[np.int64]:
        """Return flat indices of pixels of the box as those of an array that it lies in."""
        places = np.unravel_index(index, self.shape)
        at = tuple(place + low for place, low in zip(places, self.low, strict=True))
        return np.asarray(np.ravel_multi_index(at, tuple(shape)), np.int64)

    def shared(self, other: Box) -> Box | None:
        """Return the part that two boxes share."""
        low = tuple(map(max, self.low, other.low))
        high = tuple(map(min, self.high, other.high))
        return Box(low, high) if all(a < b for a, b in zip(low, high, strict=True)) else None


def boxes(shape: Sequence[int], side: Sequence[int]) -> Iterator[Box]:
    """Yield the boxes of a side that an array is cut into, in raster order."""
    starts = [range(0, n, s) for n, s in zip(shape, side, strict=True)]
    for low in product(*starts):
        yield Box(low, tuple(min(a + s, n) for a, s, n in zip(low, side, shape, strict=True)))


def slabs(n: int) -> Iterator[slice]:
    """Yield the parts of n pixels that are worked on at once, so that memory is given back."""
    for start in range(0, n, AT_ONCE):
        yield slice(start, min(start + AT_ONCE, n))


def _read(array: Any, box: Box) -> NDArray[Any]:
    if isinstance(array, np.ndarray) or box.size <= AT_ONCE:
        return np.ascontiguousarray(array[box.slices])
    # Whole chunks at once, so that none is read twice, and no second copy is made of a large box.
    chunk = getattr(array, "chunks", None) or (1,)
    depth = max(chunk[0]) if isinstance(chunk[0], tuple) else chunk[0]
    depth *= max(AT_ONCE // (depth * math.prod(box.shape[1:])), 1)
    result = np.empty((*box.shape, *array.shape[len(box.shape) :]), array.dtype)
    start = box.low[0]
    while start < box.high[0]:
        stop = min(start - start % depth + depth, box.high[0])
        rows = slice(start - box.low[0], stop - box.low[0])
        result[rows] = array[(slice(start, stop), *box.slices[1:])]
        start = stop
    return result


def read(array: Any, box: Box) -> NDArray[Any]:
    """Return a part of an array of NumPy, dask or Zarr.

    Raises
    ------
    ValueError
        If it cannot be read, as where a chunk is damaged.
    """
    try:
        return _read(array, box)
    except (MemoryError, Cancelled):
        raise
    except Exception as error:  # Damaged chunks raise whatever their bytes lead to.
        place = ", ".join(f"{a}:{b}" for a, b in zip(box.low, box.high, strict=True))
        name = getattr(array, "store_path", None) or "The array"
        said = str(error).rstrip(".") or type(error).__name__
        raise ValueError(f"{name}: pixels [{place}] cannot be read ({said}).") from error
