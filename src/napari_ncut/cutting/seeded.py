"""Points and scribbles as constraints: seeded pixels keep their label, the rest follows.

On a coarse graph every free node goes to the seed that a random walk from it reaches first. On the
way back to the pixels the borders are redrawn along the minimum cut near by, as far as the walk was
in doubt. The volumes are left out of it: who has said where the objects are has also said that they
may be of very different size.

References
----------
Grady (2006), Random walks for image segmentation, IEEE Transactions on Pattern Analysis and
Machine Intelligence 28(11), 1768-1783.
Boykov and Jolly (2001), Interactive graph cuts for optimal boundary and region segmentation of
objects in N-D images, Eighth IEEE International Conference on Computer Vision, 105-112.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from napari_ncut.core.blas import one_blas_thread
from napari_ncut.core.monitor import Monitor
from napari_ncut.cutting.multilevel import EACH, FEWEST, project
from napari_ncut.graph.components import Components
from napari_ncut.graph.induced import induced_graph
from napari_ncut.refinement import refine as rf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.coarsen import Hierarchy
    from napari_ncut.graph.pixel_graph import Graph


# Nodes that a random walk leaves for one seed so much more probably than for any other stay with
# it: where an image is flat, the minimum cut would creep up to the seeds.
SURE = 0.8


def seed_array(seeds: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the seed label of each masked pixel, 0 where it is free, shape (n,).

    Raises
    ------
    ValueError
        If there is no seed, a label is too large for 32 bits, or a label lies outside the mask
        altogether.
    """
    if seeds.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"seeds holds the label {seeds.max()}; wanted labels of at most 2**31 - 1."
        )
    array = seeds.astype(np.int64)
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


def seeded_partition(hierarchy: Hierarchy, k: int, monitor: Monitor | None = None) -> rf.Partition:
    """Cut a hierarchy that was built with seeds.

    Parameters
    ----------
    hierarchy : Hierarchy
        With seeds 0 to k - 1. Components without a seed get a segment of their own, from k on.
    k : int
        Number of different seeds.
    monitor : Monitor, optional
        Progress and cancelling.

    Returns
    -------
    Partition
        Of the finest graph.
    """
    monitor = monitor or Monitor()
    components = Components(hierarchy)
    level = len(hierarchy.graphs) - 1
    wanted = FEWEST + EACH * k + 20 * components.n
    while level and hierarchy.graphs[level].n < wanted:
        level -= 1
    monitor.report(0.0, "Following the seeds")
    graph, bound = hierarchy.graphs[level], hierarchy.seeds[level]
    component = components.of[level]
    seeded = np.zeros(components.n, dtype=bool)
    seeded[component[bound >= 0]] = True
    number = k + np.cumsum(~seeded) - 1
    free = seeded[component]
    walk = np.where(free, 0, number[component]).astype(np.int32)
    total = k + int(np.count_nonzero(~seeded))
    lead = np.ones(graph.n)
    with one_blas_thread():
        walk[free], lead[free] = random_walk(graph, np.flatnonzero(free), bound[free], k)
    sure = lead > SURE
    best = measure_cut(graph, walk, total)
    rf.refine(without_volumes(graph), best, bound=sure, passes=20, patience=200, monitor=monitor)
    for finer in range(level - 1, -1, -1):
        graph = hierarchy.graphs[finer]
        done = hierarchy.graphs[finer + 1].n / hierarchy.graphs[0].n
        monitor.report(0.3 + 0.7 * done, "Refining the borders")
        parent = hierarchy.parents[finer]
        best, near = project(graph, parent, hierarchy.graphs[finer + 1], best)
        sure = sure[parent] | (hierarchy.seeds[finer] >= 0)
        rf.refine(without_volumes(graph), best, near=near, bound=sure, monitor=monitor)
    return rf.measure(hierarchy.graphs[0], best.labels, total)


def without_volumes(graph: Graph) -> Graph:
    """Return a graph whose nodes weigh nothing, so that moving them changes only the cut."""
    return replace(graph, volumes=np.zeros(graph.n))


def measure_cut(graph: Graph, labels: NDArray[np.int32], k: int) -> rf.Partition:
    """Return a partition all of whose segments have the volume 1: its normalised cut is its cut."""
    partition = rf.measure(graph, labels, k)
    partition.sums[1] = 1.0
    return partition


def random_walk(
    graph: Graph, nodes: NDArray[np.intp], bound: NDArray[np.int32], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
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

    Returns
    -------
    labels : (m,) ndarray of int32
        The seed.
    lead : (m,) ndarray of float64
        Its probability less that of the next one; 1 where there is no choice.
    """
    from scipy.sparse.linalg import splu

    links = induced_graph(graph, nodes)[0].matrix()
    free = bound < 0
    labels, lead = bound.copy(), np.ones(len(bound))
    if not free.any():
        return labels, lead
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
    if k > 1:
        best = np.sort(reached, axis=1)
        lead[free] = best[:, -1] - best[:, -2]
    return labels, lead
