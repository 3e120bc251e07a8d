"""Redraw the border of two segments at once: the minimum cut within a band around it.

Moves of single nodes stop at the first border that no single move improves; in a noisy image that
is some per cent above the best. In a band of a few nodes on both sides the best border is a
minimum cut. The normalised cut is linearised for it: a cut edge costs its weight over both volumes,
a node costs what its volume, and its edges to other segments, change on either side. The result is
kept if the normalised cut itself has fallen.

References
----------
Sanders and Schulz (2011), Engineering multilevel graph partitioning algorithms, European Symposium
on Algorithms, 469-480; section 4.2, max-flow min-cut improvement in a band.
Dinkelbach (1967), On nonlinear fractional programming, Management Science 13(7), 492-498.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.refinement.loops import bands
from napari_ncut.refinement.loops.borders import border_pairs, border_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor
    from napari_ncut.graph.pixel_graph import Graph
    from napari_ncut.refinement.partition import Partition

# A border whose new course lowers the cut by less than this part of it is not looked at again.
LEAST = 1e-3
# Redrawing borders of more nodes than this takes so long that it must be possible to cancel it.
LARGE = 2_000
# Edges in bands between two checks for cancellation.
WORK = 50_000


def redraw_borders(
    graph: Graph,
    partition: Partition,
    border: NDArray[np.int32],
    state: NDArray[np.uint8],
    band: tuple[int, int],
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Redraw all borders between two segments while that lowers the normalised cut, in place.

    Returns where the borders are then.

    Parameters
    ----------
    graph : Graph
        The graph, n nodes.
    partition : Partition
        Its k segments.
    border : ndarray of int32
        The nodes at borders.
    state : (n,) ndarray of uint8
        2 for nodes that keep their segment.
    band : (int, int)
        Half the width of the bands in nodes, and how often borders are redrawn at most.
    monitor : Monitor
        Checks for cancellation.
    """
    k = partition.sums.shape[1]
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    found = partition.labels, partition.sums
    # What is made for one band serves the next.
    room, position = bands.Band(graph.n), np.full(graph.n, -1, dtype=np.int32)
    changed = np.ones((2, k), dtype=np.uint8)
    hops, rounds = band
    for _ in range(rounds):
        pairs, nodes = border_pairs(graph.indptr, graph.indices, partition.labels, border, k)
        if len(pairs) == 0:
            break
        order = np.argsort(pairs, kind="stable")
        pairs, starts = np.unique(pairs[order], return_index=True)
        starts, nodes = np.append(starts, len(nodes)), nodes[order]
        changed[0], changed[1] = changed[1], 0
        worth = LEAST * partition.ncut / k
        at, before = 0, -1
        # Every turn gets on by a pair at least.
        while at < len(pairs):
            monitor.check()
            before, at = (
                at,
                bands.redraw_borders(
                    *(room, *arrays, *found, state, position, pairs, starts, nodes, changed),
                    *(hops, worth, at, LARGE, WORK),
                ),
            )
            if at == before:  # a large border, in steps
                a, b = divmod(int(pairs[at]), k)
                between = nodes[starts[at] : starts[at + 1]]
                bands.draw_band(room, *arrays, *found, state, position, between, a, b, hops)
                monitor.check()
                room.begin()
                # Why it ends is said there.
                while room.flow(1):
                    monitor.check()
                if bands.settle_band(room, *arrays, *found, position, a, b) < -worth:
                    changed[1, [a, b]] = 1
                at += 1
        if not changed[1].any():
            break
        border = border_within(graph.indptr, graph.indices, partition.labels, border, hops)
    return border
