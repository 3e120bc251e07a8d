"""The multilevel normalised cut: solve on a coarse graph, refine on the way back to the fine one.

Every connected component is cut at the level at which it has about as many nodes as its number of
segments asks for; how many segments each component gets follows from the eigenvalues of all.

References
----------
Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel approach,
IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957.
"""

from __future__ import annotations

import heapq
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.cutting.recursive import divide
from napari_ncut.graph.components import Components
from napari_ncut.refinement import refine as rf
from napari_ncut.refinement.agglomerate import agglomerate
from napari_ncut.refinement.merge_split import exchange, split_along
from napari_ncut.spectral.eigenvectors import Spectrum, smallest_eigenvectors
from napari_ncut.spectral.fiedler import average_neighbours
from napari_ncut.spectral.rounding import readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_ncut.graph.coarsen import Hierarchy
    from napari_ncut.graph.pixel_graph import Graph

# A coarse graph that is cut into k has at least FEWEST + EACH * k nodes.
FEWEST, EACH = 200, 20
# From SEVERAL segments on, cutting a component in two again and again is tried, too; above MANY it
# is all that is done, and no more eigenvalues than that are computed.
SEVERAL, MANY = 8, 32
# A cut in two is looked for along so many eigenvectors: with a faint border across a short side,
# the second eigenvector still follows the long one.
SWEPT = 4
# Components of so few nodes are cut into up to CAREFUL segments on the finest graph, too: a border
# may run where pixels were merged. Segments that hang on threads are exchanged on so many.
SMALL, CAREFUL = 20_000, 12
# By Weyl's law the k-th eigenvalue of n equal pixels is about pi k / n. Where it is below half of
# that, segments hang on threads: eigenvectors can hardly be told apart; segments are merged, too.
FAINT = 1.5
# Where the normalised cut of a segment is below this times k / n, some may hang on threads.
THREAD = 4.5
# Eigenvectors of smaller eigenvalues than this are any mixture of one another.
APART = 1e-8
# Nodes of the graph on which the Fiedler vector is computed.
SMOOTH = 1000


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
        Ways to read segments from eigenvectors; of several, the lowest cut is taken. By default
        those that suit the number of segments.
    n_eigenvectors : int, optional
        Number of eigenvectors that are read; by default as many as there are segments.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        *,
        random_state: int = 0,
        methods: Sequence[str] = (),
        n_eigenvectors: int | None = None,
    ) -> None:
        self.hierarchy = hierarchy
        self.random_state = random_state
        self.n_eigenvectors = n_eigenvectors
        self.methods = tuple(methods)
        self.components = Components(hierarchy)
        self._spectra: dict[tuple[int, int], Spectrum] = {}
        self._cuts: dict[tuple[int, int], tuple[int, NDArray[np.int32]]] = {}

    def partition(
        self,
        shares: NDArray[np.int64],
        counted: NDArray[np.bool_] | None = None,
        monitor: Monitor | None = None,
        *,
        redraw: bool = True,
    ) -> rf.Partition:
        """Cut each component into its share of segments.

        Parameters
        ----------
        shares : (C,) ndarray of int
            Number of segments of each component, at least 1; a first guess, as segments may move
            from one component to another.
        counted : (C,) ndarray of bool, optional
            The components that count; the others are left whole.
        monitor : Monitor, optional
            Progress and cancelling.
        redraw : bool
            Whether borders are redrawn on the finest graph, too.

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
        for i, c in enumerate(map(int, cut)):
            monitor.report(0.6 * i / len(cut), "Cutting the coarse graph")
            level, _ = self.component_cut(int(c), int(shares[c]), monitor)
            pieces.setdefault(level, []).append(int(c))
        graphs, parents = self.hierarchy.graphs, self.hierarchy.parents
        top, bottom = max(pieces, default=0), min(pieces, default=-1)
        labels = starts[self.components.of[top]].astype(np.int32)
        result = rf.Partition(labels, np.zeros((3, k)))
        finest = graphs[0].n
        for level in range(top, -1, -1):
            done = graphs[level + 1].n / finest if level < top else 0.0
            monitor.report(0.6 + 0.4 * done, "Refining the borders")
            near = None
            if level < top:
                result, near = project(graphs[level], parents[level], graphs[level + 1], result)
            for c in pieces.get(level, ()):
                nodes = self.components.nodes(level, c)
                result.labels[nodes] = starts[c] + self._cuts[c, int(shares[c])][1]
            if level in pieces:
                result, near = rf.measure(graphs[level], result.labels, k), None
            if level == bottom and len(shares) > 1:
                closed = None if counted is None else ~np.repeat(counted, shares)
                result = exchange(graphs[level], result, closed, monitor)
            if level < top or self.components.n > 1:  # else refined when it was cut
                band = (0, 0) if level == 0 and not redraw else None
                rf.refine(graphs[level], result, near=near, band=band, monitor=monitor)
        return result

    def spectrum(self, component: int, level: int, m: int) -> Spectrum:
        """Return at least m eigenvectors (or all) of a component at a level."""
        known = self._spectra.get((component, level))
        if known is None or len(known.values) < min(m, self.components.counts[level][component]):
            graph = self.components.graph(level, component)
            # A few more than asked for: the next question is often for one segment more.
            known = smallest_eigenvectors(graph, min(m + 2, graph.n))
            self._spectra[component, level] = known
        return known

    def component_cut(
        self, component: int, k: int, monitor: Monitor | None = None
    ) -> tuple[int, NDArray[np.int32]]:
        """Cut one component into k on a coarse graph, and a small component on the finest one.

        Fewer nodes show the shape better, more of them where the border runs. Several ways to cut
        are tried, their borders refined, and the lowest cut is taken.

        Parameters
        ----------
        component : int
            Which.
        k : int
            Number of segments.
        monitor : Monitor, optional
            Checks for cancellation.

        Returns
        -------
        level : int
            The level of the labels.
        labels : ndarray of int32
            Segments 0 to k - 1 of the nodes of the component.
        """
        if (component, k) in self._cuts:
            return self._cuts[component, k]
        monitor = monitor or Monitor()
        monitor.check()
        m = max(self.n_eigenvectors or k, k)
        level = self.components.level_with(component, FEWEST + EACH * m)
        graph = self.components.graph(level, component)
        found = self._candidates(graph, component, level, k, monitor)
        best = refined(graph, found, k, monitor)
        if not self._is_halved(component, level, k):
            best = exchange(graph, best, monitor=monitor)
        rf.refine(graph, best, band=rf.WIDE, monitor=monitor)
        finer, best = self._finer_cut(component, level, best, k, monitor)
        self._cuts[component, k] = finer, best.labels
        return self._cuts[component, k]

    def _finer_cut(
        self, component: int, level: int, best: rf.Partition, k: int, monitor: Monitor
    ) -> tuple[int, rf.Partition]:
        """Carry the cut of a component to a finer level, where that shows borders that count.

        Of a small component that is the finest one. Where segments hang on threads, a few faint
        edges decide, and nodes of the coarse graph may lie across them: segments are exchanged once
        more on as fine a graph as time allows, and each is split along several eigenvectors.
        """
        counts = [int(count[component]) for count in self.components.counts]
        is_small = k <= CAREFUL and counts[0] <= SMALL
        hangs = best.ncut < THREAD * k * k / counts[0]
        target = level
        if is_small:
            target = 0
        elif hangs:
            target = next(n for n in range(level + 1) if n == level or counts[n] <= SMALL)
        for finer in range(level - 1, target - 1, -1):
            graph = self.components.graph(finer, component)
            labels = self.components.finer(finer + 1, component, best.labels)
            best = refined(graph, [labels], k, monitor)
        graph = self.components.graph(target, component)
        if is_small and level > 0:
            if k == 2:
                found = self._halves(graph, component, 0, k)
            elif hangs or self._may_hide(component, best, k, monitor):
                found = [divide(graph, k, monitor)]
            else:
                found = []
            if found:
                best = min(best, refined(graph, found, k, monitor), key=attrgetter("ncut"))
        # Of two, the best cuts along eigenvectors are known, unless none can be told from others.
        if hangs and (k > 2 or best.ncut < APART):
            best = exchange(graph, best, monitor=monitor, n_vectors=SWEPT)
        return target, best

    def _may_hide(self, component: int, best: rf.Partition, k: int, monitor: Monitor) -> bool:
        """Tell whether blocks of pixels may hide a faint border from the cut of a component.

        They hide none where cutting the blocks in two again and again comes to the same cut.
        """
        if self.hierarchy.graphs[0].cells is None:
            return False
        divided = divide(self.components.graph(1, component), k, monitor)
        labels = self.components.finer(1, component, divided)
        other = refined(self.components.graph(0, component), [labels], k, monitor)
        return not np.isclose(other.ncut, best.ncut, rtol=1e-9, atol=0)

    def _candidates(
        self, graph: Graph, component: int, level: int, k: int, monitor: Monitor
    ) -> list[NDArray[np.int32]]:
        """Return cuts of a component's graph into k, to be refined."""
        free = not self.methods and self.n_eigenvectors is None
        if free and MANY < k < graph.n:
            return [divide(graph, k, monitor)]
        m = self.n_eigenvectors or k
        spectrum = self.spectrum(component, level, max(m, k))
        methods = self.methods or ("kmeans", "cluster_qr")
        found = readings(spectrum, k, m, methods, self.random_state)
        if free and not self._is_halved(component, level, k):
            found += self._halves(graph, component, level, k)
        if free and SEVERAL <= k < graph.n:
            found.append(divide(graph, k, monitor))
        highest = spectrum.values[min(k, len(spectrum.values)) - 1]
        if free and k > 2 and highest < FAINT * k / self.components.counts[0][component]:
            found.append(agglomerate(graph, k))
        return found

    def _is_halved(self, component: int, level: int, k: int) -> bool:
        """Tell whether a component will be cut in two on the finest graph: no need to before."""
        return k == 2 and level > 0 and SWEPT < self.components.counts[0][component] <= SMALL

    def _halves(self, graph: Graph, component: int, level: int, k: int) -> list[NDArray[np.int32]]:
        """Return cuts of a component in two, each along another eigenvector; none for other k."""
        if k != 2 or graph.n <= SWEPT:
            return []
        vectors = self.spectrum(component, level, SWEPT).embedding.T[1:SWEPT]
        return [split_along(graph, vector) for vector in vectors]

    def share(
        self, n_segments: int, counted: NDArray[np.bool_], monitor: Monitor
    ) -> NDArray[np.int64]:
        """Share segments over components so that the total normalised cut is least.

        The eigenvalues bound the cut of every component from below and add up, so the smallest
        of all components are taken.

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
        shares = np.ones(self.components.n, dtype=np.int64)
        spare = n_segments - int(np.count_nonzero(counted))
        sizes = self.components.counts[0]
        open_ = np.flatnonzero(counted & (sizes > 1))
        if spare == 0 or len(open_) == 0:
            return shares
        if len(open_) == 1:
            shares[open_[0]] += spare
            return shares
        values: dict[int, NDArray[np.float64]] = {}
        for done, c in enumerate(map(int, open_)):
            monitor.report(done / len(open_), "Looking where each region can be cut")
            # A guess from the size; more are computed if they are needed.
            guess = 3 + int(1.2 * n_segments * sizes[c] / sizes[counted].sum())
            values[c] = self._growing_eigenvalues(c, min(guess, spare + 1))
        heap = [(float(values[c][1]), c) for c in map(int, open_)]
        heapq.heapify(heap)
        for _ in range(spare):
            c = heapq.heappop(heap)[1]
            shares[c] += 1
            at = int(shares[c])
            if at < sizes[c]:
                if at >= len(values[c]):
                    values[c] = self._growing_eigenvalues(c, at + 2 + at // 2)
                heapq.heappush(heap, (float(values[c][at]), c))
        return shares

    def _growing_eigenvalues(self, component: int, m: int) -> NDArray[np.float64]:
        """Return at least m eigenvalues, or all; from MANY on as Weyl's law says for a plane.

        There the number of eigenvalues below a value is proportional to it.
        """
        known = self.eigenvalues(component, min(m, MANY))
        if len(known) < min(m, MANY) or m <= len(known):
            return known
        more = np.arange(len(known), min(m, int(self.components.counts[0][component])))
        return np.concatenate((known, known[-1] * more / (len(known) - 1)))

    def eigenvalues(self, component: int, m: int) -> NDArray[np.float64]:
        """Return at least the m smallest eigenvalues of a component, or all it has."""
        counts = self.components.counts
        m = min(m, int(counts[0][component]))
        level = self.components.level_with(component, FEWEST + EACH * m)
        if counts[level][component] < m:  # hardly coarser than the pixels, and too coarse for m
            level = 0
        return self.spectrum(component, level, m).values

    def fiedler(self, monitor: Monitor) -> NDArray[np.float64]:
        """Return the second eigenvector of every component on the finest graph, shape (n,).

        It is carried from level to level and smoothed there: an eigenvector of a small eigenvalue
        is at each node nearly the weighted mean of its neighbours.
        """
        graphs, parents = self.hierarchy.graphs, self.hierarchy.parents
        vector = np.zeros(graphs[-1].n)
        known: dict[int, list[int]] = {}
        cut = np.flatnonzero(self.components.counts[0] > 1)
        for i, c in enumerate(map(int, cut)):
            monitor.report(0.7 * i / len(cut), "Solving the coarse graph")
            known.setdefault(self.components.level_with(c, SMOOTH), []).append(c)
        for level in range(len(graphs) - 1, -1, -1):
            done = graphs[level + 1].n / graphs[0].n if level < len(parents) else 0.0
            monitor.report(0.7 + 0.3 * done, "Smoothing the eigenvector")
            if level < len(parents):
                vector = vector[parents[level]]
                for _ in range(3):
                    monitor.check()
                    vector = average_neighbours(graphs[level], vector)
            for c in known.get(level, ()):
                solved = self.spectrum(c, level, 2).embedding[:, 1]
                vector[self.components.nodes(level, c)] = solved
        return vector


def refined(graph: Graph, found: list[NDArray[np.int32]], k: int, monitor: Monitor) -> rf.Partition:
    """Refine the borders of several partitions of a graph into k; return the lowest cut."""
    partitions = [rf.measure(graph, labels, k) for labels in found]
    for partition in partitions:
        rf.refine(graph, partition, passes=20, patience=200, monitor=monitor)
    return min(partitions, key=attrgetter("ncut"))


def project(
    graph: Graph,
    parent: NDArray[np.int32],
    coarse_graph: Graph,
    coarse: rf.Partition,
) -> tuple[rf.Partition, NDArray[np.int32]]:
    """Return a partition of a coarser graph as one of this graph: same cut, same volumes.

    Returns
    -------
    partition : Partition
        Of this graph.
    near : ndarray of int32
        The nodes whose merged node has a neighbour in another segment: all borders are here.
    """
    sums = coarse.sums.copy()
    labels = coarse.labels[parent]
    sums[2] = np.bincount(labels, minlength=sums.shape[1])
    border = np.zeros(coarse_graph.n, dtype=bool)
    border[rf.border_nodes(coarse_graph.indptr, coarse_graph.indices, coarse.labels)] = True
    return rf.Partition(labels, sums), np.flatnonzero(border[parent]).astype(np.int32)
