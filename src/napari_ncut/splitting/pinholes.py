"""Pinholes: holes in a label that are too small to tell anything about its shape.

Masks from real pictures have them, and one missing pixel in the middle of an object is an edge for
the half-width, which falls to pieces around it. But where objects meet, the gap between them can be
as small. So all are filled, the blobs are split, and where the part around a hole is no ellipse
although its holes are filled, the hole is a gap and stays open. In the result all are what they
were: background.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.core.settings import SplitSettings
from napari_ncut.splitting.adjacency import adjacency
from napari_ncut.splitting.agglomerate import ellipticities
from napari_ncut.splitting.criterion.hierarchy import hierarchy
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.criterion.pairs import numbers
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.loops import small_regions as loops
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import renumbered

# How eagerly the blobs are split to judge the holes in their parts.
NECK = SplitSettings().neck


@dataclass(frozen=True)
class Pinholes:
    """The pixels of pinholes, one row each.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Flat index of the pixel.
    label : ndarray of int64, shape (n,)
        The label around it.
    size : ndarray of int64, shape (n,)
        Pixels of its pinhole.
    """

    index: NDArray[np.int64]
    label: NDArray[np.int64]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, rows: NDArray[np.bool_]) -> Pinholes:
        return Pinholes(self.index[rows], self.label[rows], self.size[rows])


@dataclass(frozen=True)
class Shape:
    """What the shape of labels tells.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        Labels whose pinholes are closed.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    fragments : Fragments
        By shape alone.
    """

    labels: Volume
    width: NDArray[np.int32]
    fragments: Fragments


def find_pinholes(labels: Volume, largest: int, monitor: Monitor) -> Pinholes:
    """Return the pinholes of a label image.

    A pinhole is a small component of the background (over faces, edges and corners) that does not
    reach the border of the image and touches one label only.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    largest : int
        Most pixels of a pinhole.
    monitor : Monitor
        Checks for cancellation.
    """
    nz, ny, nx = labels.shape
    work = partial(loops.holes_of_rows, labels, largest)
    rows = map_chunks(work, nz * ny, 4 * nx, monitor)
    return Pinholes(*np.concatenate([np.zeros((0, 3), np.int64), *rows]).T)


def without_pinholes(
    labels: Volume, grid: Grid, parameters: SplitParameters, model: Model, monitor: Monitor
) -> Shape:
    """Return the shape of labels with their pinholes closed, but for gaps between objects.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background; not changed.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    model : Model
        Tells one object from several.
    monitor : Monitor
        Checks for cancellation.
    """
    holes = find_pinholes(labels, parameters.hole_size, monitor)
    if len(holes) == 0:
        return shape_of(labels, grid, parameters, monitor)
    closed = labels.copy()
    closed.reshape(-1)[holes.index] = holes.label
    shape = shape_of(closed, grid, parameters, monitor)
    # A gap that is opened changes what is around the other holes of its blob: those are judged
    # again, until none of them is a gap. Each turn opens one at least.
    while len(holes):
        blob, gaps = _judge(shape, holes, grid, parameters, model, monitor)
        if not gaps.any():
            break
        closed.reshape(-1)[holes.index[gaps]] = 0
        inside = blob[shape.fragments.number.reshape(-1)[holes.index]]
        changed = np.unique(inside[gaps])
        shape = _measured_again(shape, blob, changed, grid, parameters, monitor)
        holes = holes[~gaps & np.isin(inside, changed)]
    return shape


def _judge(
    shape: Shape,
    holes: Pinholes,
    grid: Grid,
    parameters: SplitParameters,
    model: Model,
    monitor: Monitor,
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the blob of each fragment, and whether each pixel of a hole is one of a gap."""
    fragments = shape.fragments
    graph = adjacency(shape.labels, fragments.number, fragments.n, shape.width, grid, monitor)
    found = hierarchy(graph, grid, parameters, model)
    part, count = found.objects(NECK)
    nodes = np.zeros((count, graph.nodes.shape[1]))
    np.add.at(nodes, part, graph.nodes)
    around = part[fragments.number.reshape(-1)[holes.index]]
    limit = np.where(holes.size > 1, parameters.hole_ellipticity, parameters.pixel_ellipticity)
    gaps = ellipticities(nodes, numbers(grid, parameters))[around] < limit
    return found.objects(0.0)[0], gaps


def _measured_again(
    shape: Shape,
    blob: NDArray[np.int32],
    changed: NDArray[np.int32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Shape:
    """Return the shape with that of some blobs, whose labels have changed, found anew."""
    labels, width = shape.labels, shape.width
    number, n = shape.fragments.number, shape.fragments.n
    turn = np.zeros(n + 1, np.int32)
    turn[:n][np.isin(blob, changed)] = 1 + np.searchsorted(changed, blob[np.isin(blob, changed)])
    blobs = turn[number]
    for k, found in enumerate(ndimage.find_objects(blobs), start=1):
        # The rim tells the half-width where the blob ends.
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in found)
        here = blobs[box] == k
        part = np.where(here, labels[box], 0)
        new = shape_of(part, grid, parameters, monitor)
        width[box][here] = new.width[here]
        number[box][here] = np.where(new.fragments.number >= 0, new.fragments.number + n, -1)[here]
        n += new.fragments.n
    number, n = renumbered(number, n, monitor)
    return Shape(labels, width, Fragments(number, n, np.arange(n, dtype=np.int32)))


def shape_of(labels: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor) -> Shape:
    """Return the half-width and the fragments of labels as they are."""
    squared = squared_distance(labels, grid, monitor)
    width = half_width(labels, squared, grid, parameters, monitor)
    monitor.report(0.3, "Finding fragments")
    return Shape(labels, width, oversegment(labels, width, squared, grid, parameters, monitor))
