"""The tool Delete."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Edit, Frame, Region, delete_edit, piece_at, whole_object
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.correct.tools.tool import NO_OBJECT, Tool


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
            self._show_parts(spot.frame, region, region.mask.astype(np.int32), hatched=True)

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
