"""Previews that follow one another: what stays the same keeps its number, and thus its colour.

Only the pixels that change are painted and sent to the canvas. A result that is kept has the
numbers that everybody gets: from 1, in the order of the objects' first pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from napari_ncut.objects.review import middle_pixels
from napari_ncut.splitting.tree import SplitTree

_boxes: WeakKeyDictionary[SplitTree, list[tuple[slice, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Shown:
    """What a preview shows of a split tree.

    Parameters
    ----------
    tree : SplitTree
        What the labels were cut from.
    number : ndarray of int32, shape (n_fragments,)
        Label of each fragment; 0 where it was dropped.
    """

    tree: SplitTree
    number: NDArray[np.int32]

    @classmethod
    def of(cls, tree: SplitTree, labels: NDArray[np.int32]) -> Shown:
        """Return what labels show that were cut from a tree."""
        # What is done once a tree is done here, in the thread, before a slider is moved.
        _boxes_of(tree)
        return cls(tree, labels.reshape(-1)[middle_pixels(tree)])


@dataclass(frozen=True, eq=False)
class Step:
    """From one preview to the next.

    Parameters
    ----------
    before, after : Shown
        What was shown, and what is to be.
    changes : tuple
        Indices of the pixels that change, and their labels.
    """

    before: Shown
    after: Shown
    changes: tuple[tuple[NDArray[np.intp], ...], NDArray[np.int32]]

    @classmethod
    def between(cls, before: Shown, labels: NDArray[np.int32]) -> Step:
        """Return the step to other labels that were cut from the same tree."""
        tree = before.tree
        wanted = Shown.of(tree, labels).number
        number = steady(wanted, before.number, tree.sizes)
        boxes = _boxes_of(tree)
        indices, values = [np.zeros((labels.ndim, 0), np.intp)], [np.zeros(0, np.int32)]
        for k in np.flatnonzero(number != before.number).tolist():
            box = boxes[k]
            inside = np.stack(np.nonzero(tree.fragments[box] == k))
            indices.append(inside + np.array([[side.start] for side in box]))
            values.append(np.full(inside.shape[1], number[k], np.int32))
        changes = tuple(np.concatenate(indices, axis=1)), np.concatenate(values)
        return cls(before, Shown(tree, number), changes)


def steady(
    wanted: NDArray[np.int32], before: NDArray[np.int32], sizes: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Return the same objects with the numbers that they had before, where they were there.

    Of several parts of one object the largest keeps its number, and an object of several takes that
    of the largest. Others get the first numbers that are free.

    Parameters
    ----------
    wanted, before : ndarray of int32, shape (n,)
        Objects of n fragments, and those of before; 0 is none.
    sizes : ndarray of float64, shape (n,)
        Of the fragments.

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones(5)
    >>> steady(np.array([1, 2, 2, 3, 4]), np.array([1, 1, 1, 2, 2]), ones).tolist()
    [3, 1, 1, 2, 4]
    """
    both = (wanted > 0) & (before > 0)
    n = int(before.max(initial=0)) + 1
    pairs, pair = np.unique(wanted[both].astype(np.int64) * n + before[both], return_inverse=True)
    new, old = pairs // n, pairs % n
    overlap = np.bincount(pair, sizes[both], len(pairs)).astype(np.float64)
    is_best = _is_largest(new, overlap) & _is_largest(old, overlap)
    number = np.zeros(int(wanted.max(initial=0)) + 1, np.int32)
    number[new[is_best]] = old[is_best]
    is_used = np.zeros(len(number), bool)
    is_used[wanted] = True
    is_new = is_used & (number == 0)
    is_new[0] = False
    free = np.setdiff1d(np.arange(1, len(number) + n), number, assume_unique=True)
    number[is_new] = free[: np.count_nonzero(is_new)]
    return number[wanted]


def _is_largest(group: NDArray[np.int64], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which of each group is the largest; of equals, the first."""
    order = np.lexsort((-size, group))
    result = np.zeros(len(group), bool)
    result[order] = np.diff(group[order], prepend=-1) > 0
    return result


def _boxes_of(tree: SplitTree) -> list[tuple[slice, ...]]:
    """Return the box of each fragment."""
    if tree not in _boxes:
        _boxes[tree] = find_objects(tree.fragments + 1, max_label=tree.n_fragments)
    return _boxes[tree]
