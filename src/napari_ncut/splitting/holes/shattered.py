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

from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.together import Around, Together


def surely_inside(around: Around, judge: Judge) -> NDArray[np.bool_]:
    """Tell which holes lie in an object that they have shattered.

    Parameters
    ----------
    around : Around
        The open holes, and the parts around them.
    judge : Judge
        What judging holes takes.
    """
    n_holes, n_parts = len(around.holes), len(around.found.size)
    result = np.zeros(n_holes, bool)
    asked = around.least < judge.parameters.hole_asked
    if not asked.any():
        return result
    groups, of_hole = _groups(around.pairs[asked[around.pairs[:, 0]]], n_holes, n_parts)
    together = Together.of(around, groups, asked, of_hole[asked], judge)
    number, parted = together.shape.fragments.number, together.found
    # The lowest and the highest part in each hole and beside it.
    n = np.count_nonzero(asked)
    lowest, highest = np.full(n, len(parted.size)), np.full(n, -1)
    for step in np.vstack([np.zeros((1, 3), np.int64), judge.grid.offsets]):
        fragment = number[tuple(together.place + step[:, np.newaxis])]
        there = fragment >= 0
        part = parted.part[fragment[there]]
        np.minimum.at(lowest, together.hole[there], part)
        np.maximum.at(highest, together.hole[there], part)
    one = np.flatnonzero(lowest == highest)
    part = lowest[one]
    is_alone = np.bincount(part, minlength=len(parted.size))[part] == 1
    parameters = judge.parameters
    wanted = np.where(is_alone, parameters.hole_sure, parameters.holes_sure)
    result[np.flatnonzero(asked)[one]] = parted.probability[part] >= wanted
    return result


def _groups(
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
