"""One run of the Graph cut widget: all that it takes, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.plugin.graph_cut.result_layer import AUTOMATIC, SHOWN, is_corrected
from napari_ncut.runs.recipe import Recipe, pack, unpack
from napari_ncut.runs.stacks import Result, Source, StackSession


@dataclass(frozen=True)
class Job:
    """All that a run needs and all that its result needs to be placed, as of the click."""

    source: Source
    recipe: Recipe
    name: str
    place: dict[str, Any]
    paths: dict[str, str | None]
    preview: bool
    previous: Labels | None
    before: str | None

    def compute(self, session: StackSession, lock: Lock, monitor: Monitor) -> Outcome:
        """Make the labels, in a thread."""
        # A cancelled run may still be on its way out of the session.
        with lock:
            result = session.run(self.source, self.recipe.settings, self.recipe.frames, monitor)
        labels = self._beside_other_frames(result.labels)
        record = self.recipe.to_dict() | describe(result) | {"paths": self.paths}
        if not self.preview:
            with lock:
                automatic = self._undecided(session, result, monitor)
            arrays = {
                "region": self.source.region,
                "seeds": self.source.seeds,
                AUTOMATIC: automatic,
                SHOWN: None if labels is automatic else labels,
            }
            record |= {key: None if a is None else pack(a) for key, a in arrays.items()}
        painted = self.previous is not None and is_corrected(self.previous)
        return Outcome(result, labels, record, painted)

    def _undecided(
        self, session: StackSession, result: Result, monitor: Monitor
    ) -> NDArray[np.int32]:
        """Return the labels as the recipe makes them, without the decisions of a review."""
        if not result.trees or not any(session.decisions.values()):
            return result.labels
        decisions, session.decisions = session.decisions, {}
        try:
            again = session.run(self.source, self.recipe.settings, self.recipe.frames, monitor)
        finally:
            session.decisions = decisions
        return again.labels

    def _beside_other_frames(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the labels together with those of the frames that this run does not do."""
        if self.recipe.frames is None or self.before is None or labels.ndim == 2:
            return labels
        try:
            together = unpack(self.before, labels.shape)
        except ValueError:  # of an image of another size
            return labels
        for frame in self.recipe.frames:
            together[frame] = labels[frame]
        return together


@dataclass(frozen=True)
class Outcome:
    """A result, what its layer is to show, how it was made, and whether the last was painted on."""

    result: Result
    labels: NDArray[np.int32]
    record: dict[str, Any]
    painted: bool


def describe(result: Result) -> dict[str, Any]:
    """Return what a result's metadata tell about it, in plain values."""
    return {
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
    }


def summary(job: Job, result: Result, seconds: float) -> str:
    """Return a result in one line, and why it is empty if it is."""
    total = sum(result.counts.values())
    if total == 0:
        return why_empty(job)
    frames = job.source.frames() if job.recipe.frames is None else job.recipe.frames
    n_empty = len(frames) - sum(count > 0 for count in result.counts.values())
    parts = [f"{total} segment{'s' * (total != 1)}"]
    if len(frames) > 1:
        parts[0] += f" in {len(frames)} frames"
        if n_empty:
            parts[0] += f" ({n_empty} of them empty)"
    if result.ncut:
        parts.append(f"normalised cut {np.mean(list(result.ncut.values())):.3g}")
    parts.append(f"{seconds:.2f} s" if seconds >= 0.005 else "less than 0.01 s")
    return ", ".join(parts)


def why_empty(job: Job) -> str:
    """Return why a run found no object, and what to do."""
    where = "" if job.source.region is None else " in the region"
    if job.recipe.threshold is not None:
        side = "darker" if job.recipe.dark else "brighter"
        return (
            f"0 segments: no pixel{where} is {side} than the threshold of "
            f"{job.recipe.threshold:.4g}. Move Threshold, or choose another Foreground."
        )
    return f"0 segments: the mask is empty{where}. Draw one, or choose another Foreground."


def in_words(error: Exception) -> str:
    """Return what an error says, in the words of the form instead of those of Python."""
    text = str(error)
    for python, form in (
        ("n_segments is ", "Segments is "),
        ("pass n_segments=", "set Segments to "),
        ("min_size", "Min. size"),
        (
            "replace them (np.nan_to_num) or leave them out of the mask",
            "leave them out of the mask",
        ),
    ):
        text = text.replace(python, form)
    return text
