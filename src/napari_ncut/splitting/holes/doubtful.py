"""Holes that may lie inside one object, and what speaks for it.

Each is looked at twice: at the parts that its blob falls into with the hole open, and at those that
the parts around it fall into when they are put together and the hole is filled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import NODE_SUMS
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.criterion.nodes import shape_of_sums
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.divided import Divided, divided
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.mosaic import mosaic
from napari_ncut.splitting.holes.shape import Shape, shape_of
from napari_ncut.splitting.parameters import SplitParameters

# Of the hole: its size over that of all parts around, and of the mean one; its width over that of
# the widest; how elliptic, and how long it is. Of the parts around, with the hole open: how many,
# the least and the mean probability of being one object, the share of the largest; the least and
# the mean neck between two of them, over the width of the narrower one. With the hole filled: the
# same but for the necks, how many parts hold the hole, the least probability of these, and what
# the sum of probabilities gains.
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
)


@dataclass(frozen=True)
class Doubtful:
    """Holes that may lie inside one object.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Which holes.
    terms : ndarray of float32, shape (n, len(NAMES))
        What is known of each.
    """

    rows: NDArray[np.int64]
    terms: NDArray[np.float32]


def blob_of(holes: Holes, shape: Shape, found: Divided) -> NDArray[np.int32]:
    """Return the blob of each hole, shape (n,)."""
    hole, fragment = holes.around(shape.fragments.number, 0).T
    blob = np.zeros(len(holes), np.int32)
    blob[hole] = found.blob[fragment]
    return blob


def doubtful(
    shape: Shape,
    found: Divided,
    holes: Holes,
    grid: Grid,
    parameters: SplitParameters,
    model: Model,
    monitor: Monitor,
) -> Doubtful:
    """Return the holes that may lie inside one object.

    Those with one part around tell nothing, and those among sure objects, or among many, are gaps.

    Parameters
    ----------
    shape : Shape
        With all holes open.
    found : Divided
        Its parts.
    holes : Holes
        In them.
    grid, parameters, model, monitor
        As in `close.shape_without_holes`.
    """
    hole, fragment = holes.around(shape.fragments.number, 0).T
    around = np.unique(np.stack([hole, found.part[fragment]], axis=1), axis=0)
    parts: list[tuple[int, ...]] = [()] * len(holes)
    starts = np.searchsorted(around[:, 0], np.arange(len(holes) + 1))
    for k in range(len(holes)):
        parts[k] = tuple(around[starts[k] : starts[k + 1], 1].tolist())
    surest = np.ones(len(holes))
    np.minimum.at(surest, around[:, 0], found.probability[around[:, 1]])
    count = np.diff(starts)
    chosen = (count > 1) & (count <= parameters.hole_parts)
    rows = np.flatnonzero(chosen & (surest < parameters.hole_certainty))
    if len(rows) == 0:
        return Doubtful(rows, np.zeros((0, len(NAMES)), np.float32))
    number_of: dict[tuple[int, ...], int] = {}
    group = np.array([number_of.setdefault(parts[k], len(number_of)) for k in rows])
    groups = list(number_of)
    tiles, corners = _tiles(shape, found.part, groups, holes, parts)
    together, boxes = mosaic(tiles)
    filled = shape_of(together, grid, parameters, monitor)
    parted = divided(filled, grid, parameters, model, monitor)
    # The tile of each part.
    tile = np.zeros(filled.fragments.n, np.int64)
    inside = together > 0
    tile[filled.fragments.number[inside]] = together[inside] - 1
    of_part = np.zeros(len(parted.size), np.int64)
    of_part[parted.part] = tile
    members = np.concatenate(groups)
    of_member = np.repeat(np.arange(len(groups)), [len(parts) for parts in groups])
    n = len(groups)
    before = _summary(of_member, found.probability[members], found.size[members], n)
    after = _summary(of_part, parted.probability, parted.size, n)
    # The parts that hold the pixels of each hole when it is filled.
    some = np.zeros(len(holes), bool)
    some[rows] = True
    index, number = holes[some].pixels(shape.labels.shape[2])
    place = np.array(np.unravel_index(index, shape.labels.shape)) - corners[group[number]].T
    place += np.array([[side.start for side in box] for box in boxes])[group[number]].T
    holding = parted.part[filled.fragments.number[tuple(place)]]
    pairs = np.unique(np.stack([number, holding], axis=1), axis=0)
    held = _summary(
        pairs[:, 0], parted.probability[pairs[:, 1]], parted.size[pairs[:, 1]], len(rows)
    )
    widest = np.zeros(n)
    np.maximum.at(widest, of_member, found.width[members])
    total = np.bincount(of_member, found.size[members], n)[group]
    size = holes.size[rows].astype(np.float64)
    width = (size * grid.volume) ** (1 / grid.ndim)
    return Doubtful(
        rows,
        np.column_stack(
            [
                size / total,
                size / total * before[group, 0],
                width / widest[group],
                shape_of_sums(_moments(place, number, len(rows)), grid)[:, :2],
                before[group],
                _necks_between(found, groups)[group],
                after[group],
                held[:, :2],
                (after[:, 0] * after[:, 2] - before[:, 0] * before[:, 2])[group],
            ]
        ).astype(np.float32),
    )


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
    row: NDArray[np.int64],
    probability: NDArray[np.float64],
    size: NDArray[np.float64],
    n: int,
) -> NDArray[np.float64]:
    """Return what parts, each of a row, are like together: shape (n, 4).

    How many there are, the least probability, the mean one of their pixels, the share of the
    largest.
    """
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


def _tiles(
    shape: Shape,
    part: NDArray[np.int32],
    groups: list[tuple[int, ...]],
    holes: Holes,
    parts: list[tuple[int, ...]],
) -> tuple[list[NDArray[np.bool_]], NDArray[np.int64]]:
    """Return the mask of each group of parts, with the holes filled that it encloses, and where."""
    used = np.zeros(int(part.max()) + 1, np.int32)
    used[np.unique(np.concatenate(groups))] = 1
    used *= np.cumsum(used, dtype=np.int32)
    image = np.append(used[part], np.int32(0))[shape.fragments.number]
    boxes = ndimage.find_objects(image)
    order = np.argsort(holes.runs[:, 3], kind="stable")
    runs = np.split(holes.runs[order], np.cumsum(np.bincount(holes.runs[:, 3]))[:-1])
    beside: dict[int, list[int]] = defaultdict(list)
    for hole, around in enumerate(parts):
        for k in around:
            beside[k].append(hole)
    ny = shape.labels.shape[1]
    tiles, corners = [], []
    for group in groups:
        of_parts = [boxes[used[k] - 1] for k in group]
        low = np.array([[side.start for side in box] for box in of_parts]).min(axis=0)
        high = np.array([[side.stop for side in box] for box in of_parts]).max(axis=0)
        tile = np.isin(image[tuple(map(slice, low, high))], used[list(group)])
        for hole in {hole for k in group for hole in beside[k]}:
            if set(parts[hole]) <= set(group):
                for row, start, stop, _ in runs[hole].tolist():
                    tile[row // ny - low[0], row % ny - low[1], start - low[2] : stop - low[2]] = 1
        tiles.append(tile)
        corners.append(low)
    return tiles, np.array(corners)
