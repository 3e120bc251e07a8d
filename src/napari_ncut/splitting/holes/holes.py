"""Holes: regions of background that a blob encloses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.holes.runs import runs_of
from napari_ncut.splitting.loops import holes as loops


@dataclass(frozen=True)
class Holes:
    """Holes as runs of pixels; n holes, m runs.

    Parameters
    ----------
    runs : ndarray of int32, shape (m, 4)
        Row, first pixel, pixel after the last, and number of the hole from 0; in raster order.
    label : ndarray of int32, shape (n,)
        The label around each.
    size : ndarray of int64, shape (n,)
        Pixels of each.
    """

    runs: NDArray[np.int32]
    label: NDArray[np.int32]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Holes:
        """Return the chosen holes, numbered anew."""
        number = np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)
        runs = self.runs[chosen[self.runs[:, 3]]]
        runs[:, 3] = number[runs[:, 3]]
        return Holes(runs, self.label[chosen], self.size[chosen])

    def beside(self, others: Holes) -> Holes:
        """Return these holes and others, numbered after them."""
        runs = others.runs + np.array([0, 0, 0, len(self)], np.int32)
        return Holes(
            np.concatenate([self.runs, runs]),
            np.concatenate([self.label, others.label]),
            np.concatenate([self.size, others.size]),
        )

    def pixels(self, nx: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the flat index of every pixel in rows of nx, and its hole."""
        row, start, stop = self.runs[:, :3].T.astype(np.int64)
        length = stop - start
        inside = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        return np.repeat(row * nx + start, length) + inside, np.repeat(self.runs[:, 3], length)

    def by_hole(self) -> list[NDArray[np.int32]]:
        """Return the runs of each hole."""
        order = np.argsort(self.runs[:, 3], kind="stable")
        ends = np.cumsum(np.bincount(self.runs[:, 3], minlength=len(self)))
        return np.split(self.runs[order], ends[:-1])

    def around(self, values: Volume, least: int) -> NDArray[np.int32]:
        """Return the pairs (hole, value) of what lies around them and is ``least`` or more."""
        return np.unique(loops.around_runs(values, self.runs, least), axis=0)

    def fill(self, labels: Volume) -> None:
        """Fill these holes, in place."""
        index, hole = self.pixels(labels.shape[2])
        labels.reshape(-1)[index] = self.label[hole]

    def write(self, value: int, values: Volume) -> None:
        """Give all pixels of these holes a value, in place."""
        index, _ = self.pixels(values.shape[2])
        values.reshape(-1)[index] = value


def paint(
    runs: NDArray[np.int32], mask: NDArray[np.bool_], corner: NDArray[np.int32], ny: int
) -> None:
    """Set the pixels of runs, in planes of ny rows, in a mask whose first pixel is at a corner."""
    z, y, x = corner.tolist()
    for row, start, stop in runs[:, :3].tolist():
        mask[row // ny - z, row % ny - y, start - x : stop - x] = True


def find_holes(labels: Volume, grid: Grid, monitor: Monitor) -> Holes:
    """Return the holes of a label image.

    A hole is a component of the background (over faces, edges and corners) that does not reach the
    border of the image and touches one blob only.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    grid : Grid
        Tells which pixels are neighbours.
    monitor : Monitor
        Checks for cancellation.
    """
    found = enclosed_background(labels, monitor)
    around, _ = blobs_beside(found, labels, grid, monitor)
    return found[np.bincount(around[:, 0], minlength=len(found)) == 1]


def enclosed_background(labels: Volume, monitor: Monitor) -> Holes:
    """Return the components of the background that do not reach the border of the image."""
    every, _ = runs_of(labels, True, True, monitor)
    runs = loops.runs_of_holes(every, *labels.shape)
    monitor.check()
    n = int(runs[:, 3].max(initial=-1)) + 1
    size = np.bincount(runs[:, 3], runs[:, 2] - runs[:, 1], n).astype(np.int64)
    found = Holes(runs, np.zeros(n, np.int32), size)
    if n > 0:
        hole, label = found.around(labels, 1).T
        found.label[hole] = label
    return found


def blobs_beside(
    found: Holes, labels: Volume, grid: Grid, monitor: Monitor
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the pairs of a component of the background and a blob that touches it, in order.

    Blobs are numbered as in the runs of all of them, which come second, as of `runs_of`.
    """
    if len(found) == 0:
        return np.zeros((0, 2), np.int32), np.zeros((0, 4), np.int32)
    blobs, first = runs_of(labels, False, not grid.strict, monitor)
    pairs = loops.blobs_beside(found.runs, blobs, first, labels.shape[1])
    return np.unique(pairs, axis=0), blobs
