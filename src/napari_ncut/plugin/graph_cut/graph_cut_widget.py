"""The dock "Graph cut": choose layers, turn the settings, see the result follow, keep it."""

from __future__ import annotations

import time

import napari
from napari.layers import Labels, Layer
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.plugin.graph_cut.controls import DROPS, Controls
from napari_ncut.plugin.graph_cut.job import Count, Job, Outcome, in_words, summary
from napari_ncut.plugin.graph_cut.recipe_button import RecipeButton
from napari_ncut.plugin.graph_cut.request import current_frame, new_job, threshold_finder
from napari_ncut.plugin.graph_cut.result_layer import ResultLayer
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.model import Form
from napari_ncut.plugin.shared.result_record import Snapshot

# These only choose among what a session or a split tree has found: a run that is finding it
# need not begin again.
LATE_SETTINGS = ("neck", "min_size", "n_segments", *DROPS)
# A preview begins with one of these: they say what is wanted.
SPLIT_STARTS = ("neck", "min_size", "beta", "max_hole", "foreground", "threshold", *DROPS)
# The threshold is found again.
OF_THRESHOLD = ("foreground", "method", "smoothing", "window")
CUT_STARTS = ("n_segments", "seeds", "beta", "connectivity", "foreground", "threshold")
LAST_SESSION = "The settings are those used last; Recipe > Defaults brings back the usual ones."
# After how many seconds a preview says at which stage it is.
SLOW = 0.4


