"""The necks of a result in the order of doubt: the nearest to the threshold first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.objects import edits
from napari_ncut.objects.edits import Edit
from napari_ncut.objects.review import (
    Decisions,
    NeckId,
    by_doubt,
    decided_rows,
    necks,
    parts,
    side_labels,
)
from napari_ncut.splitting.tree import SplitTree

if TYPE_CHECKING:
    from napari_ncut.runs.stacks import Frame

# Necks whose ratio is this near to the threshold are in doubt.
DOUBT = 0.1


@dataclass(frozen=True)
class Neck:
    """One neck of a result: a row of the split tree of a frame."""

    frame: Frame
    row: int
    sides: NeckId
    ratio: float


class ReviewQueue:
    """The necks of all frames, those first about which there is the most doubt.

    Parameters
    ----------
    trees : dict of SplitTree
        Split tree of each frame.
    threshold : float
        Neck ratio below which a neck is cut.
    """

    def __init__(self, trees: Mapping[Frame, SplitTree], threshold: float) -> None:
        self.trees = dict(trees)
        self.threshold = threshold
        self._frames = list(trees)
        # At a ratio of 1 there is no neck, but a dent of the border.
        rows = [np.flatnonzero(tree.ratio < 1.0) for tree in trees.values()]
        frame = np.repeat(np.arange(len(rows)), [len(found) for found in rows])
        row = np.concatenate([np.empty(0, np.intp), *rows])
        ratios = [tree.ratio[found] for tree, found in zip(trees.values(), rows, strict=True)]
        ratio = np.concatenate([np.empty(0), *ratios])
        order = by_doubt(ratio, threshold)
        self._frame, self._row, self.ratio = frame[order], row[order], ratio[order]

    def __len__(self) -> int:
        return len(self.ratio)

    def __getitem__(self, number: int) -> Neck:
        frame, row = self._frames[self._frame[number]], int(self._row[number])
        first, second = necks(self.trees[frame])[row].tolist()
        return Neck(frame, row, (first, second), float(self.ratio[number]))

    @property
    def near(self) -> NDArray[np.bool_]:
        """Which necks are in doubt, shape (n,)."""
        return np.abs(self.ratio - self.threshold) <= DOUBT

    def is_like(self, trees: Mapping[Frame, SplitTree], threshold: float) -> bool:
        """Return whether these trees and this threshold give the same necks in the same order."""
        return (
            threshold == self.threshold
            and trees.keys() == self.trees.keys()
            and all(tree is self.trees[frame] for frame, tree in trees.items())
        )

    def decided(self, decisions: Mapping[Frame, Decisions]) -> NDArray[np.bool_]:
        """Return about which necks something was decided, shape (n,)."""
        found = np.zeros(len(self), bool)
        for number, frame in enumerate(self._frames):
            rows = list(decided_rows(self.trees[frame], decisions.get(frame, {})))
            if rows:
                found |= (self._frame == number) & np.isin(self._row, rows)
        return found

    def find(self, neck: Neck) -> int | None:
        """Return the number of a neck that was known before, if it is still there."""
        found = np.flatnonzero(self.decided({neck.frame: {neck.sides: True}}))
        return int(found[0]) if len(found) else None


def frame_of(frame: Frame, ndim: int) -> edits.Frame:
    """Return a frame of a result as a frame of its labels: the axes that are left are spatial."""
    return edits.Frame((*frame, *[None] * (ndim - len(frame))))


def merge_edit(tree: SplitTree, data: Any, frame: Frame, row: int) -> Edit:
    """Return the edit that makes the objects on both sides of a neck one.

    The larger object keeps its number.

    Parameters
    ----------
    tree : SplitTree
        Split tree of the frame.
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
    where = frame_of(frame, data.ndim)
    labels = np.asarray(where.view(data))
    first, second = (int(label) for label in side_labels(tree, labels)[row])
    if first == second or first == 0 or second == 0:
        raise ValueError("There are no two objects beside this neck any more.")
    if np.count_nonzero(labels == first) < np.count_nonzero(labels == second):
        first, second = second, first
    return edits.merge_edit(data, where, (first, second))


def split_edit(tree: SplitTree, data: Any, frame: Frame, row: int) -> Edit:
    """Return the edit that cuts an object at a neck.

    The larger part keeps the number of the object, the other gets the next free one. What was
    joined or cut by hand since counts.

    Parameters
    ----------
    tree, data, frame, row
        As in `merge_edit`.

    Raises
    ------
    ValueError
        If there is no object beside the neck, or it is cut there already.
    NoNumberLeft
        If the type of the labels has no number for the new object.
    """
    where = frame_of(frame, data.ndim)
    labels = np.asarray(where.view(data))
    first, second = (int(label) for label in side_labels(tree, labels)[row])
    if first != second or first == 0:
        raise ValueError("There is no object to split at this neck any more.")
    region = edits.whole_object(labels, first)
    found = parts(tree, labels, row)[region.box]
    # The larger part keeps the number: so does what lies on neither side.
    sizes = np.bincount(found[region.mask], minlength=3)
    if not sizes[1] or not sizes[2]:
        raise ValueError("The object has changed and can not be split at this neck any more.")
    return edits.split_edit(data, where, region, found, "Split")
