"""A label image in fragments, step by step, before any are merged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import in_safe_range
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.hierarchy import Hierarchy
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.both_ways import Found, surer_graph
from napari_ncut.splitting.holes.close import shape_without_holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape, graph_of
from napari_ncut.splitting.holes.tiles import Tiles
from napari_ncut.splitting.image.divide import divide
from napari_ncut.splitting.image.statistics import (
    ImageStatistics,
    Seen,
    standardised,
    statistics_of,
)
from napari_ncut.splitting.image.walls import divide_tissues
from napari_ncut.splitting.islands import find_islands, without
from napari_ncut.splitting.parameters import DEFAULT


@dataclass(frozen=True)
class Fragmented:
    """A label image in fragments, before any are merged.

    Parameters
    ----------
    number : ndarray of int32
        Fragment of each pixel, numbered from 0; -1 in the background.
    graph : RegionAdjacencyGraph
        The fragments and their borders.
    grid : Grid
        Pixels and neighbours.
    statistics : ImageStatistics or None
        Those of the image, if it was looked at.
    has_image : bool
        Whether the image tells anything.
    hierarchy : Hierarchy or None
        Of the graph, if holes were judged by it.
    """

    number: NDArray[np.int32]
    graph: RegionAdjacencyGraph
    grid: Grid
    statistics: ImageStatistics | None
    has_image: bool
    hierarchy: Hierarchy | None


def fragmented(
    labels: NDArray[np.int32],
    channels: NDArray[Any] | None,
    *,
    beta: float,
    connectivity: int,
    spacing: tuple[float, ...],
    max_hole: float | None,
    statistics: ImageStatistics | None,
    model: Model | None,
    monitor: Monitor,
) -> Fragmented:
    """Return the fragments of labels; arguments as in `split.split_tree`, but checked.

    Parameters
    ----------
    channels : ndarray, optional
        The image, channels last.
    model : Model, optional
        Tells one object from several, where holes are judged.
    monitor : Monitor
        Progress, and checks for cancellation.
    """
    if statistics is not None and channels is not None:
        _check_statistics(statistics, channels.shape[-1])
    whole, grid = on_grid(labels, spacing, connectivity)
    monitor.report(0.0, "Measuring widths")
    gain = 0
    if channels is not None:
        channels, gain = in_safe_range(channels.reshape(*whole.shape, -1), whole > 0)
    parts = parts_of(whole, grid, model, max_hole, monitor)
    first, *others = parts
    # What is seen a second time is no step forward.
    quiet = Monitor(cancelled=monitor.cancelled)
    judge = None if model is None else Judge(grid, DEFAULT, model, quiet)
    grey = None
    if channels is not None and beta > 0.0:
        monitor.report(0.5, "Looking at the image")
        if statistics is None:
            seen = [part.seen(channels, gain) for part in parts]
            statistics = statistics_of(seen, grid, DEFAULT, monitor)
        if statistics.deviation > 0.0:
            given = whole if others else first.given
            grey = standardised(channels, given, statistics.divided(gain), monitor)
    number, graph, known = _surer_graph(first, grey, beta, grid, judge, monitor)
    for part in others:
        theirs = None if grey is None else part.of(grey)
        found = _surer_graph(part, theirs, beta, grid, judge, quiet)[:2]
        if part.islands is not None:
            known, gone = None, np.zeros(graph.n, bool)
            graph = part.islands.put_back_fragments(number, graph, gone, found, None, quiet)
    number = number.reshape(labels.shape)
    return Fragmented(number, graph, grid, statistics, grey is not None, known)


@dataclass(frozen=True)
class Part:
    """Labels none of which encloses another: those of the image, or its islands side by side.

    Parameters
    ----------
    shape : Shape
        Of these, holes filled.
    islands : Tiles or None
        What is side by side.
    """

    shape: Shape
    islands: Tiles | None = None

    @cached_property
    def given(self) -> Volume:
        """The labels as they were given, all holes open."""
        if not self.shape.has_filled:
            return self.shape.labels
        labels = self.shape.labels.copy()
        self.shape.write_in_holes(0, labels)
        return labels

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values of an image where these labels are."""
        return values if self.islands is None else self.islands.values(values)

    def seen(self, channels: NDArray[Any], gain: int) -> Seen:
        """Return the image where these labels are."""
        return Seen(self.of(channels), self.given, self.shape.width, gain)


