"""Review of a split: which necks are in doubt, what was decided about them, and what that changes.

The rows of a split tree are a spanning tree of the fragments of each blob: a row that is cut sets
the fragments beside it apart, any other joins them. So every row can be decided on its own, and a
decision holds whatever the threshold is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from napari_ncut.core.settings import SplitSettings
from napari_ncut.objects import edits
from napari_ncut.objects.edits import Edit
from napari_ncut.objects.loops import pixels as loops
from napari_ncut.splitting.tree import SplitTree

# The middle pixels of the two fragments beside a neck. They tell it from all others, and are the
# same when the tree of the same blob is found again.
NeckId = tuple[int, int]
# Whether a neck is to be cut.
Decisions = Mapping[NeckId, bool]

_middles: WeakKeyDictionary[SplitTree, NDArray[np.int64]] = WeakKeyDictionary()


def by_doubt(ratio: NDArray[np.floating[Any]], neck: float) -> NDArray[np.intp]:
    """Return the rows in the order of their distance to the threshold, the nearest first.

    Examples
    --------
    >>> import numpy as np
    >>> by_doubt(np.array([0.2, 0.85, 1.0, 0.91]), neck=0.9)
    array([3, 1, 2, 0])
    """
    return np.argsort(np.abs(ratio - neck), kind="stable")


def necks(tree: SplitTree) -> NDArray[np.int64]:
    """Return the two middle pixels that each row of a tree is known by, shape (n, 2).

    They are flat indices.
    """
    pairs: NDArray[np.int64] = middle_pixels(tree)[tree.beside]
    return pairs


def middle_pixels(tree: SplitTree) -> NDArray[np.int64]:
    """Return the flat index of the middle pixel of each fragment, shape (n_fragments,).

    Found once a tree, in a time proportional to its pixels.
    """
    if tree not in _middles:
        left = np.zeros(tree.n_fragments, np.int64)
        middle = np.empty(tree.n_fragments, np.int64)
        loops.middle_pixels(tree.fragments.reshape(-1), left, middle)
        _middles[tree] = middle
    return _middles[tree]


def decided_rows(tree: SplitTree, decisions: Decisions) -> dict[int, bool]:
    """Return the rows of a tree about which something was decided, and what."""
    return decided_among(necks(tree), decisions) if decisions else {}


def decided_among(pairs: NDArray[np.int64], decisions: Decisions) -> dict[int, bool]:
    """Return which of n necks, known by pairs of shape (n, 2), were decided, and what."""
    near = np.flatnonzero(np.isin(pairs[:, 0], [first for first, _ in decisions]))
    there = zip(near.tolist(), map(tuple, pairs[near].tolist()), strict=True)
    return {row: decisions[pair] for row, pair in there if pair in decisions}


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
    found: NDArray[Any] = labels[np.unravel_index(necks(tree), labels.shape)]
    return found


def told_by_labels(
    tree: SplitTree, labels: NDArray[Any], decisions: Decisions, settings: SplitSettings
) -> dict[NeckId, bool]:
    """Return decisions as a frame of labels tells them, after it was changed by hand.

    What was decided and no longer holds is decided no more, as when it has been undone. Where two
    parts have been cut or merged that the run had left otherwise, that is a decision, too.

    Parameters
    ----------
    tree : SplitTree
        Tree of the frame.
    labels : ndarray of int
        The frame as it is now.
    decisions : dict
        What was decided so far.
    settings : SplitSettings
        Of the run that made the labels.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut import SplitSettings
    >>> from napari_ncut.scenes import circles
    >>> tree = napari_ncut.split_tree(circles(2).mask)
    >>> told_by_labels(tree, tree.cut(0.74), {}, SplitSettings())
    {}
    >>> list(told_by_labels(tree, tree.cut(0.0), {}, SplitSettings()).values())
    [False]
    """
    keys, sides = necks(tree), side_labels(tree, labels)
    apart = sides[:, 0] != sides[:, 1]
    found, kept = dict(decisions), decided_rows(tree, decisions)
    for row, split in list(kept.items()):
        if bool(apart[row]) != split:
            del kept[row], found[tuple(keys[row].tolist())]
    made = tree.labels_of_fragments(settings.neck, settings.min_size, kept)[tree.beside]
    told = (apart != (made[:, 0] != made[:, 1])) & (sides > 0).all(axis=1)
    told[list(kept)] = False
    for undecided in np.flatnonzero(told):
        first, second = keys[undecided].tolist()
        found[first, second] = bool(apart[undecided])
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
    return necks_beside(tree.ratio, side_labels(tree, labels), rows)


def necks_beside(
    ratio: NDArray[np.float64], sides: NDArray[Any], rows: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the doubtful necks of objects, as `necks_of_labels` does.

    Parameters
    ----------
    ratio : ndarray of float64, shape (k,)
        Of each neck.
    sides : ndarray of int, shape (k, 2)
        The labels on its sides.
    rows : ndarray of int, shape (n,)
        The objects that are asked for, ascending.
    """
    apart = sides[:, 0] != sides[:, 1]
    cut = np.full(len(rows), -np.inf)
    inside = np.full(len(rows), np.inf)
    if len(rows) and len(sides):
        for side in (0, 1):
            at = np.searchsorted(rows, sides[:, side]).clip(max=len(rows) - 1)
            known = rows[at] == sides[:, side]
            np.maximum.at(cut, at[known & apart], ratio[known & apart])
            np.minimum.at(inside, at[known & ~apart], ratio[known & ~apart])
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
    decisions = dict(enumerate((sides[:, 0] != sides[:, 1]).tolist()))
    piece = tree.labels_of_fragments(1.0, decisions=decisions | {row: True})
    first, second = piece[tree.beside[row]]
    side = np.zeros(tree.n_fragments + 1, np.int32)  # the last one: no fragment
    side[:-1][piece == first] = 1
    side[:-1][piece == second] = 2
    found = np.zeros(labels.shape, np.int32)
    inside = np.isin(labels, sides[row]) & (labels != 0)
    found[inside] = side[tree.fragments[inside]]
    return found


