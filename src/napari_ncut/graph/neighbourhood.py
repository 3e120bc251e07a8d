"""The neighbours of a pixel, and what a border that runs between two pixels measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

# Directions nearer to each other than this are one: less than the least angle of two steps between
# pixels a million times as long as wide, the most oblong that are accepted.
SAME_DIRECTION = 1e-10


def neighbour_offsets(ndim: int, connectivity: int) -> NDArray[np.int64]:
    """Return the offsets to the neighbours of a pixel, shape (m, ndim), in raster order."""
    offsets = np.array(list(product((-1, 0, 1), repeat=ndim)), dtype=np.int64)
    distance = np.abs(offsets).sum(axis=1)
    near: NDArray[np.int64] = offsets[(distance > 0) & (distance <= connectivity)]
    return near


def contact_factors(
    offsets: NDArray[np.int64], spacing: Sequence[float], connectivity: int
) -> NDArray[np.float64]:
    """Return the geometry of each edge, so that a cut measures physical length or area.

    Faces only: contact area over distance, scaled to 1 for isotropic pixels. Faces and corners:
    the cut metric (`border_areas`). They are finite and greater than 0 for all pixels that are
    accepted, whose sides differ by a factor of a million at most.

    Parameters
    ----------
    offsets : (m, ndim) ndarray of int
        Offsets to the neighbours in raster order.
    spacing : sequence of float
        Pixel size along each axis.
    connectivity : int
        1 or ndim.

    Returns
    -------
    (m,) ndarray of float64
    """
    sizes = np.asarray(spacing, dtype=float) / math.exp(np.mean(np.log(spacing)))
    if connectivity == 1:
        factors: NDArray[np.float64] = 1.0 / np.linalg.norm(offsets * sizes, axis=1) ** 2
        return factors
    return border_areas(offsets, sizes)


def border_areas(offsets: NDArray[np.int64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a border gains where it is crossed by each step between neighbours.

    The cut metric: a line or plane across the grid is crossed by so many steps of each kind that
    the sum is its Euclidean length or area, as nearly as the number of directions allows.

    Parameters
    ----------
    offsets : (m, ndim) ndarray of int
        Offsets to all neighbours over faces and corners, in raster order.
    sizes : (ndim,) ndarray of float64
        Pixel size along each axis, in units in which a pixel has the area or volume 1.

    Returns
    -------
    (m,) ndarray of float64
        The same for a step and its opposite.

    References
    ----------
    Boykov and Kolmogorov (2003), Computing geodesics and minimal surfaces via graph cuts, Ninth
    IEEE International Conference on Computer Vision, 26-33; equations 4 and 9.
    """
    steps = offsets * sizes
    length: NDArray[np.float64] = np.linalg.norm(steps, axis=1)
    ndim = len(sizes)
    if ndim == 1:
        return np.ones(len(offsets))
    directions = steps / length[:, None]
    if ndim == 2:
        angles = np.arctan2(directions[:, 1], directions[:, 0])
        order = np.argsort(angles)
        gap = np.diff(angles[order], append=angles[order[0]] + 2 * np.pi)
        share = np.empty(len(offsets))
        share[order] = (gap + np.roll(gap, 1)) / 2
        areas = share / (2 * length)
    else:
        from scipy.spatial import SphericalVoronoi

        regions = SphericalVoronoi(directions, threshold=SAME_DIRECTION)
        areas = regions.calculate_areas() / (np.pi * length)
    half = len(offsets) // 2
    areas[:half] = areas[half:][::-1]
    return areas
