"""What each number of segments costs."""

from __future__ import annotations

import napari
import numpy as np
from matplotlib.ticker import MaxNLocator

from napari_ncut.cutting.model_selection import Counts
from napari_ncut.plugin.see_why.plot import Plot
from napari_ncut.plugin.shared.colours import JOINED_COLOUR, SPLIT_COLOUR


class CountPlot(Plot):
    """The smallest eigenvalues, and the normalised cut over the number of segments."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.counts: Counts | None = None
        self._n_segments = 0
        self._message = "Counting ..."
        super().__init__(viewer, 200)
        self.setToolTip(
            "Above: the eigenvalues of the graph, what the last of N segments costs at least.\n"
            "Below: the normalised cut into N. Both are low up to a number that fits."
        )

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
        upper.plot(
            numbers[shown], counts.eigenvalues[shown], "o", color=JOINED_COLOUR, markersize=4
        )
        upper.set(ylabel="cost of N-th")
        lower.plot(
            counts.n_segments, counts.ncut, "o-", color=JOINED_COLOUR, markersize=4, linewidth=1
        )
        lower.set(ylabel="cost of all", xlabel="N", xlim=(first - 0.5, last + 1.5))
        lower.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        for axes in (upper, lower):
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.set_ylim(bottom=0)
            axes.axvline(self._n_segments, color=self.grid_color, linewidth=1, linestyle="--")
            if counts.suggested is not None:
                axes.axvline(counts.suggested, color=SPLIT_COLOUR, linewidth=2, zorder=0)
        if counts.suggested is None:
            upper.set_title("No number stands out")
        else:
            upper.set_title(f"Clearest cut: N = {counts.suggested}")
