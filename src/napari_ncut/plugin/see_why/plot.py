"""What all plots are: drawn with matplotlib, in napari's theme."""

from __future__ import annotations

from typing import Any

import napari
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize


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
