"""Fragments: the hills of the half-width, or of its relief, and how they touch.

Every pixel climbs to its steepest neighbour until it stands on a peak; the pixels of one peak are a
fragment. This is the watershed of the height without a queue, so it runs on all cores [1]_.
Where two fragments touch they share a border; its *pass* is the highest place on it.

References
----------
.. [1] S. Beucher (1994). Watershed, hierarchical segmentation and waterfall algorithm.
       Mathematical Morphology and its Applications to Image Processing, 69-76.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.gradients import Edges
from napari_ncut.splitting.neighbours import Steps, walkable

Volume = NDArray[np.int32]

# Columns of the sums over a border.
HEIGHT, AREA, LINE, STEP, WEIGHT, TONE = range(6)


@dataclass(frozen=True)
class Contacts:
    """Pairs of fragments that touch, one row each, sorted by (low, high).

    Parameters
    ----------
    low, high : ndarray of int32, shape (n,)
        The two fragments, low < high.
    place : ndarray of int64, shape (n,)
        Flat index of the pixel at the pass.
    sums : ndarray of float64, shape (n, 6)
        Half-width at the pass; Euclidean length (2-D) or area (3-D) of the border; and integrals
        over the border: the evidence for a line, the slope of brightness from low to high, the
        half-width, and the half-width times the brightness.
    """

    low: NDArray[np.int32]
    high: NDArray[np.int32]
    place: NDArray[np.int64]
    sums: NDArray[np.float64]

    @property
    def height(self) -> NDArray[np.float64]:
        """Half-width at the pass."""
        return self.sums[:, HEIGHT].copy()

    @property
    def area(self) -> NDArray[np.float64]:
        """Length or area of the border."""
        return self.sums[:, AREA].copy()


def climb(
    labels: Volume, height: NDArray[np.float32], steps: Steps, connectivity: int, monitor: Monitor
) -> tuple[Volume, int]:
    """Return the fragment of each pixel, and how many there are.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background; no pixel climbs out of its label.
    height : ndarray of float32, shape (nz, ny, nx)
        What to climb. Of equal neighbours, the one with the larger index counts as higher.
    steps : Steps
        The neighbours.
    connectivity : int
        1: a step over a corner is only made where faces lead there too.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Numbered from 0 in the order of their peaks' indices; -1 in the background.
    n : int
        Number of fragments.
    """
    nz, ny, nx = labels.shape
    target = np.empty(labels.size, np.int32)
    strict = connectivity == 1
    arrays = labels, height, steps.offsets, steps.lengths, strict, target
    map_chunks(partial(_climb_rows, *arrays), nz * ny, nx * len(steps.offsets), monitor)
    map_chunks(partial(_follow, target), target.size, 1, monitor)
    number = np.empty(target.size, np.int32)
    n = 0
    for peaks in map_chunks(partial(_peaks, target), target.size, 1, monitor):
        number[peaks] = np.arange(n, n + len(peaks), dtype=np.int32)
        n += len(peaks)
    map_chunks(partial(_renumber, target, number), target.size, 1, monitor)
    return target.reshape(labels.shape), n


def renumbered(
    fragments: Volume, n: int, monitor: Monitor, part: NDArray[np.int32] | None = None
) -> tuple[Volume, int]:
    """Number the fragments without holes, in place, and return how many there are.

    Parameters
    ----------
    fragments : ndarray of int32, shape (nz, ny, nx)
        Below 0 is background.
    n : int
        All numbers, or all parts, are less.
    monitor : Monitor
        Asked whether to go on.
    part : ndarray of int32, optional
        What each fragment is a part of, if they are to be joined.
    """
    flat = fragments.reshape(-1)
    if part is None:
        part = np.arange(n, dtype=np.int32)
    used = np.zeros(n, np.bool_)
    map_chunks(partial(_mark, flat, part, used), flat.size, 1, monitor)
    number = (np.cumsum(used) - 1).astype(np.int32)[part]
    map_chunks(partial(_renumber, flat, number), flat.size, 1, monitor)
    return fragments, int(used.sum())


def find_contacts(
    labels: Volume,
    fragments: Volume,
    width: NDArray[np.float32],
    evidence: NDArray[np.float32] | None,
    steps: Steps,
    connectivity: int,
    monitor: Monitor,
    edges: Edges | None = None,
) -> Contacts:
    """Return the borders between fragments of one label.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        Fragments lie within labels.
    width : ndarray of float32, shape (nz, ny, nx)
        Half-width.
    evidence : ndarray of float32, shape (nz, ny, nx), optional
        What the image says at each pixel.
    steps : Steps
        The neighbours.
    connectivity : int
        1: pixels that share a corner only do not touch.
    monitor : Monitor
        Asked whether to go on.
    edges : Edges, optional
        Brightness and its slopes.
    """
    nz, ny, nx = labels.shape
    half = len(steps.offsets) // 2
    nothing = np.zeros((1, 1, 1), np.float32)
    if evidence is None:
        evidence = nothing
    tone, usual = (nothing, nothing) if edges is None else (edges.tone, edges.usual)
    offsets, areas, lengths = steps.offsets[half:], steps.areas[half:], steps.lengths[half:]
    arrays = labels, fragments, width, evidence, tone, usual, offsets, areas, lengths
    parts = map_chunks(
        partial(_contacts_of_rows, *arrays, connectivity == 1), nz * ny, nx * half, monitor
    )
    pair = np.concatenate([part[0] for part in parts])
    rows = np.concatenate([part[1] for part in parts])
    place = np.concatenate([part[2] for part in parts])
    order = np.lexsort((-rows[:, HEIGHT], pair))
    pair, first = np.unique(pair[order], return_index=True)
    rows = rows[order]
    sums = np.add.reduceat(rows, first) if len(first) else rows
    sums[:, HEIGHT] = rows[first, HEIGHT]
    low, high = (pair >> 32).astype(np.int32), (pair & 0xFFFFFFFF).astype(np.int32)
    return Contacts(low, high, place[order][first], sums)


@compiled
def _climb_rows(
    labels: NDArray[np.int32],
    height: NDArray[np.float32],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.float64],
    strict: bool,
    target: NDArray[np.int32],
    start: int,
    stop: int,
) -> None:
    """Write the steepest higher neighbour of each pixel of some rows, or the pixel itself."""
    nz, ny, nx = labels.shape
    label_at, height_at = labels.reshape(-1), height.reshape(-1)
    n = len(offsets)
    away = (offsets[:, 0] * ny + offsets[:, 1]) * nx + offsets[:, 2]
    for row in range(start, stop):
        z, y = row // ny, row % ny
        inner_row = 0 < y < ny - 1 and (nz == 1 or 0 < z < nz - 1)
        for x in range(nx):
            here = row * nx + x
            label = label_at[here]
            if label == 0:
                target[here] = -1
                continue
            inner = inner_row and 0 < x < nx - 1
            # Most pixels lie deep in their label: any step leads to a pixel that touches them.
            deep = inner
            if inner:
                for k in range(n):
                    deep &= label_at[here + away[k]] == label
            best, steepest = here, -1.0
            level = height_at[here]
            for k in range(n):
                dz, dy, dx = offsets[k, 0], offsets[k, 1], offsets[k, 2]
                if not inner:
                    z1, y1, x1 = z + dz, y + dy, x + dx
                    if z1 < 0 or z1 >= nz or y1 < 0 or y1 >= ny or x1 < 0 or x1 >= nx:
                        continue
                there = here + away[k]
                slope = (height_at[there] - level) / lengths[k]
                if slope < 0.0 or slope < steepest:
                    continue
                if (slope == 0.0 and there < here) or (slope == steepest and there < best):
                    continue
                if not deep and (
                    label_at[there] != label
                    or (strict and not walkable(labels, z, y, x, dz, dy, dx))
                ):
                    continue
                best, steepest = there, slope
            target[here] = best


@compiled
def _follow(target: NDArray[np.int32], start: int, stop: int) -> None:
    """Replace each pixel's target by the peak at the end of the way.

    Other threads do the same at the same time; what they write are targets further up the same way.
    """
    for i in range(start, stop):
        if target[i] < 0:
            continue
        peak = target[i]
        while target[peak] != peak:
            peak = target[peak]
        j = i
        while target[j] != peak:
            following = target[j]
            target[j] = peak
            j = following


@compiled
def _peaks(target: NDArray[np.int32], start: int, stop: int) -> NDArray[np.int32]:
    """Return the pixels that stand on a peak."""
    n = 0
    for i in range(start, stop):
        n += target[i] == i
    found = np.empty(n, np.int32)
    for i in range(stop - 1, start - 1, -1):
        if target[i] == i:
            n -= 1
            found[n] = i
    return found


@compiled
def _mark(
    fragments: NDArray[np.int32],
    part: NDArray[np.int32],
    used: NDArray[np.bool_],
    start: int,
    stop: int,
) -> None:
    """Mark the parts that have a pixel."""
    for i in range(start, stop):
        if fragments[i] >= 0:
            used[part[fragments[i]]] = True


@compiled
def _renumber(
    fragments: NDArray[np.int32], number: NDArray[np.int32], start: int, stop: int
) -> None:
    """Give each fragment its number."""
    for i in range(start, stop):
        if fragments[i] >= 0:
            fragments[i] = number[fragments[i]]


@compiled
def _slot(keys: NDArray[np.int64], key: np.int64) -> int:
    """Place of a key, or of the free slot for it, in an open table of a power of two of slots."""
    last = len(keys) - 1
    i = (key * 0x9E3779B1 ^ (key >> 32) * 0x85EBCA6B) & last
    while keys[i] != -1 and keys[i] != key:
        i = (i + 1) & last
    return int(i)


@compiled
def _contacts_of_rows(
    labels: NDArray[np.int32],
    fragments: NDArray[np.int32],
    width: NDArray[np.float32],
    evidence: NDArray[np.float32],
    tone: NDArray[np.float32],
    usual: NDArray[np.float32],
    offsets: NDArray[np.int64],
    areas: NDArray[np.float64],
    lengths: NDArray[np.float64],
    strict: bool,
    start: int,
    stop: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the borders that start in some rows: pair, sums as in `Contacts`, place."""
    nz, ny, nx = labels.shape
    use_evidence = evidence.size > 1
    use_tone = tone.size > 1
    keys = np.full(256, -1, np.int64)
    sums = np.zeros((256, 6))
    places = np.zeros(256, np.int64)
    used = 0
    fragment_at = fragments.reshape(-1)
    away = (offsets[:, 0] * ny + offsets[:, 1]) * nx + offsets[:, 2]
    for row in range(start, stop):
        z, y = row // ny, row % ny
        inner_row = 0 < y < ny - 1 and (nz == 1 or 0 < z < nz - 1)
        for x in range(nx):
            here = row * nx + x
            own = fragment_at[here]
            if own < 0:
                continue
            inner = inner_row and 0 < x < nx - 1
            for k in range(len(offsets)):
                dz, dy, dx = offsets[k, 0], offsets[k, 1], offsets[k, 2]
                z1, y1, x1 = z + dz, y + dy, x + dx
                if not inner and (z1 < 0 or z1 >= nz or y1 < 0 or y1 >= ny or x1 < 0 or x1 >= nx):
                    continue
                other = fragment_at[here + away[k]]
                if other == own or labels[z1, y1, x1] != labels[z, y, x]:
                    continue
                if strict and not walkable(labels, z, y, x, dz, dy, dx):
                    continue
                key = (np.int64(min(own, other)) << 32) | np.int64(max(own, other))
                i = _slot(keys, key)
                if keys[i] == -1:
                    keys[i] = key
                    sums[i, HEIGHT] = -1.0
                    used += 1
                level = width[z, y, x]
                place = here
                if width[z1, y1, x1] < level:
                    level = width[z1, y1, x1]
                    place = here + away[k]
                if level > sums[i, HEIGHT]:
                    sums[i, HEIGHT] = level
                    places[i] = place
                sums[i, AREA] += areas[k]
                if use_evidence:
                    both = evidence[z, y, x] + evidence[z1, y1, x1]
                    sums[i, LINE] += 0.5 * areas[k] * both
                if use_tone:
                    unit = 0.5 * (usual[z, y, x] + usual[z1, y1, x1]) * lengths[k]
                    rise = (tone[z1, y1, x1] - tone[z, y, x]) / unit
                    sums[i, STEP] += areas[k] * (rise if own < other else -rise)
                    weight = 0.5 * (width[z, y, x] + width[z1, y1, x1]) * areas[k]
                    sums[i, WEIGHT] += weight
                    sums[i, TONE] += weight * 0.5 * (tone[z, y, x] + tone[z1, y1, x1])
                if 2 * used > len(keys):
                    grown = np.full(2 * len(keys), -1, np.int64)
                    grown_sums = np.zeros((2 * len(keys), 6))
                    grown_places = np.zeros(2 * len(keys), np.int64)
                    for j in range(len(keys)):
                        if keys[j] != -1:
                            to = _slot(grown, keys[j])
                            grown[to] = keys[j]
                            grown_sums[to] = sums[j]
                            grown_places[to] = places[j]
                    keys, sums, places = grown, grown_sums, grown_places
    kept = np.flatnonzero(keys != -1)
    return keys[kept], sums[kept], places[kept]
