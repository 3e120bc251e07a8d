"""The dock "See why": the plots behind a result, that is why it was cut where it was cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.explain import Blobs, Explanation, explain
from napari_ncut.cutting.model_selection import Counts, compare_counts
from napari_ncut.cutting.session import CutSession
from napari_ncut.plugin.graph_cut.job import Job
from napari_ncut.plugin.see_why.plots import CountPlot, NeckHistogram, Plot, ProfilePlot
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock, GraphCutLink, in_viewer
from napari_ncut.plugin.shared.run import Run
from napari_ncut.runs.stacks import Frame, Source, fingerprint, within

FIEDLER = "Fiedler vector"
# Height of the dock in pixels in which all its plots are seen at once.
ROOM = 520


@dataclass(frozen=True)
class Under:
    """The blob under the mouse: 0 and no explanation beside the objects."""

    job: Job
    frame: Frame
    blobs: Blobs
    blob: int
    explanation: Explanation | None


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
        self._under: Under | None = None
        self._position: tuple[float, ...] | None = None
        self._counted: Any = None
        self._runs: dict[str, Run] = {}
        self._fiedler: Image | None = None

        self.histogram = NeckHistogram(viewer)
        self.profile = ProfilePlot(viewer)
        self.eigenvalues = CountPlot(viewer)
        self.take_n = QPushButton("Take N (Alt+N)")
        self.take_n.setEnabled(False)
        self.take_n.setToolTip("Set Segments in Graph cut to the suggested number")
        self.fiedler = QPushButton("Fiedler vector as a layer (Alt+E)")
        self.fiedler.setToolTip("Show the vector that sorts the pixels of this object")
        layout = self.column
        layout.addWidget(self.status)
        for name in ("histogram", "take_n", "eigenvalues", "profile", "fiedler"):
            part = getattr(self, name)
            part.setObjectName(name)
            layout.addWidget(part, stretch=isinstance(part, Plot))
        self.add_shortcut("Alt+N", self.take_n)
        self.add_shortcut("Alt+E", self.fiedler)

        # Only where the mouse comes to rest something is computed.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(80)
        self._rest.timeout.connect(self._on_rest)
        self.histogram.threshold_dragged.connect(self._on_dragged)
        self.take_n.clicked.connect(self._on_take_n)
        self.fiedler.clicked.connect(self._on_fiedler)
        self._link.result_changed.connect(self._on_result)
        self._link.setting_changed.connect(self._on_setting)
        viewer.mouse_move_callbacks.append(self._on_mouse)
        viewer.layers.events.removed.connect(self._on_removed)
        self._on_result()
        # Only in its window, a moment later, it can.
        docked = QTimer(self)
        docked.setSingleShot(True)
        docked.timeout.connect(self._take_room)
        docked.start(0)

    def _take_room(self) -> None:
        """Take the height that all plots need from the docks above, as far as they have it."""
        main, dock = self.window(), self.parent()
        if isinstance(main, QMainWindow) and isinstance(dock, QDockWidget):
            main.resizeDocks([dock], [ROOM], Qt.Orientation.Vertical)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return not self._runs and not self._rest.isActive()

    # The result

    def _on_result(self) -> None:
        widget = self._link.widget
        last = None if widget is None else widget.last
        cuts = last is not None and isinstance(last[0].recipe.settings, CutSettings)
        self.histogram.setVisible(not cuts)
        self.eigenvalues.setVisible(cuts)
        self.take_n.setVisible(cuts)
        if widget is None or last is None or widget.result_layer is None:
            self.say("Nothing to explain yet: split or cut something with Graph cut first.")
            self.histogram.show_necks(np.empty(0), 0.0)
            self._forget_blob()
            return
        job, result = last
        if cuts:
            self.say("Point at an object to see its cut profile.")
            self._count(job)
        else:
            ratios = np.concatenate([tree.ratio for tree in result.trees.values()])
            # 1: a dent of the border, no neck.
            self.histogram.show_necks(ratios[ratios < 1.0], widget.controls.neck.value)
            self.say("Drag the line to move Neck. Point at an object to see its cut profile.")
        self._show_profile()

    def _on_removed(self, _: object) -> None:
        widget = self._link.widget
        if widget is not None and not in_viewer(widget.result_layer, self._viewer):
            self._stop("profile")
            self._stop("count")
            self._counted = None
            self.eigenvalues.show_words("The result has been deleted.")
            self.histogram.show_necks(np.empty(0), 0.0)
            self._forget_blob()
            self.say("The result has been deleted: there is nothing to explain.")

    def _on_setting(self, name: str) -> None:
        widget = self._link.widget
        if widget is not None and name == "neck":
            self.histogram.move_threshold(widget.controls.neck.value)
        if widget is not None and name == "n_segments":
            self.eigenvalues.mark(widget.controls.n_segments.value)

    def _on_dragged(self, neck: float) -> None:
        if self._link.widget is not None:
            self._link.widget.controls.neck.value = neck

    # How many segments

    def _count(self, job: Job) -> None:
        """Compare the numbers of segments of a frame, unless that was done."""
        source, settings, known = job.source, job.recipe.settings, self._counted
        frame = (job.recipe.frames or source.frames())[0]
        assert isinstance(settings, CutSettings)

        def compute(monitor: Monitor) -> tuple[Any, Counts | None]:
            image, mask = _read(source, frame)
            key = (
                fingerprint(image, mask),
                source.spacing,
                source.has_channels,
                settings.beta,
                settings.connectivity,
            )
            if key == known:
                return key, None
            if image is None:
                assert mask is not None
                image = np.zeros(mask.shape, np.float32)
            session = CutSession(
                image,
                None if mask is None else mask > 0,
                spacing=source.spacing,
                channel_axis=-1 if source.has_channels and source.image is not None else None,
            )
            return key, compare_counts(session, settings, monitor=monitor)

        self.eigenvalues.mark(settings.n_segments)
        run = self._start("count", compute)
        run.returned.connect(lambda found, _: self._on_counts(*found))
        run.failed.connect(self._on_not_counted)

    def _on_counts(self, key: Any, counts: Counts | None) -> None:
        widget = self._link.widget
        if widget is None or counts is None:
            return
        self._counted = key
        self.eigenvalues.show_counts(counts, widget.controls.n_segments.value)
        n = counts.suggested
        self.take_n.setEnabled(n is not None)
        self.take_n.setText("Take N (Alt+N)" if n is None else f"Take N = {n} (Alt+N)")

    def _on_not_counted(self, error: Exception) -> None:
        self._counted = None
        self.take_n.setEnabled(False)
        self.eigenvalues.show_words(str(error))

    def _on_take_n(self) -> None:
        counts, widget = self.eigenvalues.counts, self._link.widget
        if counts is not None and counts.suggested is not None and widget is not None:
            widget.controls.n_segments.value = counts.suggested

    # The blob under the mouse

    def _on_mouse(self, _: object, event: Any) -> None:
        self._position = tuple(event.position)
        self._rest.start()

    def _on_rest(self) -> None:
        widget = self._link.widget
        layer = None if widget is None else widget.result_layer
        if widget is None or widget.last is None or layer is None or self._position is None:
            return
        if not in_viewer(layer, self._viewer) or self._viewer.dims.ndisplay != 2:
            return
        job = widget.last[0]
        position = layer.world_to_data(self._position[-layer.ndim :])
        pixel = tuple(int(x) for x in np.round(position))
        n_frame_axes = layer.ndim - job.source.spatial_ndim
        frame, point = pixel[:n_frame_axes], pixel[n_frame_axes:]
        if all(0 <= x < size for x, size in zip(pixel, layer.data.shape, strict=True)):
            self._explain(job, frame, point)

    def _explain(self, job: Job, frame: Frame, point: tuple[int, ...]) -> None:
        source, settings, known = job.source, job.recipe.settings, self._under

        def compute(monitor: Monitor) -> Under:
            image, mask = _read(source, frame)
            if known is not None and known.job is job and known.frame == frame:
                blobs = known.blobs
            elif mask is None:
                assert image is not None
                blobs = Blobs(np.ones(image.shape[: source.spatial_ndim], bool))
            else:
                blobs = Blobs(mask, settings.connectivity)
            blob = blobs.at(point)
            if known is not None and blobs is known.blobs and blob == known.blob:
                return known
            if blob == 0:
                return Under(job, frame, blobs, 0, None)
            explanation = explain(
                blobs,
                blob,
                image,
                spacing=source.spacing,
                beta=settings.beta,
                connectivity=settings.connectivity,
                monitor=monitor,
            )
            return Under(job, frame, blobs, blob, explanation)

        run = self._start("profile", compute)
        run.returned.connect(lambda under, _: self._on_explained(under))
        run.failed.connect(lambda error: self.profile.show_words(str(error)))

    def _on_explained(self, under: Under) -> None:
        # Beside the objects the last profile stays: the mouse is on its way to the plot.
        if under.explanation is not None and under is not self._under:
            self._under = under
            self._show_profile()

    def _show_profile(self) -> None:
        under, widget = self._under, self._link.widget
        self.fiedler.setEnabled(under is not None)
        if under is None or under.explanation is None or widget is None:
            return
        explanation, layer = under.explanation, widget.result_layer
        colors = None
        if in_viewer(layer, self._viewer) and layer is not None:
            frame = np.asarray(layer.data[under.frame])
            if frame.shape == under.blobs.labels.shape:
                colors = _colors(layer, explanation.in_order(frame))
        self.profile.show_profile(explanation.profile, explanation.valley, colors)

    def _forget_blob(self) -> None:
        self._under = None
        self.fiedler.setEnabled(False)
        self.profile.show_words("Point at an object in the image.")

    def _on_fiedler(self) -> None:
        """Add the Fiedler vector of the blob as a layer, or replace the one before."""
        under, widget = self._under, self._link.widget
        if under is None or under.explanation is None or widget is None:
            return
        if in_viewer(self._fiedler, self._viewer):
            self._viewer.layers.remove(self._fiedler)
        data = under.explanation.fiedler[(None,) * len(under.frame)]
        top = float(np.nanmax(np.abs(data)))
        start = [*under.frame, *(axis.start for axis in under.explanation.box)]
        active = self._viewer.layers.selection.active
        self._fiedler = Image(
            data,
            name=FIEDLER,
            colormap="coolwarm",
            contrast_limits=(-top, top),
            metadata={layers.RECORD: {"fiedler": True}},
            **_moved(under.job.place, start),
        )
        self._viewer.add_layer(self._fiedler)
        self._viewer.layers.selection.active = active

    # Runs

    def _start(self, name: str, function: Callable[[Monitor], Any]) -> Run:
        """Start a run in place of the last one of its kind."""
        self._stop(name)
        run = self._runs[name] = Run(function, name, self, in_activity_dock=False)
        run.finished.connect(lambda: self._on_finished(name, run))
        return run

    def _on_finished(self, name: str, run: Run) -> None:
        if self._runs.get(name) is run:
            del self._runs[name]

    def _stop(self, name: str) -> None:
        run = self._runs.get(name)
        if run is not None:
            run.cancel()

    def leave(self) -> None:
        """Stop what runs and listen no more; the layer of the Fiedler vector is the user's."""
        self._rest.stop()
        self._stop("profile")
        self._stop("count")
        self._link.leave()
        for plot in (self.histogram, self.profile, self.eigenvalues):
            plot.leave()
        self._viewer.mouse_move_callbacks.remove(self._on_mouse)
        self._viewer.layers.events.removed.disconnect(self._on_removed)


def _read(source: Source, frame: Frame) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Return the image of a frame, and the part of its mask that lies in the region."""
    image, mask = source.read(frame)
    return image, mask if source.region is None else within(source.region[frame], mask)


def _colors(layer: Labels, labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the colour of each label in its layer, shape (n, 4)."""
    found, inverse = np.unique(labels, return_inverse=True)
    colors = [layer.get_color(int(label)) for label in found]
    table = np.array([(0, 0, 0, 0) if color is None else color for color in colors], float)
    rows: NDArray[np.float64] = table[inverse]
    return rows


def _moved(place: dict[str, Any], start: list[int]) -> dict[str, Any]:
    """Return the place of a part of a layer that begins at a pixel."""
    probe = Image(np.zeros((2,) * len(start)), **place)
    step = np.subtract(probe.data_to_world(start), probe.data_to_world([0] * len(start)))
    inner = np.linalg.solve(np.asarray(probe.affine.linear_matrix), step)
    return {**place, "translate": np.asarray(probe.translate) + inner}
