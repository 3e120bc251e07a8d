"""The hierarchy of a blob's parts, and from which threshold on each is divided.

Fragments are merged in the order in which they look like one object. Each part that this makes, and
each fragment, is given the probability that it is one object, from its own look, that of its best
division and that of its join with the part beside it. The objects at a penalty are those parts,
holding each fragment once, whose probabilities less the penalty have the greatest sum: one pass up
the tree (`loops.partition`). The higher the penalty, the fewer objects, and they are nested: the
penalty at which a part becomes whole can stand for it, as its neck ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.settings import SplitSettings
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.agglomerate import Merges, agglomerate
from napari_ncut.splitting.criterion.model import Model, neck_ratios
from napari_ncut.splitting.criterion.nodes import NAMES, terms_of_nodes
from napari_ncut.splitting.criterion.pairs import IMAGE, numbers
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.loops import partition as loops
from napari_ncut.splitting.loops import tree as trees
from napari_ncut.splitting.parameters import SplitParameters

NECK = SplitSettings().neck
# The image counts at most so many times as it was learned: beyond, it would speak of nothing else.
MOST = 4.0
OF_IMAGE = [name.split("_", 1)[-1] in IMAGE for name in NAMES]


@dataclass(frozen=True)
class Hierarchy:
    """The parts of all blobs, n fragments and m merges of them.

    Parameters
    ----------
    merges : Merges
        In their order.
    parts : ndarray of int32, shape (m, 2)
        Nodes that each merge unites; node n + i is what merge i makes, those below n are fragments.
    blob : ndarray of int32, shape (m,)
        Blob of each merge, from 1.
    ratio : ndarray of float64, shape (m,)
        Neck ratio of each merge, never above those of the merges within.
    terms : ndarray of float32, shape (n + m, len(criterion.nodes.NAMES))
        What the model knew of each node.
    score : ndarray of float64, shape (n + m,)
        Log-odds that each node is one object.
    """

    merges: Merges
    parts: NDArray[np.int32]
    blob: NDArray[np.int32]
    ratio: NDArray[np.float64]
    terms: NDArray[np.float32]
    score: NDArray[np.float64]

    def objects(self, neck: float) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the object of each fragment at a threshold, from 0, and the node of each."""
        n = len(self.terms) - len(self.parts)
        left, number = np.unique(nodes_at(self.parts, self.ratio >= neck, n), return_inverse=True)
        return number.astype(np.int32), left


def nodes_at(parts: NDArray[np.int32], together: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Return the node that each of n fragments is a part of, if these rows hold together."""
    owner = np.arange(n + len(parts))
    # From the roots to the leaves: a row comes after those of its parts.
    for i in np.flatnonzero(together)[::-1].tolist():
        owner[parts[i]] = owner[n + i]
    return owner[:n]


def hierarchy(
    graph: RegionAdjacencyGraph,
    grid: Grid,
    parameters: SplitParameters,
    model: Model,
    beta: float = 0.0,
) -> Hierarchy:
    """Return the hierarchy of the fragments of a graph.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        The fragments.
    grid : Grid
        Pixel size.
    parameters : SplitParameters
        Tuned numbers.
    model : Model
        What was learned.
    beta : float
        How much the image counts, if the graph has one.
    """
    merges = agglomerate(graph, numbers(grid, parameters), model.pair)
    parts, blob = trees.nodes_of_merges(graph.n, merges.into, merges.gone)
    terms = terms_of_nodes(graph, merges, parts, grid, parameters)
    score = model.node.log_odds(terms)
    weight = min(beta / model.beta, MOST)
    if weight not in (0.0, 1.0):
        shape_alone = np.where(OF_IMAGE, np.float32(np.nan), terms)
        score = weight * score + (1 - weight) * model.node.log_odds(shape_alone)
    critical = loops.critical_penalties(probabilities(score), parts)
    ratio = neck_ratios(critical, model.penalty, NECK)
    return Hierarchy(merges, parts, blob, ratio, terms, score)


def probabilities(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds as probabilities, rounded so that sums of them are exact."""
    return np.asarray(np.rint(2.0**24 / (1 + np.exp(-np.clip(score, -60, 60)))) / 2.0**24)
