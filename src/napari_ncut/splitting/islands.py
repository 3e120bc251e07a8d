"""Islands: blobs that lie inside a hole of others, such as a speck in the hole of a nucleus.

They are taken out at first and found beside one another, so that a hole can be closed over them:
what a blob falls into hangs on nothing that lies in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as components

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.holes import Holes, blobs_around, enclosed_background
from napari_ncut.splitting.holes.mosaic import Box, mosaic


@dataclass(frozen=True)
class Islands:
    """The islands of a label image, and where they lie beside one another.

    Parameters
    ----------
    masks : list of ndarray of bool
        Each in its box.
    boxes, places : list of tuple of slice
        Where each is in the image, and in the volume that holds them all.
    tile : ndarray of int32
        Volume that holds them all, numbered from 1.
    """

    masks: list[NDArray[np.bool_]]
    boxes: list[Box]
    places: list[Box]
    tile: Volume

    def removed(self, labels: Volume) -> Volume:
        """Return labels without them."""
        result = labels.copy()
        for box, mask in zip(self.boxes, self.masks, strict=True):
            result[box][mask] = 0
        return result

    def beside_one_another(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values of an image, channels last, in the volume that holds them all.

        Elsewhere they are 0.
        """
        result = np.zeros(self.tile.shape + values.shape[3:], values.dtype)
        for box, place, mask in zip(self.boxes, self.places, self.masks, strict=True):
            result[place][mask] = values[box][mask]
        return result

    def put_back(
        self,
        number: Volume,
        graph: RegionAdjacencyGraph,
        of_islands: Volume,
        their_graph: RegionAdjacencyGraph,
    ) -> RegionAdjacencyGraph:
        """Return the graph of all fragments; those of islands get numbers after the others.

        Parameters
        ----------
        number : ndarray of int32
            Fragments of the image, -1 where the islands are; changed in place.
        graph : RegionAdjacencyGraph
            Of these.
        of_islands, their_graph
            The same of the volume that holds the islands.
        """
        for box, place, mask in zip(self.boxes, self.places, self.masks, strict=True):
            number[box][mask] = of_islands[place][mask] + graph.n
        at = np.stack(np.unravel_index(their_graph.index, self.tile.shape), axis=1)
        moved = [
            [a.start - b.start for a, b in zip(box, place, strict=True)]
            for box, place in zip(self.boxes, self.places, strict=True)
        ]
        at += np.array(moved)[self.tile.reshape(-1)[their_graph.index] - 1]
        there = replace(their_graph, index=np.ravel_multi_index(tuple(at.T), number.shape))
        return graph.beside(there)


def find_islands(
    labels: Volume, grid: Grid, monitor: Monitor
) -> tuple[Islands | None, Holes | None]:
    """Return the islands of a label image, if there are any; if there are none, its holes.

    An island is a component of the foreground that another one encloses: over the same neighbours
    as blobs, so that a pixel that hangs by a corner at the rim of a hole is one, too.

    Parameters
    ----------
    labels, grid, monitor
        As in `holes.find_holes`.
    """
    found = enclosed_background(labels, monitor)
    count = blobs_around(found, labels, grid, monitor)
    if (count > 1).any():
        over = 1 if grid.strict else 3
        clumps = components(labels > 0, connectivity=over).astype(np.int32, copy=False)
        monitor.check()
        sides = ndimage.find_objects(clumps)
        hole, clump = found[count > 1].around(clumps, 1).T
        enclosed = _enclosed(hole, clump, sides)
        if len(enclosed):
            boxes: list[Box] = [(z, y, x) for z, y, x in (sides[k - 1] for k in enclosed)]
            masks = [clumps[box] == k for box, k in zip(boxes, enclosed, strict=True)]
            tile, places = mosaic(masks)
            return Islands(masks, boxes, places, tile), None
    return None, found[count == 1]


def _enclosed(
    hole: NDArray[np.int32], clump: NDArray[np.int32], boxes: list[Any]
) -> NDArray[np.int32]:
    """Return the clumps that lie in holes, from the pairs that touch and the box of each clump."""
    # Of those around one hole, one encloses it, and thereby the others: its box is the largest.
    extent = np.array([np.prod([side.stop - side.start for side in box]) for box in boxes])
    order = np.lexsort((extent[clump - 1], hole))
    is_last = np.append(hole[order][1:] != hole[order][:-1], True)
    return np.unique(clump[order][~is_last])
