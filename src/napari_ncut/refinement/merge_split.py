"""Give a segment to where it is worth more: merge two, and split a third.

Moves of single nodes never change which objects are told apart. Here the two neighbours whose
union saves most are merged, and the segment that costs least to split is cut along its own second
eigenvector, as long as that lowers the normalised cut. It also carries segments from one connected
component to another.

References
----------
Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on Pattern Analysis
and Machine Intelligence 22(8), 888-905; section 3.1, the recursive two-way cut.
Dhillon, Guan and Kulis (2004), A unified view of kernel k-means, spectral clustering and graph
cuts, University of Texas at Austin, technical report TR-04-25; section 5, local search.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from napari_ncut.core.monitor import Monitor
from napari_ncut.graph.induced import induced_graph
from napari_ncut.refinement import refine as rf
from napari_ncut.refinement.loops.splits import sweep
from napari_ncut.spectral.eigenvectors import smallest_eigenvectors
from napari_ncut.spectral.fiedler import fiedler_vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph

# With more segments than this the search would take longer than all the rest.
MOST = 400
# Gains below this part of the normalised cut are not worth a trade.
WORTH = 1e-3


def exchange(
    graph: Graph,
    partition: rf.Partition,
    fixed: NDArray[np.bool_] | None = None,
    monitor: Monitor | None = None,
    n_vectors: int = 0,
) -> rf.Partition:
    """Merge and split while that lowers the normalised cut; the number of segments stays.

    Parameters
    ----------
    graph : Graph
        Of n nodes, some thousand at most.
    partition : Partition
        Its k segments, refined.
    fixed : (k,) ndarray of bool, optional
        Segments that are left as they are.
    monitor : Monitor, optional
        Checks for cancellation.
    n_vectors : int
        Eigenvectors along which each segment is split; by default one, to a few digits.

    Returns
    -------
    Partition
        As good or better.
    """
    monitor = monitor or Monitor()
    k = partition.sums.shape[1]
    if not 1 < k <= MOST:
        return partition
    splits: dict[int, tuple[float, NDArray[np.int32]]] = {}
    closed = np.zeros(k, dtype=bool) if fixed is None else fixed
    for _ in range(2 * k):
        for s in range(k):
            if s not in splits:
                monitor.check()
                splits[s] = (np.inf, np.empty(0, np.int32))
                if not closed[s] and partition.sums[2, s] > 1:
                    nodes = np.flatnonzero(partition.labels == s).astype(np.int32)
                    splits[s] = split_nodes(graph, nodes, n_vectors)[:2]
        tried = None
        for a, b, s in _best_trades(graph, partition, splits):
            labels = partition.labels.copy()
            labels[labels == b] = a
            labels[splits[s][1]] = b
            tried = rf.measure(graph, labels, k)
            rf.refine(graph, tried, monitor=monitor)
            if tried.ncut <= partition.ncut * (1 - 0.5 * WORTH):
                break
            tried = None
        if tried is None and n_vectors:
            tried = _best_transfer(graph, partition, splits, monitor)
        if tried is None:
            break
        # Where nodes came or went, a split found before is no longer one.
        moved = tried.labels != partition.labels
        for changed in {*tried.labels[moved].tolist(), *partition.labels[moved].tolist()}:
            splits.pop(changed, None)
        partition = tried
    return partition


def _best_transfer(
    graph: Graph,
    partition: rf.Partition,
    splits: dict[int, tuple[float, NDArray[np.int32]]],
    monitor: Monitor,
) -> rf.Partition | None:
    """Give a part of a segment to the neighbour that it hangs on most, if that gains anything."""
    k = partition.sums.shape[1]
    best = None
    for s, (cost, first) in splits.items():
        if not np.isfinite(cost):
            continue
        inside = partition.labels == s
        inside[first] = False
        for part in (first, np.flatnonzero(inside)):
            is_part = np.zeros(graph.n, dtype=bool)
            is_part[part] = True
            edges = np.repeat(is_part, np.diff(graph.indptr))
            others = partition.labels[graph.indices[edges]]
            links = np.bincount(others, graph.weights[edges], k)
            links[s] = 0.0
            if not links.any():
                continue
            monitor.check()
            labels = partition.labels.copy()
            labels[part] = links.argmax()
            tried = rf.measure(graph, labels, k)
            if best is None or tried.ncut < best.ncut:
                best = tried
    if best is None or best.ncut > partition.ncut * (1 - WORTH):
        return None
    rf.refine(graph, best, monitor=monitor)
    return best


def _best_trades(
    graph: Graph, partition: rf.Partition, splits: dict[int, tuple[float, NDArray[np.int32]]]
) -> list[tuple[int, int, int]]:
    """Return two segments to merge and one to split: what gains most, if anything does.

    The best is one of each kind: the third segment is another one, or one of the two, whose union
    is then split along the border that it had found; what this gains is a guess.
    """
    a, b, change = merges(graph, partition)
    if len(a) == 0:
        return []
    costs = np.array([splits[s][0] for s in range(len(splits))])
    cheap = np.argsort(costs, kind="stable")[:3]
    found: dict[bool, tuple[float, tuple[int, int, int]]] = {}
    for i in np.argsort(change, kind="stable"):
        for s in cheap:
            gain = -change[i] - costs[s]
            is_one = bool(s in (a[i], b[i]))
            if gain > max(WORTH * partition.ncut, found.get(is_one, (0.0,))[0]):
                found[is_one] = gain, (int(a[i]), int(b[i]), int(s))
    return [trade for _, trade in sorted(found.values(), reverse=True)]


def merges(
    graph: Graph, partition: rf.Partition
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return all pairs of neighbouring segments, and what their union changes.

    Returns
    -------
    a, b : (p,) ndarray of int
        The pairs, a < b.
    change : (p,) ndarray of float64
        Change of the normalised cut, never above 0.
    """
    k = partition.sums.shape[1]
    rows = np.repeat(partition.labels, np.diff(graph.indptr))
    columns = partition.labels[graph.indices]
    upper = rows < columns
    links = sp.coo_array((graph.weights[upper], (rows[upper], columns[upper])), shape=(k, k))
    links = sp.coo_array(links.tocsr())
    a, b = links.row.astype(np.int64), links.col.astype(np.int64)
    cut, volume = partition.sums[0], np.maximum(partition.sums[1], 1e-300)
    joined = (cut[a] + cut[b] - 2 * links.data) / (volume[a] + volume[b])
    return a, b, joined - cut[a] / volume[a] - cut[b] / volume[b]


