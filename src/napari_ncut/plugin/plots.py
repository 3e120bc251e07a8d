"""The dock "See why": the plots behind a result, that is why it was cut where it was cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import napari
import numpy as np
from napari.layers import Image
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QPushButton, QVBoxLayout

from napari_ncut.counting import Counts, compare_counts
from napari_ncut.explain import Blobs, Explanation
from napari_ncut.plugin.canvas import CountPlot, NeckHistogram, ProfilePlot
from napari_ncut.plugin.dock import Dock, GraphCutLink, in_viewer
from napari_ncut.plugin.widget import Job
from napari_ncut.plugin.worker import Run
from napari_ncut.settings import CutSettings
from napari_ncut.stacks import Frame

FIEDLER = "Fiedler vector"


@dataclass(frozen=True)
class Shown:
    """The blob of which the profile is shown."""

    job: Job
    frame: Frame
    explanation: Explanation


class SeeWhyDock(Dock):
    """Shows the necks of a result, the cut profile under the mouse, and how many segments.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose Graph cut widget made the result.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._link = GraphCutLink(viewer, self)
        self._blobs: tuple[Job, Frame, Blobs] | None = None
        self._shown: Shown | None = None
        self._mouse: tuple[float, ...] | None = None
        self._counted: Any = None
        self._runs: dict[str, Run] = {}
        self._fiedler: Image | None = None

        self.histogram = NeckHistogram(viewer)
        self.profile = ProfilePlot(viewer)
        self.counts = CountPlot(viewer)
        self.fiedler = QPushButton("Fiedler vector as a layer (Ctrl+F)")
        self.take_n = QPushButton("Take N (Ctrl+T)")
        self.fiedler.setToolTip("Show the vector that sorts the pixels of the object in the plot")
        self.take_n.setToolTip("Set Segments in the widget Graph cut to the suggested number")
        self.histogram.setObjectName("histogram")
        self.profile.setObjectName("profile")
        self.counts.setObjectName("eigenvalues")
        self.fiedler.setObjectName("fiedler")
        self.take_n.setObjectName("take_n")
        self.add_shortcut("Ctrl+F", self.fiedler)
        layout = QVBoxLayout(self)
        for part in (
            self.status,
            self.histogram,
            self.counts,
            self.take_n,
            self.profile,
            self.fiedler,
        ):
            layout.addWidget(part)
        layout.addStretch()

        # Only where the mouse comes to rest something is computed.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(80)
        self._rest.timeout.connect(self._on_rest)
        self.histogram.threshold_dragged.connect(self._on_dragged)
        self.fiedler.clicked.connect(self._on_fiedler)
        self.take_n.clicked.connect(self._on_take_n)
        self._link.result_changed.connect(self._on_result)
        self._link.setting_changed.connect(self._on_setting)
        viewer.mouse_move_callbacks.append(self._on_mouse)
        viewer.layers.events.removed.connect(self._on_removed)
        self._on_result()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return not self._runs and not self._rest.isActive()

    # The result

    def _on_result(self) -> None:
        last = None if self._link.widget is None else self._link.widget.last
        splits = last is None or not isinstance(last[0].settings, CutSettings)
        self.histogram.setVisible(splits)
        self.counts.setVisible(not splits)
        self.take_n.setVisible(not splits)
        self.fiedler.setEnabled(self._shown is not None)
        if last is None or self._link.widget is None:
            self.say(
                "Nothing to explain yet: split or cut something in the widget Graph cut first."
            )
            self.histogram.show_necks(np.empty(0), 0.0)
            return
        job, result = last
        if splits:
            ratios = [tree.ratio for tree in result.trees.values()]
            self.histogram.show_necks(
                np.concatenate(ratios) if ratios else np.empty(0), self._link.widget.neck
            )
            self.say("Drag the line: the threshold follows. Point at an object: its cut profile.")
        else:
            self.say("Point at an object: its cut profile.")
            self._count(job)
        self._show_profile()

    def _on_setting(self, name: str) -> None:
        if name == "neck" and self._link.widget is not None:
            self.histogram.move_threshold(self._link.widget.neck)
        if name == "n_segments" and self._link.widget is not None:
            self.counts.mark(self._link.widget.n_segments)

    def _on_dragged(self, neck: float) -> None:
        if self._link.widget is not None:
            self._link.widget.neck = neck