def parts_of(
    whole: Volume, grid: Grid, model: Model | None, max_hole: float | None, monitor: Monitor
) -> list[Part]:
    """Return the labels of an image and, if there are any, its islands."""
    islands, holes = find_islands(whole, grid, monitor)
    volume = whole if islands is None else without(whole, islands)
    shape = shape_without_holes(volume, grid, DEFAULT, model, monitor, max_hole, holes)
    parts = [Part(shape)]
    if islands is not None:
        beside = islands.values(whole)
        quiet = Monitor(cancelled=monitor.cancelled)
        shape = shape_without_holes(beside, grid, DEFAULT, model, quiet, max_hole)
        parts.append(Part(shape, islands))
    return parts


def image_seen(
    labels: NDArray[np.int32],
    channels: NDArray[Any],
    *,
    connectivity: int,
    spacing: tuple[float, ...],
    max_hole: float | None,
    model: Model | None,
    monitor: Monitor,
) -> tuple[list[Seen], Grid]:
    """Return the parts of an image, for its statistics; arguments as in `fragmented`."""
    whole, grid = on_grid(labels, spacing, connectivity)
    channels, gain = in_safe_range(channels.reshape(*whole.shape, -1), whole > 0)
    parts = parts_of(whole, grid, model, max_hole, monitor)
    return [part.seen(channels, gain) for part in parts], grid


def _surer_graph(
    part: Part,
    grey: NDArray[np.float32] | None,
    beta: float,
    grid: Grid,
    judge: Judge | None,
    monitor: Monitor,
) -> Found:
    """Return the fragments of a part and their graph, its holes filled or open as is surer."""

    def found_of(shape: Shape, tiles: Tiles | None) -> Found:
        if grey is None:
            return _graph_of(shape, None, shape.labels, beta, grid, judge, monitor)
        if tiles is None:
            return _graph_of(shape, grey, part.given, beta, grid, judge, monitor)
        return _graph_of(shape, tiles.values(grey), tiles.labels, beta, grid, judge, monitor)

    if judge is None:
        return found_of(part.shape, None)
    return surer_graph(part.shape, found_of, judge, beta if grey is not None else 0.0)


def _graph_of(
    shape: Shape,
    grey: NDArray[np.float32] | None,
    given: Volume,
    beta: float,
    grid: Grid,
    judge: Judge | None,
    monitor: Monitor,
) -> Found:
    """Return the fragments of a shape and their graph; arguments as in `divide`."""
    if grey is None:
        number, graph = shape.fragments.number, graph_of(shape, grid, monitor)
        shape.write_in_holes(-1, number)
        return number, graph, shape.hierarchy
    seen = shape.labels, shape.width, grey, given, beta, grid, DEFAULT, monitor
    divided = divide(shape.fragments, *seen)
    shape.write_in_holes(-1, divided.number)
    graph = divided.graph if judge is None else divide_tissues(divided, grey, beta, judge)
    return divided.number, graph, None


def on_grid(
    labels: NDArray[np.int32], sizes: tuple[float, ...], connectivity: int
) -> tuple[Volume, Grid]:
    """Return the labels as a volume, and its grid; a stack of one plane is that plane."""
    if labels.ndim == 3 and 1 in labels.shape:
        axis = labels.shape.index(1)
        labels = labels.reshape(labels.shape[:axis] + labels.shape[axis + 1 :])
        sizes = sizes[:axis] + sizes[axis + 1 :]
    missing = 3 - labels.ndim
    spacing = (1.0,) * missing + sizes
    grid = Grid(spacing, labels.ndim, connectivity)  # type: ignore[arg-type]
    return labels.reshape((1,) * missing + labels.shape), grid


def _check_statistics(statistics: ImageStatistics, n_channels: int) -> None:
    """Raise an error unless the statistics are those of an image with so many channels."""
    if not isinstance(statistics, ImageStatistics):
        raise TypeError(
            f"statistics is of type {type(statistics).__name__}; wanted an ImageStatistics, as "
            "image_statistics returns it."
        )
    if len(statistics.direction) != n_channels:
        raise ValueError(
            f"statistics are those of an image with {len(statistics.direction)} channels, but this "
            f"one has {n_channels}; compute them from an image of the same kind."
        )
