"""The tool Merge."""

from __future__ import annotations

import numpy as np

from napari_ncut.objects.edits import merge_edit
from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.overlay import WHITE
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.correct.tools.tool import Tool
from napari_ncut.plugin.shared import layers


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
            labels = (
                np.asarray(layers.finest(layer)[tuple(np.array(way).T)]).tolist() if way else []
            )
        else:
            labels = [spot.label]
        self._path.append(spot)
        self._labels += [n for n in dict.fromkeys(labels) if n != 0 and n not in self._labels]
        if self.desk.overlay is not None:
            self.desk.overlay.show_paths([([s.coordinates for s in self._path], WHITE)])
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
