"""Agglomeration of fragments, surest pair first: the split tree from its leaves to its roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.loops import agglomerate as loops


@dataclass(frozen=True)
class Merges:
    """The merges of fragments, in their order.

    Parameters
    ----------
    into, gone : ndarray of int32, shape (n,)
        Fragments that stand for the two parts; ``into`` stands for both from then on.
    ratio : ndarray of float64, shape (n,)
        Never above those of the merges within.
    border : ndarray of int32, shape (n,)
        Border of the graph whose saddle is the neck.
    """

    into: NDArray[np.int32]
    gone: NDArray[np.int32]
    ratio: NDArray[np.float64]
    border: NDArray[np.int32]

    def parts(self, n: int, least: float) -> tuple[NDArray[np.int32], int]:
        """Return the part of each of n fragments after merges of a least ratio, and how many."""
        root = np.arange(n)
        held = self.ratio >= least
        for into, gone in zip(self.into[held], self.gone[held], strict=True):
            root[gone] = into
        while (root[root] != root).any():
            root = root[root]
        left, number = np.unique(root, return_inverse=True)
        return number.astype(np.int32), len(left)


def agglomerate(
    graph: RegionAdjacencyGraph, criterion: NDArray[np.float64], greatest: float = 1.0
) -> Merges:
    """Merge all fragments that are connected, the pair with the greatest ratio first.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        The fragments and their borders.
    criterion : ndarray of float64
        As the functions of `criterion` give it.
    greatest : float
        A ratio above this counts as this.
    """
    merges = loops.merge(
        graph.low,
        graph.high,
        graph.saddle.copy(),
        (graph.basin[graph.low] == graph.basin[graph.high]).astype(np.uint8),
        graph.borders.copy(),
        graph.width.copy(),
        graph.nodes.copy(),
        criterion,
        greatest,
    )
    return Merges(*merges)


def ellipticities(
    nodes: NDArray[np.float64], criterion: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the ellipticity of parts, shape (n,), from their sums (n, 13)."""
    return np.asarray(loops.ellipticities(np.ascontiguousarray(nodes), criterion))
