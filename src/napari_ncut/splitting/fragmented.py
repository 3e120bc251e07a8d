"""A label image in fragments, step by step, before any are merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import in_safe_range
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph, adjacency
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.close import shape_without_holes
from napari_ncut.splitting.image.divide import divide
from napari_ncut.splitting.image.statistics import ImageStatistics, standardised, statistics_of
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
    """

    number: NDArray[np.int32]
    graph: RegionAdjacencyGraph
    grid: Grid
    statistics: ImageStatistics | None
    has_image: bool


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
    volume, grid = on_grid(labels, spacing, connectivity)
    parameters = DEFAULT
    monitor.report(0.0, "Measuring widths")
    shape = shape_without_holes(volume, grid, parameters, model, monitor, max_hole)
    width, fragments = shape.width, shape.fragments
    intensity = None
    if channels is not None and beta > 0.0:
        monitor.report(0.5, "Looking at the image")
        channels, gain = in_safe_range(channels.reshape(*volume.shape, -1), volume > 0)
        if statistics is None:
            found = statistics_of(channels, volume, width, grid, parameters, monitor)
            statistics = found.divided(-gain)
        if statistics.deviation > 0.0:
            grey = standardised(channels, volume, statistics.divided(gain), monitor)
            fragments, intensity = divide(
                fragments, width, grey, volume, beta, grid, parameters, monitor
            )
    graph = shape.graph
    if graph is None or intensity is not None:
        graph = adjacency(
            shape.labels,
            fragments.number,
            fragments.n,
            width,
            grid,
            monitor,
            basin=fragments.basin,
            intensity=intensity,
        )
    fragments.number[volume == 0] = -1
    number = fragments.number.reshape(labels.shape)
    return Fragmented(number, graph, grid, statistics, intensity is not None)


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
