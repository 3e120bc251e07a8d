"""The split tree: every split there could be, found once; a look-up for any threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.core.validation import real, size_value
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.criterion.hierarchy import NECK, Hierarchy, nodes_at
from napari_ncut.splitting.criterion.model import model, neck_ratios
from napari_ncut.splitting.criterion.nodes import OWN
from napari_ncut.splitting.criterion.pairs import PAIR
from napari_ncut.splitting.criterion.teach import N_WEIGHTS, critical_with, numbers_of
from napari_ncut.splitting.criterion.why import Reason, reasons
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.splitting.loops import tree as loops


@dataclass(frozen=True)
class Splits:
    """The splits made at one threshold, one row each, the deepest necks first.

    Parameters
    ----------
    row : ndarray of int64, shape (n,)
        Row of the split in the arrays of the `SplitTree`.
    ratio : ndarray of float64, shape (n,)
        Neck ratio.
    position : ndarray of float64, shape (n, ndim)
        Where the neck is, in pixels.
    labels : ndarray of int32, shape (n, 2)
        Labels of the result on both sides of the neck.
    """

    row: NDArray[np.int64]
    ratio: NDArray[np.float64]
    position: NDArray[np.float64]
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row)

    def __repr__(self) -> str:
        if len(self) == 0:
            return "<Splits: none>"
        return (
            f"<Splits: {len(self)}, neck ratios {self.ratio.min():.3g} to {self.ratio.max():.3g}>"
        )


@dataclass(frozen=True, eq=False)
class SplitTree:
    """All candidate splits of a mask or label image, made by `napari_ncut.split_tree`.

    The pixels are divided into fragments; the tree tells in which order they merge. Node k below
    ``n_fragments`` is fragment k, node ``n_fragments + i`` is what the split in row i divides in
    two. The neck ratio of a split is not above that of any split of its parts: whatever is split
    at one threshold is split at every higher one.

    Parameters
    ----------
    fragments : ndarray of int32
        Fragment of each pixel, numbered from 0 in the order of their first pixels; -1 in the
        background.
    n_fragments : int
        Number of fragments.
    ratio : ndarray of float64, shape (n,)
        Neck ratio of each candidate split, from 0 (two parts on a thread) to 1 (no neck).
    position : ndarray of float64, shape (n, ndim)
        Where the neck is: coordinates in pixels, along the axes of the labels.
    blob : ndarray of int32, shape (n,)
        Blob that is split, numbered from 1.
    parts : ndarray of int32, shape (n, 2)
        Nodes of the two parts.
    beside : ndarray of int32, shape (n, 2)
        Fragments on both sides of the neck.
    contacts : ndarray of int32, shape (m, 2)
        Pairs of fragments that touch.
    contact_area : ndarray of float64, shape (m,)
        Length (2-D) or area (3-D) of their border, in the units of the spacing.
    sizes : ndarray of float64, shape (n_fragments,)
        Area (2-D) or volume (3-D) of the fragments.
    statistics : ImageStatistics, optional
        Those of the image that the splits were found with.
    terms : ndarray of float32, optional
        What the criterion knew of each node, see `napari_ncut.splitting.criterion.nodes`.
    score : ndarray of float64, optional
        Log-odds of each node to be one object, before anything was taught.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> tree = napari_ncut.split_tree(circles(4).mask)
    >>> int(tree.cut(0.8).max()), int(tree.cut(0).max())
    (4, 1)
    >>> splits = tree.splits(0.8)
    >>> len(splits), splits.position.shape, bool((splits.ratio < 0.8).all())
    (3, (3, 2), True)
    """

    fragments: NDArray[np.int32]
    n_fragments: int
    ratio: NDArray[np.float64]
    position: NDArray[np.float64]
    blob: NDArray[np.int32]
    parts: NDArray[np.int32]
    beside: NDArray[np.int32]
    contacts: NDArray[np.int32]
    contact_area: NDArray[np.float64]
    sizes: NDArray[np.float64]
    statistics: ImageStatistics | None = None
    terms: NDArray[np.float32] | None = None
    score: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.fragments.shape))
        return f"<SplitTree of {shape}: {self.n_fragments} fragments, {len(self.ratio)} splits>"

    def why(self, row: int, n: int = 3) -> list[Reason]:
        """Return why the part that a row divides is one object, or several.

        Parameters
        ----------
        row : int
            A row of the arrays, as in ``tree.splits(neck).row``.
        n : int
            How many reasons.

        Returns
        -------
        list of Reason
            The terms that spoke most, the strongest first; each has ``text``, in words.

        Raises
        ------
        IndexError
            If there is no such row.

        Examples
        --------
        >>> import napari_ncut
        >>> from napari_ncut.scenes import circles
        >>> reasons = napari_ncut.split_tree(circles(2).mask).why(0)
        >>> len(reasons), reasons[0].weight < 0
        (3, True)
        """
        if not 0 <= row < len(self.ratio):
            raise IndexError(f"row is {row}; there are {len(self.ratio)} splits to explain.")
        return self.why_node(self.n_fragments + row, n)

    def why_node(self, node: int, n: int = 3) -> list[Reason]:
        """Return why a node is one object, or several; arguments as in `why`."""
        if self.terms is None:
            raise IndexError("The tree does not hold what it was judged by.")
        return reasons(model(), self.terms[node], n)

    def nodes(self, neck: float, decisions: Mapping[int, bool] | None = None) -> NDArray[np.int64]:
        """Return the node that each fragment is a part of at a threshold, shape (n_fragments,)."""
        return nodes_at(self.parts, self._together(neck, decisions), self.n_fragments)

    def why_object(
        self,
        pixel: Sequence[int],
        neck: float,
        decisions: Mapping[int, bool] | None = None,
        n: int = 3,
    ) -> tuple[list[Reason], list[Reason]]:
        """Return why the object at a pixel is one, and why what it was split from is several.

        Parameters
        ----------
        pixel : sequence of int
            Its coordinates.
        neck, decisions
            As in `cut`.
        n : int
            How many reasons of each.

        Returns
        -------
        one, several : list of Reason
            The terms that spoke most about the object, and about the part that the split beside it
            divides; none about an object that is a whole blob.

        Raises
        ------
        IndexError
            If there is no such pixel, or no object at it.

        Examples
        --------
        >>> import napari_ncut
        >>> from napari_ncut.scenes import circles
        >>> one, several = napari_ncut.split_tree(circles(2).mask).why_object((28, 24), 0.74)
        >>> one[0].weight > 0, several[0].weight < 0
        (True, True)
        """
        neck = real(neck, "neck", 0.0, 1.0)
        inside = len(pixel) == self.fragments.ndim and all(
            0 <= x < size for x, size in zip(pixel, self.fragments.shape, strict=False)
        )
        node = int(self.fragments[tuple(pixel)]) if inside else -1
        if node < 0 or self.terms is None:
            raise IndexError(f"pixel is {tuple(pixel)}; there is no object to explain.")
        together = self._together(neck, decisions)
        while (row := int(self._row_above[node])) >= 0 and together[row]:
            node = self.n_fragments + row
        return self.why_node(node, n), self.why(row, n) if row >= 0 else []

    @cached_property
    def _row_above(self) -> NDArray[np.int64]:
        """The row that each node is a part of; -1 for whole blobs."""
        above = np.full(self.n_fragments + len(self.ratio), -1, np.int64)
        above[self.parts] = np.arange(len(self.ratio))[:, np.newaxis]
        return above

    def critical(self, weights: ArrayLike = ()) -> NDArray[np.float64]:
        """Return the penalty from which on each row holds together, with taught weights.

        See `napari_ncut.splitting.criterion.hierarchy`.
        """
        taught = np.asarray(weights, np.float64)
        if self.terms is None or self.score is None:
            raise ValueError("The tree does not hold what it was judged by.")
        if taught.shape not in ((0,), (N_WEIGHTS,)):
            raise ValueError(
                f"There are {taught.size} taught weights; wanted {N_WEIGHTS}, or none."
            )
        if not taught.any():
            taught = np.zeros(N_WEIGHTS)
        return critical_with(self.score, self.parts, self.numbers, taught)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """What taught weights are multiplied with for each row, shape (n, N_WEIGHTS)."""
        assert self.terms is not None
        first = len(OWN)
        return numbers_of(self.terms[self.n_fragments :, first : first + len(PAIR)])

    def taught(self, weights: ArrayLike) -> SplitTree:
        """Return the tree as it is judged with weights that were taught.

        Parameters
        ----------
        weights : array_like of float
            As a recipe keeps them; none leave the tree as it is.

        Returns
        -------
        SplitTree
            With other ratios.

        Raises
        ------
        ValueError
            If there are more or fewer weights than the criterion can be taught.
        """
        if np.size(weights) == 0:
            return self
        critical = self.critical(weights)
        return replace(self, ratio=neck_ratios(critical, model().penalty, NECK))

    def cut(
        self, neck: float, min_size: float = 0.0, decisions: Mapping[int, bool] | None = None
    ) -> NDArray[np.int32]:
        """Return the labels of the objects at a threshold.

        Parameters
        ----------
        neck : float
            Split where the neck ratio is below this; 0 never splits, 1 splits at any waist.
        min_size : float
            Pieces smaller than this (area or volume) are merged, the smallest first, into the
            neighbour with the widest contact.
        decisions : dict of int to bool, optional
            Rows that are split (True) or not (False), whatever their neck ratio.

        Returns
        -------
        ndarray of int32
            Labels 1..n without holes, in the order of the objects' first pixels; 0 in the
            background.

        Raises
        ------
        ValueError
            If ``neck`` is not from 0 to 1 or ``min_size`` is negative.
        """
        label = self.labels_of_fragments(neck, min_size, decisions)
        result = np.empty(self.fragments.shape, np.int32)
        flat = self.fragments.reshape(-1), np.concatenate([label, [0]]).astype(np.int32)
        map_chunks(partial(loops.look_up, *flat, result.reshape(-1)), result.size, 1, Monitor())
        return result

    def labels_of_fragments(
        self, neck: float, min_size: float = 0.0, decisions: Mapping[int, bool] | None = None
    ) -> NDArray[np.int32]:
        """Return the label of each fragment at a threshold, as `cut` gives its pixels."""
        neck = real(neck, "neck", 0.0, 1.0)
        min_size = size_value(min_size)
        together = self._together(neck, decisions)
        group, count = loops.groups(self.beside, together.view(np.uint8), self.n_fragments)
        if min_size > 0.0:
            size = np.bincount(group, self.sizes, minlength=count)
            order = np.argsort(size, kind="stable")
            contacts = self.contacts, self.contact_area
            group = loops.without_small(order, group, size, *contacts, min_size)
            _, first, group = np.unique(group, return_index=True, return_inverse=True)
            group = np.argsort(np.argsort(first))[group]
        return np.asarray(group + 1, dtype=np.int32)

    def _together(self, neck: float, decisions: Mapping[int, bool] | None) -> NDArray[np.bool_]:
        """Return the rows that are not split."""
        together = self.ratio >= neck
        for row, split in (decisions or {}).items():
            together[row] = not split
        return together

    def splits(
        self, neck: float, min_size: float = 0.0, decisions: Mapping[int, bool] | None = None
    ) -> Splits:
        """Return the splits that `cut` makes at a threshold.

        Parameters
        ----------
        neck, min_size, decisions
            As in `cut`.

        Returns
        -------
        Splits
            Those whose two sides have different labels, sorted by neck ratio.
        """
        label = self.labels_of_fragments(neck, min_size, decisions)
        sides = label[self.beside]
        apart = ~self._together(neck, decisions)
        rows = np.flatnonzero(apart & (sides[:, 0] != sides[:, 1]))
        rows = rows[np.argsort(self.ratio[rows], kind="stable")]
        return Splits(rows, self.ratio[rows], self.position[rows], sides[rows])


def tree_of_hierarchy(
    fragments: NDArray[np.int32],
    sizes: NDArray[np.float64],
    graph: RegionAdjacencyGraph,
    found: Hierarchy,
    statistics: ImageStatistics | None = None,
) -> SplitTree:
    """Return the split tree of a hierarchy of fragments, numbered by their first pixels.

    So a label has the same number wherever its blob has been split, alone or with others.
    """
    flat, n = fragments.reshape(-1), graph.n
    rank = np.empty(n, np.int32)
    order = np.argsort(loops.first_indices(flat, n), kind="stable")
    rank[order] = np.arange(n)
    map_chunks(partial(loops.renumber, flat, rank), flat.size, 1, Monitor())
    parts = found.parts.copy()
    leaves = parts < n
    parts[leaves] = rank[parts[leaves]]
    border = found.merges.border
    neck = np.unravel_index(graph.index[border], fragments.shape)
    pairs = rank[np.stack([graph.low, graph.high], axis=1)]
    return SplitTree(
        fragments=fragments,
        n_fragments=graph.n,
        ratio=found.ratio,
        position=np.stack(neck, axis=1).astype(float).reshape(len(border), fragments.ndim),
        blob=found.blob,
        parts=parts,
        beside=pairs[border],
        contacts=pairs,
        contact_area=np.ascontiguousarray(graph.area),
        sizes=sizes[order],
        statistics=statistics,
        terms=np.concatenate([found.terms[:n][order], found.terms[n:]]),
        score=np.concatenate([found.score[:n][order], found.score[n:]]),
    )
