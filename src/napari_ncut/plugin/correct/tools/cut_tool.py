"""The tool Cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Edit, Frame, Point, Region, piece_at, recut_edit, split_edit
from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.correct.tools.tool import NO_OBJECT, Tool

# Closer than this to the first click a second one is a slip of the hand, or a double click.
MIN_DISTANCE = 3


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
        "Click an object: it is cut at the white line. 2 to 9: into how many. A second click "
        "moves the cut between the two clicks; to cut a part instead, press C first."
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

    def parts_changed(self) -> None:
        """Propose again; a second click would not move the last cut any more."""
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
