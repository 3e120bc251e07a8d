"""The parts that blobs fall into at the default threshold, by which their holes are judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph, sums_of_parts
from napari_ncut.splitting.criterion.hierarchy import Hierarchy, hierarchy, probabilities
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.shape import Shape, graph_of
from napari_ncut.splitting.parameters import SplitParameters

# How eagerly the blobs are divided to judge their holes.
NECK = SplitSettings().neck


@dataclass(frozen=True)
class Divided:
    """The parts of blobs; n fragments, k parts.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        Of the fragments.
    hierarchy : Hierarchy
        Of the graph.
    part : ndarray of int32, shape (n,)
        Part of each fragment.
    blob : ndarray of int32, shape (n,)
        Blob of each fragment.
    probability : ndarray of float64, shape (k,)
        That each part is one object.
    size : ndarray of float64, shape (k,)
        Pixels of each part.
    width : ndarray of float64, shape (k,)
        Greatest half-width of each, in physical units.
    """

    graph: RegionAdjacencyGraph
    hierarchy: Hierarchy
    part: NDArray[np.int32]
    blob: NDArray[np.int32]
    probability: NDArray[np.float64]
    size: NDArray[np.float64]
    width: NDArray[np.float64]

    @cached_property
    def blob_of_part(self) -> NDArray[np.int32]:
        """The blob of each part, shape (k,)."""
        result = np.zeros(len(self.size), np.int32)
        result[self.part] = self.blob
        return result

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """The sums over each part, shape (k, len(adjacency.NODE_SUMS))."""
        return sums_of_parts(self.graph.nodes, self.part, len(self.size))


def divided(
    shape: Shape, grid: Grid, parameters: SplitParameters, model: Model, monitor: Monitor
) -> Divided:
    """Return the parts that a shape falls into."""
    graph = graph_of(shape, grid, monitor)
    found = hierarchy(graph, grid, parameters, model)
    part, node = found.objects(NECK)
    width = np.zeros(len(node))
    np.maximum.at(width, part, graph.width)
    return Divided(
        graph=graph,
        hierarchy=found,
        part=part,
        blob=found.objects(0.0)[0],
        probability=probabilities(found.score[node]),
        size=np.bincount(part, graph.pixels, len(node)).astype(np.float64),
        width=width,
    )
