"""Regions and seeds that the user gives in layers.

What is needed of a layer is read at once, in the GUI's thread. The arrays of the data's shape are
made later: each function here returns a callable for a thread that makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Labels, Layer, Points, Shapes
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from napari_ncut.plugin.shared import layers

Shape = tuple[int, ...]
MakeRegion = Callable[[], NDArray[np.bool_]]
MakeSeeds = Callable[[], NDArray[np.int32]]


def of_label(mask: Labels, shape: Shape) -> MakeRegion:
    """Return where a Labels layer holds its selected label."""
    array, number = layers.matching(mask, shape), mask.selected_label
    return lambda: np.broadcast_to(np.asarray(array) == number, shape)


def inside_shapes(shapes: Shapes, main: Layer, shape: Shape) -> MakeRegion:
    """Return what lies inside the shapes of a layer, on every plane of the data.

    Raises
    ------
    ValueError
        From what is returned: if nothing of the data lies inside.
    """
    polygons = []
    for kind, corners in zip(shapes.shape_type, shapes.data, strict=True):
        if kind not in ("line", "path"):
            outline = _ellipse(corners) if kind == "ellipse" else corners
            pixels = [main.world_to_data(shapes.data_to_world(point))[-2:] for point in outline]
            polygons.append(np.asarray(pixels))

    def make() -> NDArray[np.bool_]:
        region = np.zeros(shape[-2:], dtype=bool)
        for polygon in polygons:
            region |= polygon2mask(shape[-2:], polygon)
        if not region.any():
            raise ValueError("No pixel lies inside the shapes; draw a polygon over the image.")
        return np.broadcast_to(region, shape)

    return make


def in_view(main: Layer, shape: Shape) -> MakeRegion:
    """Return what of the data can be seen in the canvas.

    Raises
    ------
    ValueError
        From what is returned: if nothing can be seen.
    """
    corners = np.asarray(main.corner_pixels, dtype=int)[:, -2:]
    if main.multiscale:
        ratio = (
            main.downsample_factors[main.data_level] / main.downsample_factors[layers.level(main)]
        )
        corners = np.floor(corners * ratio[-2:]).astype(int)
    (top, left), (bottom, right) = corners.tolist()

    def make() -> NDArray[np.bool_]:
        region = np.zeros(shape, dtype=bool)
        region[..., max(top, 0) : bottom + 1, max(left, 0) : right + 1] = True
        if not region.any():
            raise ValueError("No pixel of the image is in view; move the camera over it.")
        return region

    return make


def seeds(layer: Layer, main: Layer, shape: Shape) -> MakeSeeds:
    """Return seeds as labels: those of a Labels layer, or a pixel for every point.

    Points are objects of their own, unless a column ``object`` of the layer's features names
    the object of each.

    Raises
    ------
    ValueError
        From what is returned: if there is no seed inside the image.
    """
    of_layer = _scribbles if isinstance(layer, Labels) else _points
    find = of_layer(layer, main, shape)

    def make() -> NDArray[np.int32]:
        found = find()
        if not found.any():
            raise ValueError(
                "There is no seed inside the image; add a point or a scribble per object."
            )
        return found

    return make


def _scribbles(layer: Labels, _: Layer, shape: Shape) -> MakeSeeds:
    array = layers.matching(layer, shape)

    def make() -> NDArray[np.int32]:
        labels = np.asarray(array)
        if labels.shape != shape:
            raise ValueError(
                f"The seeds have shape {labels.shape}, the image {shape}; scribble in a Labels "
                "layer of the same shape."
            )
        if labels.max(initial=0) > np.iinfo(np.int32).max:
            raise ValueError(f"The seeds hold the label {labels.max()}; use smaller ones.")
        return labels.clip(0).astype(np.int32)

    return make


def _points(points: Points, main: Layer, shape: Shape) -> MakeSeeds:
    numbers: Any = np.arange(1, len(points.data) + 1)
    if "object" in points.features:
        codes, names = pd.factorize(points.features["object"], sort=False)
        # A point without a name, as one that was added before there were any, is its own object.
        numbers = np.where(codes >= 0, codes + 1, len(names) + numbers)
    pixels = []
    for point in points.data:
        pixel = np.round(main.world_to_data(points.data_to_world(point))).astype(int)
        if main.multiscale:
            pixel = pixel // main.downsample_factors[layers.level(main)].astype(int)
        pixels.append(pixel)

    def make() -> NDArray[np.int32]:
        result = np.zeros(shape, dtype=np.int32)
        for pixel, number in zip(pixels, numbers, strict=True):
            if (pixel >= 0).all() and (pixel < shape).all():
                result[tuple(pixel)] = number
        return result

    return make


def _ellipse(corners: NDArray[Any], n: int = 90) -> NDArray[Any]:
    """Return points on the ellipse in a box of four corners."""
    centre = corners.mean(axis=0)
    a, b = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)[:, None]
    return np.asarray(centre + np.cos(angle) * a + np.sin(angle) * b)
