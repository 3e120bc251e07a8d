"""Walls: cells of a tissue that only the lines of the image tell apart.

In a tissue with stained membranes the mask is one block: its half-width is that of the tissue, and
says nothing of the cells. There the lines of the image are edges. A *wall* is where the image is
darker than its surroundings, bright objects being told from dark lines as everywhere; walls have
next to no half-width, and the half-width of a cell is the distance to them. All that follows is as
for any shape: fragments, their graph, and what was learned of shapes.

A blob is taken for a tissue if it is much deeper than its cells are wide, and they look like one
object each. Both sides are tried, dark walls and bright ones: in a block without a rim nothing else
tells which it is. And in a texture, which is no tissue, both look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import NODE_SUMS, RegionAdjacencyGraph, adjacency, owners
from napari_ncut.splitting.grid import UNITS_PER_PIXEL, Grid, Volume
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import of_fragments
from napari_ncut.splitting.holes.tiles import tiles_of
from napari_ncut.splitting.image.divide import EXPONENTIAL, Divided, look_at
from napari_ncut.splitting.image.ridges import noise_of
from napari_ncut.splitting.image.smoothing import mean_within, noise_left
from napari_ncut.splitting.loops import image as loops
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import pixels_of

# Greatest half-width of a wall: half of the finest pixel.
THICKEST = UNITS_PER_PIXEL // 2
# Counting a pixel takes the time of so many steps of a plain loop.
COUNTING = 4


@dataclass(frozen=True)
class Cells:
    """The cells of some blobs by one kind of walls; k blobs.

    Parameters
    ----------
    number : ndarray of int32, shape (nz, ny, nx)
        Fragment of each pixel, -1 in the background.
    graph : RegionAdjacencyGraph
        Of these.
    odds : ndarray of float64, shape (k,)
        That the cells of each blob are one object each, in the mean.
    ratio : ndarray of float64, shape (k,)
        Mean half-width of each blob over that of its cells.
    count : ndarray of int64, shape (k,)
        How many cells each blob has.
    """

    number: Volume
    graph: RegionAdjacencyGraph
    odds: NDArray[np.float64]
    ratio: NDArray[np.float64]
    count: NDArray[np.int64]

    def are_tissues(self, other: Cells, parameters: SplitParameters) -> NDArray[np.bool_]:
        """Tell for each blob whether these are its cells, and not those by the other walls."""
        evidence = self.odds * np.minimum(self.ratio, parameters.wall_deepest)
        evidence *= self.odds / np.maximum(other.odds, 1e-9)
        evidence *= np.sqrt(np.minimum(self.count, parameters.wall_many))
        result = evidence >= parameters.wall_evidence
        result &= self.ratio >= parameters.wall_depth
        return result & (self.count >= parameters.wall_cells)


def divide_tissues(
    divided: Divided, grey: NDArray[np.float32], beta: float, judge: Judge
) -> RegionAdjacencyGraph:
    """Divide blobs that are tissues into fragments of cells; return the graph of all fragments.

    Parameters
    ----------
    divided : Divided
        The fragments of all blobs; their numbers are changed in place.
    grey : ndarray of float32, shape (nz, ny, nx)
        The image, in standard deviations of the foreground.
    beta : float
        How much the image counts.
    judge : Judge
        Tells one object from several.
    """
    parameters, monitor = judge.parameters, judge.monitor
    number, graph = divided.number, divided.graph
    blob = graph.blob
    depth = mean_width(graph, blob, judge.grid)
    n_pieces = np.bincount(blob, divided.pieces)
    basins = np.bincount(np.unique(np.stack([blob, graph.basin]), axis=1)[0])
    asked = n_pieces >= np.maximum(parameters.wall_cells, parameters.wall_pieces * basins)
    asked &= depth >= parameters.wall_depth * judge.grid.finest
    if asked.any():
        texture = _texture(divided, grey, judge.grid, parameters, monitor)
        asked &= np.bincount(blob, graph.pixels * texture) >= (
            parameters.wall_texture * np.bincount(blob, graph.pixels)
        )
    if not asked.any():
        return graph
    piece = np.where(asked, np.cumsum(asked), 0).astype(np.int32)[blob]
    for tiles, which in tiles_of(of_fragments(piece, number, monitor)):
        there, deep = tiles.values(grey), depth[asked][which]
        evidence = walls(there, tiles.labels, judge.grid, parameters, monitor)
        with_walls = _have_walls(evidence[0], tiles.labels, parameters, monitor)
        with_walls |= _have_walls(evidence[1], tiles.labels, parameters, monitor)
        if not with_walls.any():
            continue
        dark = _cells(tiles.labels, there, evidence[0], deep, beta, judge)
        bright = _cells(tiles.labels, -there, evidence[1], deep, beta, judge)
        del there, evidence
        for cells, other in ((dark, bright), (bright, dark)):
            chosen = with_walls & cells.are_tissues(other, parameters)
            if chosen.any():
                found = which, (cells.number, cells.graph), chosen, monitor
                graph, piece = tiles.replace_pieces(number, graph, piece, *found)
    return graph


def _texture(
    divided: Divided,
    grey: NDArray[np.float32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> NDArray[np.float64]:
    """Return what ridges show of each fragment's basin over what its white noise shows alone."""
    grain = divided.brightness - grey
    grain_of = noise_of(grain, divided.by_shape, monitor)
    near, far, edge = (
        sigma * grid.finest for sigma in (parameters.near, parameters.far, parameters.edge)
    )
    left = noise_left(near, far, grid) / max(noise_left(0.0, edge, grid), 1e-9)
    return np.asarray((divided.noise / np.maximum(left * grain_of, 1e-9))[divided.graph.basin])


