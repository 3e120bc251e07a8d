"""Single moves: what the change of one node's segment does to the normalised cut.

Two loops use them: every node at a border goes where the cut is lower, until none does
(`descend`); and sequences of moves that climb before they fall, of which the best beginning is
kept (`climb`).

References
----------
Fiduccia and Mattheyses (1982), A linear-time heuristic for improving network partitions, 19th
Design Automation Conference, 175-181.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.refinement.loops import moves
from napari_ncut.refinement.partition import add_up_anew, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor
    from napari_ncut.graph.pixel_graph import Graph
    from napari_ncut.refinement.partition import Partition

# A move that lowers the cuts of two segments by a smaller part of them is none.
GAIN = 1e-12
# Moves between two checks for cancellation.
CHUNK = 100_000
# Moves of one descent at most, a node: a descent takes a few, but for one that rounding leads on.
MOST_MOVES = 50
# Edges looked at in one sequence of moves: dense graphs would take hours, and gain nothing.
MOST_WORK = 2_000_000


def descend(
    graph: Graph,
    partition: Partition,
    queue: NDArray[np.int32],
    state: NDArray[np.uint8],
    monitor: Monitor,
) -> None:
    """Move nodes while that lowers the normalised cut, in place.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Its segments.
    queue : ndarray of int32
        The nodes to begin with.
    state : (n,) ndarray of uint8
        2 for nodes that keep their segment, else 0.
    monitor : Monitor
        Checks for cancellation.
    """
    add_up_anew(graph, partition)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    start = partition.labels.copy()
    # Counted: with sums that have lost their digits, moves could go round in a circle.
    left = MOST_MOVES * graph.n
    while len(queue) and left > 0:
        monitor.check()
        most = min(CHUNK, left)
        queue = moves.descend(*arrays, partition.labels, partition.sums, state, queue, GAIN, most)
        left -= most
    if len(queue):
        k = partition.sums.shape[1]
        before, after = measure(graph, start, k), measure(graph, partition.labels, k)
        best = min(before, after, key=lambda found: found.ncut)
        partition.labels[:] = best.labels
        partition.take_sums(best.sums)
    add_up_anew(graph, partition)


def climb(
    graph: Graph,
    partition: Partition,
    border: NDArray[np.int32],
    state: NDArray[np.uint8],
    patience: int,
) -> float:
    """Move the best node again and again, each once, even uphill; keep the best beginning.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Changed in place.
    border : ndarray of int32
        The nodes to begin with.
    state : (n,) ndarray of uint8
        2 for nodes that keep their segment, else 0.
    patience : int
        Moves that are tried without a new best before the sequence ends.

    Returns
    -------
    float
        The change of the normalised cut, never above 0.
    """
    change: float = moves.climb(
        graph.indptr,
        graph.indices,
        graph.weights,
        graph.volumes,
        partition.labels,
        partition.sums,
        state,
        border,
        patience,
        MOST_WORK,
    )
    return change
