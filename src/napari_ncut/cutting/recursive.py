"""Many segments: cut in two again and again.

The eigenvectors of k segments take a time that grows with the square of k. Beyond some tens of
segments the part whose split adds least to the normalised cut is split in two, along its own second
eigenvector, until there are k.

References
----------
Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on Pattern Analysis
and Machine Intelligence 22(8), 888-905; section 3.1, the recursive two-way cut.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.refinement.merge_split import split_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph


def divide(graph: Graph, k: int, monitor: Monitor | None = None) -> NDArray[np.int32]:
    """Split the part whose split is cheapest until there are k.

    Parameters
    ----------
    graph : Graph
        n nodes, at least k.
    k : int
        Number of parts.
    monitor : Monitor, optional
        Checks for cancellation.

    Returns
    -------
    (n,) ndarray of int32
        Parts 0 to k - 1, none of them empty.
    """
    monitor = monitor or Monitor()
    labels = np.zeros(graph.n, dtype=np.int32)
    # Cost of a split, label, and the two parts; labels differ, so that arrays are never compared.
    waiting: list[tuple[float, int, NDArray[np.int32], NDArray[np.int32]]] = []

    def add(nodes: NDArray[np.int32], label: int) -> None:
        if len(nodes) > 1:
            cost, first, rest = split_nodes(graph, nodes)
            heapq.heappush(waiting, (cost, label, first, rest))

    add(np.arange(graph.n, dtype=np.int32), 0)
    for new in range(1, k):
        monitor.check()
        _, label, first, rest = heapq.heappop(waiting)
        labels[first] = new
        if new < k - 1:
            add(first, new)
            add(rest, label)
    return labels
