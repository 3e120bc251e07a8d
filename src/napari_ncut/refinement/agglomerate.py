"""Cut a small graph into segments from below: merge the pair whose union saves most, again.

Where borders are so faint that all smallest eigenvalues are nearly 0, an eigensolver can't tell
their vectors apart. Merging sees each border for itself, however faint it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph


def agglomerate(graph: Graph, k: int) -> NDArray[np.int32]:
    """Merge neighbouring nodes until k segments are left.

    Parameters
    ----------
    graph : Graph
        Connected, of some hundred nodes: a dense matrix is held.
    k : int
        Number of segments, at most the number of nodes.

    Returns
    -------
    (n,) ndarray of int32
        Segments 0 to k - 1.
    """
    n = graph.n
    links = graph.matrix().toarray().astype(np.float64)
    cut, volume = links.sum(axis=1), graph.volumes.copy()
    segment = np.arange(n)
    change = np.full((n, n), np.inf)
    for node in range(n):
        change[node] = _changes(links, cut, volume, node)
    best = change.argmin(axis=1)
    lowest = change[np.arange(n), best]
    for _ in range(n - k):
        a = int(lowest.argmin())
        b = int(best[a])
        segment[segment == b] = a
        links[a] += links[b]
        links[a, a] = 0.0
        links[:, a] = links[a]
        links[b] = links[:, b] = 0.0
        # A sum of what is left, not a difference: faint borders keep their digits.
        cut[a], volume[a] = links[a].sum(), volume[a] + volume[b]
        change[b] = change[:, b] = np.inf
        change[a] = change[:, a] = _changes(links, cut, volume, a)
        again = np.flatnonzero((best == a) | (best == b) | (change[:, a] < lowest))
        best[again] = change[again].argmin(axis=1)
        lowest[again] = change[again, best[again]]
        lowest[b] = np.inf
    return np.unique(segment, return_inverse=True)[1].astype(np.int32)


def _changes(
    links: NDArray[np.float64], cut: NDArray[np.float64], volume: NDArray[np.float64], a: int
) -> NDArray[np.float64]:
    """Return what the union of a segment with each of its neighbours changes, else infinity."""
    change = np.full(len(cut), np.inf)
    near = np.flatnonzero(links[a])
    joined = (cut[a] + cut[near] - 2 * links[a, near]) / (volume[a] + volume[near])
    change[near] = joined - cut[a] / volume[a] - cut[near] / volume[near]
    return change
