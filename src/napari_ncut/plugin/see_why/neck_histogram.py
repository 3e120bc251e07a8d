"""How many necks there are of each ratio, and the threshold among them."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from matplotlib.backend_bases import KeyEvent, LocationEvent, MouseEvent
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from qtpy.QtCore import Signal

from napari_ncut.plugin.see_why.plot import Plot
from napari_ncut.plugin.shared.colours import JOINED_COLOUR, SPLIT_COLOUR

N_BINS = 40
# What the ratio means; its name is in the tooltip.
XLABEL = "several objects \u2190  \u2192 one object"


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
        self.setToolTip(
            "The necks by their ratio: 0 is two objects beyond doubt, 1 is one.\n"
            "Drag the line, or press the arrow keys, to move the threshold."
        )

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
        axes.set(xlim=(0, 1.02), xlabel=XLABEL, ylabel="necks")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        self._show_threshold()

    def _show_threshold(self) -> None:
        for bar in self._bars:
            middle = bar.get_x() + bar.get_width() / 2
            bar.set_color(SPLIT_COLOUR if middle < self.threshold else JOINED_COLOUR)
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
