"""Sums of small decision trees as plain arrays: what the criterion has learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.loops import partition as loops


@dataclass(frozen=True)
class Trees:
    """Decision trees whose values add up to log-odds; n nodes in all.

    Parameters
    ----------
    root : ndarray of int32, shape (n_trees,)
        First node of each tree.
    term : ndarray of int16, shape (n,)
        Term that a node asks for; -1 is a leaf.
    threshold : ndarray of float32, shape (n,)
        Terms up to this go to the left.
    missing_left : ndarray of uint8, shape (n,)
        Whether a term that does not exist goes to the left.
    below : ndarray of int32, shape (n, 2)
        Nodes to the left and right; their numbers are higher.
    value : ndarray of float64, shape (n,)
        Of the leaves; that of a node above is what it would be without its split.
    """

    root: NDArray[np.int32]
    term: NDArray[np.int16]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.uint8]
    below: NDArray[np.int32]
    value: NDArray[np.float64]

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """The arrays, in the order of the compiled loops."""
        nodes = self.term, self.threshold, self.missing_left, self.below, self.value
        return self.root, *nodes

    def log_odds(self, terms: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum of the trees for each row of terms, shape (n_rows,)."""
        result = np.zeros(len(terms))
        work = partial(loops.scores, np.ascontiguousarray(terms), *self.arrays, result)
        map_chunks(work, len(terms), 10 * len(self.root), Monitor())
        return result

    def contributions(self, terms: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each term adds to the log-odds of one row, shape (n_terms,).

        The changes of value on the ways to the leaves, added up for each term (Saabas, 2014).
        """
        return np.asarray(loops.contributions(np.ascontiguousarray(terms), *self.arrays))


NO_TREES = Trees(
    root=np.zeros(0, np.int32),
    term=np.zeros(0, np.int16),
    threshold=np.zeros(0, np.float32),
    missing_left=np.zeros(0, np.uint8),
    below=np.zeros((0, 2), np.int32),
    value=np.zeros(0),
)
