"""The neighbours of a pixel, and what a border that runs between two of them measures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from napari_ncut.core.compiled import compiled
from napari_ncut.splitting.half_width import Spacing


@dataclass(frozen=True)
class Steps:
    """Steps to the neighbours of a pixel: over faces, edges and corners.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n, 3)
        First the backward half, then the forward half, which is its mirror image.
    lengths : ndarray of float64, shape (n,)
        In physical units.
    areas : ndarray of float64, shape (n,)
        What a border gains by crossing each step, so that the sum is its Euclidean length or area.
    """

    offsets: NDArray[np.int64]
    lengths: NDArray[np.float64]
    areas: NDArray[np.float64]


def neighbour_steps(shape: tuple[int, ...], spacing: Spacing) -> Steps:
    """Return the steps inside an image; an axis of one pixel has none.

    The areas are those of Boykov and Kolmogorov's cut metric, fitted to the spacing: of all
    weights that measure a plane border right in every direction the least-squares ones.
    """
    reach = [(-1, 0, 1) if n > 1 else (0,) for n in shape]
    every = [step for step in product(*reach) if any(step)]
    offsets = np.array(every, np.int64).reshape(-1, 3)
    vectors = offsets * np.array(spacing)
    lengths = np.sqrt((vectors**2).sum(axis=1))
    pixel = math.prod(size for size, n in zip(spacing, shape, strict=True) if n > 1)
    areas = np.zeros(len(offsets))
    if len(offsets):
        # A border with unit normal n is crossed by |step . n| / pixel steps of a kind per area.
        half = len(offsets) // 2
        crossings = np.abs(_directions(shape) @ vectors[half:].T) / pixel
        found = nnls(crossings, np.ones(len(crossings)))[0]
        # No step counts nothing at all: every contact has an area.
        areas[half:] = np.maximum(found, 1e-3 * found.max())
        areas[:half] = areas[half:][::-1]
    return Steps(offsets, lengths, areas)


def _directions(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Unit vectors evenly over the sphere, or the circle where an axis is missing."""
    n = 400
    turns = np.arange(n) * (math.pi * (3 - math.sqrt(5)))
    height = 1 - (2 * np.arange(n) + 1) / n
    around = np.sqrt(1 - height**2)
    sphere = np.stack([height, around * np.cos(turns), around * np.sin(turns)], axis=1)
    if min(shape) == 1:
        angles = np.arange(n) * (math.pi / n)
        sphere = np.stack([0 * angles, np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(sphere * (np.array(shape) > 1))


@compiled
def walkable(labels: NDArray[np.int32], z: int, y: int, x: int, dz: int, dy: int, dx: int) -> bool:
    """Tell whether faces inside the label lead where a step over an edge or a corner leads."""
    label = labels[z, y, x]
    n = abs(dz) + abs(dy) + abs(dx)
    if n == 1:
        return True
    over_z = dz != 0 and labels[z + dz, y, x] == label
    over_y = dy != 0 and labels[z, y + dy, x] == label
    over_x = dx != 0 and labels[z, y, x + dx] == label
    if n == 2:
        return over_z or over_y or over_x
    return (
        ((over_z or over_y) and labels[z + dz, y + dy, x] == label)
        or ((over_z or over_x) and labels[z + dz, y, x + dx] == label)
        or ((over_y or over_x) and labels[z, y + dy, x + dx] == label)
    )
