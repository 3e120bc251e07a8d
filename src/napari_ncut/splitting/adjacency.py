"""The region adjacency graph of fragments: named sums over each, and over each of their borders.

Where two fragments of one label touch they share a border; its *saddle* is the highest pixel on it.
What is known of fragments and borders are sums over pixels and over pairs of pixels, so that those
of two that become one are added, and those of parts of an image too. A new kind of evidence is one
more column here, what adds it up (`loops.watershed.borders_of_rows` or `loops.fragments`), and one
line in the criterion; docs/splitting.md has an example.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import accumulate, in_order, map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.loops import fragments as sums_of
from napari_ncut.splitting.loops import watershed as loops

# Over the pixels of a fragment: how many, their coordinates, and the products of these, about an
# origin that all fragments of a blob share; half-width w, and with brightness t, w t and w t^2.
NODE_SUMS = ("n", "z", "y", "x", "zz", "yy", "xx", "zy", "zx", "yx", "w", "wt", "wtt")
MOMENTS = 10
# Over the pairs of pixels across a border, each times its share of the length or area: 1, the
# ridge, the gradient from the lower number to the higher, half-width w, and w times brightness.
BORDER_SUMS = ("area", "ridge", "step", "w", "wt")
# What the loop's integers are to be divided by: see `loops.watershed.borders_of_rows`.
_FIXED_POINT = np.array([1.0, 4096.0, 4096.0, 1.0, 4096.0])


@dataclass(frozen=True)
class Intensity:
    """What the image tells the borders of fragments, a value for each pixel.

    Parameters
    ----------
    brightness : ndarray of float32, shape (nz, ny, nx)
        Smoothed intensity.
    expected : ndarray of float32, shape (nz, ny, nx)
        Length of its gradient that says nothing.
    ridge : ndarray of float32, shape (nz, ny, nx)
        Ridges, in units of what noise can show.
    """

    brightness: NDArray[np.float32]
    expected: NDArray[np.float32]
    ridge: NDArray[np.float32]


@dataclass(frozen=True)
class RegionAdjacencyGraph:
    """Fragments and their borders; n fragments, m borders, sorted by (low, high).

    Parameters
    ----------
    width : ndarray of float64, shape (n,)
        Greatest half-width of each fragment, in physical units.
    nodes : ndarray of float64, shape (n, len(NODE_SUMS))
        Sums over the fragments, in pixels.
    basin : ndarray of int32, shape (n,)
        The basin of the half-width that each fragment is a part of.
    low, high : ndarray of int32, shape (m,)
        The fragments on both sides, low < high.
    saddle : ndarray of float64, shape (m,)
        Half-width at the saddle, in physical units.
    index : ndarray of int64, shape (m,)
        Flat index of the saddle.
    borders : ndarray of float64, shape (m, len(BORDER_SUMS))
        Sums over the borders, in physical units.
    """

    width: NDArray[np.float64]
    nodes: NDArray[np.float64]
    basin: NDArray[np.int32]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    saddle: NDArray[np.float64]
    index: NDArray[np.int64]
    borders: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of fragments."""
        return len(self.width)

    @property
    def pixels(self) -> NDArray[np.float64]:
        """Number of pixels of each fragment, shape (n,)."""
        return self.nodes[:, 0]

    @property
    def area(self) -> NDArray[np.float64]:
        """Length or area of each border, shape (m,)."""
        return self.borders[:, 0]

    @property
    def blob(self) -> NDArray[np.int32]:
        """Blob of each fragment, shape (n,): those that borders lead to."""
        return blobs_of(self.low, self.high, self.n)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> RegionAdjacencyGraph:
        """Return the graph of the chosen fragments, numbered anew; none of them touches another."""
        if chosen.all():
            return self
        number = np.cumsum(chosen, dtype=np.int32) - 1
        kept = self.with_borders(chosen[self.low])
        return replace(
            kept,
            width=self.width[chosen],
            nodes=self.nodes[chosen],
            basin=self.basin[chosen],
            low=number[kept.low],
            high=number[kept.high],
        )

    def with_borders(self, chosen: NDArray[np.generic]) -> RegionAdjacencyGraph:
        """Return the graph with the chosen borders only: a mask, or their numbers."""
        names = "low", "high", "saddle", "index", "borders"
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def within_basins(self) -> RegionAdjacencyGraph:
        """Return the graph without the borders between basins."""
        return self.with_borders(self.basin[self.low] == self.basin[self.high])

    def contracted(self, part: NDArray[np.int32], n: int) -> RegionAdjacencyGraph:
        """Return the graph of the parts that fragments make together.

        Parameters
        ----------
        part : ndarray of int32, shape (self.n,)
            Part of each fragment.
        n : int
            How many parts there are.
        """
        basin, width = np.zeros(n, np.int32), np.zeros(n)
        basin[part] = self.basin
        np.maximum.at(width, part, self.width)
        low, high = part[self.low], part[self.high]
        borders = self.borders.copy()
        # A step is counted from the lower number to the higher.
        borders[:, BORDER_SUMS.index("step")] *= np.where(low < high, 1, -1)
        low, high = np.minimum(low, high), np.maximum(low, high)
        # The first border of each pair of parts has its saddle.
        order = np.lexsort((self.index, -self.saddle, high, low))
        order = order[low[order] != high[order]]
        low, high = low[order], high[order]
        is_first = np.append(True, (low[1:] != low[:-1]) | (high[1:] != high[:-1]))[: len(order)]
        first = np.flatnonzero(is_first)
        return replace(
            self.with_borders(order[first]),
            width=width,
            nodes=sums_of_parts(self.nodes, part, n),
            basin=basin,
            low=low[first],
            high=high[first],
            borders=np.add.reduceat(borders[order], first) if len(first) else borders[:0],
        )

    def beside(self, other: RegionAdjacencyGraph) -> RegionAdjacencyGraph:
        """Return the graph of these fragments and those of another, which none of these touches."""
        n = np.int32(self.n)
        later = replace(other, basin=other.basin + self.basin.max(initial=-1) + 1)
        later = replace(later, low=other.low + n, high=other.high + n)
        pairs = {name: (column, getattr(later, name)) for name, column in vars(self).items()}
        return RegionAdjacencyGraph(**{k: np.concatenate(both) for k, both in pairs.items()})