def split_nodes(
    graph: Graph, nodes: NDArray[np.int32], n_vectors: int = 0
) -> tuple[float, NDArray[np.int32], NDArray[np.int32]]:
    """Cut a segment in two along an eigenvector, where the normalised cut is lowest.

    With ``n_vectors`` so many are looked at: where several parts hang on threads, each has an
    eigenvalue of nearly 0, and the second vector to a few digits is any of them, or a mixture.

    Returns
    -------
    cost : float
        What that adds to the normalised cut.
    first, rest : ndarray of int32
        The nodes of the two parts.
    """
    part, outer = induced_graph(graph, nodes)
    if n_vectors and part.n > n_vectors:
        vectors = list(smallest_eigenvectors(part, n_vectors + 1).embedding.T[1:])
    else:
        vectors = [fiedler_vector(part)]
    sweeps = [lowest_sweep(part, outer, vector) for vector in vectors]
    lowest, first, rest = min(sweeps, key=itemgetter(0))
    volume = float(part.volumes.sum())
    cost = lowest - (float(outer.sum()) / volume if volume > 0 else 0.0)
    return cost, nodes[first], nodes[rest]


def split_along(graph: Graph, vector: NDArray[np.float64]) -> NDArray[np.int32]:
    """Cut a graph in two where the normalised cut is lowest in the order of a vector; 0 and 1."""
    rest = lowest_sweep(graph, np.zeros(graph.n), vector)[2]
    labels = np.zeros(graph.n, dtype=np.int32)
    labels[rest] = 1
    return labels


def lowest_sweep(
    graph: Graph, outer: NDArray[np.float64], vector: NDArray[np.float64]
) -> tuple[float, NDArray[np.int32], NDArray[np.int32]]:
    """Return the lowest *cut / volume* of two parts in the order of a vector, and their nodes.

    ``outer`` is the weight of the edges from each node to what is not in the graph.
    """
    order = np.argsort(vector, kind="stable").astype(np.int32)
    arrays = graph.indptr, graph.indices, graph.weights, graph.volumes
    sums = float(outer.sum()), float(graph.volumes.sum())
    lowest, at = sweep(*arrays, outer, order, *sums)
    return lowest, order[: at + 1], order[at + 1 :]
