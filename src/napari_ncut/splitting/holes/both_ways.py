"""A blob with its holes filled and with its holes open: which of the two makes the surer objects.

Holes are filled one by one, by what is around each (`close`). In a dense colony of rods, whose gaps
look like holes, that can join many rods; the whole of the blob, and the image, tell it then: with
the gaps open all its parts look like one object each, and with the gaps filled they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.hierarchy import hierarchy, probabilities
from napari_ncut.splitting.grid import Volume
from napari_ncut.splitting.holes.divided import NECK, Divided
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape
from napari_ncut.splitting.oversegment import Fragments

# Returns the fragments of a shape, -1 in the background, and their graph; uses the shape up.
GraphOf = Callable[[Shape], tuple[Volume, RegionAdjacencyGraph]]


def surer_graph(
    shape: Shape, graph_of: GraphOf, judge: Judge, beta: float
) -> tuple[Volume, RegionAdjacencyGraph]:
    """Return the fragments and the graph of a shape, holes open where that is surer.

    Parameters
    ----------
    shape : Shape
        Holes are filled that were judged to lie inside one object, or are as small as a pixel;
        used up. Only blobs of many parts with one of the former are looked at, and no sure ones.
    graph_of : callable
        Gives the fragments of a shape and their graph, with the image if there is one.
    judge : Judge
        What judging holes takes.
    beta : float
        How much the image counts, if there is one.
    """
    if shape.holes is None or shape.pinholes is None or len(shape.holes) == 0:
        return graph_of(shape)
    doubt = judge.parameters.hole_doubt
    filled = graph_of(_copy(shape))
    holes = shape.holes.beside(shape.pinholes)
    sure, blob, parts = _certainty(*filled, holes, judge, beta)
    n = len(shape.holes)
    asked = (sure[:n] < 1 - doubt) & (parts[:n] >= judge.parameters.hole_crowd)
    chosen = np.isin(blob, blob[:n][asked])
    if not chosen.any():
        return filled
    holes, sure = holes[chosen], sure[chosen]
    found = judge.divided(shape)
    opened = graph_of(_opened(shape, holes, found, judge))
    is_surer = _certainty(*opened, holes, judge, beta)[0] > sure + doubt
    if is_surer.all():
        return opened
    if not is_surer.any():
        return filled
    return graph_of(_opened(shape, holes[is_surer], found, judge))


def _copy(shape: Shape) -> Shape:
    fragments = shape.fragments
    return replace(
        shape,
        width=shape.width.copy(),
        fragments=Fragments(fragments.number.copy(), fragments.n, fragments.basin),
    )


def _opened(shape: Shape, holes: Holes, found: Divided, judge: Judge) -> Shape:
    """Return the shape with some of its filled holes open."""
    index, hole = holes.pixels(shape.labels.shape[2])
    blob = np.zeros(len(holes), np.int32)
    blob[hole] = found.blob[shape.fragments.number.reshape(-1)[index]]
    labels = shape.labels.copy()
    labels.reshape(-1)[index] = 0
    return judge.changed(_copy(shape), found, holes, blob, labels)


def _certainty(
    number: Volume, graph: RegionAdjacencyGraph, holes: Holes, judge: Judge, beta: float
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Return of each hole's blob how surely a pixel lies in one object, its number, its parts."""
    found = hierarchy(graph, judge.grid, judge.parameters, judge.model, beta)
    part, node = found.objects(NECK)
    blob, _ = found.objects(0.0)
    sure = np.bincount(blob, graph.pixels * probabilities(found.score[node])[part])
    mean = sure / np.bincount(blob, graph.pixels)
    hole, fragment = holes.around(number, 0).T
    around = np.zeros(len(holes), np.int32)
    around[hole] = blob[fragment]
    of_part = np.zeros(len(node), np.int32)
    of_part[part] = blob
    return mean[around], around, np.bincount(of_part)[around]
