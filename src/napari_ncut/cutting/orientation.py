"""One orientation for an image and its mirror images, so that all are cut alike.

Pixels are merged in blocks that begin at a corner, and ties are broken in raster order: a picture
that is flipped or transposed would be cut a little differently. So each is turned first, by what it
shows: longer axes come last, and more of the mask (or, where the mask is symmetric, of the
deviation from the mean intensity) lies towards the beginning of every axis. What stays undecided is
symmetric in these moments, and nearly always in itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, cmp_to_key
from itertools import product
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

# Moments that differ by less than this part are the same: sums in another order are rounded
# differently.
SAME = 1e-6
# Side of the blocks in which an array is turned, so that what is read stays in the cache.
BLOCK = 64
# Values whose deviation is measured at once.
SLAB = 1 << 20


@dataclass(frozen=True)
class Orientation:
    """Which axes an image is seen along, and from which end.

    Parameters
    ----------
    axes : tuple of int
        The axes of the image as given, in the order in which they are seen.
    flipped : tuple of bool
        For each of these, whether it is seen from its end.
    """

    axes: tuple[int, ...]
    flipped: tuple[bool, ...]

    @property
    def is_given(self) -> bool:
        """Whether the image is seen as it was given."""
        return not any(self.flipped) and self.axes == tuple(range(len(self.axes)))

    def turned(self, array: NDArray[T]) -> NDArray[T]:
        """Return a view of an array as it is seen; further axes (channels) stay last."""
        last = range(len(self.axes), array.ndim)
        view = array.transpose(*self.axes, *last)
        return view[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]

    def turned_copy(self, array: NDArray[T]) -> NDArray[T]:
        """Return a copy of an array as it is seen, in C order."""
        view = self.turned(array)
        if view.ndim == 1:
            return view.copy()
        result = np.empty(view.shape, dtype=array.dtype)
        for row, column in product(*(range(0, n, BLOCK) for n in (view.shape[0], view.shape[-1]))):
            block = np.s_[row : row + BLOCK, ..., column : column + BLOCK]
            result[block] = view[block]
        return result


class _Moments:
    """Moments of a distribution of weights along every axis, about the middle of the image.

    Parameters
    ----------
    profiles : callable
        Returns the sums of the weights, which are not negative, at every index along each axis.
    """

    def __init__(self, profiles: Callable[[], list[NDArray[np.float64]]]) -> None:
        self._measure = profiles

    @cached_property
    def _profiles(self) -> list[NDArray[np.float64]]:
        return self._measure()

    def _terms(self, axis: int, power: int) -> NDArray[np.float64]:
        """Return the terms of a moment about the middle of an axis, whose ends are -1 and 1."""
        profile = self._profiles[axis]
        return profile * np.linspace(-1.0, 1.0, len(profile)) ** power

    def side(self, axis: int) -> int:
        """Return 1 if more lies towards the beginning of an axis, -1 if less, 0 if as much."""
        for power in (1, 3, 5):
            terms = self._terms(axis, power)
            if abs(terms.sum()) > SAME * np.abs(terms).sum():
                return 1 if terms.sum() < 0 else -1
        return 0

    def spread(self, axis: int, other: int) -> int:
        """Return 1 if less lies far from the middle along one axis than another, -1 if more."""
        for power in (2, 4):
            a, b = (float(self._terms(i, power).sum()) for i in (axis, other))
            if abs(a - b) > SAME * (abs(a) + abs(b)):
                return 1 if a < b else -1
        return 0


def canonical_orientation(
    image: NDArray[Any], mask: NDArray[np.bool_], spacing: Sequence[float]
) -> Orientation:
    """Return the orientation in which an image and all its mirror images are the same.

    Parameters
    ----------
    image : ndarray
        Intensities; channels, if there are any, are its last axis.
    mask : ndarray of bool
        Of the image's spatial shape.
    spacing : sequence of float
        Pixel size along each axis.
    """
    witnesses = (
        _Moments(lambda: mask_profiles(mask)),
        _Moments(lambda: deviation_profiles(image, mask)),
    )

    def first(signs: Iterable[int]) -> int:
        return next((sign for sign in signs if sign), 0)

    def compare(a: int, b: int) -> int:
        sizes = (spacing[b], mask.shape[a]), (spacing[a], mask.shape[b])
        if sizes[0] != sizes[1]:
            return -1 if sizes[0] < sizes[1] else 1
        return first(moments.spread(a, b) for moments in witnesses)

    axes = tuple(sorted(range(mask.ndim), key=cmp_to_key(compare)))
    flipped = tuple(first(moments.side(axis) for moments in witnesses) < 0 for axis in axes)
    return Orientation(axes, flipped)


def mask_profiles(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the number of pixels in a mask at every index along each axis."""
    return [
        np.count_nonzero(mask, axis=tuple(a for a in range(mask.ndim) if a != axis)).astype(float)
        for axis in range(mask.ndim)
    ]


def deviation_profiles(image: NDArray[Any], mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the squared deviation from the mean in a mask at every index along each axis."""
    channels = image.reshape(*mask.shape, -1)
    lines = max(1, SLAB // max(1, channels[0].size))
    slabs = [slice(start, start + lines) for start in range(0, len(mask), lines)]
    profiles = [np.zeros(n) for n in mask.shape]
    every = range(mask.ndim)
    with np.errstate(all="ignore"):  # what is not finite decides nothing, and is reported later
        inside = [channels[slab][mask[slab]].astype(np.float64) for slab in slabs]
        top = max((float(np.abs(part).max(initial=0.0)) for part in inside), default=0.0) or 1.0
        mean = sum((part / top).sum(axis=0) for part in inside) / np.count_nonzero(mask)
        for slab, part in zip(slabs, inside, strict=True):
            squares = np.zeros(mask[slab].shape)
            squares[mask[slab]] = ((part / top - mean) ** 2).sum(axis=-1)
            for axis in every:
                along = slab if axis == 0 else slice(None)
                profiles[axis][along] += squares.sum(axis=tuple(a for a in every if a != axis))
    return profiles
