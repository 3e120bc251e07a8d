"""Straight borders: their last course is drawn in a metric without preferred directions.

With faces as neighbours the length of a border is counted along the axes, so that an L costs no
more than the diagonal. Where two segments of a plane meet, the border is therefore redrawn once
more, in a band of a few pixels, as the minimum cut of a graph that links corners too, whose weights
make the length of a border Euclidean (`napari_ncut.graph.neighbourhood.border_areas`). That costs
less than corners would everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.graph.pixel_graph import neighbours_of_cells, pixel_graph
from napari_ncut.refinement import refine as rf
from napari_ncut.refinement.loops.borders import nodes_within
from napari_ncut.refinement.loops.moves import move_all
from napari_ncut.refinement.max_flow import redraw_borders
from napari_ncut.refinement.partition import add_up_anew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor
    from napari_ncut.graph.pixel_graph import Graph

# Half the width of the band in pixels.
HOPS = 10
# A partition whose normalised cut, by faces, rises by more than this part of it is left as it is:
# where the contrast is high, a border must not slip over the corners of what holds it.
DEARER = 0.12


def straightened(
    graph: Graph,
    partition: rf.Partition,
    values: NDArray[np.float64],
    beta: float,
    scale: float,
    spacing: Sequence[float],
    monitor: Monitor,
) -> rf.Partition:
    """Return a partition of a plane whose borders are straight where the image leaves them free.

    Parameters
    ----------
    graph : Graph
        The pixels under the mask, with faces as neighbours.
    partition : Partition
        Of these.
    values : (n, channels) ndarray of float64
        Intensities under the mask.
    beta, scale : float
        As in `pixel_graph`.
    spacing : sequence of float
        Pixel size along each axis.
    monitor : Monitor
        Checks for cancellation.
    """
    labels, k = partition.labels, partition.sums.shape[1]
    border = rf.border_nodes(graph.indptr, graph.indices, labels)
    if len(border) == 0:
        return partition
    # Two more than are free: all that these touch, over corners too.
    band, hop = nodes_within(graph.indptr, graph.indices, border, HOPS + 2)
    order = np.argsort(band)
    band, rim = band[order], hop[order] > HOPS
    assert graph.cells is not None
    cells = np.append(graph.cells[band], np.iinfo(np.int64).max)
    near = pixel_graph(
        neighbours_of_cells(cells, len(spacing), spacing, monitor),
        values[band],
        beta,
        scale=scale,
        dtype=np.float32,
        monitor=monitor,
    )
    found = rf.measure(near, labels[band], k)
    # The segments are as large as they are, in the volumes of this graph.
    free = band[~rim]
    found.sums[1] = partition.sums[1] * (near.volumes[~rim].sum() / graph.volumes[free].sum())
    found.sums[2] = np.bincount(labels, minlength=k)
    state = np.where(rim, np.uint8(2), np.uint8(0))
    nodes = np.searchsorted(band, border).astype(np.int32)
    redraw_borders(near, found, nodes, state, (HOPS, 1), monitor)
    straight = rf.Partition(labels.copy(), partition.sums.copy())
    moved = found.labels != labels[band]
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    move_all(*arrays, straight.labels, straight.sums, band[moved], found.labels[moved])
    add_up_anew(graph, straight)
    if straight.ncut > (1 + DEARER) * partition.ncut:
        rf.refine(graph, partition, near=border, monitor=monitor)
        return partition
    return straight
