"""Hills that are no objects: the middle between objects that meet.

Where three discs meet, the relief has a hill in their middle, in a fragment that belongs to
none of them. Such a fragment is left out, and every pixel goes to the fragment of the disc that
holds it most deeply: of all discs inside the blob (a pixel c as centre, its distance f to the edge
as radius) the one with the greatest power f^2 - |x - c|^2 at the pixel x. So the borders are the
chords of overlapping discs, straight from notch to notch. The powers are found like distances, one
axis after the other [1]_.

References
----------
.. [1] D. Coeurjolly and A. Montanvert (2007). Optimal separable algorithms to compute the reverse
       Euclidean distance transformation and discrete medial axis in arbitrary dimension. IEEE
       Transactions on Pattern Analysis and Machine Intelligence 29, 437-448.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.half_width import Spacing, Volume
from napari_ncut.splitting.watershed import Contacts, renumbered

# A fragment that holds less of its own disc than this is no object ...
HELD = 0.5
# ... if passes lead to two others or more without going down below this share of its height.
LEVEL = 0.65
# A rise over the pass by less than this share of the height is noise.
NOISE = 0.04
# A hill smaller than a disc of so much of the half-width beside it, and so many pixels, is the
# roughness of its edge.
ROUGH, ROUGH_PIXELS = 0.06, 0.6
# Power where there is no disc.
NOWHERE = np.float32(-1e30)


def divide_junctions(
    labels: Volume,
    fragments: Volume,
    contacts: Contacts,
    tops: NDArray[np.float64],
    peaks: NDArray[np.float64],
    sizes: NDArray[np.float64],
    squared: NDArray[np.float32],
    spacing: Spacing,
    monitor: Monitor,
) -> tuple[Volume, int]:
    """Return fragments without noise and junctions, whose borders run from notch to notch.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        As `climb` takes and gives them.
    contacts : Contacts
        Borders of the fragments, with the relief at their passes.
    tops, peaks, sizes : ndarray of float64, shape (n,)
        Relief and half-width of each fragment, the greatest in it, and its area or volume.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared distance to the edge; overwritten.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Numbered from 0; -1 in the background.
    n : int
        Number of fragments.
    """
    disc = math.pi * peaks**2
    if min(labels.shape) > 1:
        disc = 4 / 3 * math.pi * peaks**3
    ndim = 3 if min(labels.shape) > 1 else 2
    rough = (ROUGH + ROUGH_PIXELS * min(spacing[-2:]) / peaks) ** ndim * disc
    group, is_object = _objects(
        contacts.low, contacts.high, contacts.height, tops, sizes, disc, rough, HELD, LEVEL, NOISE
    )
    flat = fragments.reshape(-1), squared.reshape(-1)
    map_chunks(partial(_forget, *flat, is_object), labels.size, 1, monitor)
    centre = holding_discs(labels, squared, spacing, monitor)
    arrays = flat[0], centre.reshape(-1), group, is_object
    map_chunks(partial(_belong, *arrays), labels.size, 1, monitor)
    return renumbered(centre, len(peaks), monitor)


def holding_discs(
    labels: Volume, squared: NDArray[np.float32], spacing: Spacing, monitor: Monitor
) -> NDArray[np.int32]:
    """Return the centre of the disc that holds each pixel most deeply.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared radius of the disc around each pixel, which lies within the pixel's label; negative
        for no disc. Overwritten by the power at each pixel.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        Flat index of the centre; -1 where no disc is found.
    """
    nz, ny, nx = labels.shape
    centre = np.arange(labels.size, dtype=np.int32).reshape(labels.shape)
    views = ((nz * ny, nx, 1), (nz, ny, nx), (1, nz, ny * nx))
    for size, (blocks, n, width) in zip(reversed(spacing), views, strict=True):
        if n == 1:
            continue
        seen_as = (blocks, n, width)
        arrays = labels.reshape(seen_as), squared.reshape(seen_as), centre.reshape(seen_as)
        map_chunks(partial(_envelope, *arrays, size), blocks * width, 2 * n, monitor)
    centre[squared <= NOWHERE] = -1
    return centre


@compiled
def _objects(
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    height: NDArray[np.float64],
    tops: NDArray[np.float64],
    sizes: NDArray[np.float64],
    disc: NDArray[np.float64],
    rough: NDArray[np.float64],
    held: float,
    level: float,
    noise: float,
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Tell which fragment each one belongs to, and which are (parts of) objects."""
    n = len(tops)
    root = np.arange(n)
    size = sizes.copy()
    for i in np.argsort(-height, kind="mergesort"):
        a, b = low[i], high[i]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a == b:
            continue
        if tops[b] > tops[a] or (tops[b] == tops[a] and b < a):
            a, b = b, a
        if height[i] >= (1.0 - noise) * tops[b] or size[b] < rough[a]:
            root[b] = a
            size[a] += size[b]
    for k in range(n):
        while root[k] != root[root[k]]:
            root[k] = root[root[k]]
    # The two highest passes to different neighbours.
    best = np.zeros(n)
    neighbour = np.full(n, -1, np.int64)
    second = np.zeros(n)
    for turn in range(2):
        for i in range(len(low)):
            for side in range(2):
                a, b = root[low[i]], root[high[i]]
                if side == 1:
                    a, b = b, a
                if a == b:
                    continue
                if turn == 0 and height[i] > best[a]:
                    best[a] = height[i]
                    neighbour[a] = b
                if turn == 1 and b != neighbour[a]:
                    second[a] = max(second[a], height[i])
    real = np.empty(n, np.bool_)
    for k in range(n):
        r = root[k]
        real[k] = size[r] >= held * disc[r] or second[r] < level * tops[r]
    # Pixels that no disc holds go over the highest pass, and on, until there is an object.
    group = np.empty(n, np.int32)
    for k in range(n):
        r = root[k]
        for _ in range(64):
            if real[r]:
                break
            r = neighbour[r]
        group[k] = r
    return group, real