@dataclass(frozen=True)
class Borders:
    """The borders of fragments, as in `RegionAdjacencyGraph`; the saddle in units of the height."""

    low: NDArray[np.int32]
    high: NDArray[np.int32]
    saddle: NDArray[np.int64]
    index: NDArray[np.int64]
    sums: NDArray[np.float64]


def adjacency(
    labels: Volume,
    fragments: Volume,
    n: int,
    width: NDArray[np.int32],
    grid: Grid,
    monitor: Monitor,
    *,
    basin: NDArray[np.int32] | None = None,
    intensity: Intensity | None = None,
) -> RegionAdjacencyGraph:
    """Return the region adjacency graph of fragments.

    Parameters
    ----------
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        Fragments lie within labels; -1 is background.
    n : int
        Number of fragments.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width, in units of `Grid.unit`.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Checks for cancellation.
    basin : ndarray of int32, shape (n,), optional
        The basin that each fragment is a part of; each is one of its own by default.
    intensity : Intensity, optional
        What the image tells.
    """
    borders = find_borders(labels, fragments, width, grid, monitor, intensity)
    nodes = np.zeros((n, len(NODE_SUMS)))
    blob = blobs_of(borders.low, borders.high, n)
    nodes[:, :MOMENTS] = moments(fragments, n, blob, monitor)
    if intensity is not None:
        flat = (a.reshape(-1) for a in (fragments, width, intensity.brightness))
        brightness = np.zeros((n, 3))
        in_order(partial(sums_of.add_brightness, *flat, brightness), width.size, 1, monitor)
        nodes[:, MOMENTS:] = brightness
    return RegionAdjacencyGraph(
        width=highest(fragments, width, n, monitor).astype(np.float64) * grid.unit,
        nodes=nodes,
        basin=np.arange(n, dtype=np.int32) if basin is None else basin,
        low=borders.low,
        high=borders.high,
        saddle=borders.saddle.astype(np.float64) * grid.unit,
        index=borders.index,
        borders=borders.sums,
    )


