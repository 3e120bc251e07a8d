"""The multilevel normalised cut: solve on a coarse graph, refine on the way back to the fine one.

Every connected component is cut at the level at which it has about as many nodes as its number of
segments asks for; how many segments each component gets follows from the eigenvalues of all.

References
----------
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from napari_ncut import refine as rf
from napari_ncut.compiled import compiled
from napari_ncut.graph import Graph
from napari_ncut.monitor import Monitor
from napari_ncut.spectral import (
    Spectrum,
    cluster_kmeans,
    cluster_qr,
    discretize,
    smallest_eigenvectors,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_ncut.coarsen import Hierarchy

# A coarse graph that is cut into k has at least FEWEST + EACH * k nodes.
FEWEST, EACH = 400, 60
METHODS = ("kmeans", "discretize", "cluster_qr")


class MultilevelCut:
    """A hierarchy of graphs, ready to be cut into any number of segments.

    Eigenvectors and the cuts of single components are kept, so that another number of segments
    costs little.

    Parameters
    ----------
    hierarchy : Hierarchy
        The finest graph has n nodes and C connected components.
    random_state : int
        Seed of the k-means starts.
    methods : sequence of str
        Ways to read segments from eigenvectors; of several, the lowest cut is taken.
    n_components : int, optional
        Number of eigenvectors that are read; by default as many as there are segments.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        *,
        random_state: int = 0,
        methods: Sequence[str] = (),
        n_components: int | None = None,
    ) -> None:
        self.hierarchy = hierarchy
        self.random_state = random_state
        self.n_components_read = n_components
        self.methods = tuple(methods) or ("kmeans", "cluster_qr")
        coarsest = hierarchy.graphs[-1]
        count, component = sp.csgraph.connected_components(coarsest.matrix(), directed=False)
        component = component.astype(np.int32)
        self.n_components = int(count)
        self.components = [component]
        for parent in reversed(hierarchy.parents):
            self.components.append(self.components[-1][parent])
        self.components.reverse()
        self.counts = [np.bincount(c, minlength=count) for c in self.components]
        self._spectra: dict[int, tuple[int, Spectrum]] = {}
        self._cuts: dict[tuple[int, int], tuple[int, NDArray[np.int32], float]] = {}
        self._nodes: dict[int, tuple[NDArray[np.intp], NDArray[np.int64]]] = {}

    def partition(self, shares: NDArray[np.int64], monitor: Monitor | None = None) -> rf.Partition:
        """Cut each component into its share of segments.

        Parameters
        ----------
        shares : (C,) ndarray of int
            Number of segments of each component, at least 1.
        monitor : Monitor, optional
            Progress and cancelling.

        Returns
        -------
        Partition
            Of the finest graph.
        """
        monitor = monitor or Monitor()
        k = int(shares.sum())
        starts = np.cumsum(shares) - shares
        cut = np.flatnonzero(shares > 1)
        pieces: dict[int, list[int]] = {}
        for done, c in enumerate(cut):
            monitor.report(0.6 * done / len(cut), "Cutting the coarse graph")
            level, _, _ = self.component_cut(int(c), int(shares[c]), monitor)
            pieces.setdefault(level, []).append(int(c))
        graphs, parents = self.hierarchy.graphs, self.hierarchy.parents
        top = max(pieces, default=0)
        labels = starts[self.components[top]].astype(np.int32)
        result = rf.Partition(labels, np.zeros((3, k)))
        finest = graphs[0].n
        for level in range(top, -1, -1):
            monitor.report(1 - 0.4 * graphs[level].n / finest, "Refining the borders")
            if level < top:
                result = project(graphs[level], parents[level], result, monitor)
            for c in pieces.get(level, ()):
                nodes = self.component_nodes(level, c)
                result.labels[nodes] = starts[c] + self._cuts[c, int(shares[c])][1]
            if level in pieces:
                result = rf.measure(graphs[level], result.labels, k)
            rf.refine(graphs[level], result, monitor=monitor)
        return result

    def component_nodes(self, level: int, component: int) -> NDArray[np.intp]:
        """Return the nodes of a component at a level."""
        if level not in self._nodes:
            order = np.argsort(self.components[level], kind="stable")
            ends = np.concatenate(([0], np.cumsum(self.counts[level])))
            self._nodes[level] = order, ends
        order, ends = self._nodes[level]
        return order[ends[component] : ends[component + 1]]

    def component_graph(self, level: int, component: int) -> Graph:
        """Return the graph of one component at a level."""
        graph = self.hierarchy.graphs[level]
        if self.n_components == 1:
            return graph
        return subgraph(graph, self.component_nodes(level, component))

    def level_for(self, component: int, k: int) -> int:
        """Return the coarsest level at which a component has enough nodes to be cut into k."""
        for level in range(len(self.counts) - 1, -1, -1):
            if self.counts[level][component] >= FEWEST + EACH * k:
                return level
        return 0

    def spectrum(self, component: int, m: int, monitor: Monitor | None = None) -> Spectrum:
        """Return at least m eigenvectors (or all) of a component, from the level for m."""
        level = self.level_for(component, m)
        known = self._spectra.get(component)
        size = self.counts[level][component]
        if known is None or len(known[1].values) < min(m, size):
            (monitor or Monitor()).check()
            # A few more than asked for: the next question is often for one segment more.
            graph = self.component_graph(level, component)
            known = level, smallest_eigenvectors(graph, min(m + 2, graph.n))
            self._spectra[component] = known
        return known[1]

    def component_cut(
        self, component: int, k: int, monitor: Monitor | None = None
    ) -> tuple[int, NDArray[np.int32], float]:
        """Cut one component into k at its level: level, labels of its nodes, normalised cut."""
        monitor = monitor or Monitor()
        if (component, k) not in self._cuts:
            m = self.n_components_read or k
            spectrum = self.spectrum(component, max(m, k), monitor)
            level = self._spectra[component][0]
            graph = self.component_graph(level, component)
            best = cut_graph(graph, spectrum, k, m, self.methods, self.random_state, monitor)
            self._cuts[component, k] = level, best.labels, best.ncut
        return self._cuts[component, k]

    def share(
        self, n_segments: int, counted: NDArray[np.bool_], monitor: Monitor
    ) -> NDArray[np.int64]:
        """Share segments over components so that the total normalised cut is least.

        The eigenvalues bound the cut of every component from below and add up, so the smallest
        of all components are taken; then single segments change hands while the cuts that are
        really found get lower.

        Parameters
        ----------
        n_segments : int
            Segments for all components that count.
        counted : (C,) ndarray of bool
            The components that count; the others are left whole.
        monitor : Monitor
            Progress and cancelling.

        Returns
        -------
        (C,) ndarray of int64
            Segments of each component.
        """
        shares = np.ones(self.n_components, dtype=np.int64)
        spare = n_segments - int(np.count_nonzero(counted))
        sizes = self.counts[0]
        open_ = np.flatnonzero(counted & (sizes > 1))
        if spare == 0 or len(open_) == 0:
            return shares
        if len(open_) == 1:
            shares[open_[0]] += spare
            return shares
        values: dict[int, NDArray[np.float64]] = {}
        for done, c in enumerate(open_):
            monitor.report(done / len(open_), "Looking where each region can be cut")
            values[int(c)] = self.eigenvalues(int(c), min(4, spare + 1))
        heap = [(values[int(c)][1], int(c)) for c in open_]
        import heapq

        heapq.heapify(heap)
        for _ in range(spare):
            _, c = heapq.heappop(heap)
            shares[c] += 1
            at = int(shares[c])
            if at < sizes[c]:
                if at >= len(values[c]):
                    values[c] = self.eigenvalues(c, min(2 * at, at + spare))
                heapq.heappush(heap, (values[c][at], c))
        return self._exchange(shares, open_, values, monitor)

    def eigenvalues(self, component: int, m: int) -> NDArray[np.float64]:
        """Return at least the m smallest eigenvalues of a component, or all it has."""
        m = min(m, int(self.counts[0][component]))
        values = self.spectrum(component, m).values
        if len(values) < m:  # the coarse graph has fewer nodes than that
            values = np.concatenate((values, np.full(m - len(values), 1.0)))
        return values

    def fiedler(self, monitor: Monitor) -> NDArray[np.float64]:
        """Return the second eigenvector of every component on the finest graph, shape (n,).

        It is carried from level to level and smoothed there: an eigenvector of a small eigenvalue
        is at each node nearly the weighted mean of its neighbours.
        """
        graphs, parents = self.hierarchy.graphs, self.hierarchy.parents
        vector = np.zeros(graphs[-1].n)
        known: dict[int, list[int]] = {}
        cut = np.flatnonzero(self.counts[0] > 1)
        for done, c in enumerate(cut):
            monitor.report(0.7 * done / len(cut), "Solving the coarse graph")
            self.spectrum(int(c), 2, monitor)
            known.setdefault(self._spectra[int(c)][0], []).append(int(c))
        for level in range(len(graphs) - 1, -1, -1):
            monitor.report(1 - 0.3 * graphs[level].n / graphs[0].n, "Smoothing the eigenvector")
            if level < len(parents):
                vector = vector[parents[level]]
                for _ in range(3):
                    monitor.check()
                    vector = average_neighbours(
                        graphs[level].indptr, graphs[level].indices, graphs[level].weights, vector
                    )
            for c in known.get(level, ()):
                solved = self._spectra[c][1].embedding[:, 1]
                vector[self.component_nodes(level, c)] = solved
        return vector

    def _exchange(
        self,
        shares: NDArray[np.int64],
        candidates: NDArray[np.intp],
        values: dict[int, NDArray[np.float64]],
        monitor: Monitor,
    ) -> NDArray[np.int64]:
        """Move single segments between components while the cuts that are found get lower."""

        def ncut(c: int, k: int) -> float:
            return 0.0 if k == 1 else self.component_cut(c, k, monitor)[2]

        for _ in range(8):
            # Only those whose next eigenvalue is near the border of what was taken.
            gains = []
            taken = max((values[int(c)][shares[c] - 1] for c in candidates), default=0.0)
            for c in map(int, candidates):
                at = int(shares[c])
                if at < self.counts[0][c] and at < len(values[c]) and values[c][at] < 2 * taken:
                    gains.append((ncut(c, at + 1) - ncut(c, at), c))
            losses = [
                (ncut(c, int(shares[c]) - 1) - ncut(c, int(shares[c])), c)
                for c in map(int, candidates)
                if shares[c] > 1 and values[c][shares[c] - 1] > 0.5 * taken
            ]
            pairs = [(gain + loss, a, b) for gain, a in gains for loss, b in losses if a != b]
            if not pairs or min(pairs)[0] >= -1e-12:
                break
            _, a, b = min(pairs)
            shares[a] += 1
            shares[b] -= 1
        return shares


