"""The three plots of "See why", drawn with matplotlib in napari's theme."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from matplotlib.backend_bases import KeyEvent, LocationEvent, MouseEvent
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from napari.utils.theme import get_theme
from numpy.typing import NDArray
from qtpy.QtCore import QSize, Signal

from napari_ncut.cutting.model_selection import Counts
from napari_ncut.cutting.profile import Valley
from napari_ncut.plugin.shared.dock import JOINED_COLOR, SPLIT_COLOR

N_BINS = 40
# Points of a curve: more than the plot has pixels.
N_POINTS = 600


class Plot(FigureCanvasQTAgg):
    """A plot in napari's theme, which is drawn anew when the theme changes.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose theme it follows.
    height : int
        Height that it asks for, in pixels.
    """

    def __init__(self, viewer: napari.viewer.Viewer, height: int) -> None:
        self._viewer = viewer
        self._height = height
        super().__init__(Figure(layout="constrained"))
        self.setMinimumSize(200, height)
        viewer.events.theme.connect(self._draw)

    def sizeHint(self) -> QSize:
        """Return the size that the plot asks for."""
        return QSize(280, self._height)

    def wheelEvent(self, event: Any) -> None:
        """Leave the wheel to the column in which the plot is."""
        event.ignore()

    def leave(self) -> None:
        """Follow the theme no more."""
        self._viewer.events.theme.disconnect(self._draw)

    def _draw(self, _: object = None) -> None:
        theme = get_theme(self._viewer.theme)
        self.text_color = theme.text.as_hex()
        self.grid_color = theme.primary.as_hex()
        self.figure.clear()
        self.figure.set_facecolor(theme.background.as_hex())
        self._plot()
        for axes in self.figure.axes:
            axes.set_facecolor(theme.background.as_hex())
            axes.tick_params(colors=self.text_color, labelsize=8)
            axes.xaxis.label.set(color=self.text_color, size=8)
            axes.yaxis.label.set(color=self.text_color, size=8)
            axes.title.set(color=self.text_color, size=9)
            for name, spine in axes.spines.items():
                spine.set_visible(name in ("left", "bottom"))
                spine.set_color(self.grid_color)
        self.draw_idle()

    def _plot(self) -> None:
        raise NotImplementedError

    def _words(self, text: str) -> None:
        """Show a sentence where there is nothing to plot."""
        self.figure.text(
            0.5, 0.5, text, ha="center", va="center", color=self.text_color, size=9, wrap=True
        )


class NeckHistogram(Plot):
    """How many necks there are of each ratio; the threshold is a line that can be dragged.

    The arrow keys move the line as well.
    """

    threshold_dragged = Signal(float)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.ratios: NDArray[np.float64] = np.empty(0)
        self.threshold = 0.0
        self._axes: Any = None
        self._dragging = False
        super().__init__(viewer, 130)
        self.mpl_connect("button_press_event", self._on_press)
        self.mpl_connect("motion_notify_event", self._on_move)
        self.mpl_connect("button_release_event", self._on_release)
        self.mpl_connect("key_press_event", self._on_key)
        self.setToolTip("Drag the line, or press the arrow keys, to move the threshold")

    def show_necks(self, ratios: NDArray[np.float64], threshold: float) -> None:
        """Show the neck ratios of a result and its threshold."""
        self.ratios, self.threshold = ratios, threshold
        self._draw()

    def move_threshold(self, threshold: float) -> None:
        """Show another threshold for the same necks."""
        if threshold == self.threshold:
            return
        self.threshold = threshold
        if self._axes is not None:
            self._show_threshold()
            self.draw_idle()

    def _plot(self) -> None:
        self._axes = None
        if len(self.ratios) == 0:
            self._words("No necks to show.")
            return
        axes = self._axes = self.figure.add_subplot()
        heights, edges = np.histogram(self.ratios, N_BINS, range=(0.0, 1.0))
        self._bars = axes.bar(edges[:-1], heights, 1 / N_BINS, align="edge", linewidth=0)
        self._line = axes.axvline(self.threshold, color=self.text_color, linewidth=2)
        axes.set(xlim=(0, 1.02), xlabel="neck ratio", ylabel="necks")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        self._show_threshold()

    def _show_threshold(self) -> None:
        for bar in self._bars:
            middle = bar.get_x() + bar.get_width() / 2
            bar.set_color(SPLIT_COLOR if middle < self.threshold else JOINED_COLOR)
        self._line.set_xdata([self.threshold] * 2)
        n_cut = int(np.count_nonzero(self.ratios < self.threshold))
        self._axes.set_title(f"{n_cut} of {len(self.ratios)} necks are cut")
        self._axes.title.set(color=self.text_color, size=9)

    def x_of(self, ratio: float) -> int:
        """Return the horizontal position of a ratio in pixels of the widget."""
        x = float(self._axes.transData.transform((ratio, 0))[0])
        return round(x / float(self.device_pixel_ratio))

    def _drag_to(self, event: LocationEvent) -> None:
        ratio = self._axes.transData.inverted().transform((event.x, event.y))[0]
        self._set(float(ratio))

    def _set(self, ratio: float) -> None:
        threshold = round(min(max(ratio, 0.0), 1.0), 2)
        if threshold != self.threshold:
            self.move_threshold(threshold)
            self.threshold_dragged.emit(threshold)

    def _on_press(self, event: MouseEvent) -> None:
        if self._axes is not None and event.inaxes is self._axes and event.button == 1:
            self._dragging = True
            self._drag_to(event)

    def _on_move(self, event: MouseEvent) -> None:
        if self._dragging and self._axes is not None:
            self._drag_to(event)

    def _on_release(self, _: MouseEvent) -> None:
        self._dragging = False

    def _on_key(self, event: KeyEvent) -> None:
        step = {"left": -0.01, "right": 0.01}.get(event.key or "")
        if step is not None and self._axes is not None:
            self._set(self.threshold + step)


class ProfilePlot(Plot):
    """The cut profile of a blob, and below it which object each pixel of the order belongs to."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.profile: NDArray[np.float64] | None = None
        self.valley: Valley | None = None
        self._colors: NDArray[np.float64] | None = None
        self._message = "Point at an object in the image."
        super().__init__(viewer, 140)
        self._draw()

    def show_profile(
        self,
        profile: NDArray[np.float64],
        valley: Valley | None,
        colors: NDArray[np.float64] | None,
    ) -> None:
        """Show a profile; ``colors`` has one row (red, green, blue, alpha) a pixel."""
        self.profile, self.valley, self._colors = profile, valley, colors
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
        axes.plot(100 * at / n, self.profile[at - 1], color=JOINED_COLOR, linewidth=1.5)
        top = float(self.profile.max(initial=0)) or 1.0
        axes.set(xlim=(0, 100), ylim=(-0.16 * top, 1.12 * top))
        axes.set(xlabel="% of the pixels, along the Fiedler vector", ylabel="cut")
        axes.set_title(self._title())
        axes.yaxis.set_major_locator(MaxNLocator(4))
        if self.valley is not None:
            valley = self.valley
            hill = min(self.profile[valley.left - 1], self.profile[valley.right - 1])
            x = 100 * valley.position / n
            axes.plot([x, x], [valley.cut, hill], color=SPLIT_COLOR, linewidth=2)
            axes.plot(x, valley.cut, "o", color=SPLIT_COLOR, markersize=5)
        if self._colors is not None:
            shown = self._colors[np.linspace(0, n - 1, N_POINTS).astype(int)]
            extent = (0, 100, -0.14 * top, -0.04 * top)
            axes.imshow(shown[None], aspect="auto", extent=extent, interpolation="nearest")
            axes.set(xlim=(0, 100), ylim=(-0.16 * top, 1.12 * top))

    def _title(self) -> str:
        if self.valley is None:
            return "No valley: one object"
        return f"Valley: {self.valley.ratio:.2f} of the lower hill"


