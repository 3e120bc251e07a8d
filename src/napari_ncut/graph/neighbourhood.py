"""The neighbours of a pixel, and how much the geometry links it to each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray


def neighbour_offsets(ndim: int, connectivity: int) -> NDArray[np.int64]:
    """Return the offsets to the neighbours of a pixel, shape (m, ndim), in raster order."""
    offsets = np.array(list(product((-1, 0, 1), repeat=ndim)))
    distance = np.abs(offsets).sum(axis=1)
    near: NDArray[np.int64] = offsets[(distance > 0) & (distance <= connectivity)]
    return near


def contact_factors(
    offsets: NDArray[np.int64], spacing: Sequence[float], connectivity: int
) -> NDArray[np.float64]:
    """Return the geometry of each edge, so that a cut measures physical length or area.

    Faces only: contact area over distance, scaled to 1 for isotropic pixels. Faces and corners:
    the cut metric, for which the cut along a line or plane has its Euclidean length or area.

    Parameters
    ----------
    offsets : (m, ndim) ndarray of int
        Offsets to the neighbours, each with its opposite.
    spacing : sequence of float
        Pixel size along each axis.
    connectivity : int
        1 or ndim.

    Returns
    -------
    (m,) ndarray of float64

    References
    ----------
    Boykov and Kolmogorov (2003), Computing geodesics and minimal surfaces via graph cuts, Ninth
    IEEE International Conference on Computer Vision, 26-33; equations 4 and 9.
    """
    size = np.asarray(spacing, dtype=float) / math.exp(np.mean(np.log(spacing)))
    steps = offsets * size
    length: NDArray[np.float64] = np.linalg.norm(steps, axis=1)
    ndim = len(size)
    if connectivity == 1:
        factors: NDArray[np.float64] = 1.0 / length**2
        return factors
    directions = steps / length[:, None]
    if ndim == 2:
        order = np.argsort(np.arctan2(directions[:, 1], directions[:, 0]))
        angle = np.arctan2(directions[:, 1], directions[:, 0])[order]
        gap = np.diff(angle, append=angle[0] + 2 * np.pi)
        share = np.empty(len(offsets))
        share[order] = (gap + np.roll(gap, 1)) / 2
        return share / (2 * length)
    from scipy.spatial import SphericalVoronoi

    solid_angle: NDArray[np.float64] = SphericalVoronoi(directions).calculate_areas()
    return solid_angle / (np.pi * length)
