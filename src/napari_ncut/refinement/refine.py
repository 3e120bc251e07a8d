"""Lower the normalised cut of a partition, level by level.

Three methods on one measure, the sum of *cut / volume*: every node at a border goes where the cut
is lower, until none does; the borders of two segments are redrawn along the minimum cut in a band;
then whole sequences of moves are tried that climb before they fall, and the best beginning of each
is kept.

References
----------
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957; section 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.refinement.local_search import climb, descend
from napari_ncut.refinement.loops.borders import border_nodes as border_nodes
from napari_ncut.refinement.loops.borders import border_within
from napari_ncut.refinement.max_flow import redraw_borders
from napari_ncut.refinement.partition import Partition as Partition
from napari_ncut.refinement.partition import add_up_anew
from napari_ncut.refinement.partition import measure as measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph

# A lower cut than this (relative) is worth another sequence of moves.
LEAST = 1e-3
# Larger graphs than this are refined where their coarser graph has left a border.
SMALL = 100_000
# Half the width (in nodes) of the bands in which borders are redrawn, and how often at most: as a
# rule, on large graphs, and where a border may find its way far from where it began.
BAND, NARROW, WIDE = (6, 3), (3, 1), (20, 3)


def refine(
    graph: Graph,
    partition: Partition,
    *,
    near: NDArray[np.int32] | None = None,
    bound: NDArray[np.bool_] | None = None,
    patience: int = 60,
    passes: int = 4,
    band: tuple[int, int] | None = None,
    monitor: Monitor | None = None,
) -> None:
    """Lower the normalised cut of a partition in place; it never rises.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Changed in place.
    near : ndarray of int32, optional
        Nodes among which, and a few edges around them, all borders lie; all nodes by default.
    bound : (n,) ndarray of bool, optional
        Nodes that keep their segment.
    patience : int
        Moves that are tried without a new best before a sequence ends.
    passes : int
        Sequences at most.
    band : (int, int), optional
        Half the width of the bands in which borders are redrawn, and how often at most; by
        default what the size of the graph allows.
    monitor : Monitor, optional
        Checks for cancellation.
    """
    monitor = monitor or Monitor()
    if partition.sums.shape[1] < 2:
        return
    structure = graph.indptr, graph.indices, partition.labels
    state = np.zeros(graph.n, dtype=np.uint8)
    if bound is not None:
        state[bound] = 2
    near = border_nodes(*structure) if near is None else border_within(*structure, near, 0)
    descend(graph, partition, near, state, monitor)
    # On a coarse graph whole regions may have moved, on a fine one only the border.
    wide = graph.n <= SMALL
    border = border_nodes(*structure) if wide else border_within(*structure, near, 4)
    band = band or (BAND if wide else NARROW)
    border = redraw_borders(graph, partition, border, state, band, monitor)
    for _ in range(passes):
        monitor.check()
        if climb(graph, partition, border, state, patience) > -LEAST * partition.ncut:
            break
        border = border_within(*structure, border, 3)
    add_up_anew(graph, partition)
