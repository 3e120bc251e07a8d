"""A partition of a graph, with the sums of which its normalised cut consists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.refinement.loops.borders import add_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph

# A cut or volume below this part of the largest may be no more than what rounding has left of it.
LOST = 1e-9


@dataclass
class Partition:
    """Segments of the nodes of a graph, with all that their normalised cut needs.

    Parameters
    ----------
    labels : (n,) ndarray of int32
        Segments 0 to k - 1.
    sums : (3, k) ndarray of float64
        Cut, volume and number of nodes of each segment.
    """

    labels: NDArray[np.int32]
    sums: NDArray[np.float64]

    @property
    def ncut(self) -> float:
        """The normalised cut."""
        cut, volume = self.sums[0], self.sums[1]
        return float((cut[volume > 0] / volume[volume > 0]).sum())

    def take_sums(self, sums: NDArray[np.float64]) -> None:
        """Take sums of the graph's nodes; if these weigh nothing, keep the volumes as they are."""
        self.sums[[0, 2]] = sums[[0, 2]]
        if sums[1].any():
            self.sums[1] = sums[1]


def measure(graph: Graph, labels: NDArray[np.int32], k: int) -> Partition:
    """Return labels together with the cut, volume and size of their k segments."""
    sums = np.zeros((3, k))
    add_up(graph.indptr, graph.indices, graph.weights, graph.volumes, labels, sums)
    return Partition(labels, sums)


def add_up_anew(graph: Graph, partition: Partition) -> None:
    """Add up the sums of a partition anew where differences may have cost them their digits.

    The sums follow the moves by addition and subtraction: where weights differ by many orders of
    magnitude, a heavy edge that was cut for a while leaves an error larger than a faint border.
    """
    cut, volume = partition.sums[0], partition.sums[1]
    faint = (cut < LOST * cut.max()) & (cut != 0)
    if not (faint.any() or (volume < LOST * volume.max()).any()):
        return
    partition.take_sums(measure(graph, partition.labels, len(cut)).sums)
