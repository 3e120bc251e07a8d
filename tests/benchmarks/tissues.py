"""Tissues of cells with stained walls, drawn: what only the image tells apart.

The numbers of `splitting.image.walls` were chosen on seeds below 100; `split_tissues.py` reports on
others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.spatial import cKDTree


class Tissue(NamedTuple):
    """Cells that touch, and an image of their walls.

    Parameters
    ----------
    truth : ndarray of int32
        The cells; 0 around the tissue.
    image : ndarray of float32
        Walls bright or dark, some faint; cytoplasm of some brightness, uneven light, noise.
    spacing : tuple of float
        Pixel size.
    is_bright : bool
        Whether the walls are bright.
    """

    truth: NDArray[np.int32]
    image: NDArray[np.float32]
    spacing: tuple[float, ...]
    is_bright: bool


def tissue(seed: int, ndim: int | None = None) -> Tissue:
    """Return a tissue that fills a plane or a volume, or is surrounded by background."""
    rng = np.random.default_rng([4711, seed])
    ndim = ndim or int(rng.choice([2, 3]))
    if ndim == 2:
        shape, spacing, radius = (256, 256), np.ones(2), rng.uniform(8, 24)
        n = 256**2 / (3.2 * radius**2)
    else:
        aspect, radius = rng.choice([1.0, 1.5, 2.5]), rng.uniform(8, 15)
        shape, spacing = (int(60 / aspect), 96, 96), np.array([aspect, 1.0, 1.0])
        n = 60 * 96**2 / (5 * radius**3)
    cell, pair, gap = _cells(rng, shape, spacing, radius, max(int(n), 8))

    def smooth(sigma):
        values = ndi.gaussian_filter(rng.normal(size=shape), sigma / spacing)
        return values / values.std()

    width = rng.uniform(1, max(1.5, 0.3 * radius))
    contrast = rng.uniform(rng.uniform(0.2, 1), 1, pair.max() + 1)[pair]
    inside = rng.uniform(0, rng.choice([0.05, 0.2, 0.4]), cell.max() + 1)[cell]
    image = np.maximum(inside, contrast * np.exp(-((gap / width) ** 2)))
    image *= 1 + rng.uniform(0, 0.3) * smooth(2 * radius)
    image = ndi.gaussian_filter(image, rng.uniform(0.6, 1.6) / spacing)
    image += rng.choice([0.01, 0.04, 0.1, 0.2]) * rng.normal(size=shape)
    is_bright = rng.random() > 0.25
    if rng.random() < 0.4:
        size = np.array(shape) * spacing
        at = np.moveaxis(np.indices(shape), 0, -1) * spacing
        outside = np.linalg.norm(at / size - 0.5, axis=-1) > rng.uniform(0.4, 0.7)
        share = np.bincount(cell.ravel(), outside.ravel()) / np.maximum(
            np.bincount(cell.ravel()), 1
        )
        cell = np.where(share[cell] < 0.5, cell, 0)
        image = np.where(cell > 0, image, 0.05)
    truth = np.unique(np.append(0, cell), return_inverse=True)[1][1:].reshape(shape)
    image = image if is_bright else 1 - image
    sizes = tuple(spacing.tolist())
    return Tissue(truth.astype(np.int32), image.astype(np.float32), sizes, is_bright)


def _cells(rng, shape, spacing, radius, n):
    """Return the cell of each pixel, from 1, the pair that is nearest to it, and how near it is."""
    ndim, size = len(shape), np.array(shape) * spacing
    at = np.indices(shape).reshape(ndim, -1).T * spacing
    points = rng.uniform(0, 1, (n, ndim)) * size
    for _ in range(int(rng.integers(0, 3))):
        nearest = cKDTree(points).query(at)[1]
        count = np.maximum(np.bincount(nearest, minlength=n), 1)
        points = np.stack([np.bincount(nearest, x, n) / count for x in at.T], axis=1)
    # A power diagram, as one more coordinate of the points: cells of unequal sizes.
    power = rng.uniform(0, (rng.choice([0, 0.35]) * radius) ** 2, n)
    bend = np.stack(
        [ndi.gaussian_filter(rng.normal(size=shape), radius / 2 / spacing) for _ in shape], axis=-1
    ).reshape(-1, ndim)
    moved = at + rng.uniform(0, 0.15) * radius * bend / bend.std()
    raised = np.column_stack([points, np.sqrt(power.max() - power)])
    away, two = cKDTree(raised).query(np.column_stack([moved, np.zeros(len(at))]), 2)
    pair = np.unique(np.sort(two, axis=1) @ [n, 1], return_inverse=True)[1]
    gap = away[:, 1] - away[:, 0]
    return two[:, 0].reshape(shape) + 1, pair.reshape(shape), gap.reshape(shape)
