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

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.refinement.local_search import climb, descend
from napari_ncut.refinement.max_flow import redraw_border, redraw_large_border

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph

# Moves between two questions whether the run is cancelled.
CHUNK = 100_000
# Moves of one descent at most, a node: a descent takes a few, but for one that rounding leads on.
MOST_MOVES = 50
# A cut or volume below this part of the largest may be no more than what rounding has left of it.
LOST = 1e-9
# A lower cut than this (relative) is worth another round.
LEAST = 1e-3
# Larger graphs than this are refined where their coarser graph has left a border.
SMALL = 100_000
# Half the width (in nodes) of the bands in which borders are redrawn, and how often at most: as a
# rule, on large graphs, and where a border may find its way far from where it began.
BAND, NARROW, WIDE = (6, 3), (3, 1), (20, 3)
# Redrawing borders of more nodes than this takes so long that it must be possible to cancel it.
LARGE = 2_000


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


def measure(graph: Graph, labels: NDArray[np.int32], k: int) -> Partition:
    """Return labels together with the cut, volume and size of their k segments."""
    sums = np.zeros((3, k))
    add_up(graph.indptr, graph.indices, graph.weights, graph.volumes, labels, sums)
    return Partition(labels, sums)


def restore_digits(graph: Graph, partition: Partition) -> None:
    """Add up the sums of a partition anew where differences may have cost them their digits.

    The sums follow the moves by addition and subtraction: where weights differ by many orders of
    magnitude, a heavy edge that was cut for a while leaves an error larger than a faint border.
    """
    cut, volume = partition.sums[0], partition.sums[1]
    faint = (cut < LOST * cut.max()) & (cut != 0)
    if not (faint.any() or (volume < LOST * volume.max()).any()):
        return
    sums = measure(graph, partition.labels, len(cut)).sums
    partition.sums[0] = sums[0]
    if sums[1].any():  # else nodes weigh nothing, and all segments the same
        partition.sums[1] = sums[1]


@compiled
def add_up(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Add cut, volume and number of nodes to ``sums`` of each segment."""
    for node in range(len(labels)):
        label = labels[node]
        sums[1, label] += volumes[node]
        sums[2, label] += 1
        for edge in range(indptr[node], indptr[node + 1]):
            if labels[indices[edge]] != label:
                sums[0, label] += weights[edge]


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
        Asked whether to go on.
    """
    monitor = monitor or Monitor()
    if partition.sums.shape[1] < 2:
        return
    structure = graph.indptr, graph.indices, partition.labels
    state = np.zeros(graph.n, dtype=np.uint8)
    if bound is not None:
        state[bound] = 2
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    near = border_nodes(*structure) if near is None else border_within(*structure, near, 0)
    descend_all(graph, partition, near, state, monitor)
    # On a coarse graph whole regions may have moved, on a fine one only the border.
    wide = graph.n <= SMALL
    border = border_nodes(*structure) if wide else border_within(*structure, near, 4)
    band = band or (BAND if graph.n <= SMALL else NARROW)
    border = redraw_borders(graph, partition, border, state, band, monitor)
    for _ in range(passes):
        monitor.check()
        gain = climb(*arrays, partition.labels, partition.sums, state, border, patience)
        if gain > -LEAST * partition.ncut:
            break
        border = border_within(*structure, border, 3)
    restore_digits(graph, partition)


def descend_all(
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
        2 for nodes that keep their segment.
    monitor : Monitor
        Asked whether to go on.
    """
    restore_digits(graph, partition)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    start = partition.labels.copy()
    # Counted: with sums that have lost their digits, moves could go round in a circle.
    left = MOST_MOVES * graph.n
    while len(queue) and left > 0:
        monitor.check()
        most = min(CHUNK, left)
        queue = descend(*arrays, partition.labels, partition.sums, state, queue, most)
        left -= most
    if len(queue):
        k = partition.sums.shape[1]
        before, after = measure(graph, start, k), measure(graph, partition.labels, k)
        best = min(before, after, key=lambda found: found.ncut)
        partition.labels[:] = best.labels
        partition.sums[[0, 2]] = best.sums[[0, 2]]
        if best.sums[1].any():
            partition.sums[1] = best.sums[1]
    restore_digits(graph, partition)


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
        Asked whether to go on.
    """
    k = partition.sums.shape[1]
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    position = np.full(graph.n, -1, dtype=np.int32)
    changed = np.ones(k, dtype=bool)
    hops, rounds = band
    for _ in range(rounds):
        pairs, nodes = border_pairs(graph.indptr, graph.indices, partition.labels, border, k)
        if len(pairs) == 0:
            break
        order = np.argsort(pairs, kind="stable")
        keys, starts = np.unique(pairs[order], return_index=True)
        active, changed = changed, np.zeros(k, dtype=bool)
        before = partition.ncut
        for key, between in zip(keys, np.split(nodes[order], starts[1:]), strict=True):
            monitor.check()
            a, b = divmod(int(key), k)
            if not (active[a] or active[b]) or partition.sums[1, [a, b]].min() <= 0:
                continue
            large = len(between) > LARGE
            redraw = partial(redraw_large_border, monitor=monitor) if large else redraw_border
            gain = redraw(
                *arrays, partition.labels, partition.sums, state, position, between, a, b, hops
            )
            if gain < -LEAST * before / k:
                changed[a] = changed[b] = True
        if not changed.any():
            break
        border = border_within(graph.indptr, graph.indices, partition.labels, border, hops)
    return border


@compiled
def border_pairs(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    border: NDArray[np.int32],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return ``a * k + b`` for the two segments a < b of edges that are cut, and a node of each."""
    pairs = [np.int64(0) for _ in range(0)]
    nodes = [np.int32(0) for _ in range(0)]
    for node in border:
        for edge in range(indptr[node], indptr[node + 1]):
            a = labels[node]
            b = labels[indices[edge]]
            if a < b:
                pairs.append(np.int64(a) * k + b)
                nodes.append(np.int32(node))
    return np.array(pairs, dtype=np.int64), np.array(nodes, dtype=np.int32)


@compiled
def border_nodes(
    indptr: NDArray[np.signedinteger[Any]], indices: NDArray[np.int32], labels: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the nodes that have a neighbour in another segment."""
    found = np.empty(len(labels), dtype=np.int32)
    count = 0
    for node in range(len(labels)):
        for edge in range(indptr[node], indptr[node + 1]):
            if labels[indices[edge]] != labels[node]:
                found[count] = node
                count += 1
                break
    return found[:count].copy()


@compiled
def border_within(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    nodes: NDArray[np.int32],
    rings: int,
) -> NDArray[np.int32]:
    """Return the border nodes among some nodes and those up to some edges away."""
    seen = np.zeros(len(labels), dtype=np.bool_)
    found = [np.int32(0) for _ in range(0)]
    ring = [np.int32(node) for node in nodes]
    for node in ring:
        seen[node] = True
    for _ in range(rings + 1):
        outer = [np.int32(0) for _ in range(0)]
        for node in ring:
            border = False
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                border = border or labels[other] != labels[node]
                if not seen[other]:
                    seen[other] = True
                    outer.append(other)
            if border:
                found.append(node)
        ring = outer
    return np.sort(np.array(found, dtype=np.int32))
