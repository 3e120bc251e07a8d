"""Review of a split: which necks are in doubt, what was decided about them, and what that changes.

A split tree links the fragments of each blob by its necks: one row a neck, between two fragments.
Rows that are cut set fragments apart, all others join them. So every row can be decided on its
own, and a decision holds whatever the threshold is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from napari_ncut.necks import SplitTree

Place = tuple[int, ...]
# Where a neck is -> whether it is to be cut. A place outlives the tree: the same blob has the same
# necks when its tree is found again.
Decisions = Mapping[Place, bool]

# Necks whose ratio is this near to the threshold are in doubt.
DOUBT = 0.1


def by_doubt(ratio: NDArray[np.floating[Any]], neck: float) -> NDArray[np.intp]:
    """Return the rows in the order of their distance to the threshold, the nearest first.

    Examples
    --------
    >>> import numpy as np
    >>> by_doubt(np.array([0.2, 0.85, 1.0, 0.91]), neck=0.9)
    array([3, 1, 2, 0])
    """
    return np.argsort(np.abs(ratio - neck), kind="stable")


def decided_rows(tree: SplitTree, decisions: Decisions) -> dict[int, bool]:
    """Return the rows of a tree about which something was decided, and what."""
    if not decisions:
        return {}
    rows = {tuple(place): row for row, place in enumerate(tree.place.tolist())}
    return {rows[place]: split for place, split in decisions.items() if place in rows}


def side_labels(tree: SplitTree, labels: NDArray[Any]) -> NDArray[Any]:
    """Return the labels on both sides of each neck, as the label image is now.

    Parameters
    ----------
    tree : SplitTree
        Tree with n rows.
    labels : ndarray of int
        A frame of labels, perhaps mended by hand since the tree was cut.

    Returns
    -------
    ndarray of int, shape (n, 2)
        Equal where the neck is not cut, and 0 where a side has been deleted.
    """
    ends = tree.peaks[tree.sides]
    found: NDArray[Any] = labels[tuple(np.moveaxis(ends, -1, 0))]
    return found


def necks_of_labels(
    tree: SplitTree, labels: NDArray[Any], rows: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the doubtful necks of objects.

    Parameters
    ----------
    tree : SplitTree
        Split tree of the frame.
    labels : ndarray of int
        The frame.
    rows : ndarray of int, shape (n,)
        The objects that are asked for, ascending.

    Returns
    -------
    cut : ndarray of float64, shape (n,)
        The highest ratio of the necks that were cut to set an object apart; NaN without any.
    inside : ndarray of float64, shape (n,)
        The lowest ratio of the necks in an object that were not cut; NaN without any.
    """
    sides = side_labels(tree, labels)
    apart = sides[:, 0] != sides[:, 1]
    cut = np.full(len(rows), -np.inf)
    inside = np.full(len(rows), np.inf)
    if len(rows) and len(sides):
        for side in (0, 1):
            at = np.searchsorted(rows, sides[:, side]).clip(max=len(rows) - 1)
            known = rows[at] == sides[:, side]
            np.maximum.at(cut, at[known & apart], tree.ratio[known & apart])
            np.minimum.at(inside, at[known & ~apart], tree.ratio[known & ~apart])
    cut[np.isinf(cut)] = np.nan
    inside[np.isinf(inside)] = np.nan
    return cut, inside


@dataclass(frozen=True)
class Look:
    """Where a neck is to be looked at.

    Parameters
    ----------
    points : ndarray of float64, shape (n, ndim)
        The cut, or where it would be: the middles of the faces between the two parts.
    low, high : ndarray of float64, shape (ndim,)
        The corners of the box around both parts.
    """

    points: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def parts(tree: SplitTree, labels: NDArray[Any], row: int) -> NDArray[np.int32]:
    """Return a frame of labels cut at one more neck: 1 and 2 are its sides, 0 all else.

    What was joined or cut by hand since counts: only this neck is cut, and nothing else joined.
    """
    sides = side_labels(tree, labels)
    decisions = {number: a != b for number, (a, b) in enumerate(sides.tolist())}
    pieces = tree.cut(1.0, decisions=decisions | {row: True})
    first, second = tree.peaks[tree.sides[row]]
    inside = np.isin(labels, sides[row]) & (labels != 0)
    found = np.zeros(labels.shape, np.int32)
    found[inside & (pieces == pieces[tuple(first)])] = 1
    found[inside & (pieces == pieces[tuple(second)])] = 2
    return found


def look(tree: SplitTree, labels: NDArray[Any], row: int) -> Look:
    """Return where a neck, cut or not, is to be looked at in a frame of labels."""
    found = parts(tree, labels, row)
    place = tree.place[row].astype(float)
    if not (found == 1).any() or not (found == 2).any():
        return Look(place[None], place, place)
    box = find_objects(np.minimum(found, 1))[0]
    start = np.array([axis.start for axis in box], float)
    points = faces(found[box]) + start
    high = np.array([axis.stop - 1 for axis in box], float)
    return Look(points if len(points) else place[None], start, high)


def faces(sides: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the middles of the faces between the pixels of side 1 and those of side 2.

    Examples
    --------
    >>> import numpy as np
    >>> faces(np.array([[1, 1, 2], [1, 2, 0]]))
    array([[0.5, 1. ],
           [0. , 1.5],
           [1. , 0.5]])
    """
    found = []
    for axis in range(sides.ndim):
        lower = np.moveaxis(sides, axis, 0)[:-1]
        upper = np.moveaxis(sides, axis, 0)[1:]
        between = np.argwhere(np.moveaxis(lower * upper == 2, 0, axis)).astype(float)
        between[:, axis] += 0.5
        found.append(between)
    return np.concatenate(found)


def merge(tree: SplitTree, labels: NDArray[Any], row: int) -> tuple[tuple[NDArray[Any], ...], int]:
    """Return the pixels that change when the sides of a neck are joined, and their label.

    The larger object keeps its number. No pixel changes if the sides are one object already.
    """
    first, second = (int(label) for label in side_labels(tree, labels)[row])
    if first == second or first == 0 or second == 0:
        return np.nonzero(np.zeros(labels.shape, bool)), first
    if np.count_nonzero(labels == first) < np.count_nonzero(labels == second):
        first, second = second, first
    return np.nonzero(labels == second), first


def split(tree: SplitTree, labels: NDArray[Any], row: int) -> tuple[tuple[NDArray[Any], ...], int]:
    """Return the pixels that change when an object is cut at a neck, and their label.

    The larger part keeps the number of the object, the other gets the next free one. No pixel
    changes if the sides are two objects already.
    """
    first, second = (int(label) for label in side_labels(tree, labels)[row])
    free = int(labels.max()) + 1
    if first != second or first == 0:
        return np.nonzero(np.zeros(labels.shape, bool)), free
    found = parts(tree, labels, row)
    smaller = 1 if np.count_nonzero(found == 1) < np.count_nonzero(found == 2) else 2
    return np.nonzero(found == smaller), free
