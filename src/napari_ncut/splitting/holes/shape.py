"""What the shape of labels tells before any are merged: half-widths and fragments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph, adjacency
from napari_ncut.splitting.criterion.hierarchy import Hierarchy
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.tiles import tiles_of
from napari_ncut.splitting.loops import tree as loops
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import SplitParameters


@dataclass(frozen=True)
class Shape:
    """What the shape of labels tells.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        Labels, some of their holes filled.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    fragments : Fragments
        By shape alone.
    graph : RegionAdjacencyGraph, optional
        Of the fragments, if it is known.
    hierarchy : Hierarchy, optional
        Of their graph, by shape alone, if it is known.
    holes, pinholes : Holes, optional
        Those that are filled: since they were judged to lie inside one object, and the others.
    """

    labels: Volume
    width: NDArray[np.int32]
    fragments: Fragments
    graph: RegionAdjacencyGraph | None = None
    hierarchy: Hierarchy | None = None
    holes: Holes | None = None
    pinholes: Holes | None = None

    @property
    def has_filled(self) -> bool:
        """Whether any hole is filled."""
        return bool(self.holes) or bool(self.pinholes)

    def write_in_holes(self, value: int, values: Volume) -> None:
        """Give all pixels of filled holes a value, in place."""
        for holes in (self.holes, self.pinholes):
            if holes:
                holes.write(value, values)


def shape_of(labels: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor) -> Shape:
    """Return the half-width and the fragments of labels as they are."""
    squared = squared_distance(labels, grid, monitor)
    width = half_width(labels, squared, grid, parameters, monitor)
    monitor.report(0.3, "Finding fragments")
    return Shape(labels, width, oversegment(labels, width, squared, grid, parameters, monitor))


def graph_of(shape: Shape, grid: Grid, monitor: Monitor) -> RegionAdjacencyGraph:
    """Return the graph of the fragments of a shape, by shape alone."""
    if shape.graph is not None:
        return shape.graph
    fragments = shape.fragments
    return adjacency(shape.labels, fragments.number, fragments.n, shape.width, grid, monitor)


def changed(
    shape: Shape,
    graph: RegionAdjacencyGraph,
    blob: NDArray[np.int32],
    pixels: NDArray[np.int64],
    owner: NDArray[np.int32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Shape:
    """Return the shape when holes of some blobs are filled or opened in its labels.

    It is found anew in these blobs.

    Parameters
    ----------
    shape : Shape
        Before, but for its labels; used up.
    graph : RegionAdjacencyGraph
        Of the fragments before.
    blob : ndarray of int32, shape (n,)
        Blob of each fragment.
    pixels : ndarray of int64, shape (m,)
        Flat index of each pixel that has been filled or opened.
    owner : ndarray of int32, shape (m,)
        The blob that it lies in.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    labels, width, number = shape.labels, shape.width, shape.fragments.number
    turn = np.zeros(int(blob.max()) + 2, np.int32)
    blobs_changed = np.unique(owner)
    turn[blobs_changed] = np.arange(1, len(blobs_changed) + 1)
    gone = turn[blob] > 0
    pieces = of_fragments(turn[blob], number, monitor)
    pieces.reshape(-1)[pixels] = turn[owner]
    for tiles, _ in tiles_of(pieces):
        there = np.where(tiles.values(labels) > 0, tiles.labels, 0)
        new = shape_of(there, grid, parameters, monitor)
        tiles.put_back(new.width, width)
        theirs = new.fragments.number, graph_of(new, grid, monitor)
        graph = tiles.put_back_fragments(number, graph, gone, theirs, None, monitor)
        gone = np.zeros(graph.n, bool)
    return Shape(labels, width, Fragments(number, graph.n), graph)


def of_fragments(value: NDArray[np.int32], number: Volume, monitor: Monitor) -> NDArray[np.int32]:
    """Return what each pixel's fragment has, 0 in the background."""
    result = np.empty_like(number)
    arrays = number.reshape(-1), np.append(value, np.int32(0)), result.reshape(-1)
    map_chunks(partial(loops.look_up, *arrays), number.size, 1, monitor)
    return result
