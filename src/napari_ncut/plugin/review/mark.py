"""The mark of the neck that is reviewed: a layer of points along the cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Points
from numpy.typing import NDArray

from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.colours import JOINED_COLOUR, SPLIT_COLOUR
from napari_ncut.plugin.shared.dock import in_viewer

MARK = "review mark"
# The mark is a line of its colour within a light and a dark one: size in pixels, and colour.
RINGS = ((2.2, "black"), (1.7, "white"), (1.1, ""))
LEGEND = (
    f'<span style="color:{SPLIT_COLOUR}">&#9679;</span> a cut that was made, '
    f'<span style="color:{JOINED_COLOUR}">&#9679;</span> one that was not'
)


class Mark:
    """Shows where a neck is, in a layer that comes with the first and goes with the last.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where it is shown.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layer: Points | None = None

    def show(self, labels: Labels, points: NDArray[np.float64], colour: str) -> None:
        """Show it at pixels of the finest level of labels."""
        layer = self._layer
        if layer is None or not in_viewer(layer, self._viewer):
            active = self._viewer.layers.selection.active
            place: dict[str, Any] = layers.place(labels, 0)
            layer = self._layer = Points(
                ndim=labels.ndim,
                name=MARK,
                border_width=0,
                canvas_size_limits=(4, 10_000),
                metadata={layers.RECORD: {}},  # ours: never taken for seeds
                **place,
            )
            self._viewer.layers.append(layer)
            self._viewer.layers.selection.active = active
        # Changed in place: napari takes half a second to remove a layer. Later points lie on top.
        n = len(points)
        layer.data = np.tile(points, (len(RINGS), 1))
        layer.size = np.repeat([size for size, _ in RINGS], n)
        layer.face_color = np.repeat([ring or colour for _, ring in RINGS], n)

    def hide(self) -> None:
        """Show it nowhere."""
        if self._layer is not None and in_viewer(self._layer, self._viewer):
            self._layer.data = np.empty((0, self._layer.ndim))

    def remove(self) -> None:
        """Take the layer away."""
        if self._layer is not None and in_viewer(self._layer, self._viewer):
            self._viewer.layers.remove(self._layer)
        self._layer = None
