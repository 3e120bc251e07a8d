"""Objects that their holes have shattered: put together again, all their holes filled at once.

One hole at a time tells little where there are many: around each there are pieces of an object, and
other holes. So all parts that have a hole in common, of which one is no sure object, are put
together with all holes between them filled. What surely is one object then was shattered.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.divided import Divided, divided
from napari_ncut.splitting.holes.doubtful import parts_around, tiles_of
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.mosaic import mosaic
from napari_ncut.splitting.holes.shape import Shape, shape_of
from napari_ncut.splitting.parameters import SplitParameters


def surely_inside(
    shape: Shape,
    found: Divided,
    holes: Holes,
    grid: Grid,
    parameters: SplitParameters,
    model: Model,
    monitor: Monitor,
) -> NDArray[np.bool_]:
    """Tell which holes lie in an object that they have shattered; arguments as in `doubtful`."""
    result = np.zeros(len(holes), bool)
    around, parts = parts_around(shape, found, holes)
    least = np.ones(len(holes))
    np.minimum.at(least, around[:, 0], found.probability[around[:, 1]])
    asked = least < parameters.hole_asked
    if not asked.any():
        return result
    groups, of_hole = _together(around[asked[around[:, 0]]], len(holes), len(found.size))
    tiles, corners = tiles_of(shape, found.part, groups, holes, parts, monitor)
    volume, boxes = mosaic(tiles)
    filled = shape_of(volume, grid, parameters, monitor)
    parted = divided(filled, grid, parameters, model, monitor)
    number = filled.fragments.number
    # Where the pixels of each hole, and those beside them, are in the mosaic.
    index, hole = holes[asked].pixels(shape.labels.shape[2])
    moved = np.array([[side.start for side in box] for box in boxes]) - corners
    place = np.array(np.unravel_index(index, shape.labels.shape)) + moved[of_hole[asked][hole]].T
    lowest, highest = np.full(len(holes), len(parted.size)), np.full(len(holes), -1)
    of_pixel = np.flatnonzero(asked)[hole]
    for step in np.vstack([np.zeros((1, 3), np.int64), grid.offsets]):
        fragment = number[tuple(place + step[:, np.newaxis])]
        there = fragment >= 0
        part = parted.part[fragment[there]]
        np.minimum.at(lowest, of_pixel[there], part)
        np.maximum.at(highest, of_pixel[there], part)
    one = np.flatnonzero(asked & (lowest == highest))
    part = lowest[one]
    is_alone = np.bincount(part, minlength=len(parted.size))[part] == 1
    wanted = np.where(is_alone, parameters.hole_sure, parameters.holes_sure)
    result[one] = parted.probability[part] >= wanted
    return result


def _together(
    around: NDArray[np.int32], n_holes: int, n_parts: int
) -> tuple[list[tuple[int, ...]], NDArray[np.int64]]:
    """Return the parts that have holes in common, group by group, and the group of each hole."""
    n = n_holes + n_parts
    links = np.ones(len(around), np.int8), (around[:, 0], n_holes + around[:, 1])
    group = connected_components(coo_array(links, shape=(n, n)), directed=False)[1]
    used = np.unique(around[:, 1])
    names, of_part = np.unique(group[n_holes + used], return_inverse=True)
    order = np.argsort(of_part, kind="stable")
    ends = np.cumsum(np.bincount(of_part, minlength=len(names)))[:-1]
    groups = [tuple(members.tolist()) for members in np.split(used[order], ends)]
    return groups, np.searchsorted(names, group[:n_holes])
