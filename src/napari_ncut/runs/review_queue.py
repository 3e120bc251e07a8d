"""The necks of a result in the order of doubt: the nearest to the threshold first."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.objects.review import (
    Decisions,
    NeckId,
    Placed,
    by_doubt,
    decided_rows,
    necks,
    told_by_labels,
)
from napari_ncut.splitting.tree import SplitTree

if TYPE_CHECKING:
    from napari_ncut.runs.stacks import Frame

# What was decided about the necks of each frame.
ByFrame = Mapping[tuple[int, ...], Decisions]
# Necks whose ratio is this near to the threshold are in doubt.
DOUBT = 0.1


@dataclass(frozen=True)
class Neck:
    """One neck of a result: a row of the split tree of a frame."""

    frame: Frame
    row: int
    sides: NeckId
    ratio: float


class NeckQueue(ABC):
    """Necks in the order of doubt.

    Attributes
    ----------
    threshold : float
        Neck ratio below which a neck is cut.
    ratio : ndarray of float64, shape (n,)
        Of each neck.
    trees : dict of SplitTree
        Split tree of each frame, of those that are in memory as a whole.
    """

    threshold: float
    ratio: NDArray[np.float64]
    trees: dict[Frame, SplitTree]

    def __len__(self) -> int:
        return len(self.ratio)

    @abstractmethod
    def __getitem__(self, number: int) -> Neck:
        """Return a neck by its number."""

    @property
    def near(self) -> NDArray[np.bool_]:
        """Which necks are in doubt, shape (n,)."""
        return np.abs(self.ratio - self.threshold) <= DOUBT

    @abstractmethod
    def decided(self, decisions: ByFrame) -> NDArray[np.bool_]:
        """Return about which necks something was decided, shape (n,)."""

    def find(self, neck: Neck) -> int | None:
        """Return the number of a neck that was known before, if it is still there."""
        found = np.flatnonzero(self.decided({neck.frame: {neck.sides: True}}))
        return int(found[0]) if len(found) else None

    @abstractmethod
    def tree_of(self, neck: Neck, monitor: Monitor) -> tuple[Placed, int]:
        """Return the tree that a neck is in, and its row there."""


class ReviewQueue(NeckQueue):
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

    def __getitem__(self, number: int) -> Neck:
        frame, row = self._frames[self._frame[number]], int(self._row[number])
        first, second = necks(self.trees[frame])[row].tolist()
        return Neck(frame, row, (first, second), float(self.ratio[number]))

    def is_like(self, trees: Mapping[Frame, SplitTree], threshold: float) -> bool:
        """Return whether these trees and this threshold give the same necks in the same order."""
        return (
            threshold == self.threshold
            and trees.keys() == self.trees.keys()
            and all(tree is self.trees[frame] for frame, tree in trees.items())
        )

    def decided(self, decisions: ByFrame) -> NDArray[np.bool_]:
        """Return about which necks something was decided, shape (n,)."""
        found = np.zeros(len(self), bool)
        for number, frame in enumerate(self._frames):
            rows = list(decided_rows(self.trees[frame], decisions.get(frame, {})))
            if rows:
                found |= (self._frame == number) & np.isin(self._row, rows)
        return found

    def tree_of(self, neck: Neck, monitor: Monitor) -> tuple[Placed, int]:
        """Return the tree that a neck is in, and its row there."""
        return Placed.whole(self.trees[neck.frame]), neck.row


def told_by_frames(
    trees: Mapping[Frame, SplitTree], data: Any, decisions: ByFrame, settings: SplitSettings
) -> ByFrame:
    """Return the decisions of all frames as their labels tell them, see `told_by_labels`."""
    return {
        frame: told_by_labels(tree, np.asarray(data[frame]), decisions.get(frame, {}), settings)
        for frame, tree in trees.items()
    }
