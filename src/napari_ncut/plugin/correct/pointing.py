"""From the mouse to a pixel of the labels and to the frame in which it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_ncut.objects.edits import Frame, Point
from napari_ncut.objects.object_cut import Evidence
from napari_ncut.plugin.shared import layers


@dataclass(frozen=True)
class Spot:
    """A pixel of a Labels layer.

    Parameters
    ----------
    coordinates : tuple of int
        The pixel.
    frame : Frame
        The plane or volume in which the tools work there.
    label : int
        Its number.
    """

    coordinates: tuple[int, ...]
    frame: Frame
    label: int

    @property
    def point(self) -> Point:
        """The pixel of the frame."""
        return self.frame.point(self.coordinates)


def displayed_axes(viewer: ViewerModel, ndim: int) -> tuple[int, ...]:
    """Return the axes of a layer that the canvas shows, in the order in which it shows them."""
    offset = viewer.dims.ndim - ndim
    return tuple(axis - offset for axis in viewer.dims.displayed if axis >= offset)


def spatial_axes(viewer: ViewerModel, ndim: int, spatial_ndim: int) -> tuple[int, ...]:
    """Return the axes of a frame: those of the plane on show, or the last three of a volume."""
    shown = displayed_axes(viewer, ndim)
    if spatial_ndim == 2 and len(shown) == 2:
        return tuple(sorted(shown))
    return tuple(range(ndim - spatial_ndim, ndim))


def spot_at(viewer: ViewerModel, layer: Labels, event: Any, spatial_ndim: int) -> Spot | None:
    """Return the pixel under the mouse; in a 3-D view the first object that the ray meets."""
    coordinates = _coordinates(layer, event)
    if coordinates is None:
        return None
    axes = spatial_axes(viewer, layer.ndim, spatial_ndim)
    index = tuple(None if axis in axes else c for axis, c in enumerate(coordinates))
    return Spot(coordinates, Frame(index), int(layers.finest(layer)[coordinates]))


def again(layer: Labels, spot: Spot) -> Spot | None:
    """Return a pixel with the number that it has now."""
    shape = layers.spatial_shape(layer)
    if len(shape) != len(spot.coordinates) or any(
        c >= n for c, n in zip(spot.coordinates, shape, strict=True)
    ):
        return None
    return replace(spot, label=int(layers.finest(layer)[spot.coordinates]))


def _coordinates(layer: Labels, event: Any) -> tuple[int, ...] | None:
    if len(event.dims_displayed) == 2:
        position = np.round(layer.world_to_data(event.position)).astype(int)
        if ((position < 0) | (position >= layers.spatial_shape(layer))).any():
            return None
        return tuple(position.tolist())
    # Other layers may have more axes than this one.
    more = len(event.position) - layer.ndim
    shown = [axis - more for axis in event.dims_displayed if axis >= more]
    if len(shown) < len(event.dims_displayed):
        return None
    start, end = layer.get_ray_intersections(
        event.position[more:], event.view_direction[more:], shown, world=True
    )
    if start is None or end is None:
        return None
    n_steps = 2 * int(np.ceil(np.linalg.norm(end - start))) + 1
    ray = np.round(np.linspace(start, end, n_steps)).astype(int)
    ray = ray.clip(0, np.array(layers.spatial_shape(layer)) - 1)
    hits = np.flatnonzero(np.asarray(layers.finest(layer)[tuple(ray.T)]))
    return tuple(ray[hits[0]].tolist()) if len(hits) else None


def between(first: Spot, last: Spot) -> list[tuple[int, ...]]:
    """Return the pixels on the way from one pixel to another, without the first."""
    start, end = np.array(first.coordinates), np.array(last.coordinates)
    n_steps = int(np.abs(end - start).max())
    steps = np.round(np.linspace(start, end, n_steps + 1)).astype(int)
    return [tuple(step) for step in steps[1:].tolist()]


def evidence(viewer: ViewerModel, layer: Labels, image: Image | None, frame: Frame) -> Evidence:
    """Return the image of a frame and its pixel size; nothing is read yet.

    An image with more axes than the labels is taken where the sliders are.
    """
    spacing = tuple(float(abs(layer.scale[axis])) for axis in frame.axes)
    if image is None:
        return Evidence(None, spacing)
    data = layers.finest(image)
    n_more = len(layers.spatial_shape(image)) - layer.ndim
    point: Sequence[float] = viewer.dims.point[-image.ndim :]
    here = np.round(image.world_to_data(point)[:n_more]).astype(int) if n_more else ()
    there = Frame((*(int(i) for i in here), *frame.index))
    return Evidence(there.view(data), spacing, has_channels=bool(image.rgb))


def can_be_evidence(image: Layer, layer: Labels | None) -> bool:
    """Return whether a layer is an image that lies pixel by pixel on the labels."""
    if layer is None or not isinstance(image, Image) or layers.is_mask(image):
        return False
    shape = tuple(layers.spatial_shape(layer))
    return tuple(layers.spatial_shape(image))[-len(shape) :] == shape
