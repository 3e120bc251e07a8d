"""The dock "Graph cut": choose layers, turn the settings, see the result follow, keep it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import napari
from napari.layers import Labels, Layer
from qtpy.QtWidgets import QHBoxLayout, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.plugin.graph_cut import by_parts
from napari_ncut.plugin.graph_cut.by_hand import ByHand
from napari_ncut.plugin.graph_cut.controls import DROPS, Controls
from napari_ncut.plugin.graph_cut.job import Job, Outcome, in_words, summary
from napari_ncut.plugin.graph_cut.progress_bar import ProgressBar
from napari_ncut.plugin.graph_cut.recipe_button import RecipeButton
from napari_ncut.plugin.graph_cut.request import current_frame, new_job, threshold_finder
from napari_ncut.plugin.graph_cut.result_layer import ResultLayer
from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.model import Form
from napari_ncut.plugin.shared.run import Run

# These only choose among what a session or a split tree has found: a run that is finding it
# need not begin again.
LATE_SETTINGS = ("neck", "min_size", "n_segments", *DROPS)
# A preview begins with one of these: they say what is wanted.
SPLIT_STARTS = ("neck", "min_size", "beta", "max_hole", "foreground", "threshold", *DROPS)
# Milliseconds that a preview waits for further changes where each would begin it anew.
BURST = 15
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
        self._job: Job | by_parts.LargeJob | None = None
        self._began = 0.0
        self._again = False
        self._run_after_threshold = False
        self._seeds: Layer | None = None

        self.controls = Controls(viewer, model)
        self.run = QPushButton("Split")
        self.run.setObjectName("run")
        self.progress = ProgressBar(self, lambda: "cut" in self._runs)
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
        self._soon = self.debounced(BURST, self._start_preview)
        self._count = ByHand(self, model, self._is_result_busy)
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
        self.follow(viewer.dims.events.current_step, self._on_frame)
        if not self.controls.is_restored:
            self._result.forget()
            model.forget_decisions()
        self._follow_seeds()
        self._count.follow_result()
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
        else:
            self._on_run_wanted()

    def _on_run_wanted(self) -> None:
        if self.controls.problem() is None:
            if self.controls.goes_by_parts():
                self._start_by_parts()
            else:
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
        if not self.controls.can_be_previewed():
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
        if not isinstance(job, Job) or not self._result.is_preview:
            return
        if job.recipe.frames != (current_frame(self._viewer, self._model.form, self.controls),):
            self._preview_soon(keep_running=True)

    def _on_decisions(self) -> None:
        # In a result that is the user's they are made by hand, one by one.
        if self._result.is_preview:
            self._preview_soon(keep_running=True)

    # Runs

    def _preview_soon(self, *, keep_running: bool) -> None:
        if self._is_applying():
            return
        if "cut" not in self._runs:
            # What goes on from the last result is fast: a slider is followed at once.
            self._soon.trigger_after(0 if keep_running else BURST)
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
        shown = self._result.shown
        job = new_job(self._viewer, self._model, self.controls, preview, shown, previous)
        self._job, session = job, self._model.session
        self._result.watch()
        self._began = time.monotonic()

        def compute(monitor: Monitor) -> Outcome:
            return job.compute(session, monitor)

        self._begin(job, compute, self._on_outcome)

    def _begin(
        self,
        job: Job | by_parts.LargeJob,
        compute: Callable[[Monitor], Any],
        then: Callable[..., object],
    ) -> Run:
        run = self.start_run(
            "cut",
            compute,
            then,
            failed=self._on_error,
            in_activity_dock="" if job.preview else f"napari-ncut: {job.name}",
        )
        run.progressed.connect(self._on_progress)
        run.cancelled.connect(lambda: self._on_cancelled(job))
        run.finished.connect(self._on_finished)
        if not job.preview:
            self.run.setText("Cancel")
            self._model.say("starting")
        return run

    def _start_by_parts(self) -> None:
        """Begin to split what is larger than memory, into a store that the user chooses."""
        controls = self.controls
        main = controls.main_layer()
        assert main is not None
        out = by_parts.ask_place(self, main)
        if out is None:
            self._model.say("Nothing was split: no place for the labels was chosen.")
            return
        self._stop()
        self._result.forget()
        self._is_of_last_session = False
        job = by_parts.large_job(self._model.form, controls.image.value, controls.mask_layer(), out)
        self._job = job
        filling = by_parts.FillingLayer(self._viewer, job, self)

        def show(found: by_parts.Found, seconds: float) -> None:
            filling.end()
            self._model.show_stored(by_parts.show_labels(self._viewer, job, found.result))
            self._model.say(found.in_words(seconds))

        self._begin(job, job.compute, show).finished.connect(filling.end)

    def _stop(self) -> None:
        self._run_after_threshold = False
        self._soon.cancel()
        self._count.cancel()
        self._again = False
        self.stop_run("cut")

    def _stop_preview(self) -> None:
        if not self._is_applying():
            self._stop()

    def _is_result_busy(self) -> bool:
        """Return whether the labels of the result are about to change, or not the user's."""
        return "cut" in self._runs or self._result.is_preview

    def _is_applying(self) -> bool:
        return "cut" in self._runs and self._job is not None and not self._job.preview

    # What a run tells

    def _on_progress(self, fraction: float, text: str) -> None:
        self.progress.tell(fraction)
        if self._is_applying():
            self._model.say(text)
        elif time.monotonic() - self._began > SLOW:
            self._model.say(f"Preview: {text}")

    def _on_outcome(self, outcome: Outcome, seconds: float) -> None:
        job = self._job
        assert isinstance(job, Job)
        self._result.show(
            outcome.made,
            outcome.labels,
            outcome.record | {"seconds": round(seconds, 4), "preview": job.preview},
            job.name,
            preview=job.preview,
            painted=outcome.painted or self._result.is_touched,
            shown=outcome.shown,
            below=(self.controls.seeds.value, self.controls.shapes.value),
        )
        text = summary(outcome.made, seconds)
        verb = "Split" if self._model.form.splits else "Cut"
        self._model.say(f"Preview: {text}. {verb} keeps it." if job.preview else text)
        if not job.preview:
            self.recipe.keep_last_used(job.recipe)

    def _on_error(self, error: Exception) -> None:
        self._model.say(in_words(error), error=True)

    def _on_cancelled(self, job: Job | by_parts.LargeJob) -> None:
        # Of a preview that gives way to the next one nothing is said.
        if isinstance(job, by_parts.LargeJob):
            self._model.say("Cancelled; with the same place, Split goes on where it was.")
        elif not job.preview:
            self._model.say("Cancelled; nothing was changed.")

    def _on_finished(self) -> None:
        self.progress.hide_soon()
        self._set_run_text()
        if self._again:
            self._again = False
            self._soon.trigger_after(0)

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