def find_borders(
    labels: Volume,
    fragments: Volume,
    height: NDArray[np.int32],
    grid: Grid,
    monitor: Monitor,
    intensity: Intensity | None = None,
) -> Borders:
    """Return the borders between fragments of one label; arguments as in `adjacency`."""
    nz, ny, nx = labels.shape
    half = len(grid.offsets) // 2
    nothing = np.zeros(0, np.float32)
    image = [nothing] * 3
    if intensity is not None:
        image = [a.reshape(-1) for a in (intensity.ridge, intensity.brightness, intensity.expected)]
    shape = np.array(labels.shape, np.int64)
    flat = (a.reshape(-1) for a in (labels, fragments, height))
    steps = grid.offsets[half:], grid.areas[half:], grid.lengths[half:]
    work = partial(loops.borders_of_rows, *flat, *image, shape, *steps, grid.strict)
    tables = map_chunks(work, nz * ny, nx * half, monitor)
    pair, saddle, index, sums = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    order = np.flatnonzero(pair >= 0)
    order = order[np.lexsort((index[order], -saddle[order], pair[order]))]
    pair, first = np.unique(pair[order], return_index=True)
    sums = np.add.reduceat(sums[order], first) if len(first) else sums[order]
    return Borders(
        (pair >> 32).astype(np.int32),
        (pair & 0xFFFFFFFF).astype(np.int32),
        saddle[order][first],
        index[order][first],
        sums / _FIXED_POINT * grid.area_unit,
    )


def blobs_of(low: NDArray[np.int32], high: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """Return the blob of each of n fragments with these on both sides of their borders."""
    links = np.ones(len(low), np.int8), (low, high)
    return np.asarray(connected_components(coo_array(links, shape=(n, n)), directed=False)[1])


def sums_of_parts(
    rows: NDArray[np.float64], part: NDArray[np.int32], n: int
) -> NDArray[np.float64]:
    """Return the sums of rows over each of n parts, shape (n, columns)."""
    return np.stack([np.bincount(part, column, n) for column in rows.T], axis=1)


def highest(
    fragments: Volume, height: NDArray[np.int32], n: int, monitor: Monitor
) -> NDArray[np.int32]:
    """Return the greatest height in each fragment, shape (n,)."""
    result = np.zeros(n, np.int32)
    work = partial(sums_of.highest_of, fragments.reshape(-1), height.reshape(-1))
    accumulate(work, [result], np.maximum, fragments.size, 1, monitor)
    return result


def owners(fragments: Volume, n: int, labels: Volume, monitor: Monitor) -> NDArray[np.int32]:
    """Return the label that each of n fragments lies in."""
    result = np.zeros(n, np.int32)
    work = partial(sums_of.find_owners, fragments.reshape(-1), labels.reshape(-1), result)
    # Whichever thread writes it, it is the same.
    map_chunks(work, fragments.size, 1, monitor)
    return result


def moments(
    fragments: Volume, n: int, blob: NDArray[np.int32], monitor: Monitor
) -> NDArray[np.float64]:
    """Return the moments of each fragment in pixels, shape (n, 10).

    They are the number of pixels and the sums of z, y, x and of zz, yy, xx, zy, zx, yx, all about
    the first corner of the box around its blob: whole numbers, wherever it lies.
    """
    nz, ny, nx = fragments.shape
    first, _ = boxes(fragments, n, monitor)
    corner = np.full((int(blob.max(initial=-1)) + 1, 3), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(corner, blob, first)
    result = np.zeros((n, MOMENTS))
    work = partial(sums_of.add_moments, fragments, np.ascontiguousarray(corner[blob]))
    accumulate(work, [result], np.add, nz * ny, nx, monitor)
    return result


def boxes(
    fragments: Volume, n: int, monitor: Monitor
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first corner of the box around each fragment, and the one beyond it: (n, 3)."""
    nz, ny, nx = fragments.shape
    # The first corner counts backwards, so that both are the greatest of what there is.
    before = np.full((n, 3), -np.iinfo(np.int32).max, np.int32)
    after = np.zeros((n, 3), np.int32)
    work = partial(sums_of.extend_boxes, fragments)
    accumulate(work, [before, after], np.maximum, nz * ny, nx, monitor)
    return -before, after
