"""A blob with its holes filled and with its holes open: which of the two makes the surer objects.

Holes are filled one by one, by what is around each (`close`). In a dense colony of rods, whose gaps
look like holes, that can join many rods; the whole of the blob, and the image, tell it then: with
the gaps open all its parts look like one object each, and with the gaps filled they do not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.hierarchy import Hierarchy
from napari_ncut.splitting.grid import Volume
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shape import Shape, of_fragments
from napari_ncut.splitting.holes.tiles import Tiles, tiles_of

# The fragments of a shape, -1 in the background, their graph, and its hierarchy if it is known.
Found = tuple[Volume, RegionAdjacencyGraph, Hierarchy | None]
# Finds them, of all labels or of pieces of them; uses the shape up.
GraphOf = Callable[[Shape, Tiles | None], Found]


def surer_graph(shape: Shape, graph_of: GraphOf, judge: Judge, beta: float) -> Found:
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
    number, graph, known = graph_of(shape, None)
    if shape.holes is None or len(shape.holes) == 0:
        return number, graph, known
    doubt, monitor = judge.parameters.hole_doubt, judge.monitor
    known = known or judge.hierarchy(graph, beta)
    before = judge.certainty(graph, known)
    blob, sure = before.blob, before.sure
    _, fragment = shape.holes.around(number, 0).T
    asked = np.zeros(len(sure), bool)
    asked[blob[fragment]] = True
    asked &= (sure < 1 - doubt) & (before.objects >= judge.parameters.hole_crowd)
    if not asked.any():
        return number, graph, known
    piece = np.where(asked, np.cumsum(asked), 0).astype(np.int32)[blob]
    # Where holes are filled there are no fragments: the pieces are blobs with all of them open.
    for tiles, which in tiles_of(of_fragments(piece, number, monitor)):
        new, opened, theirs = graph_of(judge.shape_of(tiles.labels), tiles)
        theirs = theirs or judge.hierarchy(opened, beta)
        owner = tiles.owners(new, opened, monitor)
        is_surer = judge.certainty(opened, theirs, owner).sure > sure[asked][which] + doubt
        if is_surer.any():
            known = None
            found = which, (new, opened), is_surer, monitor
            graph, piece = tiles.replace_pieces(number, graph, piece, *found)
    return number, graph, known
