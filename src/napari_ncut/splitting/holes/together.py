"""The parts around holes, and what they are like when they are put together, holes filled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import boxes as boxes_of
from napari_ncut.splitting.holes.divided import Divided
from napari_ncut.splitting.holes.holes import Holes, paint
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape
from napari_ncut.splitting.holes.tiles import Tiles, box_of


@dataclass(frozen=True)
class Around:
    """What is around n open holes.

    Parameters
    ----------
    holes : Holes
        These.
    shape : Shape
        The holes open.
    found : Divided
        Its parts.
    pairs : ndarray of int32, shape (m, 2)
        A hole and a part around it.
    parts : list of tuple of int
        The parts around each hole.
    blob : ndarray of int32, shape (n,)
        Blob of each.
    least : ndarray of float64, shape (n,)
        The least probability of a part around it to be one object.
    monitor : Monitor
        Checks for cancellation.
    """

    holes: Holes
    shape: Shape
    found: Divided
    pairs: NDArray[np.int32]
    parts: list[tuple[int, ...]]
    blob: NDArray[np.int32]
    least: NDArray[np.float64]
    monitor: Monitor

    @classmethod
    def of(cls, holes: Holes, shape: Shape, found: Divided, monitor: Monitor) -> Around:
        """Return what is around the holes of a shape that falls into parts."""
        hole, fragment = holes.around(shape.fragments.number, 0).T
        pairs = np.unique(np.stack([hole, found.part[fragment]], axis=1), axis=0)
        hole, part = pairs.T
        starts = np.searchsorted(hole, np.arange(len(holes) + 1))
        blob, least = np.zeros(len(holes), np.int32), np.ones(len(holes))
        blob[hole] = found.blob_of_part[part]
        np.minimum.at(least, hole, found.probability[part])
        parts = [tuple(members.tolist()) for members in np.split(part, starts[1:-1])]
        return cls(holes, shape, found, pairs, parts, blob, least, monitor)

    @cached_property
    def boxes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """First corner of the box around each of all parts, and the one beyond it: (k, 3)."""
        fragments, part = self.shape.fragments, self.found.part
        of_fragments = boxes_of(fragments.number, fragments.n, self.monitor)
        low = np.full((len(self.found.size), 3), np.iinfo(np.int32).max, np.int32)
        high = np.zeros_like(low)
        np.minimum.at(low, part, of_fragments[0])
        np.maximum.at(high, part, of_fragments[1])
        return low, high


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
        around: Around,
        groups: list[tuple[int, ...]],
        chosen: NDArray[np.bool_],
        of_hole: NDArray[np.int64],
        judge: Judge,
    ) -> Together:
        """Put groups of parts together, with the holes filled that each encloses.

        Parameters
        ----------
        around : Around
            The open holes, and the parts around them.
        groups : list of tuple of int
            The parts of each group.
        chosen : ndarray of bool
            Which holes are asked for.
        of_hole : ndarray of int64
            The group that each of these lies in.
        judge : Judge
            What judging holes takes.
        """
        tiles, shape = _tiles(around, groups), around.shape.labels.shape
        filled = judge.shape_of(tiles.labels)
        index, hole = around.holes[chosen].pixels(shape[2])
        place = tiles.inside(index, of_hole[hole], shape)
        return cls(tiles, filled, judge.divided(filled), place, hole)

    def tile_of_part(self, monitor: Monitor) -> NDArray[np.int32]:
        """Return the group, from 0, that each part lies in."""
        result = np.zeros(len(self.found.size), np.int32)
        fragments = self.shape.fragments.number
        result[self.found.part] = self.tiles.owners(fragments, self.found.graph, monitor)
        return result


def _tiles(around: Around, groups: list[tuple[int, ...]]) -> Tiles:
    """Return the groups of parts side by side, each with the holes filled that it encloses."""
    number, part, runs = around.shape.fragments.number, around.found.part, around.holes.by_hole()
    beside: dict[int, list[int]] = defaultdict(list)
    for hole, parts in enumerate(around.parts):
        for k in parts:
            beside[k].append(hole)
    fragments = np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part))[:-1])
    lowest, highest = around.boxes
    # The last entry is the background's.
    is_here = np.zeros(len(part) + 1, bool)
    tiles = []
    for group in groups:
        low, high = lowest[list(group)].min(axis=0), highest[list(group)].max(axis=0)
        box = box_of(low, high)
        members = np.concatenate([fragments[k] for k in group])
        is_here[members] = True
        mask = is_here[number[box]]
        is_here[members] = False
        for hole in {hole for k in group for hole in beside[k]}:
            if set(around.parts[hole]) <= set(group):
                paint(runs[hole], mask, low, number.shape[1])
        tiles.append((mask, box))
    return Tiles.of(*map(list, zip(*tiles, strict=True)))