def look(placed: Placed, labels: Any, row: int) -> Look:
    """Return where a neck, cut or not, is to be looked at in a frame of labels."""
    tree, start = placed.tree, np.array(placed.start, float)
    found = parts(tree, placed.of(labels), row)
    place = tree.position[row] + start
    if not (found == 1).any() or not (found == 2).any():
        return Look(place[None], place, place)
    box = find_objects(np.minimum(found, 1))[0]
    low = np.array([axis.start for axis in box], float) + start
    points = faces(found[box]) + low
    high = np.array([axis.stop - 1 for axis in box], float) + start
    return Look(points if len(points) else place[None], low, high)


def in_words(tree: SplitTree, row: int) -> str:
    """Return what spoke most about a neck, as sentences."""
    reasons = [] if tree.terms is None else tree.why(row, 2)
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in (r.text for r in reasons))


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


@dataclass(frozen=True)
class Placed:
    """A split tree, and where in its frame it lies: of a part, such as one blob, not at the start.

    Parameters
    ----------
    tree : SplitTree
        The tree.
    start : tuple of int
        The first pixel of the frame that it knows.
    """

    tree: SplitTree
    start: tuple[int, ...]

    @classmethod
    def whole(cls, tree: SplitTree) -> Placed:
        """Return the tree of a whole frame."""
        return cls(tree, (0,) * tree.fragments.ndim)

    @property
    def box(self) -> tuple[slice, ...]:
        """What the tree knows, as an index of the frame."""
        sides = zip(self.start, self.tree.fragments.shape, strict=True)
        return tuple(slice(start, start + n) for start, n in sides)

    def of(self, frame: Any) -> NDArray[Any]:
        """Return what the tree knows of a frame of labels."""
        return np.asarray(frame[self.box])


def _frame(frame: tuple[int, ...], ndim: int) -> edits.Frame:
    """Return a frame of a result as a frame of its labels: the axes that are left are spatial."""
    return edits.Frame((*frame, *[None] * (ndim - len(frame))))


def merge(placed: Placed, data: Any, frame: tuple[int, ...], row: int) -> Edit:
    """Return the edit that makes the objects on both sides of a neck one.

    The larger object keeps its number.

    Parameters
    ----------
    placed : Placed
        Split tree of the frame, or of a part of it.
    data : array_like of int
        The labels of all frames.
    frame : tuple of int
        Index of the frame.
    row : int
        The neck, by its row in the tree.

    Raises
    ------
    ValueError
        If there are no two objects beside the neck.
    """
    where = _frame(frame, data.ndim)
    view = where.view(data)
    first, second = (int(label) for label in side_labels(placed.tree, placed.of(view))[row])
    if first == second or first == 0 or second == 0:
        raise ValueError("There are no two objects beside this neck any more.")
    sizes = [np.count_nonzero(edits.whole_object(view, label).mask) for label in (first, second)]
    if sizes[0] < sizes[1]:
        first, second = second, first
    return edits.merge_edit(data, where, (first, second))


def split(placed: Placed, data: Any, frame: tuple[int, ...], row: int) -> Edit:
    """Return the edit that cuts an object at a neck.

    The larger part keeps the number of the object, the other gets the next free one. What was
    joined or cut by hand since counts.

    Parameters
    ----------
    placed, data, frame, row
        As in `merge`.

    Raises
    ------
    ValueError
        If there is no object beside the neck, or it is cut there already.
    NoNumberLeft
        If the type of the labels has no number for the new object.
    """
    where = _frame(frame, data.ndim)
    view = where.view(data)
    labels = placed.of(view)
    first, second = (int(label) for label in side_labels(placed.tree, labels)[row])
    if first != second or first == 0:
        raise ValueError("There is no object to split at this neck any more.")
    region = edits.whole_object(view, first)
    found = np.zeros(region.mask.shape, np.int32)
    # The object may reach beyond the part that the tree knows, and the part beyond the object.
    pairs = [
        (max(a.start, b.start), min(a.stop, b.stop), a.start, b.start)
        for a, b in zip(region.box, placed.box, strict=True)
    ]
    found[tuple(slice(low - a, high - a) for low, high, a, _ in pairs)] = parts(
        placed.tree, labels, row
    )[tuple(slice(low - b, high - b) for low, high, _, b in pairs)]
    # The larger part keeps the number: so does what lies on neither side.
    sizes = np.bincount(found[region.mask], minlength=3)
    if not sizes[1] or not sizes[2]:
        raise ValueError("The object has changed and can not be split at this neck any more.")
    return edits.split_edit(data, where, region, found, "Split")
