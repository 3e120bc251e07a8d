"""The planes of a label image, each with its place in time and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.validation import label_array


@dataclass(frozen=True)
class Planes:
    """A label image as planes.

    Parameters
    ----------
    labels : ndarray of int
        0 is background.
    axes : str
        One letter an axis: T and Z, if there are any, then Y and X.
    """

    labels: NDArray[Any]
    axes: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a plane."""
        return self.labels.shape[-2:]

    def __iter__(self) -> Iterator[tuple[dict[str, int], NDArray[Any]]]:
        for index in np.ndindex(self.labels.shape[:-2]):
            plane = self.labels[index]
            if plane.any():
                yield dict(zip(self.axes[:-2], index, strict=True)), plane


def planes(labels: Any, axes: str | None = None) -> Planes:
    """Return the planes of labels.

    Parameters
    ----------
    labels : array_like of int
        0 is background.
    axes : str, optional
        One letter an axis; the last of TZYX by default.

    Raises
    ------
    ValueError, TypeError
        If these are no labels, or their axes are others.
    """
    array = label_array(labels)
    axes = "TZYX"[-array.ndim :] if axes is None else axes
    if len(axes) != array.ndim or axes not in ("YX", "ZYX", "TYX", "TZYX"):
        raise ValueError(
            f"labels has shape {array.shape}, with axes {axes!r}; wanted YX, ZYX, TYX or TZYX."
        )
    return Planes(array, axes)
