"""What the docks of one viewer share: the form's settings, the last result, what was decided.

The docks are views of it and know nothing of each other. It knows no Qt, so that it can be tried
without a window; it outlives the docks, so that one that is opened again shows what was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.objects.review import Decisions, NeckId
from napari_ncut.plugin.shared.napari_private import unwrapped
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.stacks import Frame, Result, Source, StackSession

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_ncut.volumes.stored_result import StoredResult

_split, _cut = SplitSettings(), CutSettings()


@dataclass(frozen=True)
class Form:
    """What the form of Graph cut shows, the layers aside."""

    mode: str = "split"
    foreground: str = "mask"
    method: str = "otsu"
    smoothing: float = 0.0
    window: float = 0.0
    threshold: float = 0.5
    spatial_ndim: int = 2
    frames: str = "all"
    region: str = "whole"
    # Of what is larger than memory: all of it by parts, or a coarser level in memory.
    resolution: str = "full"
    neck: float = _split.neck
    min_size: float = _split.min_size
    n_segments: int = _cut.n_segments
    beta: float = _cut.beta
    connectivity: str = "faces"
    more: bool = False
    max_hole: float = -1.0
    drop_small: float = _split.drop_small
    drop_large: float = 0.0
    drop_border: bool = _split.drop_border
    keep_labels: bool = _split.keep_labels
    # What a review has taught; no control of the form shows it.
    taught: tuple[float, ...] = _split.taught
    preview: bool = True

    @property
    def splits(self) -> bool:
        """Whether the mode is *Split touching objects*."""
        return self.mode == "split"

    @property
    def work_ndim(self) -> int:
        """Dimensions of what is cut: of a volume, the current slice is a plane."""
        return 2 if self.region == "current" else self.spatial_ndim

    @property
    def thresholds(self) -> bool:
        """Whether the foreground is taken from the image."""
        return self.foreground != "mask"

    def settings(self) -> CutSettings | SplitSettings:
        """Return the settings of the mode."""
        if self.splits:
            return SplitSettings(
                neck=self.neck,
                min_size=self.min_size,
                beta=self.beta,
                # -1 is shown as "judged".
                max_hole=None if self.max_hole < 0 else self.max_hole,
                drop_small=self.drop_small,
                # 0 is shown as "any size".
                drop_large=self.drop_large or None,
                drop_border=self.drop_border,
                keep_labels=self.keep_labels,
                taught=self.taught,
            )
        return CutSettings(
            n_segments=self.n_segments,
            beta=self.beta,
            connectivity=1 if self.connectivity == "faces" else self.work_ndim,
            min_size=self.min_size,
        )

    @staticmethod
    def values_of(settings: CutSettings | SplitSettings) -> dict[str, Any]:
        """Return the values with which the form gives these settings."""
        values: dict[str, Any] = {"beta": settings.beta, "min_size": settings.min_size}
        if isinstance(settings, SplitSettings):
            rare = {
                "max_hole": -1.0 if settings.max_hole is None else settings.max_hole,
                "drop_small": settings.drop_small,
                "drop_large": settings.drop_large or 0.0,
                "drop_border": settings.drop_border,
                "keep_labels": settings.keep_labels,
            }
            more = any(rare[name] != getattr(Form, name) for name in rare)
            own = {"mode": "split", "neck": settings.neck, "taught": settings.taught}
            return values | own | {"more": more} | rare
        return values | {
            "mode": "cut",
            "n_segments": settings.n_segments,
            "connectivity": "faces" if settings.connectivity == 1 else "corners",
        }


@dataclass(frozen=True, eq=False)
class LastRun:
    """The last run that made labels: of what, how, where they lie, and what came out."""

    source: Source
    recipe: Recipe
    place: dict[str, Any]
    result: Result

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its labels."""
        return tuple(self.result.labels.shape)


@dataclass(frozen=True, eq=False)
class Applied:
    """The labels that were kept last, and how they were made."""

    made: LastRun
    record: dict[str, Any]
    labels: NDArray[np.int32]


