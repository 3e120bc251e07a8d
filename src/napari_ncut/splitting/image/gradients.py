"""Gradients: a step of brightness from one part to the other.

Where a bright object touches or covers a dim one, there is no dark line, but a slope of brightness
all along the border, always downwards to the same side. The slopes across the border are summed up
with their signs, so that texture cancels out and a step does not.

The unit is the gradient that is expected: its mean over the surroundings, times the expected
maximum over all places in the fragment. A large object with texture must show a greater step than a
small smooth one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.image.smoothing import mean_within
from napari_ncut.splitting.loops import image as loops
from napari_ncut.splitting.oversegment import Fragments
from napari_ncut.splitting.parameters import SplitParameters


@dataclass(frozen=True)
class Gradients:
    """Brightness and its gradient.

    Parameters
    ----------
    brightness : ndarray of float32, shape (nz, ny, nx)
        Smoothed intensity.
    length : ndarray of float32, shape (nz, ny, nx)
        Length of its gradient, in units of ``expected``.
    expected : ndarray of float32, shape (nz, ny, nx)
        Length that says nothing.
    """

    brightness: NDArray[np.float32]
    length: NDArray[np.float32]
    expected: NDArray[np.float32]


def gradients(
    grey: NDArray[np.float32],
    labels: Volume,
    fragments: Fragments,
    expected_maximum: NDArray[np.float64],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> Gradients:
    """Return the brightness and its gradients.

    Parameters
    ----------
    grey : ndarray of float32, shape (nz, ny, nx)
        The image, with bright objects, in standard deviations of them.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    fragments : Fragments
        By shape alone.
    expected_maximum : ndarray of float64, shape (n + 1,)
        As `ridges.expected_maximum` gives it.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    brightness = mean_within(grey, labels, parameters.edge * grid.finest, grid, monitor)
    length = length_of_gradient(brightness, labels, grid, monitor)
    sigma = parameters.surroundings * grid.finest
    expected = mean_within(length, labels, sigma, grid, monitor)
    monitor.check()
    ordinary = parameters.ordinary if grid.is_flat else parameters.ordinary_in_space
    factor = (expected_maximum / ordinary).astype(np.float32)
    floor = parameters.gradient_floor / grid.finest
    flat = length.reshape(-1), expected.reshape(-1), fragments.number.reshape(-1)

    def work(start: int, stop: int) -> None:
        unit = flat[1][start:stop]
        unit += floor
        unit *= factor[flat[2][start:stop] + 1]
        flat[0][start:stop] /= unit

    map_chunks(work, length.size, 1, monitor)
    return Gradients(brightness, length, expected)


def length_of_gradient(
    brightness: NDArray[np.float32], labels: Volume, grid: Grid, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the length of the gradient, from neighbours of the same label only."""
    length = np.empty_like(brightness)
    nz, ny, nx = brightness.shape
    work = partial(loops.gradients_of_rows, brightness, labels, np.array(grid.spacing), length)
    map_chunks(work, nz * ny, 4 * nx, monitor)
    return length
