"""One run of the Graph cut widget: all that it takes, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.objects.review import Decisions, necks
from napari_ncut.plugin.graph_cut.regions import MakeRegion, MakeSeeds
from napari_ncut.plugin.graph_cut.steady import Shown, Step
from napari_ncut.plugin.shared.model import LastRun
from napari_ncut.plugin.shared.result_record import AUTOMATIC, SHOWN, Snapshot
from napari_ncut.runs.reasons import reasons_of
from napari_ncut.runs.recipe import Recipe, pack, unpack
from napari_ncut.runs.stacks import Frame, Result, Source, StackSession


@dataclass(frozen=True)
class Job:
    """All that a run needs and all that its result needs to be placed, as of the click.

    No layer is in it: a thread reads the arrays that the layers held.
    """

    source: Source
    region: MakeRegion | None
    seeds: MakeSeeds | None
    recipe: Recipe
    decisions: Mapping[Frame, Decisions]
    name: str
    place: dict[str, Any]
    paths: dict[str, str | None]
    preview: bool
    # What the preview before shows.
    shown: Shown | None
    # The result that was applied last, and its labels as they were made.
    previous: Snapshot | None
    before: str | None

    def compute(self, session: StackSession, monitor: Monitor) -> Outcome:
        """Make the labels, in a thread."""
        source = replace(
            self.source,
            region=None if self.region is None else self.region(),
            seeds=None if self.seeds is None else self.seeds(),
        )
        recipe = self.recipe
        result = session.run(
            source, recipe.settings, recipe.frames, monitor, decisions=self.decisions
        )
        for tree in result.trees.values():
            # Found once a tree, and here in the thread: a review shall not wait for it.
            necks(tree)
        labels = self._beside_other_frames(result.labels)
        record = recipe.completed(result).to_dict() | describe(result) | {"paths": self.paths}
        if not self.preview:
            settings = recipe.settings
            if isinstance(settings, SplitSettings):
                args = settings.neck, settings.min_size, self.decisions, monitor
                record["why"] = reasons_of(result, *args)
            automatic = result.labels
            if result.trees and any(self.decisions.values()):
                # As the recipe makes them: what a review decided is a correction.
                again = session.run(source, recipe.settings, recipe.frames, monitor)
                automatic = again.labels
            arrays = {
                "region": source.region,
                "seeds": source.seeds,
                AUTOMATIC: automatic,
                SHOWN: None if labels is automatic else labels,
            }
            record |= {key: None if a is None else pack(a) for key, a in arrays.items()}
        painted = self.previous is not None and self.previous.is_corrected()
        made = LastRun(source, recipe, self.place, result)
        shown = self._shown(source, result) if self.preview else None
        if isinstance(shown, Shown):
            # The layer's own: the next preview is painted into it.
            labels = labels.copy()
        return Outcome(made, labels, record, painted, shown)

    def _shown(self, source: Source, result: Result) -> Shown | Step | None:
        """Return what a preview shows of a split, as a step from the one before if it can be."""
        tree = result.trees.get(())
        if tree is None or source.region is not None:
            return None
        if self.shown is not None and self.shown.tree is tree:
            return Step.between(self.shown, result.labels)
        return Shown.of(tree, result.labels)

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
    """A result, what its layer is to show, how it was made, and whether the last was painted on.

    Of a preview also what it shows, or the step to it from the preview before.
    """

    made: LastRun
    labels: NDArray[np.int32]
    record: dict[str, Any]
    painted: bool
    shown: Shown | Step | None = None


def describe(result: Result) -> dict[str, Any]:
    """Return what a result's metadata tell about it, in plain values."""
    return {
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
    }


def summary(made: LastRun, seconds: float) -> str:
    """Return a result in one line, and why it is empty if it is."""
    result = made.result
    total = sum(result.counts.values())
    if total == 0:
        return why_empty(made)
    frames = made.source.frames() if made.recipe.frames is None else made.recipe.frames
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


def why_empty(made: LastRun) -> str:
    """Return why a run found no object, and what to do."""
    where = "" if made.source.region is None else " in the region"
    if made.recipe.threshold is not None:
        side = "darker" if made.recipe.dark else "brighter"
        return (
            f"0 segments: no pixel{where} is {side} than the threshold of "
            f"{made.recipe.threshold:.4g}. Move Threshold, or choose another Foreground."
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


@dataclass(frozen=True)
class Count:
    """How many objects a result has, and whether it was changed by hand."""

    n_segments: int
    is_corrected: bool

    @classmethod
    def of(cls, result: Snapshot, spatial_ndim: int, monitor: Monitor) -> Count:
        """Count the objects of a result, in a thread: each frame has its own."""
        data, total = result.data, 0
        for frame in np.ndindex(data.shape[: data.ndim - spatial_ndim]):
            monitor.check()
            numbers = np.unique(data[frame])
            total += int(np.count_nonzero(numbers))
        return cls(total, result.is_corrected())

    def in_words(self) -> str:
        """Return it as a sentence for the status line."""
        text = f"{self.n_segments} segment{'s' * (self.n_segments != 1)}"
        return f"{text}, some of them corrected by hand." if self.is_corrected else f"{text}."
