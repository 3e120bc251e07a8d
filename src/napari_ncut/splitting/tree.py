"""The split tree: every split there could be, found once; a look-up for any threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.core.validation import real, size_value
from napari_ncut.splitting.agglomerate import Merges
from napari_ncut.splitting.watershed import Contacts


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
        Fragment of each pixel, numbered from 0; -1 in the background.
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
            Labels 1..n without holes, in the order of the objects' highest points; 0 in the
            background.

        Raises
        ------
        ValueError
            If ``neck`` is not from 0 to 1 or ``min_size`` is negative.
        """
        label = self.labels_of_fragments(neck, min_size, decisions)
        result = np.empty(self.fragments.shape, np.int32)
        flat = self.fragments.reshape(-1), np.concatenate([label, [0]]).astype(np.int32)
        map_chunks(partial(_look_up, *flat, result.reshape(-1)), result.size, 1, Monitor())
        return result

    def labels_of_fragments(
        self, neck: float, min_size: float = 0.0, decisions: Mapping[int, bool] | None = None
    ) -> NDArray[np.int32]:
        """Return the label of each fragment at a threshold, as `cut` gives its pixels."""
        neck = real(neck, "neck", 0.0, 1.0)
        min_size = size_value(min_size)
        together = self._together(neck, decisions)
        return _labels(
            self.beside, together, self.sizes, self.contacts, self.contact_area, min_size
        )

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


@compiled
def _look_up(
    fragments: NDArray[np.int32],
    label: NDArray[np.int32],
    result: NDArray[np.int32],
    start: int,
    stop: int,
) -> None:
    """Label of each pixel; fragment -1 stands for the last entry."""
    last = len(label) - 1
    for i in range(start, stop):
        k = fragments[i]
        result[i] = label[k] if k >= 0 else label[last]


@compiled
def _labels(
    beside: NDArray[np.int32],
    together: NDArray[np.bool_],
    sizes: NDArray[np.float64],
    contacts: NDArray[np.int32],
    area: NDArray[np.float64],
    min_size: float,
) -> NDArray[np.int32]:
    """Label of each fragment when the rows that are ``together`` join the fragments beside them.

    The rows are a spanning tree of each blob, so each can be joined or cut on its own.
    """
    n = len(sizes)
    root = np.arange(n)
    for i in range(len(beside)):
        if together[i]:
            a, b = _root(root, beside[i, 0]), _root(root, beside[i, 1])
            # The first fragment stands for its group.
            root[max(a, b)] = min(a, b)
    group = np.empty(n, np.int64)
    number = np.full(n, -1, np.int64)
    count = 0
    for k in range(n):
        g = _root(root, k)
        if number[g] == -1:
            number[g] = count
            count += 1
        group[k] = number[g]
    if min_size > 0.0:
        group = _without_crumbs(group, count, sizes, contacts, area, min_size)
    label = np.zeros(n, np.int32)
    number[:] = 0
    count = 0
    for k in range(n):
        g = group[k]
        if number[g] == 0:
            count += 1
            number[g] = count
        label[k] = number[g]
    return label


@compiled
def _without_crumbs(
    group: NDArray[np.int64],
    count: int,
    sizes: NDArray[np.float64],
    contacts: NDArray[np.int32],
    area: NDArray[np.float64],
    min_size: float,
) -> NDArray[np.int64]:
    """Merge groups below ``min_size``, the smallest first, where their contact is the widest."""
    size = np.zeros(count)
    for k in range(len(group)):
        size[group[k]] += sizes[k]
    # Contacts of a group are a linked list of half-edges, joined when groups merge.
    head = np.full(count, -1, np.int64)
    tail = np.full(count, -1, np.int64)
    following = np.full(2 * len(contacts), -1, np.int64)
    for half in range(2 * len(contacts)):
        g = group[contacts[half // 2, half % 2]]
        if head[g] == -1:
            head[g] = half
        else:
            following[tail[g]] = half
        tail[g] = half
    root = np.arange(count)
    touch = np.zeros(count)
    for crumb in np.argsort(size, kind="mergesort"):
        if root[crumb] != crumb or size[crumb] >= min_size:
            continue
        half = head[crumb]
        while half != -1:
            other = _root(root, group[contacts[half // 2, 1 - half % 2]])
            touch[other] += area[half // 2]
            half = following[half]
        touch[crumb] = 0.0
        best = -1
        half = head[crumb]
        while half != -1:
            other = _root(root, group[contacts[half // 2, 1 - half % 2]])
            if other != crumb and (
                best == -1
                or touch[other] > touch[best]
                or (touch[other] == touch[best] and other < best)
            ):
                best = other
            half = following[half]
        half = head[crumb]
        while half != -1:
            touch[_root(root, group[contacts[half // 2, 1 - half % 2]])] = 0.0
            half = following[half]
        if best == -1:
            continue
        root[crumb] = best
        size[best] += size[crumb]
        following[tail[best]] = head[crumb]
        tail[best] = tail[crumb]
    result = np.empty(len(group), np.int64)
    for k in range(len(group)):
        result[k] = _root(root, group[k])
    return result


@compiled
def _root(root: NDArray[np.int64], i: int) -> int:
    """Find the representative of a set, shortening the way to it."""
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def tree_of_merges(
    fragments: NDArray[np.int32], sizes: NDArray[np.float64], contacts: Contacts, merges: Merges
) -> SplitTree:
    """Return the split tree that the merges make."""
    n, m = len(sizes), len(merges.ratio)
    parts, blob = _nodes(n, merges.kept, merges.gone)
    place = np.unravel_index(contacts.place[merges.contact], fragments.shape)
    pairs = np.stack([contacts.low, contacts.high], axis=1)
    return SplitTree(
        fragments=fragments,
        n_fragments=n,
        ratio=merges.ratio,
        position=np.stack(place, axis=1).astype(float).reshape(m, fragments.ndim),
        blob=blob,
        parts=parts,
        beside=pairs[merges.contact],
        contacts=pairs,
        contact_area=contacts.area,
        sizes=sizes,
    )


@compiled
def _nodes(
    n: int, kept: NDArray[np.int32], gone: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Turn merges of fragments into nodes of a tree, and number the blobs by their fragments."""
    m = len(kept)
    parts = np.empty((m, 2), np.int32)
    node = np.arange(n)
    for i in range(m):
        parts[i, 0], parts[i, 1] = node[kept[i]], node[gone[i]]
        node[kept[i]] = n + i
    root = np.arange(n + m)
    for i in range(m - 1, -1, -1):
        root[parts[i, 0]] = root[parts[i, 1]] = root[n + i]
    number = np.zeros(n + m, np.int32)
    count = 0
    for k in range(n):
        if number[root[k]] == 0:
            count += 1
            number[root[k]] = count
    blob = np.empty(m, np.int32)
    for i in range(m):
        blob[i] = number[root[n + i]]
    return parts, blob
