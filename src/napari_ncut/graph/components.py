"""The connected components of a graph, at every level of its hierarchy.

Merged nodes are connected, so that the components of the coarsest graph are those of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from napari_ncut.graph.induced import induced_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.coarsen import Hierarchy
    from napari_ncut.graph.pixel_graph import Graph


class Components:
    """The C connected components of a hierarchy.

    Parameters
    ----------
    hierarchy : Hierarchy
        Graphs from fine to coarse.

    Attributes
    ----------
    n : int
        C, the number of components.
    of : list of (n_level,) ndarray of int32
        The component of each node, for every level.
    counts : list of (C,) ndarray of int
        The number of nodes of each component, for every level.
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._order: dict[int, tuple[NDArray[np.intp], NDArray[np.int64]]] = {}
        coarsest = hierarchy.graphs[-1].matrix()
        self.n, component = sp.csgraph.connected_components(coarsest, directed=False)
        self.of: list[NDArray[np.int32]] = [component.astype(np.int32)]
        if self.n == 1:  # zeros that take no memory
            graphs = hierarchy.graphs
            self.of = [np.broadcast_to(np.int32(0), graph.n) for graph in graphs]
            self.counts = [np.array([graph.n]) for graph in graphs]
            return
        for parent in reversed(hierarchy.parents):
            self.of.append(self.of[-1][parent])
        self.of.reverse()
        self.counts = [np.bincount(c, minlength=self.n) for c in self.of]

    def nodes(self, level: int, component: int) -> NDArray[np.intp]:
        """Return the nodes of a component at a level, ascending."""
        if self.n == 1:
            return np.arange(self.counts[level][0])
        if level not in self._order:
            order = np.argsort(self.of[level], kind="stable")
            self._order[level] = order, np.concatenate(([0], np.cumsum(self.counts[level])))
        order, ends = self._order[level]
        return order[ends[component] : ends[component + 1]]

    def graph(self, level: int, component: int) -> Graph:
        """Return the graph of one component at a level."""
        graph = self._hierarchy.graphs[level]
        if self.n == 1:
            return graph
        return induced_graph(graph, self.nodes(level, component))[0]

    def finer(self, level: int, component: int, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Hand the labels of a component's nodes at a level to the next finer level."""
        parent = self._hierarchy.parents[level - 1]
        if self.n == 1:
            return labels[parent]
        above = parent[self.nodes(level - 1, component)]
        return labels[np.searchsorted(self.nodes(level, component), above)]

    def level_with(self, component: int, n_nodes: int) -> int:
        """Return the coarsest level at which a component has so many nodes, or the finest."""
        for level in range(len(self.counts) - 1, 0, -1):
            if self.counts[level][component] >= n_nodes:
                return level
        return 0
