"""What speaks for a part of a blob being one object: the terms that the criterion learns from.

Agglomeration leaves a tree: its nodes are the parts that could be objects, each made of two smaller
ones and, up to the whole blob, half of a larger one. The terms of a node are what it looks like
itself, what its best *division* looks like, and its *join* with the part beside it. All are ratios:
none has a unit, so that the same objects have the same terms at any magnification. What does not
exist is NaN: the division of a fragment, the join of a whole blob, the image where there is none.

They take sums, products and square roots of the sums that `adjacency` names, in an order that
mirror images do not change, and are rounded to 32 bits: the same on every machine, for every view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.agglomerate import Merges
from napari_ncut.splitting.criterion.pairs import PAIR
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.loops import tree as loops
from napari_ncut.splitting.parameters import SplitParameters

# Of a node itself: the size over that of the ellipse with its second moments; how much longer the
# ellipse is than a circle; the share that its widest disc fills; its fragments; its share of the
# blob.
OWN = ("ellipticity", "elongation", "fill", "fragments", "share")
# Of the other half of its join.
BESIDE = ("other_ellipticity", "other_elongation", "other_fill", "other_width", "other_size")
NAMES = (
    OWN
    + tuple(f"division_{name}" for name in PAIR)
    + tuple(f"join_{name}" for name in PAIR)
    + BESIDE
)


@dataclass(frozen=True)
class Nodes:
    """Parts of blobs: sums over them, and what follows from these.

    Parameters
    ----------
    width : ndarray of float64, shape (n,)
        Greatest half-width.
    size : ndarray of float64, shape (n,)
        Area or volume.
    covariance : ndarray of float64, shape (n, ndim, ndim)
        Second central moments over the size.
    determinant : ndarray of float64, shape (n,)
        Of the covariance.
    """

    width: NDArray[np.float64]
    size: NDArray[np.float64]
    covariance: NDArray[np.float64]
    determinant: NDArray[np.float64]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self.covariance.shape[1])

    @property
    def shape(self) -> NDArray[np.float64]:
        """Ellipticity, elongation and fill of each, shape (n, 3)."""
        root = np.sqrt(self.determinant)
        trace = np.einsum("kii->k", self.covariance)
        if self.ndim == 2:
            ellipse, ball = 4 * np.pi * root, np.pi * self.width**2
            elongation = 0.5 * trace / root
        else:
            ellipse, ball = 4 / 3 * np.pi * 5**1.5 * root, 4 / 3 * np.pi * self.width**3
            elongation = trace / (3 * np.cbrt(self.determinant))
        return np.stack([self.size / ellipse, elongation, ball / self.size], axis=1)


def terms_of_nodes(
    graph: RegionAdjacencyGraph,
    merges: Merges,
    parts: NDArray[np.int32],
    grid: Grid,
    parameters: SplitParameters,
) -> NDArray[np.float32]:
    """Return the terms of all nodes of the tree that merges make.

    Parameters
    ----------
    graph : RegionAdjacencyGraph
        The fragments, n of them.
    merges : Merges
        Their merges, m of them.
    parts : ndarray of int32, shape (m, 2)
        Nodes that each merge unites; node n + i is what merge i makes.
    grid : Grid
        Pixel size.
    parameters : SplitParameters
        Tuned numbers.

    Returns
    -------
    ndarray of float32, shape (n + m, len(NAMES))
    """
    nodes = _nodes(graph, parts, grid)
    n, m = graph.n, len(parts)
    parent = np.full(n + m, -1)
    parent[parts] = n + np.arange(m)[:, None]
    joined = parent >= 0
    shape = nodes.shape
    result = np.full((n + m, len(NAMES)), np.nan, np.float32)
    own, division = len(OWN), len(OWN) + len(PAIR)
    join = division + len(PAIR)
    result[:, :3] = shape
    result[:, 3] = loops.sums_of_nodes(np.ones((n, 1)), parts)[:, 0]
    share = nodes.size / nodes.size[loops.roots_of_nodes(n + m, parts)]
    result[:, 4] = np.maximum(share, parameters.least_share)
    result[n:, own:division] = merges.terms
    result[joined, division:join] = merges.terms[parent[joined] - n]
    for part, other in (parts.T, parts.T[::-1]):
        result[part, join : join + 3] = shape[other]
        result[part, join + 3] = nodes.width[other] / nodes.width[part]
        result[part, join + 4] = nodes.size[other] / nodes.size[part]
    return result


def _nodes(graph: RegionAdjacencyGraph, parts: NDArray[np.int32], grid: Grid) -> Nodes:
    """Return all nodes of the tree."""
    sums = loops.sums_of_nodes(graph.nodes, parts)
    return _nodes_of_sums(sums, loops.greatest_of_nodes(graph.width, parts), grid)


def shape_of_sums(sums: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Return ellipticity and elongation of regions, shape (n, 2), from their sums (n, 10)."""
    return _nodes_of_sums(sums, np.zeros(len(sums)), grid).shape[:, :2]


def _nodes_of_sums(sums: NDArray[np.float64], width: NDArray[np.float64], grid: Grid) -> Nodes:
    size, spacing = sums[:, 0], np.array(grid.sizes)
    first = 3 - grid.ndim
    centre = sums[:, 1 + first : 4] / size[:, None]
    covariance = np.empty((len(sums), 3, 3))
    for k, (a, b) in enumerate([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]):
        covariance[:, a, b] = covariance[:, b, a] = sums[:, 4 + k] / size
    covariance = covariance[:, first:, first:] - centre[:, :, None] * centre[:, None, :]
    # A pixel is no point: a line of pixels has a width.
    covariance += np.eye(grid.ndim) / 12
    covariance *= spacing[:, None] * spacing
    return Nodes(
        width=width,
        size=size * grid.volume,
        covariance=covariance,
        determinant=_determinant(covariance),
    )


def _determinant(c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the determinants of symmetric matrices, shape (n, 2, 2) or (n, 3, 3)."""
    if c.shape[1] == 2:
        return np.asarray(c[:, 0, 0] * c[:, 1, 1] - c[:, 0, 1] ** 2)
    return np.asarray(
        c[:, 0, 0] * c[:, 1, 1] * c[:, 2, 2]
        + 2 * c[:, 0, 1] * c[:, 0, 2] * c[:, 1, 2]
        - c[:, 0, 0] * c[:, 1, 2] ** 2
        - c[:, 1, 1] * c[:, 0, 2] ** 2
        - c[:, 2, 2] * c[:, 0, 1] ** 2
    )
