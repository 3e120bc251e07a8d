"""Masks that are what is bright, or dark, in an image that need not fit into memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from napari_ncut.volumes.boxes import boxes, read

BINS = 4096
SIDE = 256


@dataclass(frozen=True)
class Foreground:
    """The pixels on one side of a threshold, as an array that is computed where it is read.

    Parameters
    ----------
    image : array
        Of NumPy, dask or Zarr.
    threshold : float
        What is above it is foreground ...
    dark : bool
        ... or what is below.
    """

    image: Any
    threshold: float
    dark: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image."""
        return tuple(self.image.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[np.bool_]:
        """Booleans."""
        return np.dtype(bool)

    def __getitem__(self, index: Any) -> NDArray[np.bool_]:
        values = np.asarray(self.image[index])
        return values < self.threshold if self.dark else values > self.threshold


def otsu_of(image: Any) -> float:
    """Return Otsu's threshold of a whole image, read a part at a time."""
    places = list(boxes(image.shape, (SIDE,) * image.ndim))
    limits = [(part.min(), part.max()) for part in (read(image, box) for box in places)]
    low, high = float(min(a for a, _ in limits)), float(max(b for _, b in limits))
    if not low < high:
        raise ValueError(f"The image is {low:g} everywhere; there is no threshold.")
    edges = np.linspace(low, high, BINS + 1)
    counts = np.zeros(BINS)
    for box in places:
        counts += np.histogram(read(image, box), edges)[0]
    return float(threshold_otsu(hist=(counts, (edges[:-1] + edges[1:]) / 2)))
