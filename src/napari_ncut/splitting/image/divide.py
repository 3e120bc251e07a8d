"""Basins of the half-width divided where the image shows a border.

A ridge (see `ridges`) or a steep gradient (see `gradients`) makes the half-width fall, so that the
watershed finds more and smaller fragments. The image alone then says which of these new borders
stay; those between the basins of the half-width always do, and are left to the agglomeration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import Intensity, RegionAdjacencyGraph, adjacency, owners
from napari_ncut.splitting.agglomerate import agglomerate
from napari_ncut.splitting.criterion.pairs import numbers
from napari_ncut.splitting.grid import LARGEST, Grid, Volume
from napari_ncut.splitting.image.gradients import gradients
from napari_ncut.splitting.image.ridges import expected_maximum, in_units_of_noise, noise_of, ridges
from napari_ncut.splitting.loops import watershed as loops
from napari_ncut.splitting.oversegment import Fragments
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import watershed

# So many steps of a plain loop an exponential takes.
EXPONENTIAL = 8


@dataclass(frozen=True)
class Divided:
    """Fragments that an image has divided further; n of them.

    Parameters
    ----------
    number : ndarray of int32, shape (nz, ny, nx)
        Fragment of each pixel, -1 in the background.
    graph : RegionAdjacencyGraph
        Of these.
    pieces : ndarray of int64, shape (n,)
        How many pieces of the watershed each is made of.
    by_shape : Fragments
        Those by shape alone, the basins of the graph, from 0.
    brightness : ndarray of float32, shape (nz, ny, nx)
        Smoothed intensity.
    noise : ndarray of float64, shape (by_shape.n + 1,)
        Noise and texture of each basin, as ridges show them; first of the background.
    """

    number: Volume
    graph: RegionAdjacencyGraph
    pieces: NDArray[np.int64]
    by_shape: Fragments
    brightness: NDArray[np.float32]
    noise: NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What an image shows.

    Parameters
    ----------
    intensity : Intensity
        What it tells the borders of fragments.
    slope : ndarray of float32, shape (nz, ny, nx)
        Length of the gradient, in units of what is expected.
    noise : ndarray of float64, shape (n + 1,)
        As in `Divided`.
    """

    intensity: Intensity
    slope: NDArray[np.float32]
    noise: NDArray[np.float64]


def divide(
    fragments: Fragments,
    filled: Volume,
    width: NDArray[np.int32],
    grey: NDArray[np.float32],
    labels: Volume,
    beta: float,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Divided:
    """Divide fragments where the image shows a border.

    Parameters
    ----------
    fragments : Fragments
        By shape alone.
    filled : ndarray of int32, shape (nz, ny, nx)
        The labels, some of their holes filled, in which the fragments are.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    grey : ndarray of float32, shape (nz, ny, nx)
        The image, with bright objects, in standard deviations of them.
    labels : ndarray of int32, shape (nz, ny, nx)
        The labels as given, pinholes open.
    beta : float
        How much the image counts.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    look = look_at(grey, labels, fragments, grid, parameters, monitor)
    intensity, noise = look.intensity, look.noise
    landscape = _landscape(width, intensity.ridge, look.slope, beta, parameters, monitor)
    basins = fragments.number
    basins += 1
    number, n = watershed(basins, landscape, grid, monitor)
    del landscape, look
    basin = owners(number, n, basins, monitor)
    basins -= 1
    seen = filled, number, n, width, grid, monitor
    graph = adjacency(*seen, basin=basin, intensity=intensity)
    inside = graph.within_basins()
    merged, _ = agglomerate(inside, numbers(grid, parameters)).parts(n, 0.0)
    left, found = np.unique(merged[_attached(inside)], return_inverse=True)
    part = found.astype(np.int32)
    map_chunks(partial(loops.renumber, number.reshape(-1), part), number.size, 1, monitor)
    graph, pieces = graph.contracted(part, len(left)), np.bincount(part, minlength=len(left))
    return Divided(number, graph, pieces, fragments, intensity.brightness, noise)


def look_at(
    grey: NDArray[np.float32],
    labels: Volume,
    fragments: Fragments,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Look:
    """Return what the image shows of fragments; arguments as in `divide`."""
    expected = expected_maximum(fragments, grid, parameters, monitor)
    ridge = ridges(grey, labels, grid, parameters, monitor)
    noise = noise_of(ridge, fragments, monitor)
    ridge = in_units_of_noise(ridge, fragments, noise, expected, grid, parameters, monitor)
    slopes = gradients(grey, labels, fragments, expected, grid, parameters, monitor)
    monitor.check()
    return Look(Intensity(slopes.brightness, slopes.expected, ridge), slopes.length, noise)


def _landscape(
    width: NDArray[np.int32],
    ridge: NDArray[np.float32],
    slope: NDArray[np.float32],
    beta: float,
    parameters: SplitParameters,
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Return the half-width, lower where there is a ridge or a steep slope; uses the slope up."""
    result = slope.view(np.int32)
    flat = [array.reshape(-1) for array in (width, ridge, slope, result)]

    def work(start: int, stop: int) -> None:
        width, ridge, slope, result = (array[start:stop] for array in flat)
        fall = parameters.ridge_steepness * np.maximum(ridge, 0)
        fall += parameters.gradient_steepness * np.maximum(slope - 1, 0)
        lower = np.clip(width * np.exp(-beta * fall) + 0.5, 1, LARGEST)
        result[:] = np.where(width > 0, lower, 0)

    map_chunks(work, width.size, EXPONENTIAL, monitor)
    return result


def _attached(graph: RegionAdjacencyGraph) -> NDArray[np.int32]:
    """Return the fragment that each is to be, shape (n,): itself, if it is not apart.

    Pieces that are apart from their basin belong to its largest fragment, as without the image.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        Fragments, and their borders within the basins.
    """
    n, sizes, basin = graph.n, graph.pixels, graph.basin
    target = np.arange(n, dtype=np.int32)
    piece = graph.blob
    count = int(piece.max(initial=-1)) + 1
    if count > len(np.unique(basin)):
        weight = np.bincount(piece, sizes, minlength=count)[piece]
        order = np.lexsort((sizes, weight, basin))
        last = np.append(np.flatnonzero(np.diff(basin[order])), n - 1)
        main = np.zeros(int(basin.max()) + 1, np.int32)
        main[basin[order[last]]] = order[last]
        apart = piece != piece[main[basin]]
        target[apart] = main[basin[apart]]
    return target
