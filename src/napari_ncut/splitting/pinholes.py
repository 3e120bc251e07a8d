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
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph, adjacency
from napari_ncut.splitting.agglomerate import agglomerate, ellipticities
from napari_ncut.splitting.criterion import neck_ratio
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.loops import small_regions as loops
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import SplitParameters

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


def close_pinholes(
    labels: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> Volume:
    """Return the labels with their pinholes filled, but for those that are gaps between objects.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background; not changed.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    holes = find_pinholes(labels, parameters.hole_size, monitor)
    if len(holes) == 0:
        return labels
    closed = labels.copy()
    flat = closed.reshape(-1)
    flat[holes.index] = holes.label
    # A gap that is opened changes what is around the other holes of its blob: those are judged
    # again, until none of them is a gap. Each turn opens one at least.
    while len(holes):
        monitor.check()
        blob, gaps = _judge(closed, holes, grid, parameters, monitor)
        flat[holes.index[gaps]] = 0
        holes = holes[~gaps & np.isin(blob, blob[gaps])]
    return closed


def _judge(
    closed: Volume, holes: Pinholes, grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the blob of each pixel of a hole, and whether the hole is a gap between objects."""
    corners = np.array(np.unravel_index(holes.index, closed.shape))
    structure = ndimage.generate_binary_structure(3, 1 if grid.strict else 3)
    blobs = ndimage.label(closed > 0, structure)[0]
    asked = np.zeros(int(blobs.max()) + 1, np.bool_)
    blob = blobs[tuple(corners)].astype(np.int64)
    asked[blob] = True
    kept = asked[blobs]
    kept &= closed > 0
    box = ndimage.find_objects(kept.astype(np.int8))[0]
    # The rim tells the half-width where the labels end.
    rim = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
    part = np.where(kept[rim], closed[rim], 0).astype(np.int32)
    fragments, graph = _split(part, grid, parameters, monitor)
    criterion = neck_ratio(grid, parameters)
    number, count = agglomerate(graph, criterion).parts(graph.n, NECK)
    nodes = np.zeros((count, graph.nodes.shape[1]))
    np.add.at(nodes, number, graph.nodes)
    inside = tuple(corners - np.array([[s.start] for s in rim]))
    around = number[fragments.number[inside]]
    limit = np.where(holes.size > 1, parameters.hole_ellipticity, parameters.pixel_ellipticity)
    return blob, ellipticities(nodes, criterion)[around] < limit


def _split(
    labels: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> tuple[Fragments, RegionAdjacencyGraph]:
    """Return the fragments of labels by shape alone, and their graph."""
    squared = squared_distance(labels, grid, monitor)
    width = half_width(labels, squared, grid, parameters, monitor)
    fragments = oversegment(labels, width, squared, grid, parameters, monitor)
    return fragments, adjacency(labels, fragments.number, fragments.n, width, grid, monitor)
