"""Redraw the border of two segments at once: the minimum cut within a band around it.

Moves of single nodes stop at the first border that no single move improves; in a noisy image that
is some per cent above the best. In a band of a few nodes on both sides the best border is a
minimum cut. The normalised cut is linearised for it: a cut edge costs its weight over both volumes,
a node costs what its volume, and its edges to other segments, change on either side. The result is
kept if the normalised cut itself has fallen.

References
----------
Sanders and Schulz (2011), Engineering multilevel graph partitioning algorithms, European Symposium
on Algorithms, 469-480; section 4.2, max-flow min-cut improvement in a band.
Dinkelbach (1967), On nonlinear fractional programming, Management Science 13(7), 492-498.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled
from napari_ncut.refinement.local_search import move
from napari_ncut.refinement.min_cut import TINY, minimum_cut, opposite_edges, push_round

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.core.monitor import Monitor


@compiled
def redraw_border(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
) -> float:
    """Move the nodes between segments a and b to the minimum cut in a band around their border.

    ``state`` is 2 for nodes that are bound, ``position`` (n entries of -1) is scratch, ``border``
    the nodes of one segment with a neighbour in the other. Returns the change, never above 0.
    """
    band = grow_band(indptr, indices, labels, sums, state, position, border, a, b, hops)
    starts, heads, room, excess = band_network(
        indptr, indices, weights, volumes, labels, sums, position, band, a, b
    )
    mates = opposite_edges(starts, heads)
    side = minimum_cut(starts, heads, mates, room, excess)
    return move_to_sides(indptr, indices, weights, volumes, labels, sums, band, side, a, b)


def redraw_large_border(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
    monitor: Monitor,
) -> float:
    """Do what `redraw_border` does, and ask between its steps whether to go on."""
    band = grow_band(indptr, indices, labels, sums, state, position, border, a, b, hops)
    monitor.check()
    starts, heads, room, excess = band_network(
        indptr, indices, weights, volumes, labels, sums, position, band, a, b
    )
    monitor.check()
    mates = opposite_edges(starts, heads)
    tiny = TINY * float(room.max(initial=0.0))
    level = np.empty(len(band), dtype=np.int32)
    while push_round(starts, heads, mates, room, excess, tiny, level):
        monitor.check()
    side = level == len(band)
    return move_to_sides(indptr, indices, weights, volumes, labels, sums, band, side, a, b)


@compiled
def band_network(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    position: NDArray[np.int32],
    band: NDArray[np.int32],
    a: int,
    b: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges within a band, as `minimum_cut` takes them, and what nodes cost in b.

    The nodes lose their numbers in ``position``.
    """
    m = len(band)
    starts = np.zeros(m + 1, dtype=np.int32)
    count = 0
    for i in range(m):
        for edge in range(indptr[band[i]], indptr[band[i] + 1]):
            if position[indices[edge]] >= 0:
                count += 1
        starts[i + 1] = count
    heads = np.empty(count, dtype=np.int32)
    room = np.empty(count)
    excess = np.zeros(m)
    both = 1 / sums[1, a] + 1 / sums[1, b]
    tilt = sums[0, a] / sums[1, a] ** 2 - sums[0, b] / sums[1, b] ** 2
    at = 0
    for i in range(m):
        node = band[i]
        # What it costs to be in b rather than in a.
        cost = volumes[node] * tilt
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if position[other] >= 0:
                heads[at] = position[other]
                room[at] = weights[edge]
                at += 1
            elif labels[other] == a:
                cost += weights[edge] * both
            elif labels[other] == b:
                cost -= weights[edge] * both
            else:
                cost += weights[edge] * (1 / sums[1, b] - 1 / sums[1, a])
        excess[i] = cost / both
    for i in range(m):
        position[band[i]] = -1
    return starts, heads, room, excess


@compiled
def grow_band(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    state: NDArray[np.uint8],
    position: NDArray[np.int32],
    border: NDArray[np.int32],
    a: int,
    b: int,
    hops: int,
) -> NDArray[np.int32]:
    """Return the free nodes of a and b within some hops of a border; number them in ``position``.

    At most half of each segment, so that both keep a core that holds them in place.
    """
    left_a = sums[2, a] // 2
    left_b = sums[2, b] // 2
    band = np.empty(int(left_a + left_b), dtype=np.int32)
    m = 0
    first = 0
    for hop in range(hops + 1):
        last = m
        for i in range(first, len(border) if hop == 0 else last):
            node = border[i] if hop == 0 else band[i]
            start = indptr[node] if hop else 0
            stop = indptr[node + 1] if hop else 1
            for edge in range(start, stop):
                other = indices[edge] if hop else node
                label = labels[other]
                if position[other] >= 0 or state[other] == 2:
                    continue
                if label == a and left_a > 0:
                    left_a -= 1
                elif label == b and left_b > 0:
                    left_b -= 1
                else:
                    continue
                position[other] = m
                band[m] = other
                m += 1
        first = last if hop else 0
    return band[:m]


@compiled
def move_to_sides(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    volumes: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
    band: NDArray[np.int32],
    side: NDArray[np.bool_],
    a: int,
    b: int,
) -> float:
    """Move nodes to a (side True) or b, unless that raises the normalised cut."""
    before = sums[:, a].copy(), sums[:, b].copy()
    value = before[0][0] / before[0][1] + before[1][0] / before[1][1]
    moved = np.zeros(len(band), dtype=np.bool_)
    for i in range(len(band)):
        target = a if side[i] else b
        if labels[band[i]] != target:
            move(indptr, indices, weights, volumes, labels, sums, band[i], target)
            moved[i] = True
    after = np.inf
    if sums[2, a] > 0 and sums[2, b] > 0 and sums[1, a] > 0 and sums[1, b] > 0:
        after = sums[0, a] / sums[1, a] + sums[0, b] / sums[1, b]
    if after < value * (1 - 1e-12):
        return float(after - value)
    for i in range(len(band)):
        if moved[i]:
            labels[band[i]] = b if side[i] else a
    sums[:, a] = before[0]
    sums[:, b] = before[1]
    return 0.0
