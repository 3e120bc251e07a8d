"""What the shape of labels tells before any are merged: half-widths and fragments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.holes.holes import Holes
from napari_ncut.splitting.holes.mosaic import mosaic
from napari_ncut.splitting.loops import tree as loops
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import renumbered


@dataclass(frozen=True)
class Shape:
    """What the shape of labels tells.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        Labels, some of their holes filled.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    fragments : Fragments
        By shape alone.
    graph : RegionAdjacencyGraph, optional
        Of the fragments, if it is known.
    holes, pinholes : Holes, optional
        Those that were judged, and are filled.
    """

    labels: Volume
    width: NDArray[np.int32]
    fragments: Fragments
    graph: RegionAdjacencyGraph | None = None
    holes: Holes | None = None
    pinholes: Holes | None = None


def shape_of(labels: Volume, grid: Grid, parameters: SplitParameters, monitor: Monitor) -> Shape:
    """Return the half-width and the fragments of labels as they are."""
    squared = squared_distance(labels, grid, monitor)
    width = half_width(labels, squared, grid, parameters, monitor)
    monitor.report(0.3, "Finding fragments")
    return Shape(labels, width, oversegment(labels, width, squared, grid, parameters, monitor))


def changed(
    shape: Shape,
    labels: Volume,
    blob: NDArray[np.int32],
    pixels: NDArray[np.int64],
    owner: NDArray[np.int32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Shape:
    """Return the shape of labels that differ in the holes of some blobs, found anew in these.

    Parameters
    ----------
    shape : Shape
        Before; used up.
    labels : ndarray of int32, shape (nz, ny, nx)
        Other holes are filled in them.
    blob : ndarray of int32, shape (n,)
        Blob of each fragment.
    pixels : ndarray of int64, shape (m,)
        Flat index of each pixel that has been filled or opened.
    owner : ndarray of int32, shape (m,)
        The blob that it lies in.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    width, number, n = shape.width, shape.fragments.number, shape.fragments.n
    turn = np.zeros(int(blob.max()) + 2, np.int32)
    blobs_changed = np.unique(owner)
    turn[blobs_changed] = np.arange(1, len(blobs_changed) + 1)
    turns = of_fragments(turn[blob], number, monitor)
    turns.reshape(-1)[pixels] = turn[owner]
    # The rim tells the half-width where a blob ends.
    boxes = [
        tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
        for box in ndimage.find_objects(turns)
    ]
    here = [turns[box] == k for k, box in enumerate(boxes, start=1)]
    blobs = [(labels[box] > 0) & part for box, part in zip(boxes, here, strict=True)]
    # All at once, but for those that the border of the image cuts off: they count as wide as they
    # look, where they are.
    whole = [k for k, blob in enumerate(blobs) if not _is_cut_off(boxes[k], blob, labels.shape)]
    measured = []
    if whole:
        together, places = mosaic([blobs[k] for k in whole])
        measured.append((together, list(zip(whole, places, strict=True))))
    everywhere = (slice(None),) * 3
    others = sorted(set(range(len(blobs))) - set(whole))
    measured += [(blobs[k].astype(np.int32), [(k, everywhere)]) for k in others]
    for volume, tiles in measured:
        new = shape_of(volume, grid, parameters, monitor)
        for k, place in tiles:
            box, part = boxes[k], here[k]
            width[box][part] = new.width[place][part]
            found = new.fragments.number[place][part]
            number[box][part] = np.where(found >= 0, found + n, -1)
        n += new.fragments.n
    number, n = renumbered(number, n, monitor)
    return Shape(labels, width, Fragments(number, n, np.arange(n, dtype=np.int32)))


def of_fragments(value: NDArray[np.int32], number: Volume, monitor: Monitor) -> NDArray[np.int32]:
    """Return what each pixel's fragment has, 0 in the background."""
    result = np.empty_like(number)
    arrays = number.reshape(-1), np.append(value, np.int32(0)), result.reshape(-1)
    map_chunks(partial(loops.look_up, *arrays), number.size, 1, monitor)
    return result


def _is_cut_off(box: tuple[slice, ...], blob: NDArray[np.bool_], shape: tuple[int, ...]) -> bool:
    """Tell whether a blob in a box reaches the border of an image of a shape."""
    for axis, (side, n) in enumerate(zip(box, shape, strict=True)):
        at = np.moveaxis(blob, axis, 0)
        if n > 1 and ((side.start == 0 and at[0].any()) or (side.stop >= n and at[-1].any())):
            return True
    return False
