"""The cut profile: the cut as a function of the position in the order of the Fiedler vector.

Sorted by the second eigenvector of its Laplacian, the pixels of an object run from one end of it
to the other. The cut between the first k of them and the rest is small at both ends, high across
a wide part and low across a neck: two touching discs are two hills with a valley between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A part with a smaller share of the pixels than this is an end of the object, not a part of it.
SMALLEST_PART = 0.02


@dataclass(frozen=True)
class Valley:
    """The deepest valley of a cut profile.

    Parameters
    ----------
    position : int
        Number of nodes on its left.
    cut : float
        The cut there.
    ratio : float
        The cut over the lower of the highest hills on its two sides: 1 is no valley at all, 0 are
        two parts that do not touch.
    left, right : int
        Positions of these hills.
    """

    position: int
    cut: float
    ratio: float
    left: int
    right: int


def cut_profile(affinity: Any, values: ArrayLike) -> NDArray[np.float64]:
    """Return the cut between the nodes with the lowest values and the rest.

    Parameters
    ----------
    affinity : sparse array, shape (n, n)
        Symmetric weights; the diagonal does not count.
    values : array_like, shape (n,)
        What sorts the nodes: the Fiedler vector.

    Returns
    -------
    ndarray of float64, shape (n - 1,)
        Element k - 1 is the cut between the first k nodes and the others.

    Examples
    --------
    Two triangles, joined by one edge:

    >>> import numpy as np
    >>> from scipy.sparse import coo_array
    >>> i, j = np.array([(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)]).T
    >>> graph = coo_array((np.ones(14), (np.r_[i, j], np.r_[j, i])))
    >>> cut_profile(graph, [0, 1, 2, 3, 4, 5])
    array([2., 2., 1., 2., 2.])
    """
    order = np.argsort(np.asarray(values), kind="stable")
    n = len(order)
    rank = np.empty(n, np.intp)
    rank[order] = np.arange(n)
    edges = affinity.tocoo()
    row, column = rank[edges.coords[0]], rank[edges.coords[1]]
    once = row < column
    # An edge counts from its first node on, until its second node has come.
    begins = np.bincount(row[once], edges.data[once], minlength=n)
    ends = np.bincount(column[once], edges.data[once], minlength=n)
    # Sums of differences may end a rounding error below 0.
    profile: NDArray[np.float64] = np.maximum(np.cumsum(begins - ends)[:-1], 0.0)
    return profile


def deepest_valley(
    profile: NDArray[np.float64], smallest_part: float = SMALLEST_PART
) -> Valley | None:
    """Return the valley with the lowest ratio to the hills on both sides of it.

    Parameters
    ----------
    profile : ndarray of float64, shape (n - 1,)
        Cut profile of n nodes.
    smallest_part : float
        Share of the nodes that must lie on each side of the valley.

    Returns
    -------
    Valley or None
        None if there is no valley: the profile only rises and falls.

    Examples
    --------
    >>> import numpy as np
    >>> deepest_valley(np.array([1.0, 4.0, 2.0, 8.0, 3.0]))
    Valley(position=3, cut=2.0, ratio=0.5, left=2, right=4)
    """
    n = len(profile) + 1
    margin = max(1, int(np.ceil(smallest_part * n)))
    inner = profile[margin - 1 : n - margin]
    if len(inner) < 3:
        return None
    left = np.maximum.accumulate(inner)
    right = np.maximum.accumulate(inner[::-1])[::-1]
    lower = np.minimum(left, right)
    ratio = np.divide(inner, lower, out=np.ones_like(inner), where=lower > 0)
    at = int(np.argmin(ratio))
    if not ratio[at] < 1.0:
        return None
    return Valley(
        position=at + margin,
        cut=float(inner[at]),
        ratio=float(ratio[at]),
        left=int(np.argmax(inner[: at + 1])) + margin,
        right=at + int(np.argmax(inner[at:])) + margin,
    )