@compiled
def _forget(
    fragments: NDArray[np.int32],
    squared: NDArray[np.float32],
    is_object: NDArray[np.bool_],
    start: int,
    stop: int,
) -> None:
    """Take away the discs of the fragments that are no objects."""
    for i in range(start, stop):
        if fragments[i] >= 0 and not is_object[fragments[i]]:
            squared[i] = NOWHERE


@compiled
def _belong(
    fragments: NDArray[np.int32],
    centre: NDArray[np.int32],
    group: NDArray[np.int32],
    is_object: NDArray[np.bool_],
    start: int,
    stop: int,
) -> None:
    """Replace the centre of the disc that holds a pixel by its group, or that of the fragment."""
    for i in range(start, stop):
        k = fragments[i]
        if k >= 0:
            if centre[i] >= 0:
                k = fragments[centre[i]]
            k = group[k]
        centre[i] = k


@compiled
def _envelope(
    labels: NDArray[np.int32],
    power: NDArray[np.float32],
    centre: NDArray[np.int32],
    size: float,
    start: int,
    stop: int,
) -> None:
    """Upper envelope of the parabolas of each run of equal labels, along the middle axis."""
    n, width = labels.shape[1], labels.shape[2]
    at = np.empty(n, np.int64)
    index = np.empty(n, np.int32)
    height = np.empty(n, np.float64)
    begin = np.empty(n + 1, np.float64)
    for line in range(start, stop):
        i, x = line // width, line % width
        first = 0
        while first < n:
            label = labels[i, first, x]
            end = first + 1
            while end < n and labels[i, end, x] == label:
                end += 1
            k = -1
            for y in range(first, end):
                if label == 0 or power[i, y, x] <= NOWHERE:
                    continue
                value = -power[i, y, x] / size**2
                bound = -np.inf
                while k >= 0:
                    c = at[k]
                    bound = (value + y * y - height[k] - c * c) / (2.0 * (y - c))
                    if bound > begin[k]:
                        break
                    k -= 1
                    bound = -np.inf
                k += 1
                at[k], height[k], begin[k], index[k] = y, value, bound, centre[i, y, x]
            if k >= 0:
                begin[k + 1] = np.inf
                lowest = 0
                for y in range(first, end):
                    while begin[lowest + 1] < y:
                        lowest += 1
                    power[i, y, x] = -((y - at[lowest]) ** 2 + height[lowest]) * size**2
                    centre[i, y, x] = index[lowest]
            first = end
