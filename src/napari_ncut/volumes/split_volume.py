"""Splitting volumes that are larger than memory: the labels of the whole, whatever the tasks."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, reduce
from itertools import pairwise
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut._version import __version__
from napari_ncut.core.memory import gigabytes
from napari_ncut.core.monitor import IsCancelled, Monitor, Progress
from napari_ncut.core.settings import SplitSettings
from napari_ncut.core.validation import (
    beta_value,
    check_connectivity,
    check_is_array,
    check_same_shape,
    real,
    size_value,
    spacing_tuple,
)
from napari_ncut.io.atomic import atomic_file
from napari_ncut.io.ome_zarr import RECIPE
from napari_ncut.runs.recipe import Recipe
from napari_ncut.splitting.image.statistics import (
    ImageStatistics,
    statistics_from,
    with_ridges,
)
from napari_ncut.splitting.parameters import DEFAULT, VERSION
from napari_ncut.splitting.split import DEFAULTS, IMAGE_BYTES, MASK_BYTES
from napari_ncut.volumes.blobs import Part, blobs_of, part_of
from napari_ncut.volumes.boxes import boxes
from napari_ncut.volumes.engine import engine, runner, shared
from napari_ncut.volumes.object_boxes import ObjectBoxes, boxes_in, joined
from napari_ncut.volumes.output import NECKS, OBJECTS, Output, Where, output_of
from napari_ncut.volumes.task_file import Objects, read_first, read_necks
from napari_ncut.volumes.tasks import Task, Work, check_room, do, ridge_sums, sums, tasks_of
from napari_ncut.volumes.threshold import Foreground

# Where the attributes of labels that were written tell how many there are.
COUNT_KEY = "n"
# Of the files of tasks; goes up when something else is in them.
LAYOUT = 2
# What a task holds beside the split itself: labels as read, components, objects.
BESIDE_BYTES = 24
LEAST_MEMORY = 2**24
# Tasks whose objects, as runs, are kept while boxes are written.
KEPT = 4
UNITS = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def split_volume(
    labels: Any,
    image: Any = None,
    *,
    out: Any,
    neck: float = DEFAULTS.neck,
    min_size: float = DEFAULTS.min_size,
    beta: float = DEFAULTS.beta,
    connectivity: int = DEFAULTS.connectivity,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    max_hole: float | None = DEFAULTS.max_hole,
    taught: Sequence[float] = DEFAULTS.taught,
    memory: str | float = "4GB",
    client: Any = None,
    workers: int = 1,
    resume: bool = False,
    statistics: ImageStatistics | None = None,
    unit: str | None = None,
    translate: Sequence[float] | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Any:
    """Split the touching objects of a mask or label image that need not fit into memory.

    The labels are those of `split_touching`, with the same numbers, for any memory, any number of
    workers, and after any interruption: each blob is found as a whole, and split as a whole.

    Parameters
    ----------
    labels : array of NumPy, dask or Zarr, shape (ny, nx) or (nz, ny, nx)
        A mask or a label image.
    image : array, optional
        Intensities of the same shape, plus a channel axis if there is one.
    out : path or array
        Where the labels go: a plain Zarr array of int32, an OME-Zarr with a pyramid if the name
        ends in ``.ome.zarr`` (its level 0 is the array ``"0"``), or an array to write into.
    neck, min_size, beta, connectivity, spacing, channel_axis, max_hole, taught
        As in `split_touching`.
    memory : str or float
        What all tasks that run at once may take, as in ``"4GB"``, or in bytes. A blob that alone
        takes more is split through files beside ``out``, and is the slower for it.
    client : distributed.Client, optional
        Whose workers do the tasks.
    workers : int
        Without a client: how many processes do the tasks, those of a `distributed.LocalCluster`.
        One is this process itself, each task with all cores. With more than one a script needs
        ``if __name__ == "__main__":``.
    resume : bool
        Go on with what an interrupted call with the same input and settings has left.
    statistics : ImageStatistics, optional
        Those of the whole image; by default `image_statistics` of it.
    unit : str, optional
        Unit of ``spacing``, as in "µm", which an OME-Zarr keeps.
    translate : sequence of float, optional
        Where the first pixel lies, which an OME-Zarr keeps, too.
    progress, cancelled : callable, optional
        As in `split_touching`.

    Returns
    -------
    zarr.Array or array
        The labels: 1..n in the order of the objects' first pixels, 0 in the background.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, one blob takes more than memory and disk have, or a
        worker has another version of napari-ncut.
    OSError
        If ``out`` is there already, or can not be written.
    napari_ncut.Cancelled
        If ``cancelled`` answered True; what is done can be resumed.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> out = np.zeros((100, 100), np.int32)
    >>> labels = napari_ncut.split_volume(circles(4).mask, out=out, memory="20MB")
    >>> int(labels.max())
    4
    """
    monitor = Monitor(progress, cancelled)
    check_is_array(labels, "labels")
    if image is not None:
        check_is_array(image, "image")
    shape = tuple(np.shape(labels))
    ndim = len(shape)
    if ndim not in (2, 3):
        raise ValueError(f"labels has {ndim} axes; wanted 2 (y, x) or 3 (z, y, x).")
    sizes = spacing_tuple(spacing, ndim)
    settings: dict[str, Any] = {
        "beta": beta_value(beta),
        "connectivity": check_connectivity(connectivity, ndim),
        "spacing": sizes,
        "max_hole": None if max_hole is None else size_value(max_hole, "max_hole"),
        "taught": tuple(map(float, taught)),
    }
    neck, min_size = real(neck, "neck", 0.0, 1.0), size_value(min_size)
    pictures = None if image is None else _channels_last(image, channel_axis, shape)
    budget = memory_of(memory)
    bytes_a_pixel = (MASK_BYTES if image is None else IMAGE_BYTES) + BESIDE_BYTES
    if translate is not None and len(translate) != ndim:
        raise ValueError(f"translate has {len(translate)} values; wanted one for each axis.")
    there = None if translate is None else tuple(float(number) for number in translate)
    place = output_of(out, shape, Where(sizes, unit, there))
    with engine(client, workers) as client, _scratch(place, resume=resume) as scratch:
        at_once = 1 if client is None else max(len(client.scheduler_info()["workers"]), 1)
        most = int(budget / at_once / bytes_a_pixel)
        if client is not None:
            labels = shared(labels, scratch / "labels.zarr")
            pictures = None if pictures is None else shared(pictures, scratch / "image.zarr")
        run = runner(client, monitor)
        side = _block(shape, most)
        parts: list[Part] = run(
            part_of,
            [(labels, pictures, box, settings["connectivity"]) for box in boxes(shape, side)],
            (0.0, 0.2, "Finding blobs"),
        )
        digest = hashlib.sha256(b"".join(part.digest for part in parts)).hexdigest()
        blobs = blobs_of(parts)
        tasks = tasks_of(blobs, shape, most)
        room = budget / at_once, bytes_a_pixel, scratch
        work = Work(labels, pictures, settings, neck, min_size, *room, statistics)
        check_room(work, tasks)
        if pictures is not None and statistics is None and settings["beta"] > 0.0 and len(blobs):
            largest = max(part.largest for part in parts)
            statistics = _statistics(run, work, tasks, largest)
            work = replace(work, statistics=statistics)
        recipe = {
            **settings,
            "neck": neck,
            "min_size": min_size,
            "statistics": None if statistics is None else statistics.to_dict(),
            "version": __version__,
            "parameters": VERSION,
        }
        mark = hashlib.sha256(
            json.dumps([LAYOUT, digest, side, most, shape, recipe]).encode()
        ).hexdigest()
        if resume and place.mark() == mark:
            return place.open()
        place.check(replace=resume and place.is_ours())
        _same_plan(scratch, mark)
        files = [scratch / f"task-{number:06d}.npz" for number in range(len(tasks))]
        left = [k for k, path in enumerate(files) if not path.exists()]
        run(do, [(work, tasks[k], files[k]) for k in left], (0.4, 0.85, "Splitting blobs"))
        firsts = [read_first(path) for path in files]
        count = sum(map(len, firsts))
        told = _recipe_of(labels, work, channels=pictures is not None and pictures.ndim > ndim)
        ours = {"recipe": recipe, "mark": mark, RECIPE: told.to_dict() | {"n_segments": [count]}}
        result = place.create(ours, scratch)
        if place.path is not None:
            result.attrs[COUNT_KEY] = count
        found = _compose(result, tasks, files, firsts, place.write_side, monitor)
        place.keep(OBJECTS, {"low": found.low, "high": found.high})
        place.keep(NECKS, _necks_of(files))
        place.finish(monitor)
    monitor.report(1.0, "Done")
    return place.open()


def _recipe_of(labels: Any, work: Work, *, channels: bool) -> Recipe:
    """Return the recipe of the labels, as results in memory have one."""
    settings, side = work.settings, labels if isinstance(labels, Foreground) else None
    split = SplitSettings(
        neck=work.neck,
        min_size=work.min_size,
        **{name: settings[name] for name in ("beta", "connectivity", "max_hole", "taught")},
    )
    return Recipe(
        split,
        spatial_ndim=len(labels.shape),
        spacing=settings["spacing"],
        has_channels=channels,
        threshold=None if side is None else side.threshold,
        dark=side is not None and side.dark,
        statistics=None if work.statistics is None else work.statistics.to_dict(),
    )


def memory_of(memory: str | float) -> float:
    """Return an amount of memory in bytes.

    Examples
    --------
    >>> memory_of("4GB"), memory_of("512MiB")
    (4000000000.0, 536870912.0)
    """
    value: float | None = None
    if isinstance(memory, str):
        text = memory.strip().lower().replace(" ", "")
        for unit, factor in UNITS.items():
            if text.endswith(unit):
                with suppress(ValueError):
                    value = float(text.removesuffix(unit)) * factor
                break
        else:
            with suppress(ValueError):
                value = float(text)
    else:
        value = float(memory)
    if value is None or not LEAST_MEMORY <= value < float("inf"):
        raise ValueError(
            f"memory is {memory!r}; wanted an amount as in '4GB', at least "
            f"{gigabytes(LEAST_MEMORY)}."
        )
    return value


def _channels_last(image: Any, channel_axis: int | None, shape: tuple[int, ...]) -> Any:
    """Return the image with its channels, if any, in the last axis."""
    if channel_axis is not None:
        axes = [axis for axis in range(image.ndim) if axis != channel_axis % image.ndim]
        if channel_axis % image.ndim != image.ndim - 1:
            if not hasattr(image, "transpose"):
                raise ValueError("Of Zarr arrays the channels must be the last axis.")
            image = image.transpose([*axes, channel_axis % image.ndim])
        check_same_shape("labels", shape, tuple(image.shape[:-1]))
    else:
        check_same_shape("labels", shape, tuple(image.shape))
    return image


def _block(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Return the side of the boxes in which blobs are found."""
    side = max(int((most / 2) ** (1 / len(shape))), 2)
    return tuple(min(side, n) for n in shape)