def _have_walls(
    evidence: NDArray[np.float32], labels: Volume, parameters: SplitParameters, monitor: Monitor
) -> NDArray[np.bool_]:
    """Tell of each blob whether walls are some share of it; labels from 1."""
    flat = evidence.reshape(-1), labels.reshape(-1)
    n = int(labels.max(initial=0)) + 1

    def work(start: int, stop: int) -> NDArray[np.int64]:
        evidence, labels = (array[start:stop] for array in flat)
        return np.bincount(labels[evidence >= 1], minlength=n)

    n_walls = np.sum(map_chunks(work, labels.size, COUNTING, monitor), axis=0)[1:]
    pixels = pixels_of(labels, n, monitor)[1:]
    return np.asarray(n_walls >= parameters.wall_share * pixels)


def _cells(
    labels: Volume,
    grey: NDArray[np.float32],
    evidence: NDArray[np.float32],
    depth: NDArray[np.float64],
    beta: float,
    judge: Judge,
) -> Cells:
    """Return the cells of blobs with dark walls, labels from 1, of these mean half-widths."""
    grid, parameters, monitor = judge.grid, judge.parameters, judge.monitor
    width, squared = _half_width(evidence, labels, grid, parameters, monitor)
    fragments = oversegment(labels, width, squared, grid, parameters, monitor)
    intensity = look_at(grey, labels, fragments, grid, parameters, monitor).intensity
    seen = labels, fragments.number, fragments.n, width, grid, monitor
    graph = adjacency(*seen, intensity=intensity)
    blob = owners(fragments.number, graph.n, labels, monitor) - 1
    found = judge.certainty(graph, judge.hierarchy(graph, beta), blob)
    ratio = depth / np.maximum(mean_width(graph, blob, grid), grid.finest)
    odds = found.sure / np.maximum(1 - found.sure, 1e-9)
    return Cells(fragments.number, graph, odds, ratio, found.objects)


def _half_width(
    evidence: NDArray[np.float32],
    labels: Volume,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the half-width of cells and walls, and the square of that before it is smoothed."""
    inside = np.where(evidence < 1.0, labels, 0).astype(np.int32)
    squared = squared_distance(inside, grid, monitor)
    width = half_width(inside, squared, grid, parameters, monitor)
    flat = [array.reshape(-1) for array in (labels, evidence, squared, width)]
    thinnest = np.float32((THICKEST * grid.unit) ** 2)

    def raise_walls(start: int, stop: int) -> None:
        labels, evidence, squared, width = (array[start:stop] for array in flat)
        is_wall = (labels > 0) & (width == 0)
        squared[is_wall] = thinnest
        fall = (evidence[is_wall] - 1) / parameters.wall_slope
        width[is_wall] = 1 + (THICKEST - 1) * np.exp(-fall)

    map_chunks(raise_walls, labels.size, EXPONENTIAL, monitor)
    return width, squared


def walls(
    grey: NDArray[np.float32],
    labels: Volume,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how much speaks for a dark wall at each pixel, and for a bright one; from 1 on it is.

    Its unit is what white noise can show, or `SplitParameters.wall_floor`. The noise is taken from
    how much brighter than the nearest surroundings pixels are, or darker: walls are not.

    Parameters
    ----------
    grey : ndarray of float32, shape (nz, ny, nx)
        The image, in standard deviations of the foreground.
    labels : ndarray of int32, shape (nz, ny, nx)
        Blobs from 1; 0 is background. Each has a noise of its own.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    near, far = parameters.wall_near * grid.finest, parameters.wall_far * grid.finest
    grain = mean_within(grey, labels, near, grid, monitor)
    dark = mean_within(grey, labels, far, grid, monitor)
    dark -= grain
    grain -= grey
    left = noise_left(near, far, grid) / max(noise_left(0.0, near, grid), 1e-9)
    bright = -dark
    number = labels.reshape(-1)
    n = int(labels.max(initial=0)) + 1
    # Each blob is one fragment, and so is what is around them.
    blobs = Fragments(labels, n)
    for result in (dark, bright):
        noise = left * noise_of(grain, blobs, monitor)
        factor = 1.0 / np.maximum(parameters.wall_floor, parameters.wall_noise * noise)
        factor[:2] = 0.0
        flat, limit = result.reshape(-1), np.float32(np.inf)
        scaled = flat, number, factor.astype(np.float32), limit, flat
        map_chunks(partial(loops.scale, *scaled), number.size, 1, monitor)
        np.negative(grain, out=grain)
    return dark, bright


def mean_width(
    graph: RegionAdjacencyGraph, blob: NDArray[np.int32], grid: Grid
) -> NDArray[np.float64]:
    """Return the mean half-width of blobs, in physical units; ``blob`` is that of each fragment."""
    width = np.bincount(blob, graph.nodes[:, NODE_SUMS.index("w")])
    return np.asarray(width / np.bincount(blob, graph.pixels) * grid.unit)
