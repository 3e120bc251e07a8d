"""Regions and seeds that the user gives in layers, as arrays of the data's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Labels, Layer, Points, Shapes
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from napari_ncut.plugin.shared import layers


def of_label(mask: Labels, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where a Labels layer holds its selected label."""
    return np.broadcast_to(np.asarray(layers.matching(mask, shape)) == mask.selected_label, shape)


def inside_shapes(shapes: Shapes, main: Layer, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return what lies inside the shapes of a layer, on every plane of the data.

    Raises
    ------
    ValueError
        If nothing of the data lies inside.
    """
    region = np.zeros(shape[-2:], dtype=bool)
    for kind, corners in zip(shapes.shape_type, shapes.data, strict=True):
        if kind in ("line", "path"):
            continue
        outline = _ellipse(corners) if kind == "ellipse" else corners
        pixels = [main.world_to_data(shapes.data_to_world(point))[-2:] for point in outline]
        region |= polygon2mask(shape[-2:], np.asarray(pixels))
    if not region.any():
        raise ValueError("No pixel lies inside the shapes; draw a polygon over the image.")
    return np.broadcast_to(region, shape)


def in_view(main: Layer, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return what of the data can be seen in the canvas.

    Raises
    ------
    ValueError
        If nothing can be seen.
    """
    region = np.zeros(shape, dtype=bool)
    corners = np.asarray(main.corner_pixels, dtype=int)[:, -2:]
    if main.multiscale:
        ratio = (
            main.downsample_factors[main.data_level] / main.downsample_factors[layers.level(main)]
        )
        corners = np.floor(corners * ratio[-2:]).astype(int)
    (top, left), (bottom, right) = corners
    region[..., max(top, 0) : bottom + 1, max(left, 0) : right + 1] = True
    if not region.any():
        raise ValueError("No pixel of the image is in view; move the camera over it.")
    return region


def seeds(layer: Layer, main: Layer, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return seeds as labels: those of a Labels layer, or a pixel for every point.

    Points are objects of their own, unless a column ``object`` of the layer's features names
    the object of each.

    Raises
    ------
    ValueError
        If there is no seed inside the image.
    """
    if isinstance(layer, Labels):
        labels = np.asarray(layers.matching(layer, shape))
        if labels.shape != shape:
            raise ValueError(
                f"The seeds have shape {labels.shape}, the image {shape}; scribble in a Labels "
                "layer of the same shape."
            )
        if labels.max(initial=0) > np.iinfo(np.int32).max:
            raise ValueError(f"The seeds hold the label {labels.max()}; use smaller ones.")
        result = labels.clip(0).astype(np.int32)
    else:
        result = _of_points(layer, main, shape)
    if not result.any():
        raise ValueError("There is no seed inside the image; add a point or a scribble per object.")
    return result


def _of_points(points: Points, main: Layer, shape: tuple[int, ...]) -> NDArray[np.int32]:
    result = np.zeros(shape, dtype=np.int32)
    numbers: Any = np.arange(1, len(points.data) + 1)
    if "object" in points.features:
        codes, names = pd.factorize(points.features["object"], sort=False)
        # A point without a name, as one that was added before there were any, is its own object.
        numbers = np.where(codes >= 0, codes + 1, len(names) + numbers)
    for point, number in zip(points.data, numbers, strict=True):
        pixel = np.round(main.world_to_data(points.data_to_world(point))).astype(int)
        if main.multiscale:
            pixel = pixel // main.downsample_factors[layers.level(main)].astype(int)
        if (pixel >= 0).all() and (pixel < shape).all():
            result[tuple(pixel)] = number
    return result


def _ellipse(corners: NDArray[Any], n: int = 90) -> NDArray[Any]:
    """Return points on the ellipse in a box of four corners."""
    centre = corners.mean(axis=0)
    a, b = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)[:, None]
    return np.asarray(centre + np.cos(angle) * a + np.sin(angle) * b)
