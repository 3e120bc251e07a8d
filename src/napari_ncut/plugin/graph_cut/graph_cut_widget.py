"""The dock widget "Graph cut": choose layers, turn the settings, see the result follow, keep it."""

from __future__ import annotations

from threading import Lock

import napari
import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QEvent, Qt, QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton

from napari_ncut.objects.review import Decisions
from napari_ncut.plugin.graph_cut.controls import Controls
from napari_ncut.plugin.graph_cut.job import Job, Outcome, in_words, summary
from napari_ncut.plugin.graph_cut.recipe_button import RecipeButton
from napari_ncut.plugin.graph_cut.request import current_frame, new_job
from napari_ncut.plugin.graph_cut.result_layer import ResultLayer
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.column import Column
from napari_ncut.plugin.shared.run import Run
from napari_ncut.runs.stacks import Frame, Result, StackSession, otsu

# These only choose among what a session or a split tree has found: a run that is finding it
# need not begin again.
LATE_SETTINGS = ("neck", "min_size", "n_segments")
# A preview begins with one of these.
SPLIT_STARTS = ("neck", "min_size", "foreground", "threshold")
CUT_STARTS = ("seeds",)


class GraphCutWidget(Column):
    """Splits touching objects, or cuts a region into N segments.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are cut.
    """

    result_changed = Signal(object)  # the `Result` that the layer shows

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self._result = ResultLayer(viewer)
        self._session = StackSession()
        self._lock = Lock()
        self._run: Run | None = None
        self._job: Job | None = None
        self._again = False
        self._thresholding: Run | None = None
        self._run_after_threshold = False
        self.is_prepared = False
        self._seeds: Layer | None = None
        self.last: tuple[Job, Result] | None = None

        self.controls = Controls(viewer, self)
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
        layout = self.column
        self.recipe = RecipeButton(viewer, self.controls)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.recipe)
        layout.addWidget(self.controls.form)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addStretch()

        # Changes that come in a burst, as from a slider, are one change.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(15)
        self._soon.timeout.connect(self._start_preview)

        self.recipe.said.connect(lambda text, error: self.say(text, error=error))
        self.recipe.run_wanted.connect(self.start)
        self.recipe.show_last_used()
        self.run.clicked.connect(self._on_run)
        self.controls.layers_changed.connect(self._on_layers)
        self.controls.settings_changed.connect(self._on_setting)
        viewer.dims.events.current_step.connect(self._on_frame)
        self._refresh()
        self._prepare()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return self._run is None and self._thresholding is None and not self._soon.isActive()

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
        elif self._thresholding is not None:
            self._run_after_threshold = True
        elif self.controls.problem() is None:
            self.start(preview=False)

    def _on_layers(self, name: str) -> None:
        if name == "seeds":
            self._follow_seeds()
            self._on_setting(name)
            return
        if name == "shapes":
            self._on_setting(name)
            return
        self._stop()
        self._result.forget()
        self._session.decisions.clear()
        self._refresh()
        if self.controls.thresholds:
            self._find_threshold()

    def _on_setting(self, name: str) -> None:
        if name in ("mode", "preview") and not self.controls.preview.value:
            self._stop_preview()
            self._result.discard_preview()
        if name == "foreground" and self.controls.thresholds:
            self._find_threshold()
        if not self._is_applying():
            self._refresh()
        if self._follows(name):
            self._preview_soon(keep_running=name in LATE_SETTINGS)

    def _follows(self, name: str) -> bool:
        """Return whether a change of a setting is to be previewed.

        Before there is a result, only a setting that by itself says what is wanted is.
        """
        if not self.controls.preview.value or self.controls.problem() is not None:
            return False
        starts = SPLIT_STARTS if self.controls.splits else CUT_STARTS
        return self._result.layer is not None or name in starts

    def _follow_seeds(self) -> None:
        """Cut again whenever a seed is added, moved or taken away."""
        if self._seeds is not None:
            self._seeds.events.set_data.disconnect(self._on_seeds)
            self._seeds.events.features.disconnect(self._on_seeds)
        self._seeds = self.controls.seeds.value
        if self._seeds is not None:
            self._seeds.events.set_data.connect(self._on_seeds)
            self._seeds.events.features.connect(self._on_seeds)

    def _on_seeds(self) -> None:
        if not self.controls.splits and self._follows("seeds"):
            self._preview_soon(keep_running=True)

    def _on_frame(self) -> None:
        job = self._job
        if job is None or not self._result.is_preview:
            return
        if job.recipe.frames != (current_frame(self.viewer, self.controls),):
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
        # A threshold that is found calls for a preview by itself.
        if self.is_idle and self.controls.problem() is None:
            self.start(preview=True)

    def start(self, *, preview: bool = False) -> None:
        """Begin a run with the settings of the form; what runs is cancelled."""
        self._stop()
        try:
            previous = None if self._result.is_preview else self._result.layer
            job = self._job = new_job(
                self.viewer, self.controls, preview, previous, self._result.applied
            )
        except ValueError as error:
            self._on_error(error)
            return
        session, lock = self._session, self._lock
        self._run = Run(
            lambda monitor: job.compute(session, lock, monitor),
            f"napari-ncut: {job.name}",
            self,
            in_activity_dock=not preview,
        )
        self._run.progressed.connect(self._on_progress)
        self._run.returned.connect(self._on_outcome)
        self._run.failed.connect(self._on_error)
        self._run.cancelled.connect(lambda: self.say("Cancelled; nothing was changed."))
        self._run.finished.connect(self._on_finished)
        if not preview:
            self.run.setText("Cancel")
            self.say("starting")

    def _stop(self) -> None:
        self._run_after_threshold = False
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
            self.say(text)

    def _on_outcome(self, outcome: Outcome, seconds: float) -> None:
        job = self._job
        assert job is not None
        if outcome.painted:
            self._result.forget()
        record = outcome.record | {"seconds": round(seconds, 4), "preview": job.preview}
        self._result.show(
            outcome.labels,
            record,
            job.name,
            job.place,
            preview=job.preview,
            below=(self.controls.seeds.value, self.controls.shapes.value),
        )
        text = summary(job, outcome.result, seconds)
        self.say(f"Preview: {text}. {self.run.text()} keeps it." if job.preview else text)
        if not job.preview:
            self.recipe.keep_last_used(job.recipe)
        self.last = job, outcome.result
        self.result_changed.emit(outcome.result)

    def _on_error(self, error: Exception) -> None:
        self.say(in_words(error), error=True)

    def _on_finished(self) -> None:
        self._run = None
        # Later: the bar draws at once, and the window with it, when layers may be half changed.
        QTimer.singleShot(0, self.progress.reset)
        self._set_run_text()
        if self._again:
            self._again = False
            self._soon.start()

    # What the widget says

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence in the status line."""
        self.status.setStyleSheet("color: #e8553e;" if error else "")
        self.status.setText(text)

    def _set_run_text(self) -> None:
        self.run.setText("Split" if self.controls.splits else "Cut")

    def _refresh(self) -> None:
        """Say what the data are, or what is missing; the button follows."""
        problem = self.controls.problem()
        self.controls.mark(problem)
        self.run.setEnabled(problem is None)
        self._set_run_text()
        if problem is not None:
            self.run.setToolTip(problem[1])
            self.say(problem[1])
            return
        self.run.setToolTip("Compute and keep the result (again: update it)")
        self.say(self._what_it_is())

    def _what_it_is(self) -> str:
        main = self.controls.main_layer()
        assert main is not None
        level = layers.level(main)
        shape = layers.spatial_shape(main, level)
        ndim = self.controls.work_ndim
        size = " x ".join(str(n) for n in shape[-ndim:])
        unit = "plane" if ndim == 2 else "volume"
        n_frames = int(np.prod(shape[:-ndim]))
        text = f"A {unit} of {size}."
        if n_frames > 1:
            text = f"{n_frames} {unit}s of {size}, each cut on its own."
        if level > 0:
            text += f" The image is large: level {level} of its pyramid is cut."
        return text

    def _prepare(self) -> None:
        """Compile the loops, which only the first use of an installation has to."""
        preparing = Run(lambda _: None, "napari-ncut: preparing", self, in_activity_dock=False)
        preparing.progressed.connect(lambda _, text: self._say_if_idle(f"Please wait: {text}."))
        preparing.failed.connect(self._on_error)
        preparing.finished.connect(self._on_prepared)

    def _say_if_idle(self, text: str) -> None:
        if self.is_idle:
            self.say(text)

    def _on_prepared(self) -> None:
        self.is_prepared = True
        if self.is_idle and self.status.text().startswith("Please wait"):
            self._refresh()

    def _find_threshold(self) -> None:
        image = self.controls.image.value
        if image is None:
            return
        data, has_channels = layers.arrays(image)[-1], image.rgb
        if self._thresholding is not None:
            self._thresholding.cancel()
        run = Run(lambda _: otsu(data, has_channels), "threshold", self, in_activity_dock=False)
        self._thresholding = run
        run.returned.connect(lambda found, _: self._set_threshold(*found))
        run.failed.connect(self._on_error)
        run.finished.connect(lambda: self._on_threshold(run))

    def _on_threshold(self, run: Run) -> None:
        if run is not self._thresholding:
            return
        self._thresholding = None
        if self._run_after_threshold:
            self._run_after_threshold = False
            self._on_run()

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
        self.controls.choice.disconnect_viewer()
        self.viewer.dims.events.current_step.disconnect(self._on_frame)
