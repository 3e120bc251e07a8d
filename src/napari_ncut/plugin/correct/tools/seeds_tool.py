"""The tool Seeds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.edits import Edit, Frame, split_edit, whole_object
from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.overlay import swatch
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.correct.tools.tool import Tool


class SeedsTool(Tool):
    """Scribbles in several colours, each a part of the object; Enter cuts it accordingly."""

    name, title, key, cursor = "seeds", "Seeds", "S", "cross"
    hint = (
        "Scribble inside an object, a stroke for each part; Enter cuts. Each stroke has the next "
        "colour; 1 to 9 choose one."
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
            self.desk.say(f"{self._count()} Enter cuts. Next colour: {swatch(self._colour)}")

    def number(self, n: int) -> None:
        """Choose the colour of the next stroke."""
        self._colour = n
        self.desk.say(f"Next colour: {swatch(n)}")

    def back(self) -> None:
        """Take the last stroke back."""
        if self._strokes and self._pen is None:
            _, self._colour = self._strokes.pop()
            self._frames.pop()
            self._draw()
            self.desk.say(f"{self._count()} Next colour: {swatch(self._colour)}")

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