@compiled
def average_neighbours(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    vector: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of each entry and the weighted mean over its neighbours."""
    result = vector.copy()
    for node in range(len(vector)):
        total = 0.0
        degree = 0.0
        for edge in range(indptr[node], indptr[node + 1]):
            total += weights[edge] * vector[indices[edge]]
            degree += weights[edge]
        if degree > 0:
            result[node] = 0.5 * (vector[node] + total / degree)
    return result


def subgraph(graph: Graph, nodes: NDArray[np.intp]) -> Graph:
    """Return the graph of some nodes that have no edge to the others."""
    matrix = sp.csr_array(graph.matrix()[nodes][:, nodes])
    cells = None if graph.cells is None else graph.cells[nodes]
    return Graph(matrix.indptr, matrix.indices, matrix.data, graph.volumes[nodes], cells)


def cut_graph(
    graph: Graph,
    spectrum: Spectrum,
    k: int,
    m: int,
    methods: Sequence[str],
    seed: int,
    monitor: Monitor | None = None,
) -> rf.Partition:
    """Cut a small connected graph into k: several readings of its eigenvectors, the best refined.

    Parameters
    ----------
    graph : Graph
        n nodes.
    spectrum : Spectrum
        At least its m smallest eigenvectors.
    k : int
        Number of segments.
    m : int
        Number of eigenvectors that are read.
    methods : sequence of str
        Out of "kmeans", "discretize" and "cluster_qr".
    seed : int
        Seed of the k-means starts.
    monitor : Monitor, optional
        Asked whether to go on.
    """
    monitor = monitor or Monitor()
    best: rf.Partition | None = None
    for labels in readings(spectrum, k, m, methods, seed):
        monitor.check()
        partition = rf.measure(graph, fill_empty(labels, k), k)
        rf.refine(graph, partition, passes=20, patience=200)
        if best is None or partition.ncut < best.ncut:
            best = partition
    assert best is not None
    return best


def readings(
    spectrum: Spectrum, k: int, m: int, methods: Sequence[str], seed: int
) -> list[NDArray[np.int32]]:
    """Return the segments that each method reads from the first m eigenvectors."""
    if k >= len(spectrum.root):
        return [np.arange(len(spectrum.root), dtype=np.int32)]
    if k == 1:
        return [np.zeros(len(spectrum.root), dtype=np.int32)]
    embedding = spectrum.embedding[:, : max(m, 2)]
    found = []
    for method in methods:
        if method == "kmeans":
            found.append(cluster_kmeans(embedding[:, 1:], spectrum.root**2, k, seed))
        elif method == "cluster_qr":
            found.append(cluster_qr(spectrum.embedding[:, :k]))
            found.append(cluster_qr(spectrum.vectors[:, :k]))
        else:
            found.append(discretize(spectrum.vectors[:, :k], seed))
    return found


def fill_empty(labels: NDArray[np.int32], k: int) -> NDArray[np.int32]:
    """Give every empty segment a node of the segment that has the most."""
    labels = labels.copy()
    counts = np.bincount(labels, minlength=k)
    for empty in np.flatnonzero(counts == 0):
        largest = int(counts.argmax())
        labels[np.flatnonzero(labels == largest)[0]] = empty
        counts[largest] -= 1
        counts[empty] = 1
    return labels


def project(
    graph: Graph, parent: NDArray[np.int32], coarse: rf.Partition, monitor: Monitor
) -> rf.Partition:
    """Return a partition of the coarser graph as one of this graph: same cut, same volumes."""
    monitor.check()
    sums = coarse.sums.copy()
    labels = coarse.labels[parent]
    sums[2] = np.bincount(labels, minlength=sums.shape[1])
    return rf.Partition(labels, sums)