class GraphCutWidget(Dock):
    """Splits touching objects, or cuts a region into N segments.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are cut.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        viewer, model = self._viewer, self._model
        self._result = ResultLayer(viewer, model)
        self._job: Job | None = None
        self._began = 0.0
        self._again = False
        self._run_after_threshold = False
        self._seeds: Layer | None = None

        self.controls = Controls(viewer, model)
        self.run = QPushButton("Split")
        self.run.setObjectName("run")
        self.progress = QProgressBar()
        self.progress.setObjectName("progress")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        # Empty it is only a frame; its room stays, so that nothing jumps.
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.progress.hide()
        self.recipe = RecipeButton(viewer, model, self)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.recipe)
        layout = self.column
        layout.addWidget(self.controls.form)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addStretch()

        # Changes that come in a burst, as from a slider, are one change.
        self._soon = self.debounced(15, self._start_preview)
        # Labels are painted in many small steps.
        self._recount_soon = self.debounced(150, self._recount)
        self._result_events: Labels | None = None
        self._reset_bar = QTimer(self)
        self._reset_bar.setSingleShot(True)
        self._reset_bar.timeout.connect(self._hide_bar)
        self.recipe.run_wanted.connect(self.start)
        self._is_of_last_session = False
        if not model.has_begun:
            model.has_begun = True
            self.recipe.show_last_used()
            self._is_of_last_session = (
                model.form.settings() != Form(mode=model.form.mode).settings()
            )
        self.run.clicked.connect(self._on_run)
        self.controls.layers_changed.connect(self._on_layers)
        self.follow(model.form_changed, self._on_setting)
        self.follow(model.decisions_changed, self._on_decisions)
        self.follow(model.run_wanted, self._on_run_wanted)
        self.follow(model.status_changed, self._show_status)
        self.follow(model.result_changed, self._follow_result)
        self.follow(viewer.dims.events.current_step, self._on_frame)
        if not self.controls.is_restored:
            self._result.forget()
            model.forget_decisions()
        self._follow_seeds()
        self._follow_result()
        self._refresh(talk=model.last is None)
        self._show_status()

    @property
    def result_layer(self) -> Labels | None:
        """The layer that shows the last result."""
        return self._model.layer

    # What the user does

    def _on_run(self) -> None:
        if self._is_applying():
            self.stop_run("cut")
        elif "threshold" in self._runs:
            self._run_after_threshold = True
        elif self.controls.problem() is None:
            self.start(preview=False)

    def _on_run_wanted(self) -> None:
        if self.controls.problem() is None:
            self.start(preview=False)

    def _on_layers(self, name: str) -> None:
        if name == "seeds":
            self._follow_seeds()
        if name in ("seeds", "shapes", "pixel_size"):
            self._on_setting(name)
            return
        self._stop()
        self._result.forget()
        self._model.forget_decisions()
        self._refresh()
        if self._model.form.thresholds:
            self._find_threshold()

    def _on_setting(self, name: str) -> None:
        form = self._model.form
        self._is_of_last_session = False
        if name in ("mode", "preview") and not form.preview:
            self._stop_preview()
            self._result.discard_preview()
        if name in OF_THRESHOLD and form.thresholds:
            self._find_threshold()
        if not self._is_applying():
            self._refresh()
        if self._follows(name):
            self._preview_soon(keep_running=name in LATE_SETTINGS)

    def _follows(self, name: str) -> bool:
        """Return whether a change of a setting is to be previewed.

        Before there is a result, only a setting that by itself says what is wanted is.
        """
        form = self._model.form
        if not form.preview or self.controls.problem() is not None:
            return False
        starts = SPLIT_STARTS if form.splits else CUT_STARTS
        return name != "more" and (self._result.layer is not None or name in starts)

    def _follow_seeds(self) -> None:
        """Cut again whenever a seed is added, moved or taken away."""
        if self._seeds is not None:
            self.unfollow(self._seeds.events.set_data, self._on_seeds)
            self.unfollow(self._seeds.events.features, self._on_seeds)
        self._seeds = self.controls.seeds.value
        if self._seeds is not None:
            self.follow(self._seeds.events.set_data, self._on_seeds)
            self.follow(self._seeds.events.features, self._on_seeds)

    def _on_seeds(self) -> None:
        if not self._model.form.splits and self._follows("seeds"):
            self._preview_soon(keep_running=True)

    def _on_frame(self) -> None:
        job = self._job
        if job is None or not self._result.is_preview:
            return
        if job.recipe.frames != (current_frame(self._viewer, self._model.form, self.controls),):
            self._preview_soon(keep_running=True)

    def _on_decisions(self) -> None:
        # In a result that is the user's they are made by hand, one by one.
        if self._result.is_preview:
            self._preview_soon(keep_running=True)

    # The result after it was made

    def _follow_result(self) -> None:
        """Count the objects again whenever the result is changed by hand."""
        layer = self._model.layer
        if layer is self._result_events:
            return
        if self._result_events is not None:
            for signal in layers.changes_of(self._result_events):
                self.unfollow(signal, self._on_painted)
        self._result_events = layer
        if layer is not None:
            for signal in layers.changes_of(layer):
                self.follow(signal, self._on_painted)

    def _on_painted(self) -> None:
        # New labels that a run puts into the layer are no correction.
        if "cut" not in self._runs and not self._result.is_preview:
            self._recount_soon.trigger()

    def _recount(self) -> None:
        layer, last = self._model.layer, self._model.last
        if layer is None or last is None or "cut" in self._runs or self._result.is_preview:
            return
        result, spatial_ndim = Snapshot.of(layer), last.source.spatial_ndim
        self.start_run(
            "count",
            lambda monitor: Count.of(result, spatial_ndim, monitor),
            lambda count, _: self._model.say(count.in_words()),
        )

    # Runs

    def _preview_soon(self, *, keep_running: bool) -> None:
        if self._is_applying():
            return
        if "cut" not in self._runs:
            self._soon.trigger()
        elif keep_running:
            self._again = True
        else:
            self._stop()
            self._soon.trigger()

    def _start_preview(self) -> None:
        # A threshold that is found calls for a preview by itself.
        is_busy = "cut" in self._runs or "threshold" in self._runs
        if not is_busy and self.controls.problem() is None:
            self.start(preview=True)

    def start(self, *, preview: bool = False) -> None:
        """Begin a run with the settings of the form; what runs is cancelled."""
        self._stop()
        previous = None if self._result.is_preview else self._result.layer
        self._is_of_last_session = False
        job = new_job(self._viewer, self._model, self.controls, preview, previous)
        self._job, session = job, self._model.session
        self._result.watch()
        self._began = time.monotonic()

        def compute(monitor: Monitor) -> Outcome:
            return job.compute(session, monitor)

        run = self.start_run(
            "cut",
            compute,
            self._on_outcome,
            failed=self._on_error,
            in_activity_dock="" if preview else f"napari-ncut: {job.name}",
        )
        run.progressed.connect(self._on_progress)
        run.cancelled.connect(lambda: self._on_cancelled(job))
        run.finished.connect(self._on_finished)
        if not preview:
            self.run.setText("Cancel")
            self._model.say("starting")

    def _stop(self) -> None:
        self._run_after_threshold = False
        self._soon.cancel()
        self._recount_soon.cancel()
        self._again = False
        self.stop_run("cut")
        self.stop_run("count")

    def _stop_preview(self) -> None:
        if not self._is_applying():
            self._stop()

    def _is_applying(self) -> bool:
        return "cut" in self._runs and self._job is not None and not self._job.preview

    # What a run tells

    def _on_progress(self, fraction: float, text: str) -> None:
        self.progress.show()
        self.progress.setValue(round(1000 * fraction))
        if self._is_applying():
            self._model.say(text)
        elif time.monotonic() - self._began > SLOW:
            self._model.say(f"Preview: {text}")

    def _hide_bar(self) -> None:
        if "cut" not in self._runs:
            self.progress.hide()
            self.progress.reset()

    def _on_outcome(self, outcome: Outcome, seconds: float) -> None:
        job = self._job
        assert job is not None
        self._result.show(
            outcome.made,
            outcome.labels,
            outcome.record | {"seconds": round(seconds, 4), "preview": job.preview},
            job.name,
            preview=job.preview,
            painted=outcome.painted or self._result.is_touched,
            below=(self.controls.seeds.value, self.controls.shapes.value),
        )
        text = summary(outcome.made, seconds)
        verb = "Split" if self._model.form.splits else "Cut"
        self._model.say(f"Preview: {text}. {verb} keeps it." if job.preview else text)
        if not job.preview:
            self.recipe.keep_last_used(job.recipe)

    def _on_error(self, error: Exception) -> None:
        self._model.say(in_words(error), error=True)

    def _on_cancelled(self, job: Job) -> None:
        # Of a preview that gives way to the next one nothing is said.
        if not job.preview:
            self._model.say("Cancelled; nothing was changed.")

    def _on_finished(self) -> None:
        # Later: the bar draws at once, and the window with it, when layers may be half changed.
        self._reset_bar.start(0)
        self._set_run_text()
        if self._again:
            self._again = False
            self._soon.trigger()

    # What the dock says

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence in the status line, also of a dock that is opened later."""
        self._model.say(text, error=error)

    def _show_status(self) -> None:
        self.status.say(self._model.status.text, error=self._model.status.is_error)

    def _on_theme(self, event: object = None) -> None:
        super()._on_theme(event)
        self.controls.follow_theme()

    def _set_run_text(self) -> None:
        self.run.setText("Split" if self._model.form.splits else "Cut")

    def _refresh(self, *, talk: bool = True) -> None:
        """Say what the data are, or what is missing; the button follows."""
        problem = self.controls.problem()
        self.controls.mark(problem)
        self.run.setEnabled(problem is None)
        self._set_run_text()
        if problem is not None:
            self.run.setToolTip(problem[1])
            self._model.say(problem[1])
            return
        self.run.setToolTip("Compute and keep the result (again: update it)")
        if talk:
            text = self.controls.what_it_is()
            if self._model.form.preview:
                what = "Neck" if self._model.form.splits else "Segments"
                text += f" Turn {what} for a preview, or press {self.run.text()}."
            if self._is_of_last_session:
                text += f" {LAST_SESSION}"
            self._model.say(text)

    # The threshold of the foreground

    def _find_threshold(self) -> None:
        image = self.controls.image.value
        if image is None:
            return
        find = threshold_finder(self._model.form, image)
        run = self.start_run(
            "threshold",
            lambda _: find(),
            lambda found, _: self._set_threshold(*found),
            failed=self._on_error,
        )
        run.finished.connect(self._on_threshold)

    def _on_threshold(self) -> None:
        if self._run_after_threshold and "threshold" not in self._runs:
            self._run_after_threshold = False
            self._on_run()

    def _set_threshold(self, low: float, threshold: float, high: float) -> None:
        self.controls.set_threshold_range(low, high)
        self._model.change(threshold=threshold)

    # The end

    def clean_up(self) -> None:
        """Take a preview away."""
        self._result.discard_preview()
        self._result.unwatch()
        self.controls.leave()