def _statistics(
    run: Callable[..., list[Any]], work: Work, tasks: Sequence[Task], largest: float
) -> ImageStatistics:
    """Return the statistics of the whole image, to the last bit, from what each task sees of it."""
    calls: list[tuple[Any, ...]] = [(work, task, largest) for task in tasks]
    found, is_told = statistics_from(
        reduce(add, run(sums, calls, (0.2, 0.3, "Looking at the image"))), DEFAULT
    )
    if is_told or found.deviation == 0.0:
        return found
    calls = [(work, task, found) for task in tasks]
    ridges = run(ridge_sums, calls, (0.3, 0.4, "Looking at the image"))
    return with_ridges(found, reduce(add, ridges), DEFAULT)


def parts_beside(path: Path) -> Path:
    """Return the folder that holds what is done of an output which is not yet whole."""
    return path.with_name(path.name + ".parts")


@contextmanager
def _scratch(place: Output, *, resume: bool) -> Iterator[Path]:
    """Give a folder for what is not yet whole; it stays if the call is interrupted."""
    if place.path is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    folder = parts_beside(place.path)
    place.check(replace=resume and place.is_ours())
    if not resume and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _same_plan(scratch: Path, mark: str) -> None:
    """Forget what another input or another recipe has left."""
    plan = scratch / "plan"
    if not plan.exists() or plan.read_text() != mark:
        for path in scratch.glob("task-*.npz"):
            path.unlink()
        with atomic_file(plan, force=True, text=True) as file:
            file.write(mark)


