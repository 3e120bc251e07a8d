"""Labels numbered in the order in which they appear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Labels looked at together.
CHUNK = 1 << 16


def numbers_by_appearance(labels: NDArray[np.integer[Any]], k: int) -> NDArray[np.int32]:
    """Return the number of each label, counted from 0 in the order in which labels first appear.

    Parameters
    ----------
    labels : (n,) ndarray of int
        Labels 0 to k - 1.
    k : int
        How many different labels there may be; those that don't appear come last.

    Returns
    -------
    (k,) ndarray of int32

    Examples
    --------
    >>> import numpy as np
    >>> numbers_by_appearance(np.array([2, 2, 0, 2, 1]), 3)
    array([1, 2, 0], dtype=int32)
    """
    first = np.full(k, len(labels), dtype=np.int64)
    for start in reversed(range(0, len(labels), CHUNK)):
        backwards = labels[start : start + CHUNK][::-1]
        # Of several values for one label the last one stays: the first index of all.
        first[backwards] = np.arange(start + len(backwards) - 1, start - 1, -1)
    number = np.empty(k, dtype=np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(k)
    return number


def in_order_of_appearance(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Number any labels from 0 in the order in which they first appear.

    Returns
    -------
    numbers : (n,) ndarray of int32
        The number of each label.
    names : (k,) ndarray
        The label that each number stands for.
    """
    names, inverse = np.unique(labels, return_inverse=True)
    number = numbers_by_appearance(inverse, len(names))
    return number[inverse], names[np.argsort(number)]
