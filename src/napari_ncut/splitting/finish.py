"""What is done with the objects of a split: some are dropped, and numbers are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.settings import SplitSettings
from napari_ncut.core.validation import HIGHEST_LABEL


@dataclass(frozen=True)
class Dropped:
    """What was dropped.

    Parameters
    ----------
    objects, pixels : int
        How many.
    """

    objects: int = 0
    pixels: int = 0


def finished(
    labels: NDArray[np.int32], before: NDArray[Any], pixel: float, settings: SplitSettings
) -> tuple[NDArray[np.int32], Dropped]:
    """Return the labels of a split as the settings want them, and what was dropped.

    Parameters
    ----------
    labels : ndarray of int32
        1..n without holes; 0 is background.
    before : ndarray of int
        The labels that were split.
    pixel : float
        Area or volume of a pixel.
    settings : SplitSettings
        Which objects are dropped, and whether numbers are kept.
    """
    left, gone = without_dropped(labels, pixel, settings)
    return with_numbers(left, before) if settings.keep_labels else left, gone


def without_dropped(
    labels: NDArray[np.int32], pixel: float, settings: SplitSettings
) -> tuple[NDArray[np.int32], Dropped]:
    """Return labels without small and large objects and those at the border, as settings want."""
    largest = settings.drop_large
    if settings.drop_small <= 0.0 and largest is None and not settings.drop_border:
        return labels, Dropped()
    pixels = np.bincount(labels.reshape(-1))
    gone = pixels * pixel < settings.drop_small
    if largest is not None:
        gone |= pixels * pixel > largest
    if settings.drop_border:
        gone[at_border(labels)] = True
    gone[0] = False
    number = np.cumsum(~gone) - 1
    number[gone] = 0
    return number.astype(np.int32)[labels], Dropped(int(gone.sum()), int(pixels[gone].sum()))


def at_border(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the labels that touch the border of the image, along axes of more than one pixel."""
    faces = [
        np.unique(np.take(labels, (0, -1), axis=axis))
        for axis in range(labels.ndim)
        if labels.shape[axis] > 1
    ]
    found = np.unique(np.concatenate(faces)) if faces else np.zeros(0, labels.dtype)
    return found[found > 0]


def with_numbers(labels: NDArray[np.int32], before: NDArray[Any]) -> NDArray[np.int32]:
    """Return labels of which those that are not split have the numbers that they had.

    The parts of what is split have numbers above all that there were.

    Parameters
    ----------
    labels : ndarray of int32
        After the split, each within one label of before.
    before : ndarray of int
        Labels before it.

    Raises
    ------
    ValueError
        If the numbers would be too high.
    """
    old, new = numbers(before, labels).values()
    times = np.bincount(np.unique(old, return_inverse=True)[1])
    is_whole = np.isin(old, np.unique(old)[times == 1])
    highest = int(before.max(initial=0))
    n_parts = int(np.count_nonzero(~is_whole))
    if highest + n_parts > HIGHEST_LABEL:
        raise ValueError(f"The labels go up to {highest}; with keep_labels no number is left.")
    table = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    table[new[is_whole]] = old[is_whole]
    table[new[~is_whole]] = highest + 1 + np.arange(n_parts)
    return table[labels]


def numbers(before: NDArray[Any], after: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
    """Return which labels after a split are of which before it.

    Parameters
    ----------
    before, after : ndarray of int
        Labels of the same shape; 0 is background.

    Returns
    -------
    dict of ndarray
        The columns ``old`` and ``new``, a row for each object, sorted by ``new``.

    Examples
    --------
    >>> import numpy as np
    >>> table = numbers(np.array([5, 5, 0, 7]), np.array([1, 2, 0, 3]))
    >>> {name: column.tolist() for name, column in table.items()}
    {'old': [5, 5, 7], 'new': [1, 2, 3]}
    """
    inside = after > 0
    new, first = np.unique(after[inside], return_index=True)
    return {"old": before[inside][first].astype(np.int64), "new": new.astype(np.int64)}
