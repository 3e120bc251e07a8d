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

import numpy as np
from numpy.typing import NDArray

from napari_ncut.evidence import (
    SHORT,
    STRENGTH,
    TEXTURE,
    ImageWeights,
    mean_within,
    strongest_by_chance,
)
from napari_ncut.monitor import Monitor
from napari_ncut.widths import Spacing, Volume

# Sigma of the brightness whose slope is taken, and of its surroundings, in pixels.
EDGE, AROUND = 1.2, 6.0
# The usual slope is at least this, in standard deviations of the foreground a pixel.
FLATTEST = 0.02
# The unit is the usual slope where the strongest by chance is this, in 2-D and in space.
ORDINARY, IN_SPACE = 2.0, 0.5
# Mean slope across a border, in those units, that says nothing; on borders that the slopes
# themselves have made inside a hill of the half-width, this many times as much.
SLOPE, INSIDE = 0.48, 1.5
# How strongly a step counts, for each unit of beta: on a border, and on the half-width at a pixel
# where fragments are looked for.
STEP, STEEPNESS = 6.0, 1.6


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


def image_weights(beta: float, spacing: Spacing, ndim: int) -> ImageWeights:
    """Return the weights for a beta, in physical units."""
    short = SHORT * min(spacing[-2:]) ** (ndim - 1)
    return ImageWeights(STRENGTH * beta, TEXTURE, short, STEP * beta, SLOPE)


def find_edges(
    grey: NDArray[np.float32],
    labels: Volume,
    fragments: Volume,
    n: int,
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
    n : int
        Number of fragments.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.
    """
    pixel = min(spacing[-2:])
    tone = mean_within(grey, labels, EDGE * pixel, spacing, monitor)
    slope = slope_within(tone, labels, spacing)
    in_space = min(labels.shape) > 1
    chance = strongest_by_chance(fragments, n) / (IN_SPACE if in_space else ORDINARY)
    usual = mean_within(slope, labels, AROUND * pixel, spacing, monitor) + FLATTEST / pixel
    usual *= chance.astype(np.float32)[fragments + 1]
    return Edges(tone, slope / usual, usual)


def slope_within(
    tone: NDArray[np.float32], labels: Volume, spacing: Spacing
) -> NDArray[np.float32]:
    """Length of the gradient, from neighbours of the same label only."""
    square = np.zeros_like(tone)
    for axis in (axis for axis in range(3) if labels.shape[axis] > 1):
        values, label = np.moveaxis(tone, axis, 0), np.moveaxis(labels, axis, 0)
        inside = (label[1:] == label[:-1]) & (label[1:] > 0)
        rise = np.where(inside, np.diff(values, axis=0), 0.0)
        total, count = np.zeros_like(values), np.zeros(values.shape, np.int8)
        for half in (slice(1, None), slice(None, -1)):
            total[half] += rise
            count[half] += inside
        np.moveaxis(square, axis, 0)[...] += (total / np.maximum(count, 1) / spacing[axis]) ** 2
    return np.sqrt(square)
