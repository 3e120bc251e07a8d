"""Holes that may lie inside one object, and what speaks for it.

Each is looked at twice: at the parts that its blob falls into with the hole open, and at those that
the parts around it fall into when they are put together and the hole is filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.adjacency import NODE_SUMS
from napari_ncut.splitting.criterion.nodes import shape_of_sums
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.divided import Divided
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.together import Around, Together

# Of the hole: its size over that of all parts around, and of the mean one; its width over that of
# the widest; how elliptic, and how long it is. Of the parts around, with the hole open: how many,
# the least and the mean probability of being one object, the share of the largest; the least and
# the mean neck between two of them, over the width of the narrower one. With the hole filled: the
# same but for the necks, how many parts hold the hole, the least probability of these, and what
# the sum of probabilities gains. Of the blob: its holes for each of its parts; how long the longest
# part around is; the size of the largest part that holds the hole over the median one elsewhere in
# the blob.
NAMES = (
    "share",
    "size",
    "width",
    "ellipticity",
    "elongation",
    "open_parts",
    "open_least",
    "open_mean",
    "open_largest",
    "least_neck",
    "mean_neck",
    "filled_parts",
    "filled_least",
    "filled_mean",
    "filled_largest",
    "holding_parts",
    "holding_least",
    "gain",
    "crowd",
    "longest",
    "typical",
)


@dataclass(frozen=True)
class _Groups:
    """The parts around holes that are looked at together; n groups, m members in all.

    Parameters
    ----------
    of_hole : ndarray of int64
        Group of each doubtful hole.
    parts : list of tuple of int
        Parts of each group, in their order.
    member, of_member : ndarray of int64, shape (m,)
        The same in a row: the part, and its group.
    """

    of_hole: NDArray[np.int64]
    parts: list[tuple[int, ...]]
    member: NDArray[np.int64]
    of_member: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.parts)


def doubtful(around: Around, judge: Judge) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return which holes may lie inside one object, and what is known of each: `NAMES`.

    Those with one part around tell nothing, and those among sure objects, or among many, are gaps.

    Parameters
    ----------
    around : Around
        The open holes, and the parts around them.
    judge : Judge
        What judging holes takes.
    """
    grid, parameters, found = judge.grid, judge.parameters, around.found
    count = np.array([len(members) for members in around.parts])
    chosen = (count > 1) & (count <= parameters.hole_parts)
    chosen &= around.least < parameters.hole_certainty
    rows = np.flatnonzero(chosen)
    if len(rows) == 0:
        return rows, np.zeros((0, len(NAMES)), np.float32)
    groups = _groups([around.parts[k] for k in rows])
    together = Together.of(around, groups.parts, chosen, groups.of_hole, judge)
    parted, place, number = together.found, together.place, together.hole
    holding = parted.part[together.shape.fragments.number[tuple(place)]]
    held = np.unique(np.stack([number, holding], axis=1), axis=0)
    after = _summary(together.tile_of_part(judge.monitor), parted, len(groups))
    largest = np.zeros(len(rows))
    np.maximum.at(largest, held[:, 0], parted.size[held[:, 1]])
    before = _summary(groups.of_member, found, len(groups), groups.member)
    gain = after[:, 0] * after[:, 2] - before[:, 0] * before[:, 2]
    row = groups.of_hole
    terms = [
        _of_holes(around.holes.size[rows], found, groups, grid),
        shape_of_sums(_moments(place, number, len(rows)), grid)[:, :2],
        before[row],
        _necks_between(found, groups.parts)[row],
        after[row],
        _summary(held[:, 0], parted, len(rows), held[:, 1])[:, :2],
        gain[row],
        _of_blobs(around.blob, rows, largest, found, groups, grid),
    ]
    return rows, np.column_stack(terms).astype(np.float32)


def _groups(around: list[tuple[int, ...]]) -> _Groups:
    """Return the groups of the parts around each hole; equal ones are one group."""
    number_of: dict[tuple[int, ...], int] = {}
    of_hole = np.array([number_of.setdefault(parts, len(number_of)) for parts in around])
    groups = list(number_of)
    of_member = np.repeat(np.arange(len(groups)), [len(parts) for parts in groups])
    return _Groups(of_hole, groups, np.concatenate(groups).astype(np.int64), of_member)


