"""Ridges: a dark line between bright objects, or a bright one between dark.

What a pixel shows is how much darker it is than its surroundings, in standard deviations of the
foreground: the difference of two Gaussian means within the label. Objects that are darker than what
is around them count as bright. Where there is no background, as in a block of cells with stained
membranes, the lines are on the side of the longer tail.

A ridge counts by its mean over a whole border: spots of texture average out, a line between two
objects does not. Its unit is what the noise and the texture of the object itself can show
(`in_units_of_noise`). Steps of brightness are in `gradients`.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import in_order, map_chunks
from napari_ncut.splitting.grid import Grid, Volume
from napari_ncut.splitting.image.smoothing import mean_within
from napari_ncut.splitting.loops import image as loops
from napari_ncut.splitting.oversegment import Fragments
from napari_ncut.splitting.parameters import SplitParameters
from napari_ncut.splitting.watershed import pixels_of

# Mean root of the absolute value of a normal number.
MEAN_ROOT = 0.822


def ridges(
    grey: NDArray[np.float32],
    labels: Volume,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> NDArray[np.float32]:
    """Return how much darker each pixel is than its surroundings.

    Parameters
    ----------
    grey : ndarray of float32, shape (nz, ny, nx)
        The image, with bright objects, in standard deviations of them.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Positive on dark lines, in standard deviations of the foreground; 0 for a flat image.
    """
    near = mean_within(grey, labels, parameters.near * grid.finest, grid, monitor)
    far = mean_within(grey, labels, parameters.far * grid.finest, grid, monitor)
    far -= near
    return far


def noise_of(
    ridge: NDArray[np.float32], fragments: Fragments, monitor: Monitor
) -> NDArray[np.float64]:
    """Return the noise and texture of each fragment.

    It is that of the other side: a line is not there. Of its absolute values the mean of the roots
    is taken, which the flanks of lines hardly change.

    Parameters
    ----------
    ridge : ndarray of float32, shape (nz, ny, nx)
        As `ridges` gives it.
    fragments : Fragments
        By shape alone.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of float64, shape (n + 1,)
        First of the background.
    """
    count, roots = np.zeros(fragments.n + 1), np.zeros(fragments.n + 1)
    flat = ridge.reshape(-1), fragments.number.reshape(-1)
    in_order(partial(loops.add_roots, *flat, count, roots), ridge.size, 1, monitor)
    return np.asarray((roots / np.maximum(count, 1.0)) ** 2 / MEAN_ROOT**2)


def in_units_of_noise(
    ridge: NDArray[np.float32],
    fragments: Fragments,
    noise: NDArray[np.float64],
    expected_maximum: NDArray[np.float64],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> NDArray[np.float32]:
    """Return ridges in units of what noise and texture can show in each fragment.

    The more places for a line there are in a fragment, the stronger is the strongest by chance. The
    unit is at least `SplitParameters.ridge_floor`.

    Parameters
    ----------
    ridge : ndarray of float32, shape (nz, ny, nx)
        As `ridges` gives it.
    fragments : Fragments
        By shape alone; in the background the result is 0.
    noise : ndarray of float64, shape (n + 1,)
        As `noise_of` gives it.
    expected_maximum : ndarray of float64, shape (n + 1,)
        As `expected_maximum` gives it.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    if not grid.is_flat:
        expected_maximum = np.minimum(expected_maximum, parameters.ridge_maximum_in_space)
    by_noise = parameters.ridge_share * expected_maximum * noise
    factor = (1.0 / np.maximum(parameters.ridge_floor, by_noise)).astype(np.float32)
    factor[0] = 0.0
    result = np.empty_like(ridge)
    flat = ridge.reshape(-1), fragments.number.reshape(-1)
    arrays = *flat, factor, parameters.ridge_limit, result.reshape(-1)
    map_chunks(partial(loops.scale, *arrays), ridge.size, 1, monitor)
    return result


def patch_of_texture(ndim: int, parameters: SplitParameters) -> float:
    """Return the area or volume, in finest pixels, over which texture is taken as one value."""
    return float((2 * np.pi * parameters.far**2) ** (ndim / 2))


def expected_maximum(
    fragments: Fragments, grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> NDArray[np.float64]:
    """Return the greatest of as many normal numbers as there are places for a line.

    Of k it is about sqrt(2 log k).

    Parameters
    ----------
    fragments : Fragments
        By shape alone.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.

    Returns
    -------
    ndarray of float64, shape (n + 1,)
        First of the background.
    """
    pixels = pixels_of(fragments.number, fragments.n, monitor)
    places = np.concatenate([[0], pixels]) / patch_of_texture(grid.ndim, parameters)
    return np.asarray(np.sqrt(2 * np.log(np.maximum(places, parameters.fewest_places))))
