"""Move the view to a place of a layer."""

from __future__ import annotations

import napari
import numpy as np
from napari.layers import Layer
from numpy.typing import ArrayLike

# Share of the canvas that a place fills when the view goes there.
FILL = 0.4


def go_to(viewer: napari.viewer.Viewer, layer: Layer, low: ArrayLike, high: ArrayLike) -> None:
    """Centre a box of a layer, on the slice through its middle, and zoom so that it is well seen.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer.
    layer : napari.layers.Layer
        The layer.
    low, high : array_like, shape (ndim,)
        Corners of the box in pixels of the layer.
    """
    start, stop = (np.asarray(layer.data_to_world(corner), float) for corner in (low, high))
    middle, size = (start + stop) / 2, np.abs(stop - start)
    # A layer with fewer axes than the viewer lies along the last ones.
    first = viewer.dims.ndim - layer.ndim
    shown = [axis - first for axis in viewer.dims.displayed if axis >= first]
    hidden = [axis for axis in range(layer.ndim) if axis not in shown]
    viewer.dims.set_point([axis + first for axis in hidden], [middle[axis] for axis in hidden])
    camera = viewer.scene.camera
    center = list(camera.center)
    center[-len(shown) :] = [float(middle[axis]) for axis in shown]
    camera.center = tuple(center)
    pixel = float(np.abs(np.asarray(layer.scale))[shown].max())
    # At most a few pixels of the screen for a pixel of the image: the surroundings tell a lot.
    extent = max(float(size[shown].max()), 40 * pixel)
    camera.zoom = FILL * float(min(viewer.canvas.size)) / extent
