"""The four hand tools: Cut, Merge, Delete, Seeds. Each knows what the mouse and keys mean to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_ncut.editing import (
    Edit,
    Frame,
    Point,
    Region,
    delete_edit,
    merge_edit,
    piece_at,
    recut_edit,
    split_edit,
    whole_object,
)
from napari_ncut.monitor import Monitor
from napari_ncut.plugin import pointing
from napari_ncut.plugin.desk import Desk
from napari_ncut.plugin.overlay import RED
from napari_ncut.plugin.pointing import Spot

NO_OBJECT = "There is no object here; the background can not be changed by the tools."
# Closer than this to the first click a second one is a slip of the hand, or a double click.
MIN_DISTANCE = 3


class Tool:
    """A hand tool. What it does not override does nothing.

    Parameters
    ----------
    desk : Desk
        What it works on.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    key: ClassVar[str]
    cursor: ClassVar[str]
    hint: ClassVar[str]

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.spot: Spot | None = None

    def end(self) -> None:
        """Forget everything: the tool is put away, or laid on another layer."""
        self.spot = None
        self.desk.hide()
        if self.desk.overlay is not None:
            self.desk.overlay.clear_parts()
            self.desk.overlay.show_paths([])

    def hover(self, spot: Spot | None) -> None:
        """React to the mouse being over a pixel, or over none."""
        self.spot = spot

    def click(self, spot: Spot | None, *, shift: bool) -> None:
        """React to a click."""

    def grab(self, spot: Spot | None) -> bool:
        """React to the press of the button; True takes the drag that may follow."""
        return False

    def drag(self, spot: Spot | None) -> None:
        """React to the mouse moving with the button pressed."""

    def drop(self) -> None:
        """React to the release of the button after a drag."""

    def number(self, n: int) -> None:
        """React to a number key."""

    def confirm(self) -> None:
        """React to Enter."""

    def back(self) -> None:
        """React to Backspace."""

    def labels_changed(self) -> None:
        """React to a change of the labels that is not the tools' own."""

    def _frame(self, frame: Frame) -> Any:
        assert self.desk.layer is not None
        return frame.view(self.desk.layer.data)

    def _show_parts(
        self, frame: Frame, region: Region, parts: NDArray[np.int32], **colours: Any
    ) -> None:
        if self.desk.overlay is not None:
            self.desk.overlay.show_parts(frame, region.corner, parts, **colours)

    def _clear_parts(self) -> None:
        self.desk.hide()
        if self.desk.overlay is not None:
            self.desk.overlay.clear_parts()


@dataclass(frozen=True)
class Proposal:
    """A cut that a click would make."""

    frame: Frame
    region: Region
    parts: NDArray[np.int32]
    n_parts: int

    def is_for(self, spot: Spot, n_parts: int) -> bool:
        """Return whether it is what a click at a pixel asks for."""
        return (
            self.frame == spot.frame
            and self.n_parts == n_parts
            and self.region.label == spot.label
            and self.region.contains(spot.point)
        )


@dataclass(frozen=True)
class LastCut:
    """The cut in two that a second click would move."""

    frame: Frame
    region: Region
    point: Point
    numbers: Point

    def has(self, spot: Spot) -> bool:
        """Return whether a pixel lies in one of its two parts, away from the first click."""
        return (
            self.frame == spot.frame
            and spot.label in self.numbers
            and self.region.contains(spot.point)
        )

    def is_near(self, spot: Spot) -> bool:
        """Return whether a pixel is too near to the first click to be meant as another."""
        distance = np.abs(np.array(spot.point) - np.array(self.point)).max()
        return bool(distance < MIN_DISTANCE)


