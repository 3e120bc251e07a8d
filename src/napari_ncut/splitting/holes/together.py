"""The parts around holes, and what they are like when they are put together, holes filled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import boxes as boxes_around
from napari_ncut.splitting.holes.divided import Divided
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape
from napari_ncut.splitting.holes.tiles import Box, Tiles


@dataclass(frozen=True)
class Around:
    """What is around n open holes.

    Parameters
    ----------
    pairs : ndarray of int32, shape (m, 2)
        A hole and a part around it.
    parts : list of tuple of int
        The parts around each hole.
    blob : ndarray of int32, shape (n,)
        Blob of each.
    least : ndarray of float64, shape (n,)
        The least probability of a part around it to be one object.
    low, high : ndarray of int32, shape (k, 3)
        First corner of the box around each of all k parts, and the one beyond it.
    """

    pairs: NDArray[np.int32]
    parts: list[tuple[int, ...]]
    blob: NDArray[np.int32]
    least: NDArray[np.float64]
    low: NDArray[np.int32]
    high: NDArray[np.int32]

    @classmethod
    def of(cls, shape: Shape, found: Divided, holes: Holes, monitor: Monitor) -> Around:
        """Return what is around the holes of a shape that falls into parts."""
        hole, fragment = holes.around(shape.fragments.number, 0).T
        pairs = np.unique(np.stack([hole, found.part[fragment]], axis=1), axis=0)
        hole, part = pairs.T
        starts = np.searchsorted(hole, np.arange(len(holes) + 1))
        blob, least = np.zeros(len(holes), np.int32), np.ones(len(holes))
        blob[hole] = found.blob_of_part[part]
        np.minimum.at(least, hole, found.probability[part])
        parts = [tuple(members.tolist()) for members in np.split(part, starts[1:-1])]
        of_fragments = boxes_around(shape.fragments.number, shape.fragments.n, monitor)
        low = np.full((len(found.size), 3), np.iinfo(np.int32).max, np.int32)
        high = np.zeros_like(low)
        np.minimum.at(low, found.part, of_fragments[0])
        np.maximum.at(high, found.part, of_fragments[1])
        return cls(pairs, parts, blob, least, low, high)


@dataclass(frozen=True)
class Together:
    """Groups of parts that are put together and divided anew, beside one another.

    Parameters
    ----------
    tiles : Tiles
        The groups.
    shape : Shape
        Of these.
    found : Divided
        Its parts.
    place : ndarray of int64, shape (3, k)
        Where the pixels of the chosen holes are in it.
    hole : ndarray of int32, shape (k,)
        Which of the chosen holes each belongs to.
    """

    tiles: Tiles
    shape: Shape
    found: Divided
    place: NDArray[np.int64]
    hole: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        shape: Shape,
        found: Divided,
        holes: Holes,
        around: Around,
        groups: list[tuple[int, ...]],
        chosen: NDArray[np.bool_],
        of_hole: NDArray[np.int64],
        judge: Judge,
    ) -> Together:
        """Put groups of parts together, with the holes filled that each encloses.

        Parameters
        ----------
        shape, found, holes, around
            The holes open, and what is around them.
        groups : list of tuple of int
            The parts of each group.
        chosen : ndarray of bool
            Which holes are asked for.
        of_hole : ndarray of int64
            The group that each of these lies in.
        judge : Judge
            What judging holes takes.
        """
        tiles = _tiles(shape, found.part, groups, holes, around)
        filled = judge.shape_of(tiles.labels)
        index, hole = holes[chosen].pixels(shape.labels.shape[2])
        place = tiles.inside(index, of_hole[hole], shape.labels.shape)
        return cls(tiles, filled, judge.divided(filled), place, hole)

    def tile_of_part(self, monitor: Monitor) -> NDArray[np.int32]:
        """Return the group, from 0, that each part lies in."""
        result = np.zeros(len(self.found.size), np.int32)
        fragments = self.shape.fragments.number
        result[self.found.part] = self.tiles.owners(fragments, self.found.graph, monitor)
        return result


def _tiles(
    shape: Shape,
    part: NDArray[np.int32],
    groups: list[tuple[int, ...]],
    holes: Holes,
    around: Around,
) -> Tiles:
    """Return the groups of parts side by side, each with the holes filled that it encloses."""
    order = np.argsort(holes.runs[:, 3], kind="stable")
    runs = np.split(holes.runs[order], np.cumsum(np.bincount(holes.runs[:, 3]))[:-1])
    beside: dict[int, list[int]] = defaultdict(list)
    for hole, parts in enumerate(around.parts):
        for k in parts:
            beside[k].append(hole)
    ny = shape.labels.shape[1]
    fragments = np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part))[:-1])
    # The last entry is the background's.
    is_here = np.zeros(len(part) + 1, bool)
    masks = []
    boxes: list[Box] = []
    for group in groups:
        low, high = around.low[list(group)].min(axis=0), around.high[list(group)].max(axis=0)
        z, y, x = map(slice, low.tolist(), high.tolist())
        members = np.concatenate([fragments[k] for k in group])
        is_here[members] = True
        mask = is_here[shape.fragments.number[z, y, x]]
        is_here[members] = False
        for hole in {hole for k in group for hole in beside[k]}:
            if set(around.parts[hole]) <= set(group):
                for row, start, stop, _ in runs[hole].tolist():
                    mask[row // ny - low[0], row % ny - low[1], start - low[2] : stop - low[2]] = 1
        masks.append(mask)
        boxes.append((z, y, x))
    return Tiles.of(masks, boxes)
