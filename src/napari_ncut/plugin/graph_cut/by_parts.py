"""Splitting a layer that is larger than memory: by parts, into an OME-Zarr that is seen to fill."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_ncut.core.memory import total_memory
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.io.ome_zarr_labels import tell_sources
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.model import Form
from napari_ncut.volumes.filling import Filling
from napari_ncut.volumes.split_volume import COUNT_KEY, parts_beside, split_volume
from napari_ncut.volumes.stored_labels import StoredLabels
from napari_ncut.volumes.stored_result import StoredResult
from napari_ncut.volumes.threshold import Foreground

ENDING = ".ome.zarr"
# Of the memory of the computer, what a run takes, and at most so much.
SHARE, MOST_MEMORY = 0.25, 8e9
# How often the layer shows what is new, in milliseconds.
LOOK_EVERY = 1000
# What a split by parts takes of the settings.
TAKEN = ("neck", "min_size", "beta", "max_hole", "taught")


@dataclass(frozen=True)
class Found:
    """What a run has written, and how many objects there are."""

    result: StoredResult
    n: int

    def in_words(self, seconds: float) -> str:
        """Return it as a sentence for the status line."""
        where = self.result.labels.path.name
        return f"{self.n} segment{'s' * (self.n != 1)} in {where}, {seconds:.1f} s"


@dataclass(frozen=True)
class LargeJob:
    """All that a run by parts needs: arrays that are read where they lie, and a place."""

    labels: Any
    image: Any
    channel_axis: int | None
    spacing: tuple[float, ...]
    settings: dict[str, Any]
    out: Path
    name: str
    place: dict[str, Any]
    unit: str | None
    sources: tuple[str | None, str | None]
    preview: bool = False

    def compute(self, monitor: Monitor) -> Found:
        """Write the labels, in a thread; what an interrupted run has left is gone on with."""
        found = split_volume(
            self.labels,
            self.image,
            out=self.out,
            spacing=self.spacing,
            channel_axis=self.channel_axis,
            memory=min(SHARE * total_memory(), MOST_MEMORY),
            resume=True,
            progress=monitor.progress,
            cancelled=monitor.cancelled,
            unit=self.unit,
            translate=[float(number) for number in self.place["translate"]],
            **self.settings,
        )
        tell_sources(self.out, *self.sources)
        result = StoredResult.of(StoredLabels(self.out), None, self.labels, self.image)
        return Found(result, int(found.attrs[COUNT_KEY]))


def is_large(form: Form, image: Layer | None, mask: Layer | None) -> bool:
    """Tell whether what the form asks for can be split by parts, and is too large for memory.

    That is a plane or a volume as a whole, by settings that look at one blob at a time.
    """
    main = image if image is not None else mask
    if main is None or not form.splits or form.region != "whole":
        return False
    shape, settings = layers.spatial_shape(main), form.settings()
    assert isinstance(settings, SplitSettings)
    if len(shape) != form.work_ndim or math.prod(shape) <= layers.MAX_PIXELS:
        return False
    if settings != SplitSettings(**{name: getattr(settings, name) for name in TAKEN}):
        return False
    if form.thresholds:
        return not (_is_coloured(image) or form.smoothing or form.window)
    return mask is not None and tuple(layers.finest(mask).shape) == shape


def large_job(form: Form, image: Layer | None, mask: Layer | None, out: Path) -> LargeJob:
    """Return the job that the form asks for, into a store; no layer is read."""
    main = image if image is not None else mask
    assert main is not None
    picture = None if image is None else layers.finest(image)
    labels = (
        Foreground(picture, form.threshold, form.foreground == "dark")
        if form.thresholds
        else layers.finest(mask)
    )
    settings = form.settings()
    return LargeJob(
        labels,
        picture,
        -1 if _is_coloured(image) else None,
        tuple(abs(float(size)) for size in main.scale[-form.work_ndim :]),
        {name: getattr(settings, name) for name in TAKEN},
        out,
        f"{main.name} segments",
        layers.place(main, 0),
        layers.length_unit(main, form.work_ndim),
        (None if image is None else image.name, None if form.thresholds else _name(mask)),
    )


def _name(layer: Layer | None) -> str | None:
    return None if layer is None else str(layer.name)


def _is_coloured(image: Layer | None) -> bool:
    return bool(getattr(image, "rgb", False))


def ask_place(parent: QWidget, main: Layer) -> Path | None:
    """Ask where the labels of a layer are to be written; None if nowhere."""
    path = layers.path(main)
    folder = Path.home() if path is None or "://" in path else Path(path).parent
    # No name of a layer leads out of the folder.
    name = f"{main.name} segments".replace("/", "_").replace("\\", "_")
    chosen, _ = QFileDialog.getSaveFileName(
        parent, "Write the labels into", str(folder / f"{name}{ENDING}"), f"OME-Zarr (*{ENDING})"
    )
    if not chosen:
        return None
    return Path(chosen if chosen.endswith(ENDING) else chosen + ENDING)


class FillingLayer:
    """A layer that shows what a run by parts has found so far.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where it is shown.
    job : LargeJob
        Whose results it shows.
    parent : QObject
        With it the looking ends.
    """

    def __init__(self, viewer: ViewerModel, job: LargeJob, parent: QObject) -> None:
        self._viewer = viewer
        self._data = Filling(parts_beside(job.out), tuple(job.labels.shape))
        # The record marks it as ours, which is never taken for a mask, and as no result.
        record = {layers.RECORD: {"is_partial": True}}
        options = {"name": f"{job.name} (so far)", "metadata": record}
        self.layer = Labels(self._data, **options, **job.place)
        self.layer.editable = False
        viewer.layers.append(self.layer)
        self._timer = QTimer(parent)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_EVERY)

    def _look(self) -> None:
        if self.layer in self._viewer.layers and self._data.grow():
            self.layer.refresh()

    def end(self) -> None:
        """Take the layer away."""
        self._timer.stop()
        if self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)


def show_labels(viewer: ViewerModel, job: LargeJob, result: StoredResult) -> StoredResult:
    """Show the labels that a job has written, from where they are."""
    layer = Labels(
        result.labels.levels,
        name=job.name,
        multiscale=True,
        metadata={layers.RECORD: result.record},
        **job.place,
    )
    viewer.layers.append(layer)
    return replace(result, layer=layer)
