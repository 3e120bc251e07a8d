"""The grid of pixels: their size, their neighbours, and what a border between two of them measures.

All that follows asks the grid, and never the extent of an array, what a pixel is and how many axes
there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.int32]
Spacing = tuple[float, float, float]

# Half-widths are whole numbers of this share of the finest pixel, so that sums of them are exact.
UNITS_PER_PIXEL = 1024
# The greatest half-width, in those units: 32 neighbours of it add up in 32 bits, in 64ths.
LARGEST = (1 << 24) - 1
# Areas of borders are whole numbers of this share of the largest area of a step.
UNITS_PER_AREA = 4096


@dataclass(frozen=True)
class Grid:
    """The pixels of a volume and what counts as their neighbours.

    Parameters
    ----------
    spacing : (float, float, float)
        Pixel size along the axes z, y, x.
    ndim : int
        Number of axes along which pixels have neighbours: 2 (y, x) or 3.
    connectivity : int
        1: pixels that share a corner only do not touch; else they do.
    """

    spacing: Spacing
    ndim: int
    connectivity: int = 1

    @property
    def is_flat(self) -> bool:
        """Whether there is one plane only."""
        return self.ndim == 2

    @property
    def strict(self) -> bool:
        """Whether a step over a corner is only made where faces lead there too."""
        return self.connectivity == 1

    @property
    def sizes(self) -> tuple[float, ...]:
        """Pixel size along the axes that there are."""
        return self.spacing[3 - self.ndim :]

    @property
    def finest(self) -> float:
        """The shortest side of a pixel."""
        return min(self.sizes)

    @property
    def pixel(self) -> float:
        """Side of the square or cube that is as large as a pixel."""
        return float(self.volume ** (1 / self.ndim))

    @property
    def volume(self) -> float:
        """Area or volume of a pixel."""
        return math.prod(self.sizes)

    @property
    def unit(self) -> float:
        """Length that a half-width of 1 stands for."""
        return self.finest / UNITS_PER_PIXEL

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Steps to the neighbours, shape (n, 3): first the backward half, then its mirror image."""
        reach = [(0,)] * (3 - self.ndim) + [(-1, 0, 1)] * self.ndim
        every = [step for step in product(*reach) if any(step)]
        return np.array(every, np.int64)

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """Lengths of the steps, shape (n,)."""
        vectors = self.offsets * np.array(self.spacing)
        return np.asarray(np.sqrt((vectors**2).sum(axis=1)))

    @cached_property
    def area_unit(self) -> float:
        """Length or area of a border that a sum of 1 stands for."""
        return float(self._areas.max()) / UNITS_PER_AREA

    @cached_property
    def areas(self) -> NDArray[np.int64]:
        """What a border gains by crossing each step, in `area_unit`, shape (n,).

        Their sum is its Euclidean length or area: the cut metric of Boykov and Kolmogorov, fitted
        to the spacing, and the same for steps that are mirror images.
        """
        return np.maximum(np.rint(self._areas / self.area_unit), 1).astype(np.int64)

    @cached_property
    def _areas(self) -> NDArray[np.float64]:
        from scipy.optimize import nnls

        vectors = self.offsets * np.array(self.spacing)
        half = len(vectors) // 2
        # A border with unit normal n is crossed by |step . n| / volume steps of a kind per area.
        crossings = np.abs(_directions(self.ndim) @ vectors[half:].T) / self.volume
        # One unknown for all mirror images of a step.
        kind = np.abs(self.offsets[half:]) @ np.array([4, 2, 1])
        kinds, of_kind = np.unique(kind, return_inverse=True)
        together = np.zeros((len(crossings), len(kinds)))
        for k in range(len(kinds)):
            together[:, k] = crossings[:, of_kind == k].sum(axis=1)
        found = nnls(together, np.ones(len(together)))[0][of_kind]
        # No step counts nothing at all: every contact has an area.
        found = np.maximum(found, 1e-3 * found.max())
        return np.concatenate([found[::-1], found])


def _directions(ndim: int) -> NDArray[np.float64]:
    """Unit vectors spread evenly over the sphere, or over the circle of the last two axes."""
    n = 400
    if ndim == 2:
        angles = np.arange(n) * (math.pi / n)
        return np.stack([0 * angles, np.cos(angles), np.sin(angles)], axis=1)
    turns = np.arange(n) * (math.pi * (3 - math.sqrt(5)))
    height = 1 - (2 * np.arange(n) + 1) / n
    around = np.sqrt(1 - height**2)
    once = np.stack([height, around * np.cos(turns), around * np.sin(turns)], axis=1)
    # With the axes exchanged, so that none of them is another than the others.
    return np.concatenate([np.roll(once, k, axis=1)[:, ::s] for k in range(3) for s in (1, -1)])