def _of_holes(
    size: NDArray[np.int64], found: Divided, groups: _Groups, grid: Grid
) -> NDArray[np.float64]:
    """Return the size of holes over all parts around and the mean one, and the width: (n, 3)."""
    n = len(groups)
    widest = np.zeros(n)
    np.maximum.at(widest, groups.of_member, found.width[groups.member])
    total = np.bincount(groups.of_member, found.size[groups.member], n)[groups.of_hole]
    count = np.bincount(groups.of_member, minlength=n)[groups.of_hole]
    width = (size * grid.volume) ** (1 / grid.ndim)
    return np.column_stack([size / total, size / total * count, width / widest[groups.of_hole]])


def _of_blobs(
    blob: NDArray[np.int32],
    rows: NDArray[np.int64],
    largest: NDArray[np.float64],
    found: Divided,
    groups: _Groups,
    grid: Grid,
) -> NDArray[np.float64]:
    """Return what the blob around each doubtful hole tells, shape (n, 3): the last of `NAMES`."""
    longest = np.zeros(len(groups))
    elongation = shape_of_sums(found.sums[groups.member], grid)[:, 1]
    np.maximum.at(longest, groups.of_member, elongation)
    n_parts = np.bincount(found.blob_of_part)
    crowd = np.bincount(blob, minlength=len(n_parts)) / n_parts
    # Parts by size within each blob, and where each stands among them.
    order = np.lexsort((found.size, found.blob_of_part))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    start = np.cumsum(n_parts) - n_parts
    typical = np.full(len(rows), np.nan)
    for k, (of_blob, group) in enumerate(zip(blob[rows], groups.of_hole, strict=True)):
        here = groups.parts[group]
        left = n_parts[of_blob] - len(here)
        if left > 0:
            median = start[of_blob] + left // 2
            for taken in sorted(rank[list(here)]):
                median += taken <= median
            typical[k] = largest[k] / found.size[order[median]]
    return np.column_stack([crowd[blob[rows]], longest[groups.of_hole], typical])


def _necks_between(found: Divided, groups: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """Return the least and the mean neck between parts of each group that touch, shape (n, 2)."""
    graph = found.graph
    pairs = np.sort(np.stack([found.part[graph.low], found.part[graph.high]], axis=1), axis=1)
    necks: dict[tuple[int, int], float] = {}
    for (first, second), saddle in zip(pairs.tolist(), graph.saddle.tolist(), strict=True):
        if first != second:
            necks[first, second] = max(saddle, necks.get((first, second), 0.0))
    result = np.full((len(groups), 2), np.nan)
    for k, group in enumerate(groups):
        # Rounded, so that their sum is the same in any order.
        ratios = [
            round(necks[pair] / min(found.width[pair[0]], found.width[pair[1]]) * 2**20) / 2**20
            for pair in combinations(sorted(group), 2)
            if pair in necks
        ]
        if ratios:
            result[k] = min(ratios), sum(ratios) / len(ratios)
    return result


def _summary(
    row: NDArray[np.integer], found: Divided, n: int, part: NDArray[np.int64] | slice = slice(None)
) -> NDArray[np.float64]:
    """Return what parts, each of a row, are like together: shape (n, 4).

    How many there are, the least probability, the mean one of their pixels, the share of the
    largest.
    """
    probability, size = found.probability[part], found.size[part]
    least, largest = np.ones(n), np.zeros(n)
    np.minimum.at(least, row, probability)
    np.maximum.at(largest, row, size)
    total = np.bincount(row, size, n)
    mean = np.bincount(row, size * probability, n) / total
    return np.column_stack([np.bincount(row, minlength=n), least, mean, largest / total])


def _moments(place: NDArray[np.int64], number: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    """Return the sums over the pixels of each hole, as in `adjacency.NODE_SUMS`."""
    first = np.full((n, 3), np.iinfo(np.int64).max)
    np.minimum.at(first, number, place.T)
    z, y, x = (place - first[number].T).astype(np.float64)
    sums = np.ones_like(x), z, y, x, z * z, y * y, x * x, z * y, z * x, y * x
    result = np.zeros((n, len(NODE_SUMS)))
    for column, values in enumerate(sums):
        result[:, column] = np.bincount(number, values, n)
    return result
