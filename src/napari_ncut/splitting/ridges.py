"""What the image says for a neck: a dark line between bright objects, or a bright one between dark.

The evidence of a pixel is how much darker it is than its surroundings, in standard deviations of
the foreground: the difference of two Gaussian means within the label. Objects that are darker than
what is around them count as bright. Where there is no background, as in a block of cells with
stained membranes, the lines are on the side of the longer tail of the evidence.

The evidence counts by its mean over a whole border: spots of texture average out, a line between
two objects does not. Its unit is what the noise and the texture of the object itself can pretend
(`in_units_of_noise`). Steps of brightness are in `edges`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import in_order, map_chunks
from napari_ncut.splitting.half_width import Spacing, Volume, smoothed

# Sigmas of the two means, in pixels.
NEAR, FAR = 1.0, 3.0
# Width of the ring around the objects that tells whether they are bright or dark, in pixels.
RING = 6
# Evidence below this, in standard deviations of the foreground, is nothing.
FAINTEST = 0.22
# The share of the greatest noise that counts as such.
SHARE = 0.4
# Mean root of the absolute value of a normal number.
MEAN_ROOT = 0.822
# In 3-D a border is a surface, over which noise averages out: no matter how many there could be.
GREATEST_IN_SPACE = 2.0
# There are at least so many places for a line in a fragment.
FEWEST = 3.0
# No pixel has more evidence than this, in those units.
LARGEST = 8.0
# Mean evidence on a border, in those units, that says nothing.
TEXTURE = 1.0
# How strongly evidence lowers the half-width at a pixel, for each unit of beta.
STEEPNESS = 0.8


def standardised(channels: NDArray[Any], labels: Volume, monitor: Monitor) -> NDArray[np.float32]:
    """Return the image as one channel with bright objects, in standard deviations of them.

    Parameters
    ----------
    channels : ndarray, shape (nz, ny, nx, n_channels)
        Intensities.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background, where the result is 0.
    monitor : Monitor
        Asked whether to go on.
    """
    mask = labels > 0
    result = np.zeros(labels.shape, np.float32)
    inside = channels[mask].astype(np.float64)
    monitor.check()
    grey = inside @ brightening(channels, mask, inside, monitor)
    spread = float(grey.std()) if len(grey) else 0.0
    if spread > 1e-6 * max(float(np.abs(grey).max(initial=0.0)), 1e-30):
        monitor.check()
        result[mask] = (grey - grey.mean()) / spread
    return result


def line_evidence(
    grey: NDArray[np.float32], labels: Volume, spacing: Spacing, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the evidence of each pixel for a line between objects.

    Parameters
    ----------
    grey : ndarray of float32, shape (nz, ny, nx)
        As `standardised` gives it.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Positive on lines, in standard deviations of the foreground; 0 for a flat image.
    """
    pixel = min(spacing[-2:])
    near = mean_within(grey, labels, NEAR * pixel, spacing, monitor)
    far = mean_within(grey, labels, FAR * pixel, spacing, monitor)
    evidence = far - near
    if (labels > 0).all() and ((evidence - evidence.mean()) ** 3).mean() < 0:
        evidence = -evidence
    return evidence


def noise_of(
    evidence: NDArray[np.float32], fragments: Volume, n: int, monitor: Monitor
) -> NDArray[np.float64]:
    """Return the noise and texture of each fragment.

    It is that of the negative evidence: a line is on the other side. Of its absolute values the
    mean of the roots is taken, which the flanks of lines hardly change.

    Parameters
    ----------
    evidence : ndarray of float32, shape (nz, ny, nx)
        As `line_evidence` gives it.
    fragments : ndarray of int32, shape (nz, ny, nx)
        -1 is background.
    n : int
        Number of fragments.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float64, shape (n + 1,)
        First of the background.
    """
    count, roots = np.zeros(n + 1), np.zeros(n + 1)
    flat = evidence.reshape(-1), fragments.reshape(-1)
    in_order(partial(_add_roots, *flat, count, roots), fragments.size, 1, monitor)
    return np.asarray((roots / np.maximum(count, 1.0)) ** 2 / MEAN_ROOT**2)


