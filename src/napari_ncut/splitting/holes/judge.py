"""What judging holes takes, and what is done with it again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.hierarchy import Hierarchy, hierarchy, probabilities
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.divided import NECK, Divided, divided
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.shape import Shape, changed, shape_of
from napari_ncut.splitting.parameters import SplitParameters


@dataclass(frozen=True)
class Certainty:
    """How sure the objects of blobs are; n fragments, m blobs.

    Parameters
    ----------
    blob : ndarray of int32, shape (n,)
        Blob of each fragment.
    sure : ndarray of float64, shape (m,)
        Mean, over the pixels, of the probability that what each lies in is one object.
    objects : ndarray of int64, shape (m,)
        How many there are.
    """

    blob: NDArray[np.int32]
    sure: NDArray[np.float64]
    objects: NDArray[np.int64]


@dataclass(frozen=True)
class Judge:
    """What judging holes takes; as in `close.shape_without_holes`."""

    grid: Grid
    parameters: SplitParameters
    model: Model
    monitor: Monitor

    def shape_of(self, labels: Volume) -> Shape:
        """Return the half-width and the fragments of labels as they are."""
        return shape_of(labels, self.grid, self.parameters, self.monitor)

    def divided(self, shape: Shape) -> Divided:
        """Return the parts that a shape falls into."""
        return divided(shape, self.grid, self.parameters, self.model, self.monitor)

    def hierarchy(self, graph: RegionAdjacencyGraph, beta: float) -> Hierarchy:
        """Return the hierarchy of the fragments of a graph; the image counts ``beta``."""
        return hierarchy(graph, self.grid, self.parameters, self.model, beta)

    def certainty(
        self,
        graph: RegionAdjacencyGraph,
        found: Hierarchy,
        blob: NDArray[np.int32] | None = None,
    ) -> Certainty:
        """Return how sure the objects of each blob are at the default of ``neck``.

        Parameters
        ----------
        graph : RegionAdjacencyGraph
            Fragments.
        found : Hierarchy
            Their hierarchy.
        blob : ndarray of int32, shape (n,), optional
            What stands for the blob of each fragment; the blobs themselves by default.
        """
        part, node = found.objects(NECK)
        blob = found.objects(0.0)[0] if blob is None else blob
        sure = np.bincount(blob, graph.pixels * probabilities(found.score[node])[part])
        of_part = np.zeros(len(node), np.int32)
        of_part[part] = blob
        return Certainty(blob, sure / np.bincount(blob, graph.pixels), np.bincount(of_part))

    def filled(
        self, shape: Shape, found: Divided, holes: Holes, blob: NDArray[np.int32]
    ) -> tuple[Shape, Divided]:
        """Return the shape, which is used up, with holes filled, each in a blob; and its parts."""
        holes.fill(shape.labels)
        return self._changed(shape, found, holes, blob)

    def opened(
        self, shape: Shape, found: Divided, holes: Holes, blob: NDArray[np.int32]
    ) -> tuple[Shape, Divided]:
        """Return the shape, which is used up, with holes open, each in a blob; and its parts."""
        holes.write(0, shape.labels)
        return self._changed(shape, found, holes, blob)

    def _changed(
        self, shape: Shape, found: Divided, holes: Holes, blob: NDArray[np.int32]
    ) -> tuple[Shape, Divided]:
        index, hole = holes.pixels(shape.labels.shape[2])
        of = found.graph, found.blob, index, blob[hole]
        new = changed(shape, *of, self.grid, self.parameters, self.monitor)
        return new, self.divided(new)
