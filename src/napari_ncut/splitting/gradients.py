"""What the image says for a neck: a step of brightness from one part to the other.

Where a bright object touches or covers a dim one, there is no dark line, but a slope of brightness
all along the border, always downwards to the same side. The slopes across the border are summed up
with their signs, so that texture cancels out and a step does not.

The unit is the usual slope: its mean over the surroundings, times what the strongest of all places
in the fragment can pretend by chance. A large object with texture must show a greater step than a
small smooth one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.half_width import Spacing, Volume
from napari_ncut.splitting.ridges import mean_within

# Sigma of the brightness whose slope is taken, and of its surroundings, in pixels.
EDGE, AROUND = 1.2, 6.0
# The usual slope is at least this, in standard deviations of the foreground a pixel.
FLATTEST = 0.02
# The unit is the usual slope where the strongest by chance is this, in 2-D and in space.
ORDINARY, IN_SPACE = 2.0, 0.5
# Mean slope across a border, in those units, that says nothing; on borders that the slopes
# themselves have made inside a hill of the half-width, this many times as much.
SLOPE, INSIDE = 0.48, 1.5
# How strongly a slope lowers the half-width at a pixel, for each unit of beta.
STEEPNESS = 1.6


@dataclass(frozen=True)
class Edges:
    """Brightness and its slope.

    Parameters
    ----------
    tone : ndarray of float32, shape (nz, ny, nx)
        Brightness, slightly smoothed.
    slope : ndarray of float32, shape (nz, ny, nx)
        Length of its gradient, in units of ``usual``.
    usual : ndarray of float32, shape (nz, ny, nx)
        Slope that says nothing.
    """

    tone: NDArray[np.float32]
    slope: NDArray[np.float32]
    usual: NDArray[np.float32]


def find_edges(
    grey: NDArray[np.float32],
    labels: Volume,
    fragments: Volume,
    greatest: NDArray[np.float64],
    spacing: Spacing,
    monitor: Monitor,
) -> Edges:
    """Return the brightness and its slopes.

    Parameters
    ----------
    grey : ndarray of float32, shape (nz, ny, nx)
        As `standardised` gives it.
    labels, fragments : ndarray of int32, shape (nz, ny, nx)
        Background is 0 in labels, -1 in fragments.
    greatest : ndarray of float64, shape (n + 1,)
        As `evidence.strongest_by_chance` gives it.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.
    """
    pixel = min(spacing[-2:])
    tone = mean_within(grey, labels, EDGE * pixel, spacing, monitor)
    slope = slope_within(tone, labels, spacing, monitor)
    chance = greatest / (IN_SPACE if min(labels.shape) > 1 else ORDINARY)
    usual = mean_within(slope, labels, AROUND * pixel, spacing, monitor)
    monitor.check()
    usual += FLATTEST / pixel
    usual *= chance.astype(np.float32)[fragments + 1]
    monitor.check()
    return Edges(tone, slope / usual, usual)


def slope_within(
    tone: NDArray[np.float32], labels: Volume, spacing: Spacing, monitor: Monitor
) -> NDArray[np.float32]:
    """Length of the gradient, from neighbours of the same label only."""
    slope = np.zeros_like(tone)
    nz, ny, nx = tone.shape
    work = partial(_slopes, tone, labels, np.array(spacing), slope)
    map_chunks(work, nz * ny, 4 * nx, monitor)
    return slope


@compiled
def _slopes(
    tone: NDArray[np.float32],
    labels: NDArray[np.int32],
    spacing: NDArray[np.float64],
    slope: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Write the slopes in some rows: along each axis the mean rise to both neighbours."""
    shape = np.array(tone.shape)
    for row in range(start, stop):
        for x in range(shape[2]):
            at = (row // shape[1], row % shape[1], x)
            label = labels[at]
            if label == 0:
                continue
            square = 0.0
            for axis in range(3):
                total, count = 0.0, 0
                for side in (-1, 1):
                    place = at[axis] + side
                    if place < 0 or place >= shape[axis]:
                        continue
                    z = place if axis == 0 else at[0]
                    y = place if axis == 1 else at[1]
                    beside = place if axis == 2 else x
                    if labels[z, y, beside] == label:
                        total += side * (tone[z, y, beside] - tone[at])
                        count += 1
                if count > 0:
                    square += (total / count / spacing[axis]) ** 2
            slope[at] = np.sqrt(square)
