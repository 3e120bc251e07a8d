"""The cut profile of a blob."""

from __future__ import annotations

import napari
import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from napari_ncut.cutting.profile import Valley
from napari_ncut.plugin.see_why.plot import Plot
from napari_ncut.plugin.shared.colours import JOINED_COLOUR, SPLIT_COLOUR

# Points of a curve: more than the plot has pixels.
N_POINTS = 600


def along(n: int) -> NDArray[np.intp]:
    """Return at which of n pixels in their order the colours below a profile are shown."""
    return np.linspace(0, n - 1, N_POINTS).astype(np.intp)


class ProfilePlot(Plot):
    """The cut profile of a blob, and below it which object each pixel of the order belongs to."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.profile: NDArray[np.float64] | None = None
        self.valley: Valley | None = None
        self._colours: NDArray[np.float64] | None = None
        self._message = "Point at an object in the image."
        super().__init__(viewer, 140)
        self.setToolTip(
            "The cut profile: the pixels of the object are sorted along its Fiedler vector, from\n"
            "one end to the other. The curve is the cut between the pixels so far and the rest,\n"
            "and its deepest valley is marked. Below: which object of the result each pixel is of."
        )
        self._draw()

    def show_profile(
        self,
        profile: NDArray[np.float64],
        valley: Valley | None,
        colours: NDArray[np.float64] | None,
    ) -> None:
        """Show a profile; ``colours`` has a row (red, green, blue, alpha) for each of `along`."""
        self.profile, self.valley, self._colours = profile, valley, colours
        self._draw()

    def show_words(self, text: str) -> None:
        """Show a sentence in place of a profile."""
        self.profile, self._message = None, text
        self._draw()

    def _plot(self) -> None:
        if self.profile is None:
            self._words(self._message)
            return
        axes = self.figure.add_subplot()
        n = len(self.profile) + 1
        at = np.unique(np.linspace(1, n - 1, N_POINTS).astype(int))
        axes.plot(100 * at / n, self.profile[at - 1], color=JOINED_COLOUR, linewidth=1.5)
        top = float(self.profile.max(initial=0)) or 1.0
        axes.set(xlim=(0, 100), ylim=(-0.16 * top, 1.12 * top))
        axes.set(xlabel="% of the pixels, from end to end", ylabel="width")
        axes.set_title(self._title())
        axes.yaxis.set_major_locator(MaxNLocator(4))
        if self.valley is not None:
            valley = self.valley
            hill = min(self.profile[valley.left - 1], self.profile[valley.right - 1])
            x = 100 * valley.position / n
            axes.plot([x, x], [valley.cut, hill], color=SPLIT_COLOUR, linewidth=2)
            axes.plot(x, valley.cut, "o", color=SPLIT_COLOUR, markersize=5)
        if self._colours is not None:
            extent = (0, 100, -0.14 * top, -0.04 * top)
            axes.imshow(self._colours[None], aspect="auto", extent=extent, interpolation="nearest")
            axes.set(xlim=(0, 100), ylim=(-0.16 * top, 1.12 * top))

    def _title(self) -> str:
        if self.valley is None:
            return "Nowhere narrower: one object"
        return f"Narrowed to {self.valley.ratio:.2f} of the width"