class CutTool(Tool):
    """Hover shows the best cut of the object under the mouse; a click makes it."""

    name, title, key, cursor = "cut", "Cut", "C", "crosshair"
    hint = (
        "Click an object: it is cut where the line shows. 2 to 9: into how many. A second click "
        "in one of two new parts: cut between the two clicks instead (C: cut the part)."
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._proposal: Proposal | None = None
        self._last: LastCut | None = None

    def end(self) -> None:
        """Forget the proposal and the last cut."""
        super().end()
        self._proposal = self._last = None

    def hover(self, spot: Spot | None) -> None:
        """Propose the cut of the object under the mouse."""
        self.spot = spot
        if spot is None or spot.label == 0:
            self._forget_proposal()
        elif self._last is not None and self._last.has(spot):
            self._propose_to_move(self._last, spot)
        elif self._proposal is None or not self._proposal.is_for(spot, self.desk.n_parts):
            self._propose(spot)

    def _propose(self, spot: Spot) -> None:
        n_parts = self.desk.n_parts
        key = (spot.frame, spot.label, n_parts)
        if self._proposal is not None:
            self._forget_proposal()
        view, evidence = self._frame(spot.frame), self.desk.evidence(spot.frame)

        def compute(monitor: Monitor) -> Proposal:
            region = piece_at(view, spot.point)
            parts = self.desk.cutter.cut(region, evidence, n_parts, monitor=monitor)
            return Proposal(spot.frame, region, parts, n_parts)

        self.desk.show(key, compute, lambda proposal: self._show(proposal, spot))

    def _show(self, proposal: Proposal, asked: Spot) -> None:
        if self.spot is not None and proposal.is_for(self.spot, self.desk.n_parts):
            self._proposal = proposal
            self._show_parts(proposal.frame, proposal.region, proposal.parts)
        elif self.spot is not asked:
            self.hover(self.spot)

    def _propose_to_move(self, last: LastCut, spot: Spot) -> None:
        self._proposal = None
        if last.is_near(spot):
            self._clear_parts()
            return
        evidence = self.desk.evidence(last.frame)

        def compute(monitor: Monitor) -> NDArray[np.int32]:
            points = (last.point, spot.point)
            return self.desk.cutter.between(last.region, evidence, points, monitor)

        def show(parts: NDArray[np.int32]) -> None:
            if last is self._last and self.spot is not None and last.has(self.spot):
                self._show_parts(last.frame, last.region, parts)

        self.desk.show((last.frame, spot.point), compute, show, patient=True)

    def click(self, spot: Spot | None, *, shift: bool) -> None:
        """Cut the object, or move the cut that the click before made."""
        if spot is None or spot.label == 0:
            self.desk.say(NO_OBJECT)
        elif self._last is not None and self._last.has(spot):
            if not self._last.is_near(spot):
                self._move_cut(self._last, spot)
        else:
            self._cut(spot)

    def _cut(self, spot: Spot) -> None:
        n_parts, proposal = self.desk.n_parts, self._proposal
        evidence = self.desk.evidence(spot.frame)

        def job(data: Any, monitor: Monitor) -> Edit:
            view = spot.frame.view(data)
            if (
                proposal is not None
                and proposal.is_for(spot, n_parts)
                and proposal.region.is_unchanged(view)
            ):
                return split_edit(data, spot.frame, proposal.region, proposal.parts)
            region = piece_at(view, spot.point)
            if region.label == 0:
                raise ValueError(NO_OBJECT)
            parts = self.desk.cutter.cut(region, evidence, n_parts, monitor=monitor)
            return split_edit(data, spot.frame, region, parts)

        def remember(edit: Edit) -> None:
            if edit.region is not None and len(edit.numbers) == 2:
                self._last = LastCut(
                    spot.frame, edit.region, spot.point, (edit.numbers[0], edit.numbers[1])
                )

        self._forget_proposal()
        self._last = None
        self.desk.act(job, remember)

    def _move_cut(self, last: LastCut, spot: Spot) -> None:
        evidence = self.desk.evidence(last.frame)

        def job(data: Any, monitor: Monitor) -> Edit:
            now = np.array(last.frame.view(data)[last.region.box])
            if not np.isin(now[last.region.mask], last.numbers).all():
                raise ValueError("The parts of the last cut have changed; click again to cut one.")
            points = (last.point, spot.point)
            parts = self.desk.cutter.between(last.region, evidence, points, monitor)
            return recut_edit(last.frame, last.region, now, parts, last.numbers)

        self._forget_proposal()
        self._last = None
        self.desk.act(job)

    def number(self, n: int) -> None:
        """Choose into how many parts an object is cut."""
        if n >= 2:
            self.desk.n_parts = n
            self.parts_changed()

    def parts_changed(self) -> None:
        """Propose again: another number of parts is wanted, or another image counts."""
        self._last = None
        self._forget_proposal()
        if self.spot is not None and self.desk.layer is not None:
            self.hover(pointing.again(self.desk.layer, self.spot))

    def labels_changed(self) -> None:
        """Forget what was proposed for the labels as they were."""
        self._last = None
        self._forget_proposal()

    def _forget_proposal(self) -> None:
        self._proposal = None
        self._clear_parts()


class MergeTool(Tool):
    """A drag across objects makes them one, with the number of the first."""

    name, title, key, cursor = "merge", "Merge", "J", "pointing"
    hint = "Drag from one object across others: they become one, with the number of the first."

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._path: list[Spot] = []
        self._labels: list[int] = []

    def end(self) -> None:
        """Forget the drag."""
        super().end()
        self._path, self._labels = [], []

    def grab(self, spot: Spot | None) -> bool:
        """Begin a path."""
        self._path, self._labels = [], []
        self.drag(spot)
        return True

    def drag(self, spot: Spot | None) -> None:
        """Go on with the path and note the objects on the way."""
        layer = self.desk.layer
        if spot is None or layer is None or (self._path and self._path[0].frame != spot.frame):
            return
        # A ray in a 3-D view ends on the surface; what lies between two of its ends is hidden.
        if self._path and self.desk.viewer.dims.ndisplay == 2:
            way = pointing.between(self._path[-1], spot)
            labels = np.asarray(layer.data[tuple(np.array(way).T)]).tolist() if way else []
        else:
            labels = [spot.label]
        self._path.append(spot)
        self._labels += [n for n in dict.fromkeys(labels) if n != 0 and n not in self._labels]
        if self.desk.overlay is not None:
            self.desk.overlay.show_paths([([s.coordinates for s in self._path], 8)])
        if len(self._labels) > 1:
            self.desk.say("Release to merge " + ", ".join(map(str, self._labels)) + ".")

    def drop(self) -> None:
        """Merge the objects on the path."""
        path, labels = self._path, self._labels
        self._path, self._labels = [], []
        if self.desk.overlay is not None:
            self.desk.overlay.show_paths([])
        if len(labels) < 2:
            self.desk.say("Drag from one object into another: they become one.")
            return
        frame = path[0].frame
        self.desk.act(lambda data, _: merge_edit(data, frame, labels))


class DeleteTool(Tool):
    """A click deletes an object."""

    name, title, key, cursor = "delete", "Delete", "D", "forbidden"
    hint = (
        "Click an object: it is deleted, all pieces of it. Shift+click: only the connected piece."
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._marked: tuple[Frame, int] | None = None

    def end(self) -> None:
        """Forget what is marked."""
        super().end()
        self._marked = None

    def hover(self, spot: Spot | None) -> None:
        """Mark the object that a click would delete."""
        self.spot = spot
        wanted = None if spot is None or spot.label == 0 else (spot.frame, spot.label)
        if wanted == self._marked:
            return
        self.labels_changed()
        if spot is None or wanted is None:
            return
        view = self._frame(spot.frame)

        def show(region: Region) -> None:
            self._marked = wanted
            self._show_parts(spot.frame, region, region.mask.astype(np.int32), colours=RED)

        self.desk.show(wanted, lambda _: whole_object(view, spot.label), show)

    def click(self, spot: Spot | None, *, shift: bool) -> None:
        """Delete the object."""
        if spot is None or spot.label == 0:
            self.desk.say(NO_OBJECT)
            return

        def job(data: Any, _: Monitor) -> Edit:
            view = spot.frame.view(data)
            region = piece_at(view, spot.point) if shift else whole_object(view, spot.label)
            return delete_edit(spot.frame, region)

        self.labels_changed()
        self.desk.act(job)

    def labels_changed(self) -> None:
        """Forget what is marked."""
        self._marked = None
        self._clear_parts()


class SeedsTool(Tool):
    """Scribbles in several colours, each a part of the object; Enter cuts it accordingly."""

    name, title, key, cursor = "seeds", "Seeds", "S", "cross"
    hint = (
        "Scribble inside an object, a stroke for each part, then Enter. Every stroke has the next "
        "colour; 1 to 9: choose it (to go on with a part). Backspace: take the last one back."
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._strokes: list[tuple[list[tuple[int, ...]], int]] = []
        self._frames: list[Frame] = []
        self._pen: Spot | None = None
        self._colour = 1

    def end(self) -> None:
        """Forget the scribbles."""
        super().end()
        self._strokes, self._frames, self._pen, self._colour = [], [], None, 1

    def grab(self, spot: Spot | None) -> bool:
        """Begin a stroke."""
        self._pen = spot
        if spot is not None:
            self._strokes.append(([spot.coordinates], self._colour))
            self._frames.append(spot.frame)
            self._draw()
        return True

    def drag(self, spot: Spot | None) -> None:
        """Go on with the stroke."""
        if spot is None or self._pen is None or spot.frame != self._pen.frame:
            return
        flat = self.desk.viewer.dims.ndisplay == 2
        self._strokes[-1][0].extend(
            pointing.between(self._pen, spot) if flat else [spot.coordinates]
        )
        self._pen = spot
        self._draw()

    def drop(self) -> None:
        """End the stroke; the next has the next colour."""
        if self._pen is not None:
            self._colour = self._colour % 9 + 1
            self._pen = None
            self.desk.say(f"{self._count()} Enter cuts; the next stroke has colour {self._colour}.")

    def number(self, n: int) -> None:
        """Choose the colour of the next stroke."""
        self._colour = n
        self.desk.say(f"The next stroke has colour {n}.")

    def back(self) -> None:
        """Take the last stroke back."""
        if self._strokes and self._pen is None:
            _, self._colour = self._strokes.pop()
            self._frames.pop()
            self._draw()
            self.desk.say(f"{self._count()} The next stroke has colour {self._colour}.")

    def _count(self) -> str:
        n = len(self._strokes)
        return f"{n} stroke{'s' * (n != 1)}."

    def _draw(self) -> None:
        if self.desk.overlay is not None:
            self.desk.overlay.show_paths(self._strokes)

    def confirm(self) -> None:
        """Cut the object under the scribbles; under several, the one with most of them."""
        layer = self.desk.layer
        if not self._strokes or layer is None:
            self.desk.say("Scribble inside an object first, a stroke for each part.")
            return
        frame = self._frames[-1]
        pixels: dict[tuple[int, ...], int] = {}
        for (path, colour), where in zip(self._strokes, self._frames, strict=True):
            if where == frame:
                pixels.update(dict.fromkeys(path, colour))
        evidence = self.desk.evidence(frame)

        def job(data: Any, monitor: Monitor) -> Edit:
            by_pixel = {pixel: int(data[pixel]) for pixel in pixels}
            counts = Counter(label for label in by_pixel.values() if label != 0)
            if not counts:
                raise ValueError("The scribbles lie on the background; draw inside an object.")
            label = counts.most_common(1)[0][0]
            inside = {frame.point(p): c for p, c in pixels.items() if by_pixel[p] == label}
            if len(set(inside.values())) < 2:
                raise ValueError(
                    f"Object {label} has scribbles of one colour; draw another stroke in it, in "
                    "another colour (keys 1 to 9)."
                )
            region = whole_object(frame.view(data), label)
            seeds = np.zeros(region.mask.shape, dtype=np.int32)
            for point, colour in inside.items():
                seeds[region.local(point)] = colour
            parts = self.desk.cutter.by_scribbles(region, evidence, seeds, monitor)
            return split_edit(data, frame, region, parts)

        self.desk.act(job, lambda _: self.end())


TOOLS = (CutTool, MergeTool, DeleteTool, SeedsTool)