class CountPlot(Plot):
    """The smallest eigenvalues, and the normalised cut over the number of segments."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.counts: Counts | None = None
        self._n_segments = 0
        self._message = "Counting ..."
        super().__init__(viewer, 200)

    def show_counts(self, counts: Counts, n_segments: int) -> None:
        """Show what each number of segments costs, and which one is set."""
        self.counts, self._n_segments = counts, n_segments
        self._draw()

    def show_words(self, text: str) -> None:
        """Show a sentence in place of the plot."""
        self.counts, self._message = None, text
        self._draw()

    def mark(self, n_segments: int) -> None:
        """Mark another number of segments as the one that is set."""
        if n_segments != self._n_segments:
            self._n_segments = n_segments
            self._draw()

    def _plot(self) -> None:
        counts = self.counts
        if counts is None:
            self._words(self._message)
            return
        upper, lower = self.figure.subplots(2, 1, sharex=True)
        first, last = int(counts.n_segments[0]), int(counts.n_segments[-1])
        numbers = np.arange(1, len(counts.eigenvalues) + 1)
        shown = numbers >= first
        upper.plot(numbers[shown], counts.eigenvalues[shown], "o", color=JOINED_COLOR, markersize=4)
        upper.set(ylabel="eigenvalue")
        lower.plot(
            counts.n_segments, counts.ncut, "o-", color=JOINED_COLOR, markersize=4, linewidth=1
        )
        lower.set(ylabel="norm. cut", xlabel="N", xlim=(first - 0.5, last + 1.5))
        lower.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        for axes in (upper, lower):
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.set_ylim(bottom=0)
            axes.axvline(self._n_segments, color=self.grid_color, linewidth=1, linestyle="--")
            if counts.suggested is not None:
                axes.axvline(counts.suggested, color=SPLIT_COLOR, linewidth=2, zorder=0)
        if counts.suggested is None:
            upper.set_title("No number stands out")
        else:
            upper.set_title(f"Clearest cut: N = {counts.suggested}")
