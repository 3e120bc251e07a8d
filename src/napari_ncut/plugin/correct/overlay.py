"""What the hand tools draw over a Labels layer: proposals, paths and scribbles.

It hangs on the layer's picture on the canvas: never a layer of its own, never saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from vispy.scene import Node
from vispy.scene.visuals import Image, Line, Mesh
from vispy.visuals.transforms import STTransform

from napari_ncut.objects.edits import Frame, Point
from napari_ncut.plugin.correct.outlines import (
    borders,
    cut_surface,
    hull_surface,
    outline,
    stripes,
)
from napari_ncut.plugin.correct.pointing import displayed_axes
from napari_ncut.plugin.shared.napari_private import node_of, tile_of

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
TINT = 130
# What goes is hatched in red: no colour of an object has stripes.
HATCH = (230, 40, 40)
# Light falls from above on a surface in a volume, so that its steps are seen.
LIGHT = np.array([1.0, 0.85, 0.7], dtype=np.float32)


def swatch(number: int) -> str:
    """Return a colour by its number from 1 as rich text: a square and the number."""
    red, green, blue = COLOURS[number - 1]
    return f"<span style='color: rgb({red}, {green}, {blue})'>\u25a0</span>&nbsp;{number}"


class Shown(NamedTuple):
    """An object on show: its parts, from 1, in a box of a frame; what goes is hatched."""

    frame: Frame
    corner: Point
    parts: NDArray[np.int32]
    hatched: bool


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
        # In it are pixels of the data, whatever part and level of them napari draws.
        self._root = Node(name="napari-ncut")
        self._nodes: dict[str, Any] = {}
        self._parts: Shown | None = None
        self._paths: list[tuple[list[tuple[int, ...]], int]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self._parts is None and not self._paths

    def show_parts(
        self, frame: Frame, corner: Point, parts: NDArray[np.int32], *, hatched: bool = False
    ) -> None:
        """Show the parts of an object, from 1, in their colours, and the cuts between them.

        Parameters
        ----------
        frame : Frame
            The plane or volume that it lies in.
        corner : tuple of int
            The first pixel of the box of ``parts`` in the frame.
        parts : ndarray of int32
            0 is outside.
        hatched : bool
            Show the whole object as something that goes: outlined and hatched.
        """
        self._parts = Shown(frame, corner, parts, hatched)
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
        self._root.parent = None

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
        node.parent, self._root.parent = self._root, picture
        return node

    def _place_root(self) -> None:
        """Lay pixels of the data where napari draws them."""
        shown = list(displayed_axes(self._viewer, self._layer.ndim))[::-1]
        scale, start = (np.asarray(found)[shown] for found in tile_of(self._layer))
        self._root.transform = STTransform(scale=1 / scale, translate=-start / scale)

    def _hide(self, *names: str) -> None:
        for name in names:
            if name in self._nodes:
                self._nodes[name].visible = False

    def _draw_parts(self) -> None:
        self._place_root()
        self._hide("tint", "cut rim", "cut", "surface")
        if self._parts is None:
            return
        shown = displayed_axes(self._viewer, self._layer.ndim)
        if len(shown) == 2:
            self._draw_plane(self._parts, shown)
        elif set(self._parts.frame.axes) <= set(shown):
            self._draw_surface(self._parts, shown)

    def _draw_plane(self, what: Shown, shown: tuple[int, ...]) -> None:
        frame, corner, parts, hatched = what
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
        self._draw_tint(_hatched(plane) if hatched else _tinted(plane), offset)
        segments = outline(plane) if hatched else borders(plane)
        if len(segments):
            points = (segments + np.asarray(offset))[:, ::-1].astype(np.float32)
            self._draw_line("cut", points, "segments", "white", 3)

    def _draw_tint(self, rgba: NDArray[np.uint8], offset: Sequence[int]) -> None:
        node = self._node("tint", Image, data=np.zeros((1, 1, 4), np.uint8))
        if node is None:
            return
        node.set_data(rgba)
        node.transform = STTransform(translate=(offset[1], offset[0]))
        node.visible = True
        node.update()

    def _draw_line(
        self, name: str, points: NDArray[np.float32], connect: Any, colour: Any, width: int
    ) -> None:
        """Draw a line with a dark rim, so that it is seen on every colour."""
        # A line keeps the dimensions that it was first drawn in.
        points = np.pad(points, [(0, 0), (0, 3 - points.shape[1])])
        for part, paint, wide in ((f"{name} rim", "black", width + 3), (name, colour, width)):
            node = self._node(part, Line, pos=np.zeros((2, 3)), width=wide, method="gl")
            if node is not None:
                node.set_data(pos=points, color=paint, connect=connect, width=wide)
                node.visible = True

    def _draw_surface(self, what: Shown, shown: tuple[int, ...]) -> None:
        """In a 3-D view: the cuts as surfaces in the object, or all of what goes."""
        parts, axes, corner = what.parts, list(what.frame.axes), list(what.corner)
        for axis in set(shown) - set(axes):
            place = what.frame.index[axis]
            assert place is not None
            parts, axes, corner = parts[np.newaxis], [axis, *axes], [place, *corner]
        order = [axes.index(axis) for axis in shown]
        parts = parts.transpose(order)
        surface = hull_surface(parts) if what.hatched else cut_surface(parts)
        node = self._node("surface", Mesh) if len(surface.faces) else None
        if node is None:
            return
        corners = (surface.corners + np.array(corner)[order])[:, ::-1].astype(np.float32)
        colours = np.ones((len(surface.faces), 4), np.float32)
        if what.hatched:
            middle = surface.corners[surface.faces].mean(axis=1)
            colours[:, :3] = np.array(HATCH) / 255
            colours[:, 3] = np.where(stripes(middle, min(parts.shape)), 0.9, 0.1)
        else:
            colours[:, :3] = LIGHT[surface.axis, np.newaxis]
            colours[:, 3] = 0.6
        triangles = surface.faces[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
        node.set_data(vertices=corners, faces=triangles, face_colors=np.repeat(colours, 2, axis=0))
        node.visible = True
        if len(surface.rim):
            self._draw_line("cut", corners[surface.rim.reshape(-1)], "segments", "white", 3)

    def _draw_paths(self) -> None:
        self._place_root()
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


def _tinted(plane: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the picture of parts, each in its colour."""
    palette = np.zeros((1 + len(COLOURS), 4), dtype=np.uint8)
    palette[1:, :3], palette[1:, 3] = COLOURS, TINT
    return palette[plane]


def _hatched(plane: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the picture of an object with stripes."""
    rgba = np.zeros((*plane.shape, 4), dtype=np.uint8)
    dark = stripes(np.moveaxis(np.indices(plane.shape), 0, -1), min(plane.shape))
    rgba[(plane > 0) & dark] = (*HATCH, 255)
    return rgba
