"""Points and scribbles as constraints: seeded pixels keep their label, the rest follows.

On a coarse graph every free node goes to the seed that a random walk from it reaches first; that,
and the free cut with its segments handed to the seeds they overlap, are refined with the seeded
nodes held fast, and the lower normalised cut is carried to the pixels.

References
----------
Grady (2006), Random walks for image segmentation, IEEE Transactions on Pattern Analysis and
Machine Intelligence 28(11), 1768-1783.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from napari_ncut import refine as rf
from napari_ncut.monitor import Monitor
from napari_ncut.multilevel import EACH, FEWEST, MultilevelCut, project
from napari_ncut.serial import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.coarsen import Hierarchy
    from napari_ncut.graph import Graph


def seed_array(seeds: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the seed label of each masked pixel, 0 where it is free, shape (n,).

    Raises
    ------
    ValueError
        If there is no seed, a label is too large for 32 bits, or a label lies outside the mask
        altogether.
    """
    array = seeds.astype(np.int64)
    if array.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"seeds holds the label {array.max()}; wanted labels of at most 2**31 - 1."
        )
    inside: NDArray[np.int64] = array[mask].astype(np.int64)
    wanted = np.setdiff1d(np.unique(array), [0])
    if len(wanted) == 0:
        raise ValueError("seeds is empty: no pixel has a label. Mark each object, or pass None.")
    lost = np.setdiff1d(wanted, np.unique(inside))
    if len(lost):
        names = ", ".join(map(str, lost[:10]))
        raise ValueError(
            f"Seeds with label {names} lie outside the mask altogether; move them onto the mask "
            "or leave them out."
        )
    return inside


def in_order_of_appearance(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Number labels from 0 in the order in which they first appear.

    Returns
    -------
    numbers : (n,) ndarray of int32
        The number of each label.
    names : (k,) ndarray
        The label that each number stands for.
    """
    names, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(names), dtype=np.int32)
    number[order] = np.arange(len(names))
    return number[inverse], names[order]


def seeded_partition(
    hierarchy: Hierarchy, k: int, random_state: int, monitor: Monitor | None = None
) -> rf.Partition:
    """Cut a hierarchy that was built with seeds.

    Parameters
    ----------
    hierarchy : Hierarchy
        With seeds 0 to k - 1. Components without a seed get a segment of their own, from k on.
    k : int
        Number of different seeds.
    random_state : int
        Seed of the k-means starts.
    monitor : Monitor, optional
        Progress and cancelling.

    Returns
    -------
    Partition
        Of the finest graph.
    """
    monitor = monitor or Monitor()
    cut = MultilevelCut(hierarchy, random_state=random_state)
    level = len(hierarchy.graphs) - 1
    wanted = FEWEST + EACH * k + 20 * cut.components.n
    while level and hierarchy.graphs[level].n < wanted:
        level -= 1
    monitor.report(0.0, "Following the seeds")
    graph, bound = hierarchy.graphs[level], hierarchy.seeds[level]
    component = cut.components.of[level]
    seeded = np.zeros(cut.components.n, dtype=bool)
    seeded[component[bound >= 0]] = True
    number = k + np.cumsum(~seeded) - 1
    free = seeded[component]
    walk = np.where(free, 0, number[component]).astype(np.int32)
    total = k + int(np.count_nonzero(~seeded))
    candidates = [walk]
    with one_blas_thread():
        walk[free] = random_walk(graph, np.flatnonzero(free), bound[free], k)
        if cut.components.n == 1 and k > 1:
            candidates.append(_nearest_free_cut(cut, level, graph, bound, k, monitor))
    best: rf.Partition | None = None
    for labels in candidates:
        monitor.check()
        partition = rf.measure(graph, labels, total)
        rf.refine(graph, partition, bound=bound >= 0, passes=20, patience=200, monitor=monitor)
        if best is None or partition.ncut < best.ncut:
            best = partition
    assert best is not None
    for finer in range(level - 1, -1, -1):
        graph = hierarchy.graphs[finer]
        done = hierarchy.graphs[finer + 1].n / hierarchy.graphs[0].n
        monitor.report(0.3 + 0.7 * done, "Refining the borders")
        best, near = project(graph, hierarchy.parents[finer], hierarchy.graphs[finer + 1], best)
        held = hierarchy.seeds[finer] >= 0
        rf.refine(graph, best, near=near, bound=held, monitor=monitor)
    return best


def random_walk(
    graph: Graph, nodes: NDArray[np.intp], bound: NDArray[np.int32], k: int
) -> NDArray[np.int32]:
    """Return the seed that a random walk from each node most probably reaches first.

    Parameters
    ----------
    graph : Graph
        The graph.
    nodes : (m,) ndarray of int
        Nodes of components that all hold a seed.
    bound : (m,) ndarray of int32
        The seed of each of them, -1 if it is free.
    k : int
        Number of different seeds.
    """
    from scipy.sparse.linalg import splu

    links = sp.csr_array(graph.matrix()[nodes][:, nodes].astype(np.float64))
    free = bound < 0
    labels = bound.copy()
    if not free.any():
        return labels
    degree = links.sum(axis=1)
    # Rows are scaled to 1: weights may differ by many orders of magnitude.
    scale = 1 / np.sqrt(degree[free])
    inner = sp.diags_array(scale) @ links[free][:, free] @ sp.diags_array(scale)
    system = sp.csc_matrix(sp.eye_array(len(scale)) * (1 + 1e-12) - inner)
    factors = splu(
        system,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    indicator = (bound[~free][:, None] == np.arange(k)).astype(np.float64)
    reached = factors.solve(scale[:, None] * (links[free][:, ~free] @ indicator))
    labels[free] = reached.argmax(axis=1).astype(np.int32)
    return labels


def _nearest_free_cut(
    cut: MultilevelCut,
    level: int,
    graph: Graph,
    bound: NDArray[np.int32],
    k: int,
    monitor: Monitor,
) -> NDArray[np.int32]:
    """Cut without the seeds, then hand each segment to the seed that it overlaps most."""
    from scipy.optimize import linear_sum_assignment

    at, labels = cut.component_cut(0, k, monitor)
    for finer in range(at - 1, level - 1, -1):
        labels = labels[cut.hierarchy.parents[finer]]
    if at < level:  # a merged node goes where most of its parts are
        parent = cut.hierarchy.parents[at]
        for coarser in range(at + 1, level):
            parent = cut.hierarchy.parents[coarser][parent]
        votes = np.zeros((graph.n, k))
        np.add.at(votes, (parent, labels), cut.hierarchy.graphs[at].volumes)
        labels = votes.argmax(axis=1).astype(np.int32)
    held = bound >= 0
    overlap = np.zeros((k, k))
    np.add.at(overlap, (labels[held], bound[held]), 1.0)
    # A seed is one vote, however many pixels it has.
    rows, columns = linear_sum_assignment(-overlap / overlap.sum(axis=0))
    names = np.empty(k, dtype=np.int32)
    names[rows] = columns
    result = names[labels]
    result[held] = bound[held]
    return result