@compiled
def _add_roots(
    evidence: NDArray[np.float32],
    fragments: NDArray[np.int32],
    count: NDArray[np.float64],
    roots: NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Add up the roots of the negative evidence of some pixels, by fragment."""
    for i in range(start, stop):
        if evidence[i] < 0:
            count[fragments[i] + 1] += 1.0
            roots[fragments[i] + 1] += np.sqrt(-evidence[i])


def in_units_of_noise(
    evidence: NDArray[np.float32],
    fragments: Volume,
    noise: NDArray[np.float64],
    greatest: NDArray[np.float64],
    monitor: Monitor,
) -> NDArray[np.float32]:
    """Return the evidence in units of what noise and texture can pretend in each fragment.

    The more places for a line there are in a fragment, the stronger is the strongest by chance.
    The unit is at least `FAINTEST`.

    Parameters
    ----------
    evidence : ndarray of float32, shape (nz, ny, nx)
        As `line_evidence` gives it.
    fragments : ndarray of int32, shape (nz, ny, nx)
        -1 is background, where the result is 0.
    noise, greatest : ndarray of float64, shape (n + 1,)
        As `noise_of` and `strongest_by_chance` give them.
    monitor : Monitor
        Asked whether to go on.
    """
    if min(fragments.shape) > 1:
        greatest = np.minimum(greatest, GREATEST_IN_SPACE)
    factor = (1.0 / np.maximum(FAINTEST, SHARE * greatest * noise)).astype(np.float32)
    factor[0] = 0.0
    result = np.empty_like(evidence)
    flat = evidence.reshape(-1), fragments.reshape(-1), factor, LARGEST, result.reshape(-1)
    map_chunks(partial(_scale, *flat), fragments.size, 1, monitor)
    return result


@compiled
def _scale(
    evidence: NDArray[np.float32],
    fragments: NDArray[np.int32],
    factor: NDArray[np.float32],
    largest: float,
    result: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Write some pixels of the evidence times the factor of their fragment."""
    for i in range(start, stop):
        result[i] = min(max(evidence[i] * factor[fragments[i] + 1], -largest), largest)


def patch_of_texture(ndim: int) -> float:
    """Return the area or volume, in pixels, over which texture and noise are taken as one value."""
    return float((2 * np.pi * FAR**2) ** (ndim / 2))


def strongest_by_chance(fragments: Volume, n: int) -> NDArray[np.float64]:
    """Return the greatest of as many normal numbers as there are places for a line.

    Of k it is about sqrt(2 log k).

    Parameters
    ----------
    fragments : ndarray of int32, shape (nz, ny, nx)
        -1 is background.
    n : int
        Number of fragments.

    Returns
    -------
    ndarray of float64, shape (n + 1,)
        First of the background.
    """
    patch = patch_of_texture(3 if min(fragments.shape) > 1 else 2)
    places = np.bincount(fragments.reshape(-1) + 1, minlength=n + 1) / patch
    return np.asarray(np.sqrt(2 * np.log(np.maximum(places, FEWEST))))


def brightening(
    channels: NDArray[Any],
    mask: NDArray[np.bool_],
    inside: NDArray[np.float64],
    monitor: Monitor,
) -> NDArray[np.float64]:
    """Return how to add up the channels so that objects are brighter than around them.

    Along the difference between the objects and their surroundings; without any background all
    channels count alike.

    Parameters
    ----------
    channels : ndarray, shape (nz, ny, nx, n_channels)
        Intensities.
    mask : ndarray of bool, shape (nz, ny, nx)
        Where the objects are.
    inside : ndarray of float64, shape (n, n_channels)
        The intensities there.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float64, shape (n_channels,)
        Of length 1.
    """
    direction = np.ones(channels.shape[-1])
    ring = mask
    for _ in range(RING):
        monitor.check()
        ring = ndimage.binary_dilation(ring)
    around = channels[ring & ~mask].astype(np.float64)
    around = around[np.isfinite(around).all(axis=-1)]
    if len(around) and len(inside):
        difference = inside.mean(axis=0) - around.mean(axis=0)
        if np.linalg.norm(difference) > 0:
            direction = difference
    return np.asarray(direction / np.linalg.norm(direction))


def mean_within(
    values: NDArray[np.float32],
    labels: Volume,
    sigma: float,
    spacing: Spacing,
    monitor: Monitor,
) -> NDArray[np.float32]:
    """Gaussian mean over the label of each pixel."""
    ones = (labels > 0).astype(np.float32)
    total = smoothed(ones, labels, sigma, spacing, monitor)
    result = smoothed(values, labels, sigma, spacing, monitor)
    np.divide(result, total, out=result, where=total > 0)
    return result
