"""Synthetic scenes with their truth: circles, spheres and fields of touching discs.

The circles are those of scikit-learn's example "Segmenting the picture of connected circles with
spectral clustering" (``plot_segmentation_toy``), at any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Centres and radii of the example, in a picture of 100 x 100 pixels.
CIRCLES = ((28, 24, 16), (40, 50, 14), (67, 58, 15), (24, 70, 14))


@dataclass(frozen=True)
class Scene:
    """An image, the mask of its foreground, and the objects that are really there.

    Parameters
    ----------
    image : ndarray
        Intensities.
    mask : ndarray of bool
        The foreground; ``truth > 0``.
    truth : ndarray of int32
        0 outside the objects, which are numbered from 1.
    """

    image: NDArray[Any]
    mask: NDArray[np.bool_]
    truth: NDArray[np.int32]

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.mask.shape))
        return f"<Scene of {shape}: {len(np.unique(self.truth[self.truth > 0]))} objects>"


def balls(
    shape: Sequence[int], centres: ArrayLike, radii: ArrayLike, *, noise: float = 0.2, seed: int = 0
) -> Scene:
    """Draw overlapping discs or balls; where two overlap, the border is straight between them.

    Parameters
    ----------
    shape : sequence of int
        Size of the picture along its axes.
    centres : array_like, shape (n, ndim)
        Centres in pixels.
    radii : array_like, shape (n,)
        Radii in pixels.
    noise : float
        Standard deviation of the noise; the objects are 1 brighter than the background.
    seed : int
        Seed of the noise.

    Returns
    -------
    Scene
        ``image`` is ``mask + 1`` and noise.
    """
    shape = tuple(shape)
    centres = np.asarray(centres, dtype=float)
    radii = np.asarray(radii, dtype=float)
    truth = np.zeros(shape, dtype=np.int32)
    # The power distance |x - c|^2 - r^2 is negative inside; its bisectors are straight.
    nearest = np.zeros(shape)
    for label, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
        low = np.maximum(np.floor(centre - radius).astype(int), 0)
        high = np.minimum(np.ceil(centre + radius).astype(int) + 1, shape)
        if (low >= high).any():
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        axes = np.ogrid[box]
        power = sum((x - c) ** 2 for x, c in zip(axes, centre, strict=True)) - radius**2
        closer = power < nearest[box]
        truth[box][closer] = label
        nearest[box][closer] = power[closer]
    mask = truth > 0
    rng = np.random.default_rng(seed)
    return Scene(mask + 1.0 + noise * rng.standard_normal(shape), mask, truth)


def circles(n: int = 4, *, size: int = 100, noise: float = 0.2, seed: int = 0) -> Scene:
    """Draw the connected circles of scikit-learn's example.

    Parameters
    ----------
    n : int
        How many of the four circles, from the first on; 2 and 4 are the example's.
    size : int
        Side of the picture in pixels; the example's is 100.
    noise : float
        Standard deviation of the noise.
    seed : int
        Seed of the noise.

    Returns
    -------
    Scene
        Arrays of shape (size, size).

    Examples
    --------
    >>> scene = circles(4)
    >>> scene.image.shape, int(scene.truth.max())
    ((100, 100), 4)
    """
    if not 1 <= n <= len(CIRCLES):
        raise ValueError(f"n is {n}; the example has circles 1 to {len(CIRCLES)}.")
    drawn = np.array(CIRCLES[:n]) * (size / 100)
    return balls((size, size), drawn[:, :2], drawn[:, 2], noise=noise, seed=seed)


def unequal(*, size: int = 200, noise: float = 0.2, seed: int = 0) -> Scene:
    """Draw a chain of touching discs of very different size, on which the example's method fails.

    Parameters
    ----------
    size : int
        Side of the picture in pixels.
    noise : float
        Standard deviation of the noise.
    seed : int
        Seed of the noise.

    Returns
    -------
    Scene
        Four discs with radii 50, 22, 11 and 6 in a picture of side 200.
    """
    drawn = np.array([(90, 75, 50), (110, 142, 22), (128, 170, 11), (141, 180, 6)]) * (size / 200)
    return balls((size, size), drawn[:, :2], drawn[:, 2], noise=noise, seed=seed)


def spheres(*, size: int = 64, noise: float = 0.2, seed: int = 0) -> Scene:
    """Draw four touching spheres: the circles of the example in three dimensions.

    Parameters
    ----------
    size : int
        Side of the volume in voxels.
    noise : float
        Standard deviation of the noise.
    seed : int
        Seed of the noise.

    Returns
    -------
    Scene
        Arrays of shape (size, size, size).
    """
    scale = size / 100
    depths = (46, 54, 50, 52)
    centres = [(z, y, x) for z, (y, x, _) in zip(depths, CIRCLES, strict=True)]
    radii = np.array([radius for _, _, radius in CIRCLES])
    return balls((size,) * 3, np.array(centres) * scale, radii * scale, noise=noise, seed=seed)


def field(
    n: int = 200,
    *,
    size: int = 900,
    radius: tuple[float, float] = (20.0, 30.0),
    ndim: int = 2,
    noise: float = 0.2,
    seed: int = 0,
) -> Scene:
    """Scatter touching discs (or balls) of different size: a dense culture of nuclei.

    Discs are dropped at random, most of them beside one that is there, and kept if they overlap
    no other by more than a fifth of the sum of the two radii.

    Parameters
    ----------
    n : int
        Number of objects; fewer if no more fit.
    size : int
        Side of the picture in pixels.
    radius : (float, float)
        Smallest and largest radius in pixels.
    ndim : int
        2 or 3 dimensions.
    noise : float
        Standard deviation of the noise.
    seed : int
        Seed of positions, radii and noise.

    Returns
    -------
    Scene
        Arrays of shape (size,) * ndim.
    """
    rng = np.random.default_rng(seed)
    centres = np.empty((n, ndim))
    radii = np.empty(n)
    count = 0
    for _ in range(60 * n):
        if count == n:
            break
        r = rng.uniform(*radius)
        if count and rng.random() < 0.8:
            beside = rng.integers(count)
            direction = rng.normal(size=ndim)
            direction /= np.linalg.norm(direction)
            reach = rng.uniform(0.82, 0.95) * (r + radii[beside])
            centre = centres[beside] + reach * direction
        else:
            centre = rng.uniform(r, size - r, size=ndim)
        if (centre < r).any() or (centre > size - r).any():
            continue
        distance = np.linalg.norm(centres[:count] - centre, axis=1)
        if (distance < 0.8 * (radii[:count] + r)).any():
            continue
        centres[count], radii[count] = centre, r
        count += 1
    return balls((size,) * ndim, centres[:count], radii[:count], noise=noise, seed=seed + 1)


def nuclei() -> Scene:
    """Load a real fluorescence image of touching nuclei with its truth, drawn by experts.

    A crop of image 5afb7932 of the 2018 Data Science Bowl (BBBC038v1, CC0), as corrected by
    K. Lopuhin and others.

    Returns
    -------
    Scene
        Arrays of shape (256, 320); ``image`` is uint8, ``truth`` holds 67 nuclei in 41 groups.

    References
    ----------
    .. [1] J. C. Caicedo et al., Nucleus segmentation across imaging experiments: the 2018 Data
       Science Bowl, Nature Methods 16, 1247-1253 (2019).
    """
    file = resources.files("napari_ncut") / "data" / "nuclei.npz"
    with file.open("rb") as stream, np.load(stream) as arrays:
        truth = arrays["truth"].astype(np.int32)
        return Scene(arrays["image"], truth > 0, truth)
