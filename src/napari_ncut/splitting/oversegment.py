"""The hills of the half-width: the fragments that objects are made of, by shape alone.

They are those of its relief (`shoulders`), in which objects without a hill of their own have one.

The half-width is measured as if pinholes were filled, for one missing pixel shatters it. But where
objects meet, the gap between them can be as small. So what is found is asked: where the part around
a hole is no ellipse, although its holes are filled, the hole is a gap, and the blob that it lies in
is measured again with the hole open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.splitting.agglomerate import Merges, merge_fragments
from napari_ncut.splitting.ellipses import ellipticity
from napari_ncut.splitting.gradients import Edges
from napari_ncut.splitting.half_width import (
    Spacing,
    Volume,
    half_width,
    smoothing_reach,
    squared_distance,
)
from napari_ncut.splitting.image_terms import NO_IMAGE, ImageWeights, measure_tones
from napari_ncut.splitting.local_contrast import relief
from napari_ncut.splitting.moments import highest, measure, volumes
from napari_ncut.splitting.neighbours import Steps
from napari_ncut.splitting.pinholes import find_pinholes
from napari_ncut.splitting.spurious_maxima import divide_junctions
from napari_ncut.splitting.stray_pixels import attach_crumbs
from napari_ncut.splitting.watershed import Contacts, climb, find_contacts, renumbered

# A hole is a gap between objects unless the part around it, with the hole filled, is an ellipse up
# to this share: a disc has 1, three discs around a gap 0.9 to 0.98.
# One missing pixel is forgiven more.
ELLIPSE_OF_ONE, ELLIPSE = 0.965, 0.985
# Holes of more pixels than this are gaps.
LARGEST = 3
NECK = SplitSettings().neck


@dataclass(frozen=True)
class Grid:
    """The pixels and what counts as their neighbours.

    Parameters
    ----------
    spacing : (float, float, float)
        Pixel size along the axes.
    steps : Steps
        Steps to the neighbours.
    connectivity : int
        1: pixels that share a face are connected.
    ndim : int
        Axes of the user's image, 2 or 3.
    """

    spacing: Spacing
    steps: Steps
    connectivity: int
    ndim: int

    @property
    def least_moment(self) -> NDArray[np.float64]:
        """Variance of a pixel along the axes."""
        return np.array(self.spacing) ** 2 / 12

    @property
    def axes(self) -> int:
        """Axes along which there are neighbours, 2 or 3."""
        return max(2, int((self.steps.offsets != 0).any(axis=0).sum()))


@dataclass(frozen=True)
class Hills:
    """Labels without pinholes, and the hills of their half-width.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        Labels whose pinholes are filled.
    width : ndarray of float32, shape (nz, ny, nx)
        Half-width.
    fragments : ndarray of int32, shape (nz, ny, nx)
        Numbered from 0; -1 in the background.
    n : int
        Number of fragments.
    hill : ndarray of int32, shape (n,), optional
        Hill of each fragment, if the image has divided hills.
    """

    labels: Volume
    width: NDArray[np.float32]
    fragments: Volume
    n: int
    hill: NDArray[np.int32] | None = None


def find_hills(labels: Volume, grid: Grid, monitor: Monitor) -> Hills:
    """Return the hills of the half-width.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Asked whether to go on.
    """
    holes = find_pinholes(labels, LARGEST, monitor)
    filled = labels.copy()
    filled.reshape(-1)[holes.place] = holes.label
    limit = np.where(holes.size > 1, ELLIPSE, ELLIPSE_OF_ONE)
    return _hills(filled, holes.place, limit, grid, monitor)


def _hills(
    labels: Volume,
    holes: NDArray[np.int64],
    limit: NDArray[np.float64],
    grid: Grid,
    monitor: Monitor,
) -> Hills:
    """Return the hills of labels in which pinholes are filled.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        Changed where a hole turns out to be a gap.
    holes : ndarray of int64, shape (m,)
        Flat index of each pixel of a filled pinhole.
    limit : ndarray of float64, shape (m,)
        How elliptical the part around it must be.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Asked whether to go on.
    """
    squared = squared_distance(labels, grid.spacing, monitor)
    width = half_width(labels, squared, grid.spacing, monitor)
    monitor.report(0.3, "Finding fragments")
    around = grid.steps, grid.connectivity, monitor
    raised = relief(width, grid.spacing, monitor)
    fragments, n = climb(labels, raised, *around)
    contacts = find_contacts(labels, fragments, raised, None, *around)
    sizes = volumes(fragments, grid.spacing, n, grid.ndim)
    tops = highest(fragments, raised, n, monitor)
    peaks = highest(fragments, width, n, monitor)
    del raised
    fragments, n = divide_junctions(
        labels, fragments, contacts, tops, peaks, sizes, squared, grid.spacing, monitor
    )
    del squared
    attach_crumbs(labels, fragments, grid.connectivity, monitor)
    hills = Hills(labels, width, fragments, n)
    if len(holes) == 0:
        return hills
    _, moments, merges = merge_hills(hills, NO_IMAGE, grid, monitor)
    place = fragments.reshape(-1)[holes]
    gaps = _ellipticities(place, n, merges, moments, grid) < limit
    if not gaps.any():
        return hills
    labels.reshape(-1)[holes[gaps]] = 0
    blob = part_of(n, merges, 0.0)[0]
    changed = np.unique(blob[place[gaps]])
    return _again(hills, holes[~gaps], limit[~gaps], blob, changed, grid, monitor)


def _again(
    hills: Hills,
    holes: NDArray[np.int64],
    limit: NDArray[np.float64],
    blob: NDArray[np.int32],
    changed: NDArray[np.int32],
    grid: Grid,
    monitor: Monitor,
) -> Hills:
    """Return the hills with those of the changed blobs found anew, in place."""
    labels, width, fragments, n = hills.labels, hills.width, hills.fragments, hills.n
    number = np.zeros(n + 1, np.int32)
    number[:n][np.isin(blob, changed)] = 1 + np.searchsorted(changed, blob[np.isin(blob, changed)])
    blobs = number[fragments]
    reach = smoothing_reach(labels.shape, grid.spacing)
    for k, found in enumerate(ndimage.find_objects(blobs), start=1):
        box = tuple(
            slice(max(a.start - beyond, 0), a.stop + beyond)
            for a, beyond in zip(found, reach, strict=True)
        )
        here = blobs[box] == k
        part = np.where(here, labels[box], 0)
        own = blobs.reshape(-1)[holes] == k
        corner = [[side.start] for side in box]
        inside = np.array(np.unravel_index(holes[own], labels.shape)) - corner
        places = np.ravel_multi_index(tuple(inside), part.shape)
        new = _hills(part, places, limit[own], grid, monitor)
        labels[box][here] = new.labels[here]
        width[box][here] = new.width[here]
        fragments[box][here] = np.where(new.fragments >= 0, new.fragments + n, -1)[here]
        n += new.n
    fragments, n = renumbered(fragments, n, monitor)
    return replace(hills, fragments=fragments, n=n)


def _ellipticities(
    place: NDArray[np.int32],
    n: int,
    merges: Merges,
    moments: NDArray[np.float64],
    grid: Grid,
) -> NDArray[np.float64]:
    """Return how elliptical the parts are, with holes filled, that hold the fragments ``place``."""
    number, count = part_of(n, merges, NECK)
    total = np.zeros((count, moments.shape[1]))
    np.add.at(total, number, moments)
    asked, where = np.unique(number[place], return_inverse=True)
    shape = np.array([ellipticity(total[k], grid.least_moment, grid.axes) for k in asked])
    return np.asarray(shape[where])


def merge_hills(
    hills: Hills,
    weights: ImageWeights,
    grid: Grid,
    monitor: Monitor,
    line: NDArray[np.float32] | None = None,
    edges: Edges | None = None,
    *,
    use_shape: bool = True,
) -> tuple[Contacts, NDArray[np.float64], Merges]:
    """Merge the fragments of hills, surest pair first.

    Parameters
    ----------
    hills : Hills
        The fragments.
    weights : ImageWeights
        How the evidence counts.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Asked whether to go on.
    line : ndarray of float32, shape (nz, ny, nx), optional
        Evidence of a line at each pixel.
    edges : Edges, optional
        Brightness and its slopes.
    use_shape : bool
        False: by the lines and steps of the image alone.

    Returns
    -------
    contacts : Contacts
        Borders of the fragments.
    moments : ndarray of float64, shape (n, 10)
        As `measure` gives them.
    merges : Merges
        The merges in their order.
    """
    contacts = find_contacts(
        hills.labels,
        hills.fragments,
        hills.width,
        line,
        grid.steps,
        grid.connectivity,
        monitor,
        edges,
    )
    peaks = highest(hills.fragments, hills.width, hills.n, monitor)
    moments = measure(hills.fragments, grid.spacing, hills.n, grid.ndim, monitor)
    tones = np.zeros((hills.n, 3))
    if edges is not None and use_shape:
        tones = measure_tones(hills.fragments, hills.width, edges.tone, hills.n, monitor)
    hill = np.arange(hills.n, dtype=np.int32) if hills.hill is None else hills.hill
    merges = merge_fragments(
        contacts, hill, peaks, moments, tones, grid.least_moment, grid.axes, weights, use_shape
    )
    return contacts, moments, merges


def part_of(n: int, merges: Merges, least: float) -> tuple[NDArray[np.int32], int]:
    """Return the part of each of n fragments after the merges of at least a ratio, and how many."""
    root = np.arange(n)
    for kept, gone in zip(
        *(ends[merges.ratio >= least] for ends in (merges.kept, merges.gone)), strict=True
    ):
        root[gone] = kept
    while (root[root] != root).any():
        root = root[root]
    left, number = np.unique(root, return_inverse=True)
    return number.astype(np.int32), len(left)


def joined(
    fragments: Volume, n: int, merges: Merges, least: float, monitor: Monitor
) -> tuple[Volume, int]:
    """Merge the fragments by the merges of at least a ratio, in place; return how many are left."""
    part, count = part_of(n, merges, least)
    return renumbered(fragments, count, monitor, part)
