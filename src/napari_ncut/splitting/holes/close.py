"""Holes are closed where they lie inside one object, and stay open where they are gaps.

Masks from real pictures have holes, and one in the middle of an object is an edge for the
half-width, which falls to pieces around it. But where objects meet, there are gaps between them
that look the same. So blobs are divided with their holes as they are, and what many holes have
shattered is put together first (`shattered`). Each other hole is judged by the parts around it:

- a hole in one part tells nothing;
- among parts that are all objects it is a gap;
- otherwise these parts are put together, with the hole filled, and divided again. Whether the hole
  lies inside one object then, was learned (`doubtful`).

Single pixels are too small to divide a blob by. So they are filled throughout, and in the end those
are gaps where the part around is no ellipse and no object, or one with few of them.

In the result all holes are what they were: background.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.agglomerate import ellipticities
from napari_ncut.splitting.criterion.hierarchy import probabilities
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.criterion.pairs import numbers
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.divided import Divided
from napari_ncut.splitting.holes.doubtful import doubtful
from napari_ncut.splitting.holes.holes import Holes, find_holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape, shape_of
from napari_ncut.splitting.holes.shattered import surely_inside
from napari_ncut.splitting.holes.together import Around
from napari_ncut.splitting.parameters import SplitParameters


def shape_without_holes(
    labels: Volume,
    grid: Grid,
    parameters: SplitParameters,
    model: Model | None,
    monitor: Monitor,
    max_hole: float | None = None,
    holes: Holes | None = None,
) -> Shape:
    """Return the shape of labels with those holes filled that are no gaps between objects.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background; holes are filled in place.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    model : Model, optional
        Tells one object from several.
    monitor : Monitor
        Checks for cancellation.
    max_hole : float, optional
        Holes up to this area or volume are filled, all others are not; by default, and with a
        model, they are judged.
    holes : Holes, optional
        Those of the labels, if they are known.
    """
    holes = find_holes(labels, grid, monitor) if holes is None else holes
    if max_hole is not None or model is None:
        holes = holes[holes.size * grid.volume <= (max_hole or 0.0)]
        holes.fill(labels)
        return replace(shape_of(labels, grid, parameters, monitor), pinholes=holes)
    judge = Judge(grid, parameters, model, monitor)
    shape, pinholes, holes = without_pinholes(labels, holes, judge)
    if len(holes) == len(pinholes) == 0:
        return shape
    around = Around.of(holes, shape, judge.divided(shape), monitor)
    around, inside = _mended(around, judge)
    shape, found, closed = _closed(around, judge)
    shape, found, pinholes = _opened(shape, found, pinholes, judge)
    return replace(
        shape,
        graph=found.graph,
        hierarchy=found.hierarchy,
        holes=holes[inside].beside(closed),
        pinholes=pinholes,
    )


def without_pinholes(labels: Volume, holes: Holes, judge: Judge) -> tuple[Shape, Holes, Holes]:
    """Return the shape of labels with their pinholes filled, these, and the other holes."""
    small = holes.size <= judge.parameters.hole_size
    holes[small].fill(labels)
    return judge.shape_of(labels), holes[small], holes[~small]


def _mended(around: Around, judge: Judge) -> tuple[Around, NDArray[np.bool_]]:
    """Fill the holes that have shattered an object; return what is around the others, and which."""
    inside = surely_inside(around, judge)
    return (filled_holes(around, inside, ~inside, judge) if inside.any() else around), inside


def _closed(around: Around, judge: Judge) -> tuple[Shape, Divided, Holes]:
    """Fill the holes that lie inside one object; return the shape, its parts, and them."""
    done = around.holes[np.zeros(len(around.holes), bool)]
    # A hole that is filled changes what is around the other holes of its blob: those are judged
    # again, until none of them is filled. Each turn fills one at least.
    while len(around.holes):
        rows, terms = doubtful(around, judge)
        close = np.zeros(len(around.holes), bool)
        inside = probabilities(judge.model.hole.log_odds(terms))
        close[rows[inside > judge.parameters.hole_inside]] = True
        if not close.any():
            break
        done = done.beside(around.holes[close])
        again = ~close & np.isin(around.blob, around.blob[close])
        around = filled_holes(around, close, again, judge)
    return around.shape, around.found, done


def filled_holes(
    around: Around, close: NDArray[np.bool_], left: NDArray[np.bool_], judge: Judge
) -> Around:
    """Fill some holes, and return what is then around those that are left to be judged."""
    holes, blob = around.holes[close], around.blob[close]
    shape, found = judge.filled(around.shape, around.found, holes, blob)
    return Around.of(around.holes[left], shape, found, judge.monitor)


def _opened(
    shape: Shape, found: Divided, pinholes: Holes, judge: Judge
) -> tuple[Shape, Divided, Holes]:
    """Open the filled pinholes that are gaps; return the shape, its parts, and the others."""
    every, number = pinholes, np.arange(len(pinholes))
    is_gap = np.zeros(len(pinholes), bool)
    # A gap that is opened changes what is around the other holes of its blob: those are judged
    # again, until none of them is a gap. Each turn opens one at least.
    while len(pinholes):
        index, hole = pinholes.pixels(shape.labels.shape[2])
        fragment = shape.fragments.number.reshape(-1)[index]
        shapes = ellipticities(found.sums, numbers(judge.grid, judge.parameters))
        gap = np.zeros(len(pinholes), bool)
        count = np.bincount(found.part[fragment], minlength=len(found.size))
        is_object = found.probability >= judge.parameters.hole_object
        is_object &= count >= judge.parameters.hole_share * found.size
        is_object |= found.probability >= judge.parameters.hole_sure
        is_object |= shapes >= judge.parameters.hole_ellipticity
        gap[hole[~is_object[found.part[fragment]]]] = True
        if not gap.any():
            break
        is_gap[number[gap]] = True
        blob = np.zeros(len(pinholes), np.int32)
        blob[hole] = found.blob[fragment]
        shape, found = judge.opened(shape, found, pinholes[gap], blob[gap])
        again = ~gap & np.isin(blob, blob[gap])
        pinholes, number = pinholes[again], number[again]
    return shape, found, every[~is_gap]
