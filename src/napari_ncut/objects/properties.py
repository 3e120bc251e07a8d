"""What is measured of each object of one frame, beside its size and place."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops

from napari_ncut.core.validation import shown
from napari_ncut.graph.neighbourhood import border_areas, neighbour_offsets

Table = dict[str, NDArray[Any]]

# Names of what can be chosen, in the order of the columns.
PROPERTIES = (
    "border",
    "diameter",
    "axes",
    "eccentricity",
    "solidity",
    "roundness",
    "orientation",
    "spread",
    "edge",
    "neighbours",
)
DESCRIPTIONS = {
    "border": "Perimeter, or surface",
    "diameter": "Equivalent diameter",
    "axes": "Major and minor axis",
    "eccentricity": "Eccentricity",
    "solidity": "Solidity",
    "roundness": "Circularity, or sphericity",
    "orientation": "Orientation",
    "spread": "Least, greatest and standard deviation of intensity",
    "edge": "Whether it touches the border",
    "neighbours": "Number of neighbours",
}


def check_properties(names: Sequence[str] | str) -> tuple[str, ...]:
    """Return names of properties in their order.

    Parameters
    ----------
    names : sequence of str, or "all"
        Some of `PROPERTIES`.

    Raises
    ------
    ValueError
        If there is none of a name.
    """
    chosen = PROPERTIES if names == "all" else names
    if isinstance(chosen, str):
        chosen = [chosen]
    unknown = [name for name in chosen if name not in PROPERTIES]
    if unknown:
        raise ValueError(
            f"properties has {shown(unknown[0])}; wanted some of {', '.join(PROPERTIES)}, or 'all'."
        )
    return tuple(name for name in PROPERTIES if name in chosen)


def properties_of(
    labels: NDArray[np.intp],
    image: NDArray[Any] | None,
    spacing: Sequence[float],
    chosen: Sequence[str],
    *,
    has_channels: bool = False,
) -> Table:
    """Return columns of the objects of a frame, in the order of their labels.

    Parameters
    ----------
    labels : ndarray of int, shape (ny, nx) or (nz, ny, nx)
        0 is background.
    image : ndarray, optional
        Intensities, channels last if there are any.
    spacing : sequence of float
        Pixel size along each axis.
    chosen : sequence of str
        Some of `PROPERTIES`.
    has_channels : bool
        Whether the last axis of the image holds channels.

    Returns
    -------
    dict of ndarray
        Lengths, areas and volumes in the units of the spacing; the orientation is the angle between
        the y axis and the major axis in radians, in 2-D only; the standard deviation is that of all
        pixels of an object. Perimeters and surfaces are measured by the crossings of the grid
        (Boykov and Kolmogorov, 2003), which holds for pixels of any shape.
    """
    regions = regionprops(labels, spacing=tuple(spacing))
    numbers = np.array([region.label for region in regions], dtype=np.intp)
    ndim, result = labels.ndim, {}
    size = np.array([region.area for region in regions], float)
    border = None
    if "border" in chosen or "roundness" in chosen:
        border = borders(labels, numbers, spacing)
    if "border" in chosen and border is not None:
        result["perimeter" if ndim == 2 else "surface"] = border
    if "diameter" in chosen:
        result["equivalent_diameter"] = _ball_diameter(size, ndim)
    if "axes" in chosen or "eccentricity" in chosen:
        axes = np.array([_axes(region) for region in regions]).reshape(-1, 2)
        if "axes" in chosen:
            result["major_axis"], result["minor_axis"] = axes.T
        if "eccentricity" in chosen:
            # A single pixel is round.
            major = np.where(axes[:, 0] > 0, axes[:, 0], 1.0)
            minor = np.where(axes[:, 0] > 0, axes[:, 1], 1.0)
            result["eccentricity"] = np.sqrt(1 - (minor / major) ** 2)
    if "solidity" in chosen:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solidity = np.array([region.solidity for region in regions], float)
        # What is too thin to have a hull is one.
        result["solidity"] = np.where(np.isfinite(solidity), solidity, 1.0)
    if "roundness" in chosen and border is not None:
        ball = np.pi * _ball_diameter(size, ndim) ** (ndim - 1)
        if ndim == 2:
            result["circularity"] = 4 * np.pi * size / border**2
        else:
            result["sphericity"] = ball / border
    if "orientation" in chosen and ndim == 2:
        result["orientation"] = np.array([region.orientation for region in regions], float)
    if "spread" in chosen and image is not None:
        channels = image if has_channels else image[..., np.newaxis]
        for c in range(channels.shape[-1]):
            inside = [channels[..., c][region.slice][region.image] for region in regions]
            for name, of in (("min", np.min), ("max", np.max), ("std", np.std)):
                values = np.array([of(pixels.astype(float)) for pixels in inside], float)
                result[f"{name}_intensity" + (f"_{c}" if has_channels else "")] = values
    if "edge" in chosen:
        shape = labels.shape
        result["touches_border"] = np.array(
            [
                any(s.start == 0 or s.stop == n for s, n in zip(region.slice, shape, strict=True))
                for region in regions
            ],
            dtype=np.int64,
        )
    if "neighbours" in chosen:
        pairs = touching(labels)
        result["neighbours"] = np.array(
            [np.count_nonzero(pairs == number) for number in numbers.tolist()], np.int64
        )
    return result


def _ball_diameter(size: NDArray[np.float64], ndim: int) -> NDArray[np.float64]:
    """Return the diameters of circles or balls of these sizes."""
    return np.sqrt(4 * size / np.pi) if ndim == 2 else np.cbrt(6 * size / np.pi)


def _axes(region: Any) -> tuple[float, float]:
    """Return the longest and the shortest axis of the ellipse with an object's second moments."""
    inertia = np.array(region.inertia_tensor_eigvals)
    spread = np.maximum(inertia.sum() / (len(inertia) - 1) - inertia, 0.0)
    factor = 16 if len(inertia) == 2 else 20
    return float(np.sqrt(factor * spread.max())), float(np.sqrt(factor * spread.min()))


def borders(
    labels: NDArray[np.intp], numbers: NDArray[np.intp], spacing: Sequence[float]
) -> NDArray[np.float64]:
    """Return the perimeter or surface of each object; at the border of the image it counts, too."""
    ndim, sizes = labels.ndim, np.array(spacing, float)
    side = float(np.prod(sizes)) ** (1 / ndim)
    offsets = neighbour_offsets(ndim, ndim)
    areas = border_areas(offsets, sizes / side) * side ** (ndim - 1)
    padded = np.pad(labels, 1)
    total = np.zeros(int(labels.max(initial=0)) + 1)
    middle = tuple(slice(1, -1) for _ in range(ndim))
    here = padded[middle]
    for offset, area in zip(offsets.tolist(), areas.tolist(), strict=True):
        there = tuple(slice(1 + o, n - 1 + o) for o, n in zip(offset, padded.shape, strict=True))
        crossed = here[(here != padded[there]) & (here > 0)]
        total += area * np.bincount(crossed, minlength=len(total))
    return np.asarray(total[numbers])


def touching(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the pairs of labels that share an edge or face, shape (n, 2), each once."""
    pairs = [np.zeros((0, 2), labels.dtype)]
    for axis in range(labels.ndim):
        a = np.moveaxis(labels, axis, 0)
        low, high = a[:-1].ravel(), a[1:].ravel()
        both = (low != high) & (low > 0) & (high > 0)
        found = np.sort(np.stack([low[both], high[both]], axis=1), axis=1)
        pairs.append(np.unique(found, axis=0))
    return np.asarray(np.unique(np.concatenate(pairs), axis=0))