@dataclass(frozen=True)
class Status:
    """A sentence for the status line of Graph cut."""

    text: str = ""
    is_error: bool = False


class Model:
    """The state that the docks of a viewer show and change; all of it in the GUI's thread."""

    form_changed = Signal(str)  # the name of the setting
    result_changed = Signal()  # another run's labels, or none
    decisions_changed = Signal()
    status_changed = Signal()
    hand_tool_changed = Signal()
    run_wanted = Signal()  # another dock wants the result anew, as the form is now

    def __init__(self) -> None:
        self.form = Form()
        # Whether the settings of the last session have been asked for.
        self.has_begun = False
        # The layers that were chosen in Graph cut, and the newest image at that time.
        self.chosen: dict[str, Layer | None] = {}
        self.newest: Layer | None = None
        self.threshold_range = (0.0, 1.0)
        self.session = StackSession()
        self.last: LastRun | None = None
        self.layer: Labels | None = None  # shows the last run's labels
        self.stored: StoredResult | None = None  # in its place: a result on a disk
        self.applied: Applied | None = None
        self.status = Status()
        self.hand_tool = ""  # the name of the one in use
        self._decisions: dict[Frame, Decisions] = {}

    # The form

    def change(self, **values: Any) -> None:
        """Change settings of the form; of each that is another now it is told."""
        changed = [name for name, value in values.items() if getattr(self.form, name) != value]
        self.form = replace(self.form, **values)
        for name in changed:
            self.form_changed.emit(name)

    def change_quietly(self, **values: Any) -> None:
        """Change settings of the form of which the caller tells."""
        self.form = replace(self.form, **values)

    # The result

    def show(self, last: LastRun, layer: Labels) -> None:
        """Take over what a run made, and the layer that shows it."""
        self.last, self.layer, self.stored = last, layer, None
        self.result_changed.emit()

    def show_stored(self, result: StoredResult) -> None:
        """Take over what a run by parts has written."""
        self.last = self.layer = self.applied = None
        self.stored = result
        self.result_changed.emit()

    def replace_layer(self, layer: Labels) -> None:
        """Take another layer for the one that shows the result, as a copy of a wider type."""
        self.layer = layer
        self.result_changed.emit()

    def forget(self) -> None:
        """Forget the result: it belongs to other data, or is the user's alone."""
        if self.layer is not None or self.last is not None or self.stored is not None:
            self.last = self.layer = self.applied = self.stored = None
            self.result_changed.emit()

    def take_tool(self, name: str) -> None:
        """Note which hand tool is in use, "" for none."""
        if name != self.hand_tool:
            self.hand_tool = name
            self.hand_tool_changed.emit()

    # The decisions of a review

    @property
    def decisions(self) -> Mapping[Frame, Decisions]:
        """What was decided about the necks of each frame; holds for every run."""
        return self._decisions

    def decide(self, frame: Frame, neck: NeckId, split: bool) -> None:
        """Note that a neck is to be cut, or is not."""
        # New mappings each time: a worker may be reading the old ones.
        here = {**self._decisions.get(frame, {}), neck: split}
        self._decisions = {**self._decisions, frame: here}
        self.decisions_changed.emit()

    def revise(self, frame: Frame, decisions: Decisions) -> None:
        """Put other decisions in the place of those of a frame."""
        if decisions != self._decisions.get(frame, {}):
            self._decisions = {**self._decisions, frame: dict(decisions)}
            self.decisions_changed.emit()

    def forget_decisions(self) -> None:
        """Begin without decisions, as for another image."""
        if self._decisions:
            self._decisions = {}
            self.decisions_changed.emit()

    # What is said

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence in the status line of Graph cut."""
        status = Status(text, error)
        if status != self.status:
            self.status = status
            self.status_changed.emit()


_models: WeakKeyDictionary[ViewerModel, Model] = WeakKeyDictionary()


def model_of(viewer: ViewerModel) -> Model:
    """Return the model of a viewer, which is made when it is first asked for."""
    viewer = unwrapped(viewer)
    if viewer not in _models:
        _models[viewer] = Model()
    return _models[viewer]
