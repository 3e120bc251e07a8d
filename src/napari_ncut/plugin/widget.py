"""The dock widget "Graph cut": choose layers, turn the settings, see the result follow, keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QEvent, Qt, QTimer, Signal
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_ncut import __version__
from napari_ncut.monitor import Monitor
from napari_ncut.plugin import layers
from napari_ncut.plugin.controls import Controls
from napari_ncut.plugin.result import ResultLayer
from napari_ncut.plugin.worker import Run
from napari_ncut.review import Decisions
from napari_ncut.settings import CutSettings, SplitSettings
from napari_ncut.stacks import Frame, Result, Source, StackSession, otsu

# These only choose among what a session or a split tree has found: a run that is finding it
# need not begin again.
LATE_SETTINGS = ("neck", "min_size", "n_segments")


@dataclass(frozen=True)
class Job:
    """All that a run needs and all that its result needs to be placed, as of the click."""

    source: Source
    settings: CutSettings | SplitSettings
    frames: list[Frame]
    name: str
    place: dict[str, Any]
    record: dict[str, Any]
    preview: bool


class GraphCutWidget(QWidget):
    """Splits touching objects, or cuts a region into N segments.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are cut.
    """

    result_changed = Signal()  # `last` and `result_layer` are new

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._result = ResultLayer(viewer)
        self._session = StackSession()
        self._lock = Lock()
        self._run: Run | None = None
        self._job: Job | None = None
        self._again = False
        self.last: tuple[Job, Result] | None = None

        self.controls = Controls(viewer)
        self.run = QPushButton("Split")
        self.run.setObjectName("run")
        self.progress = QProgressBar()
        self.progress.setObjectName("progress")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.status = QLabel()
        self.status.setObjectName("status")
        self.status.setWordWrap(True)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        for part in (self.controls, self.run, self.progress, self.status):
            layout.addWidget(part)
        layout.addStretch()
        self.setMinimumWidth(230)

        # Changes that come in a burst, as from a slider, are one change.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(15)
        self._soon.timeout.connect(self._start_preview)

        self.run.clicked.connect(self._on_run)
        self.controls.layers_changed.connect(self._on_layers)
        self.controls.settings_changed.connect(self._on_setting)
        viewer.dims.events.current_step.connect(self._on_frame)
        self._on_layers()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return self._run is None and not self._soon.isActive()

    # What the other docks use

    @property
    def result_layer(self) -> Labels | None:
        """The layer that shows the last result."""
        return self._result.layer

    @property
    def decisions(self) -> dict[Frame, Decisions]:
        """What was decided in a review about the necks of each frame; holds for every run."""
        return self._session.decisions

    def cut_again(self) -> None:
        """Show a preview anew, after decisions have changed."""
        self._preview_soon(keep_running=True)

    # What the user does

    def _on_run(self) -> None:
        if self._is_applying():
            assert self._run is not None
            self._run.cancel()
        elif self.controls.problem() is None:
            self._start(preview=False)

    def _on_layers(self) -> None:
        self._stop()
        self._result.forget()
        self._session.decisions.clear()
        self._refresh()
        if self.controls.foreground.value != "mask":
            self._find_threshold()

    def _on_setting(self, name: str) -> None:
        if name in ("mode", "preview") and not self.controls.preview.value:
            self._stop_preview()
            self._result.discard_preview()
        if name == "foreground" and self.controls.foreground.value != "mask":
            self._find_threshold()
        if not self._is_applying():
            self._refresh()
        if self.controls.preview.value and self.controls.problem() is None:
            self._preview_soon(keep_running=name in LATE_SETTINGS)

    def _on_frame(self) -> None:
        job = self._job
        if self._result.is_preview and job is not None and job.frames != [self._current_frame()]:
            self._preview_soon(keep_running=True)

    # Runs

    def _preview_soon(self, *, keep_running: bool) -> None:
        if self._is_applying():
            return
        if self._run is None:
            self._soon.start()
        elif keep_running:
            self._again = True
        else:
            self._stop()
            self._soon.start()

    def _start_preview(self) -> None:
        if self._run is None and self.controls.problem() is None:
            self._start(preview=True)

    def _start(self, *, preview: bool) -> None:
        self._stop()
        job = self._job = self._new_job(preview)
        session, lock = self._session, self._lock

        def compute(monitor: Monitor) -> Result:
            # A cancelled run may still be on its way out of the session.
            with lock:
                return session.run(job.source, job.settings, job.frames, monitor)

        self._run = Run(compute, f"napari-ncut: {job.name}", self, in_activity_dock=not preview)
        self._run.progressed.connect(self._on_progress)
        self._run.returned.connect(self._on_result)
        self._run.failed.connect(self._on_error)
        self._run.cancelled.connect(lambda: self._say("Cancelled; nothing was changed."))
        self._run.finished.connect(self._on_finished)
        if not preview:
            self.run.setText("Cancel")
            self._say("starting")

    def _new_job(self, preview: bool) -> Job:
        controls = self.controls
        main = controls.main_layer()
        ndim = controls.spatial_ndim.value
        threshold = None
        if controls.foreground.value != "mask":
            threshold = controls.threshold.value
        source = layers.source(
            controls.image.value,
            controls.mask_layer(),
            ndim,
            threshold=threshold,
            dark=controls.foreground.value == "dark",
        )
        settings = controls.settings()
        only_current = preview or controls.frames.value == "current"
        frames = [self._current_frame()] if only_current else source.frames()
        record = {
            "version": __version__,
            "mode": controls.mode.value,
            "settings": asdict(settings),
            "image": None if controls.image.value is None else controls.image.value.name,
            "mask": None if controls.mask_layer() is None else controls.mask_layer().name,
            "threshold": threshold,
            "dark": source.dark,
            "spatial_ndim": ndim,
            "spacing": list(source.spacing),
            "level": layers.level(main),
            "frames": "all" if not only_current else list(frames[0]),
            "preview": preview,
        }
        return Job(
            source, settings, frames, f"{main.name} segments", layers.place(main), record, preview
        )

    def _current_frame(self) -> Frame:
        main = self.controls.main_layer()
        if main is None:
            return ()
        point = self._viewer.dims.point[-main.ndim :]
        return layers.current_frame(main, point, self.controls.spatial_ndim.value)

    def _stop(self) -> None:
        self._soon.stop()
        self._again = False
        if self._run is not None:
            self._run.cancel()

    def _stop_preview(self) -> None:
        if not self._is_applying():
            self._stop()

    def _is_applying(self) -> bool:
        return self._run is not None and self._job is not None and not self._job.preview

    # What a run tells

    def _on_progress(self, fraction: float, text: str) -> None:
        self.progress.setValue(round(1000 * fraction))
        if self._is_applying():
            self._say(text)

    def _on_result(self, result: Result, seconds: float) -> None:
        job = self._job
        assert job is not None
        record = job.record | describe(result) | {"seconds": round(seconds, 4)}
        self._result.show(result.labels, record, job.name, job.place, preview=job.preview)
        text = summary(result, seconds)
        self._say(f"Preview: {text}. {self.run.text()} keeps it." if job.preview else text)
        self.last = job, result
        self.result_changed.emit()

    def _on_error(self, error: Exception) -> None:
        self._say(str(error), error=True)

    def _on_finished(self) -> None:
        self._run = None
        self.progress.setValue(0)
        self._set_run_text()
        if self._again:
            self._again = False
            self._soon.start()

    # What the widget says

    def _say(self, text: str, *, error: bool = False) -> None:
        self.status.setStyleSheet("color: #e8553e;" if error else "")
        self.status.setText(text)

    def _set_run_text(self) -> None:
        self.run.setText("Split" if self.controls.mode.value == "split" else "Cut")

    def _refresh(self) -> None:
        """Say what the data are, or what is missing; the button follows."""
        problem = self.controls.problem()
        self.controls.mark(problem)
        self.run.setEnabled(problem is None)
        self._set_run_text()
        if problem is not None:
            self.run.setToolTip(problem[1])
            self._say(problem[1])
            return
        self.run.setToolTip("Compute and keep the result (again: update it)")
        self._say(self._what_it_is())

    def _what_it_is(self) -> str:
        main = self.controls.main_layer()
        level = layers.level(main)
        shape = layers.spatial_shape(main, level)
        ndim = self.controls.spatial_ndim.value
        size = " x ".join(str(n) for n in shape[-ndim:])
        unit = "plane" if ndim == 2 else "volume"
        n_frames = int(np.prod(shape[:-ndim]))
        text = f"A {unit} of {size}."
        if n_frames > 1:
            text = f"{n_frames} {unit}s of {size}, each cut on its own."
        if level > 0:
            text += f" The image is large: level {level} of its pyramid is cut."
        return text

    def _find_threshold(self) -> None:
        image = self.controls.image.value
        if image is None:
            return
        data, has_channels = layers.arrays(image)[-1], image.rgb
        run = Run(lambda _: otsu(data, has_channels), "threshold", self, in_activity_dock=False)
        run.returned.connect(lambda found, _: self._set_threshold(*found))
        run.failed.connect(self._on_error)

    def _set_threshold(self, low: float, threshold: float, high: float) -> None:
        self.controls.threshold.set_range(low, high)
        self.controls.threshold.value = threshold

    # The end

    def changeEvent(self, event: QEvent) -> None:
        """Follow the widget into its dock, and out of it when the dock is closed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.leave()

    def leave(self) -> None:
        """Stop what runs and take a preview away."""
        self._stop()
        self._result.discard_preview()
        self._viewer.dims.events.current_step.disconnect(self._on_frame)


def describe(result: Result) -> dict[str, Any]:
    """Return what a result's metadata tell about it, in plain values."""
    return {
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
    }


def summary(result: Result, seconds: float) -> str:
    """Return a result in one line."""
    total = sum(result.counts.values())
    parts = [f"{total} segment{'s' * (total != 1)}"]
    if len(result.counts) > 1:
        parts[0] += f" in {len(result.counts)} frames"
    if result.ncut:
        parts.append(f"normalised cut {np.mean(list(result.ncut.values())):.3g}")
    parts.append(f"{seconds:.2f} s")
    return ", ".join(parts)