def _necks_of(files: Sequence[Path]) -> dict[str, NDArray[Any]]:
    """Return the ratios and the sides of all necks, in an order that no plan changes."""
    parts = [read_necks(path) for path in files]
    ratio = np.concatenate([np.zeros(0), *(ratio for ratio, _ in parts)])
    sides = np.concatenate([np.zeros((0, 2), np.int64), *(sides for _, sides in parts)])
    order = np.lexsort((sides[:, 1], sides[:, 0]))
    return {"ratio": ratio[order], "sides": sides[order]}


def _compose(
    result: Any,
    tasks: Sequence[Task],
    files: Sequence[Path],
    firsts: Sequence[NDArray[np.int64]],
    side: tuple[int, ...],
    monitor: Monitor,
) -> ObjectBoxes:
    """Write the objects of all tasks, numbered by their first pixels; return where they lie."""
    every = np.concatenate([np.zeros(0, np.int64), *firsts])
    rank = np.empty(len(every), np.int32)
    rank[np.argsort(every)] = np.arange(1, len(every) + 1)
    starts = np.cumsum([0, *map(len, firsts)])
    numbers = [np.concatenate([[0], rank[a:b]]).astype(np.int32) for a, b in pairwise(starts)]
    # A box shares pixels with some tasks, most of which the next one shares with it, too.
    objects_of = lru_cache(KEPT)(lambda k: Objects(files[k]))
    places, parts = list(boxes(result.shape, side)), []
    for count, box in enumerate(places):
        monitor.report(0.85 + 0.1 * count / len(places), "Writing")
        block = np.zeros(box.shape, np.int32)
        for k, task in enumerate(tasks):
            if box.shared(task.box) is not None:
                objects_of(k).paint(box, numbers[k], block)
        result[box.slices] = block
        parts.append(boxes_in(block, box))
    return joined(parts)
