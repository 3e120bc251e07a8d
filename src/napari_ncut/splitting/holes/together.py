"""The parts around holes, and what they are like when they are put together, holes filled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Volume
from napari_ncut.splitting.holes.divided import Divided
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.mosaic import mosaic
from napari_ncut.splitting.holes.shape import Shape, of_fragments


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
    """

    pairs: NDArray[np.int32]
    parts: list[tuple[int, ...]]
    blob: NDArray[np.int32]
    least: NDArray[np.float64]

    @classmethod
    def of(cls, shape: Shape, found: Divided, holes: Holes) -> Around:
        """Return what is around the holes of a shape that falls into parts."""
        hole, fragment = holes.around(shape.fragments.number, 0).T
        pairs = np.unique(np.stack([hole, found.part[fragment]], axis=1), axis=0)
        hole, part = pairs.T
        starts = np.searchsorted(hole, np.arange(len(holes) + 1))
        blob, least = np.zeros(len(holes), np.int32), np.ones(len(holes))
        blob[hole] = found.blob_of_part[part]
        np.minimum.at(least, hole, found.probability[part])
        parts = [tuple(members.tolist()) for members in np.split(part, starts[1:-1])]
        return cls(pairs, parts, blob, least)


@dataclass(frozen=True)
class Together:
    """Groups of parts that are put together and divided anew, beside one another.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        The groups, numbered from 1.
    shape : Shape
        Of these.
    found : Divided
        Its parts.
    place : ndarray of int64, shape (3, k)
        Where the pixels of the chosen holes are in it.
    hole : ndarray of int32, shape (k,)
        Which of the chosen holes each belongs to.
    """

    labels: Volume
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
        tiles, corners = _tiles(shape, found.part, groups, holes, around.parts, judge.monitor)
        labels, boxes = mosaic(tiles)
        filled = judge.shape_of(labels)
        index, hole = holes[chosen].pixels(shape.labels.shape[2])
        moved = np.array([[side.start for side in box] for box in boxes]) - corners
        place = np.array(np.unravel_index(index, shape.labels.shape)) + moved[of_hole[hole]].T
        return cls(labels, filled, judge.divided(filled), place, hole)

    def tile_of_part(self) -> NDArray[np.int64]:
        """Return the group, from 0, that each part lies in."""
        tile = np.zeros(self.shape.fragments.n, np.int64)
        inside = self.labels > 0
        tile[self.shape.fragments.number[inside]] = self.labels[inside] - 1
        result = np.zeros(len(self.found.size), np.int64)
        result[self.found.part] = tile
        return result


def _tiles(
    shape: Shape,
    part: NDArray[np.int32],
    groups: list[tuple[int, ...]],
    holes: Holes,
    parts: list[tuple[int, ...]],
    monitor: Monitor,
) -> tuple[list[NDArray[np.bool_]], NDArray[np.int64]]:
    """Return the mask of each group of parts, with the holes filled that it encloses, and where."""
    used = np.zeros(int(part.max()) + 1, np.int32)
    used[np.unique(np.concatenate(groups))] = 1
    used *= np.cumsum(used, dtype=np.int32)
    image = of_fragments(used[part], shape.fragments.number, monitor)
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
