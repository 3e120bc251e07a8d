"""Pieces of a volume side by side in one of their own, so that all are measured in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph, owners
from napari_ncut.splitting.grid import Volume
from napari_ncut.splitting.loops import watershed as loops

Box = tuple[slice, slice, slice]


def box_of(low: NDArray[np.integer], high: NDArray[np.integer]) -> Box:
    """Return the box from a corner to the one beyond it, each (z, y, x)."""
    z, y, x = map(slice, low.tolist(), high.tolist())
    return z, y, x


@dataclass(frozen=True)
class Tiles:
    """Pieces of a volume beside one another; n pieces.

    Parameters
    ----------
    masks : list of ndarray of bool, length n
        Each in its box.
    boxes, places : list of tuple of slice, length n
        Where each box is in the volume, and in the one that holds them all.
    labels : ndarray of int32, shape (mz, my, mx)
        The volume that holds them all, numbered from 1.
    """

    masks: list[NDArray[np.bool_]]
    boxes: list[Box]
    places: list[Box]
    labels: Volume

    @classmethod
    def of(cls, masks: list[NDArray[np.bool_]], boxes: list[Box]) -> Tiles:
        """Return pieces side by side, each a mask in a box; background is left between them."""
        labels, places = mosaic(masks)
        return cls(masks, boxes, places, labels)

    def values(self, volume: NDArray[Any]) -> NDArray[Any]:
        """Return the values of a volume, channels last, in the one that holds the pieces.

        Elsewhere they are 0.
        """
        result = np.zeros(self.labels.shape + volume.shape[3:], volume.dtype)
        for box, place, mask in zip(self.boxes, self.places, self.masks, strict=True):
            result[place][mask] = volume[box][mask]
        return result

    def put_back(self, values: NDArray[Any], volume: NDArray[Any]) -> None:
        """Write the values of all pieces into a volume."""
        for box, place, mask in zip(self.boxes, self.places, self.masks, strict=True):
            volume[box][mask] = values[place][mask]

    def inside(
        self, index: NDArray[np.int64], piece: NDArray[np.int64], shape: tuple[int, ...]
    ) -> NDArray[np.int64]:
        """Return where pixels of a volume, each in a piece, are among the pieces, shape (3, k)."""
        return np.array(np.unravel_index(index, shape)) + self._steps[piece].T

    def put_back_fragments(
        self,
        number: Volume,
        graph: RegionAdjacencyGraph,
        gone: NDArray[np.bool_],
        theirs: tuple[Volume, RegionAdjacencyGraph],
        chosen: NDArray[np.bool_] | None,
        monitor: Monitor,
    ) -> RegionAdjacencyGraph:
        """Replace fragments by those that the pieces have fallen into; return the graph of all.

        Parameters
        ----------
        number : ndarray of int32, shape (nz, ny, nx)
            Fragments of the volume; changed in place. New ones get numbers after the others.
        graph : RegionAdjacencyGraph
            Of these.
        gone : ndarray of bool, shape (graph.n,)
            Which of them are replaced: all those in the chosen pieces.
        theirs : tuple of ndarray and RegionAdjacencyGraph
            The fragments of the pieces, and their graph.
        chosen : ndarray of bool, shape (n,), optional
            The pieces that count; all by default.
        monitor : Monitor
            Checks for cancellation.
        """
        of_pieces, new = theirs
        if gone.any():
            left = np.cumsum(~gone, dtype=np.int32) - 1
            flat = number.reshape(-1)
            map_chunks(partial(loops.renumber, flat, left), flat.size, 1, monitor)
            graph = graph[~gone]
        kept = np.ones(new.n, bool) if chosen is None else chosen[self.owners(*theirs, monitor)]
        after = np.append(np.cumsum(kept, dtype=np.int32) - 1 + graph.n, np.int32(-1))
        for k, (box, place, mask) in enumerate(
            zip(self.boxes, self.places, self.masks, strict=True)
        ):
            if chosen is None or chosen[k]:
                number[box][mask] = after[of_pieces[place][mask]]
        new = new[kept]
        piece = self.labels.reshape(-1)[new.index].astype(np.int64) - 1
        at = np.array(np.unravel_index(new.index, self.labels.shape)) - self._steps[piece].T
        index = np.ravel_multi_index(tuple(at), number.shape)
        return graph.beside(replace(new, index=index))

    def replace_pieces(
        self,
        number: Volume,
        graph: RegionAdjacencyGraph,
        piece: NDArray[np.int32],
        which: NDArray[np.int64],
        theirs: tuple[Volume, RegionAdjacencyGraph],
        chosen: NDArray[np.bool_],
        monitor: Monitor,
    ) -> tuple[RegionAdjacencyGraph, NDArray[np.int32]]:
        """Replace the fragments of the chosen pieces; return the graph of all, and their pieces.

        Arguments as in `put_back_fragments`, and ``piece`` for that of each fragment, from 1, 0 for
        those in none; which of them these pieces are, from 0, says ``which``.
        """
        gone = np.isin(piece, which[chosen] + 1)
        graph = self.put_back_fragments(number, graph, gone, theirs, chosen, monitor)
        left = piece[~gone]
        return graph, np.append(left, np.zeros(graph.n - len(left), np.int32))

    def owners(
        self, fragments: Volume, graph: RegionAdjacencyGraph, monitor: Monitor
    ) -> NDArray[np.int32]:
        """Return the piece, from 0, that each fragment of the pieces lies in."""
        return owners(fragments, graph.n, self.labels, monitor) - 1

    @property
    def _steps(self) -> NDArray[np.int64]:
        """From the boxes to the places, shape (n, 3)."""
        pairs = zip(self.places, self.boxes, strict=True)
        return np.array([[a.start - b.start for a, b in zip(*pair, strict=True)] for pair in pairs])


def tiles_of(pieces: Volume) -> list[tuple[Tiles, NDArray[np.int64]]]:
    """Return the pieces of a volume, numbered from 1, as tiles, and which they are, from 0.

    All at once, but for those that the border of the volume cuts off: they count as wide as they
    look, where they are.

    Parameters
    ----------
    pieces : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    """
    boxes: list[Box] = [(z, y, x) for z, y, x in ndimage.find_objects(pieces)]
    masks = [pieces[box] == k for k, box in enumerate(boxes, start=1)]
    is_cut = np.array([_is_cut_off(box, pieces.shape) for box in boxes])
    whole = np.flatnonzero(~is_cut)
    result = []
    if len(whole):
        result.append((Tiles.of([masks[k] for k in whole], [boxes[k] for k in whole]), whole))
    for k in np.flatnonzero(is_cut).tolist():
        z, y, x = (slice(max(side.start - 1, 0), side.stop + 1) for side in boxes[k])
        mask = pieces[z, y, x] == k + 1
        nz, ny, nx = mask.shape
        place = slice(0, nz), slice(0, ny), slice(0, nx)
        alone = Tiles([mask], [(z, y, x)], [place], mask.astype(np.int32))
        result.append((alone, np.array([k])))
    return result


def _is_cut_off(box: Box, shape: tuple[int, ...]) -> bool:
    """Tell whether a blob that fills a box reaches the border of an image of a shape."""
    sides = zip(box, shape, strict=True)
    return any(n > 1 and (side.start == 0 or side.stop >= n) for side, n in sides)


def mosaic(tiles: Sequence[NDArray[np.bool_]]) -> tuple[Volume, list[Box]]:
    """Return a volume that holds masks side by side, and where each is; their labels are 1 to n.

    Parameters
    ----------
    tiles : sequence of ndarray of bool, shape (nz, ny, nx)
        Of any sizes. Background is left between them, and around all.
    """
    order = sorted(range(len(tiles)), key=lambda k: tiles[k].shape[::-1], reverse=True)
    row = max(
        max(tile.shape[1] for tile in tiles) + 1,
        int(np.sqrt(sum((t.shape[1] + 1) * (t.shape[2] + 1) for t in tiles))),
    )
    # Columns as wide as their widest tile, filled from the top.
    corners = np.zeros((len(tiles), 2), int)
    y = x = 1
    width = 0
    for k in order:
        _, ny, nx = tiles[k].shape
        if y > 1 and y + ny > row:
            x, y, width = x + width + 1, 1, 0
        corners[k] = y, x
        y, width = y + ny + 1, max(width, nx)
    deep = max(tile.shape[0] for tile in tiles)
    flat = deep == 1
    result = np.zeros((1 if flat else deep + 2, row + 1, x + width + 1), np.int32)
    boxes: list[Box] = []
    for k, tile in enumerate(tiles):
        low = (0 if flat else 1, *corners[k].tolist())
        sides = [slice(start, start + n) for start, n in zip(low, tile.shape, strict=True)]
        boxes.append((sides[0], sides[1], sides[2]))
        result[boxes[k]][tile] = k + 1
    return result, boxes
