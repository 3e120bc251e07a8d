"""What the hand tools draw over a Labels layer: proposals, paths and scribbles.

It hangs on the layer's picture on the canvas: never a layer of its own, never saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from vispy.scene.visuals import Image, Line, Markers
from vispy.visuals.transforms import STTransform

from napari_ncut.cutting.two_scale import beside_border
from napari_ncut.objects.edits import Frame, Point
from napari_ncut.plugin.correct.pointing import displayed_axes
from napari_ncut.plugin.shared.napari_private import node_of

# Okabe and Ito's colours, which people with colour blindness can tell apart.
COLOURS = np.array(
    [
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (213, 94, 0),
        (204, 121, 167),
        (0, 114, 178),
        (255, 255, 255),
        (150, 150, 150),
    ],
    dtype=np.uint8,
)
# Which of them a tool draws with that has but one.
WHITE = 8
RED = np.array([(230, 40, 40)], dtype=np.uint8)
TINT = 130
MAX_MARKERS = 40_000


def swatch(number: int) -> str:
    """Return a colour by its number from 1 as rich text: a square and the number."""
    red, green, blue = COLOURS[number - 1]
    return f"<span style='color: rgb({red}, {green}, {blue})'>\u25a0</span>&nbsp;{number}"


class Overlay:
    """Draws on the canvas over one Labels layer.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose canvas it is.
    layer : napari.layers.Labels
        The layer that it lies on.
    """

    def __init__(self, viewer: napari.viewer.Viewer, layer: Labels) -> None:
        self._viewer = viewer
        self._layer = layer
        self._nodes: dict[str, Any] = {}
        self._parts: tuple[Frame, Point, NDArray[np.int32], NDArray[np.uint8]] | None = None
        self._paths: list[tuple[list[tuple[int, ...]], int]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self._parts is None and not self._paths

    def show_parts(
        self,
        frame: Frame,
        corner: Point,
        parts: NDArray[np.int32],
        colours: NDArray[np.uint8] = COLOURS,
    ) -> None:
        """Show the parts of an object, from 1, in their colours, and the cuts between them."""
        self._parts = frame, corner, parts, colours
        self._draw_parts()

    def clear_parts(self) -> None:
        """Take the parts away."""
        if self._parts is not None:
            self._parts = None
            self._draw_parts()

    def show_paths(self, paths: Sequence[tuple[list[tuple[int, ...]], int]]) -> None:
        """Show paths of pixels of the layer, each in the colour of its number from 1."""
        self._paths = [path for path in paths if path[0]]
        self._draw_paths()

    def redraw(self) -> None:
        """Follow the sliders and the view."""
        self._draw_parts()
        self._draw_paths()

    def remove(self) -> None:
        """Take everything off the canvas."""
        self._parts, self._paths = None, []
        for node in self._nodes.values():
            node.parent = None
        self._nodes.clear()

    # Drawing

    def _node(self, name: str, kind: Any, **kwargs: Any) -> Any:
        """Return the visual of a name on the layer's picture, made on first use; None without."""
        picture = node_of(self._viewer, self._layer)
        if picture is None:
            return None
        if name not in self._nodes:
            node = self._nodes[name] = kind(**kwargs)
            node.set_gl_state("translucent", depth_test=False, cull_face=False)
            node.order = len(self._nodes)
        node = self._nodes[name]
        node.parent = picture
        return node

    def _hide(self, *names: str) -> None:
        for name in names:
            if name in self._nodes:
                self._nodes[name].visible = False

    def _draw_parts(self) -> None:
        self._hide("tint", "cut rim", "cut", "surface")
        if self._parts is None:
            return
        frame, corner, parts, colours = self._parts
        shown = displayed_axes(self._viewer, self._layer.ndim)
        if len(shown) == 2:
            self._draw_plane(frame, corner, parts, colours, shown)
        elif set(frame.axes) <= set(shown):
            self._draw_surface(frame, corner, parts, colours, shown)

    def _draw_plane(
        self,
        frame: Frame,
        corner: Point,
        parts: NDArray[np.int32],
        colours: NDArray[np.uint8],
        shown: tuple[int, ...],
    ) -> None:
        here = self._slice_point()
        if any(
            i is not None and axis not in shown and i != here[axis]
            for axis, i in enumerate(frame.index)
        ):
            return
        index: list[Any] = []
        for axis, start, size in zip(frame.axes, corner, parts.shape, strict=True):
            inside = 0 <= here[axis] - start < size
            if axis not in shown and not inside:
                return
            index.append(slice(None) if axis in shown else here[axis] - start)
        plane = parts[tuple(index)]
        kept = [axis for axis in frame.axes if axis in shown]
        if len(kept) != 2:
            return
        if kept != list(shown):
            plane = plane.T
        offset = [corner[frame.axes.index(axis)] for axis in shown]
        self._draw_tint(plane, offset, colours)
        self._draw_cut(plane, offset)

    def _draw_tint(
        self, plane: NDArray[np.int32], offset: Sequence[int], colours: NDArray[np.uint8]
    ) -> None:
        node = self._node("tint", Image, data=np.zeros((1, 1, 4), np.uint8))
        if node is None:
            return
        palette = np.zeros((1 + len(colours), 4), dtype=np.uint8)
        palette[1:, :3], palette[1:, 3] = colours, TINT
        node.set_data(palette[plane])
        node.transform = STTransform(translate=(offset[1], offset[0]))
        node.visible = True
        node.update()

    def _draw_cut(self, plane: NDArray[np.int32], offset: Sequence[int]) -> None:
        segments = borders(plane)
        if not len(segments):
            return
        points = (segments + np.asarray(offset))[:, ::-1].astype(np.float32)
        self._draw_line("cut", points, "segments", "white", 3)

    def _draw_line(
        self, name: str, points: NDArray[np.float32], connect: Any, colour: Any, width: int
    ) -> None:
        """Draw a line with a dark rim, so that it is seen on every colour."""
        for part, paint, wide in ((f"{name} rim", "black", width + 3), (name, colour, width)):
            node = self._node(part, Line, pos=np.zeros((2, 2)), width=wide, method="gl")
            if node is not None:
                node.set_data(pos=points, color=paint, connect=connect, width=wide)
                node.visible = True

    def _draw_surface(
        self,
        frame: Frame,
        corner: Point,
        parts: NDArray[np.int32],
        colours: NDArray[np.uint8],
        shown: tuple[int, ...],
    ) -> None:
        """In a 3-D view: a dot on each voxel beside a cut, or of the object if there is none."""
        voxels = np.argwhere(beside_border(parts))
        if not len(voxels):
            voxels = np.argwhere(parts > 0)
        if not len(voxels):
            return
        voxels = voxels[:: 1 + len(voxels) // MAX_MARKERS]
        node = self._node("surface", Markers)
        if node is None:
            return
        where = np.zeros((len(voxels), self._layer.ndim))
        where[:, frame.axes] = voxels + np.asarray(corner)
        for axis, i in enumerate(frame.index):
            if i is not None:
                where[:, axis] = i
        colour = np.full((len(voxels), 4), 0.9)
        colour[:, :3] = colours[parts[tuple(voxels.T)] - 1] / 255
        positions = where[:, list(shown)][:, ::-1].astype(np.float32)
        node.set_data(pos=positions, size=4, face_color=colour, edge_width=0)
        node.visible = True

    def _draw_paths(self) -> None:
        self._hide("paths rim", "paths")
        shown = displayed_axes(self._viewer, self._layer.ndim)
        here = self._slice_point()
        points, colours, connect = [], [], []
        for path, number in self._paths:
            whole = np.asarray(path)
            hidden = [a for a in range(self._layer.ndim) if a not in shown]
            if len(shown) == 2 and (whole[:, hidden] != here[hidden]).any():
                continue
            # A click is a path of a single pixel: a dash as wide as the pixel shows it.
            xy = whole[:, list(shown)][:, ::-1] + (0.5 if len(shown) == 2 else 0.0)
            if len(xy) == 1:
                xy = np.concatenate([xy - 0.5, xy + 0.5])
            points.append(xy)
            colours.append(np.tile(COLOURS[number - 1] / 255, (len(xy), 1)))
            connect.append(np.arange(len(xy)) < len(xy) - 1)
        if not points:
            return
        rgba = np.ones((sum(map(len, points)), 4), dtype=np.float32)
        rgba[:, :3] = np.concatenate(colours)
        where = np.concatenate(points).astype(np.float32)
        self._draw_line("paths", where, np.concatenate(connect), rgba, 5)

    def _slice_point(self) -> NDArray[np.int64]:
        point = self._viewer.dims.point[-self._layer.ndim :]
        here: NDArray[np.int64] = np.round(self._layer.world_to_data(point)).astype(np.int64)
        return here


def borders(plane: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the edges between pixels of different parts, two ends (row, column) an edge."""
    segments = []
    for axis in (0, 1):
        a, b = (plane[1:], plane[:-1]) if axis == 0 else (plane[:, 1:], plane[:, :-1])
        start = np.argwhere((a != b) & (a > 0) & (b > 0))
        start[:, axis] += 1
        end = start.copy()
        end[:, 1 - axis] += 1
        segments.append(np.stack([start, end], axis=1).reshape(-1, 2))
    return np.concatenate(segments)
