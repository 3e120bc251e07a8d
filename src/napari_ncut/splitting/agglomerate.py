"""Agglomeration of fragments, surest pair first: the split tree from its leaves to its roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.trees import NO_TREES, Trees
from napari_ncut.splitting.loops import agglomerate as loops

# A part of so many fragments is a cluster of objects, in any order. Were all its borders looked at
# again whenever it takes in a fragment, a tissue of n fragments would take n**2 steps.
SETTLED = 256


@dataclass(frozen=True)
class Merges:
    """The merges of fragments, in their order.

    Parameters
    ----------
    into, gone : ndarray of int32, shape (n,)
        Fragments that stand for the two parts; ``into`` stands for both from then on.
    priority : ndarray of float64, shape (n,)
        How much the parts look like one object, never above those of the merges within.
    border : ndarray of int32, shape (n,)
        Border of the graph whose saddle is the neck.
    terms : ndarray of float32, shape (n, len(criterion.pairs.PAIR))
        What the criterion knew of the two parts.
    """

    into: NDArray[np.int32]
    gone: NDArray[np.int32]
    priority: NDArray[np.float64]
    border: NDArray[np.int32]
    terms: NDArray[np.float32]

    def parts(self, n: int, least: float) -> tuple[NDArray[np.int32], int]:
        """Return the part of each of n fragments after merges of a least priority, and how many."""
        root = np.arange(n)
        held = self.priority >= least
        for into, gone in zip(self.into[held], self.gone[held], strict=True):
            root[gone] = into
        while (root[root] != root).any():
            root = root[root]
        left, number = np.unique(root, return_inverse=True)
        return number.astype(np.int32), len(left)


def agglomerate(
    graph: RegionAdjacencyGraph,
    criterion: NDArray[np.float64],
    trees: Trees = NO_TREES,
    settled: int = SETTLED,
) -> Merges:
    """Merge all fragments that are connected, the pair with the greatest priority first.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        The fragments and their borders.
    criterion : ndarray of float64
        As `criterion.pairs.numbers` gives it.
    trees : Trees
        They add up to the priority of a pair; without any, it is what the image shows between them.
    settled : int
        The borders of a part of more fragments keep their priorities when it takes in another one,
        but for those that the other one had.
    """
    # Merging writes into what is known of the fragments.
    evidence = (
        *(graph.saddle.copy(), is_slope(graph), graph.borders.copy()),
        *(graph.width.copy(), graph.nodes.copy(), criterion),
    )
    return Merges(*loops.merge(graph.low, graph.high, evidence, trees.arrays, settled))


def is_slope(graph: RegionAdjacencyGraph) -> NDArray[np.uint8]:
    """Tell for each border whether both sides are of one basin of the half-width, shape (m,)."""
    return np.asarray(graph.basin[graph.low] == graph.basin[graph.high], dtype=np.uint8)


def ellipticities(
    nodes: NDArray[np.float64], criterion: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the ellipticity of parts, shape (n,), from their sums (n, 13)."""
    return np.asarray(loops.ellipticities(np.ascontiguousarray(nodes), criterion))
