"""Cut a small graph into segments from below: merge the pair whose union saves most, again.

Where borders are so faint that all smallest eigenvalues are nearly 0, an eigensolver can't tell
their vectors apart. Merging sees each border for itself, however faint it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.refinement.loops import merges as loops

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
    links = graph.matrix().toarray().astype(np.float64)
    segments = np.empty(graph.n, np.int32)
    loops.merge_cheapest(links, graph.volumes.copy(), segments, graph.n - k)
    return np.unique(segments, return_inverse=True)[1].astype(np.int32)
