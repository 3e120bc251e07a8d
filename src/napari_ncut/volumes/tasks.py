"""The tasks of a large split: blobs that are near to each other, and what is done with them.

A blob that alone takes more than the memory is split as all others are, but its arrays lie in files
(`core.mapped`): the labels are the same, and take the longer, the more does not fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.mapped import in_files
from napari_ncut.core.memory import also_on_disk, gigabytes, total_memory
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.objects.review import necks
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.statistics import (
    ImageStatistics,
    RidgeSums,
    Seen,
    Sums,
    ridge_sums_of,
    sums_of,
)
from napari_ncut.splitting.loops.watershed import renumber
from napari_ncut.splitting.parameters import DEFAULT
from napari_ncut.splitting.split import MOST_PIXELS, image_parts, split_tree
from napari_ncut.splitting.tree import SplitTree
from napari_ncut.volumes.blobs import Blobs, components
from napari_ncut.volumes.boxes import Box, read, slabs
from napari_ncut.volumes.task_file import first_of, runs_of, write_objects


@dataclass(frozen=True)
class Task:
    """Some blobs, and the box around them.

    Parameters
    ----------
    box : Box
        Holds all of them, and a pixel more on each side.
    first : ndarray of int64, shape (n,)
        Flat indices of their first pixels.
    """

    box: Box
    first: NDArray[np.int64]


@dataclass(frozen=True)
class Work:
    """What is done with each task.

    Parameters
    ----------
    labels, image : array
        Of NumPy, dask or Zarr; channels last.
    settings : dict
        What `split_tree` takes.
    neck, min_size : float
        What its tree is cut with.
    memory : float
        Bytes that a task may take.
    bytes_a_pixel : float
        What a pixel takes of it.
    folder : Path
        Where arrays lie that do not fit.
    statistics : ImageStatistics, optional
        Those of the whole image.
    """

    labels: Any
    image: Any
    settings: dict[str, Any]
    neck: float
    min_size: float
    memory: float
    bytes_a_pixel: float
    folder: Path
    statistics: ImageStatistics | None = None

    def fits(self, task: Task) -> bool:
        """Tell whether a task is done in memory."""
        return task.box.size * self.bytes_a_pixel <= self.memory


def tasks_of(blobs: Blobs, shape: tuple[int, ...], most: int) -> list[Task]:
    """Return tasks of at most so many pixels each, or of one blob."""
    return [
        Task(box, blobs.first[chosen])
        for box, chosen in grouped(blobs.low, blobs.high, shape, most)
    ]


def grouped(
    low: NDArray[np.int64], high: NDArray[np.int64], shape: tuple[int, ...], most: int
) -> list[tuple[Box, list[int]]]:
    """Return groups of boxes that are near to each other.

    Parameters
    ----------
    low, high : ndarray of int64, shape (n, ndim)
        The boxes.
    shape : tuple of int
        Of the image.
    most : int
        Pixels that a group may take, unless a box alone takes more.

    Returns
    -------
    list of (Box, list of int)
        The box around a group, with a pixel more but none outside the image, and which are in it.
    """
    side = max(int((most / 2) ** (1 / len(shape))), 1)
    tiles: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for k, corner in enumerate((low // side).tolist()):
        tiles[tuple(corner)].append(k)

    def around(chosen: list[int]) -> Box:
        corners = low[chosen].min(axis=0), high[chosen].max(axis=0)
        return Box(*(tuple(corner.tolist()) for corner in corners)).grown(1, 1, shape)

    result = []
    for tile in sorted(tiles):
        group: list[int] = []
        for k in tiles[tile]:
            if group and around([*group, k]).size > most:
                result.append((around(group), group))
                group = []
            group.append(k)
        result.append((around(group), group))
    return result


def check_room(work: Work, tasks: Sequence[Task]) -> None:
    """Raise ValueError if a blob fits neither into memory nor into files."""
    for task in tasks:
        if work.fits(task):
            continue
        with also_on_disk(work.folder):
            there = total_memory()
        needed, size = task.box.size * work.bytes_a_pixel, " x ".join(map(str, task.box.shape))
        if task.box.size > MOST_PIXELS:
            raise ValueError(
                f"One blob lies in a box of {size} pixels, and at most {MOST_PIXELS} can be split "
                f"(it would take about {gigabytes(needed)}); split at a lower resolution."
            )
        if needed > there:
            raise ValueError(
                f"One blob lies in a box of {size} pixels, which takes about {gigabytes(needed)}; "
                f"memory and the disk of {work.folder} have {gigabytes(there)}."
            )


def do(work: Work, task: Task, path: Path, monitor: Monitor | None = None) -> NDArray[np.int64]:
    """Split the blobs of a task into a file, and return the first pixel of each object."""
    with _room(work, task):
        return _split(work, task, path, monitor or Monitor())


def sums(work: Work, task: Task, largest: float, monitor: Monitor | None = None) -> Sums:
    """Return what the statistics of the image need of the blobs of a task.

    Parameters
    ----------
    work, task, monitor
        As in `do`.
    largest : float
        The greatest intensity of the whole foreground, whatever its sign.
    """
    monitor = monitor or Monitor()
    with _room(work, task):
        parts, _ = _seen(work, task, monitor)
        return reduce(add, (sums_of(part, largest, monitor) for part in parts))


def ridge_sums(
    work: Work, task: Task, statistics: ImageStatistics, monitor: Monitor | None = None
) -> RidgeSums:
    """Return what the statistics need of the ridges in the blobs of a task."""
    monitor = monitor or Monitor()
    with _room(work, task):
        parts, grid = _seen(work, task, monitor)
        return reduce(
            add, (ridge_sums_of(part, statistics, grid, DEFAULT, monitor) for part in parts)
        )


def _seen(work: Work, task: Task, monitor: Monitor) -> tuple[list[Seen], Grid]:
    """Return the image in the blobs of a task."""
    kept, wanted = _gathered(work, task, monitor)
    image = read(work.image, task.box)
    parts, grid = image_parts(
        kept,
        image,
        connectivity=work.settings["connectivity"],
        spacing=work.settings["spacing"],
        channel_axis=None if image.ndim == kept.ndim else -1,
        max_hole=work.settings["max_hole"],
        monitor=Monitor(cancelled=monitor.cancelled),
    )
    only = _only(wanted)
    for part in parts:
        _renumber(part.labels, only)
    return parts, grid


def _room(work: Work, task: Task) -> AbstractContextManager[None]:
    """Return where the arrays of a task are made: in memory, or in files."""
    return nullcontext() if work.fits(task) else in_files(work.folder, work.memory)


def _gathered(
    work: Work, task: Task, monitor: Monitor
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the blobs in the box of a task, each a label of its own, and which are the task's.

    What lies between them is of other tasks, or background: none is there, but what a blob
    encloses, which makes a hole in it another thing.
    """
    shape, box = tuple(work.labels.shape), task.box
    number, _ = components(read(work.labels, box), work.settings["connectivity"], monitor)
    at = np.stack(np.unravel_index(task.first, shape), axis=1) - np.array(box.low)
    wanted = np.zeros(int(number.max(initial=0)) + 1, bool)
    wanted[number[tuple(at.T)]] = True
    wanted[0] = False
    kept = _only(wanted | _enclosed(number, wanted))
    _renumber(number, kept)
    return number, wanted


def _only(is_kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the numbers of labels of which some are kept, and the others become background."""
    return np.where(is_kept, np.arange(len(is_kept)), 0).astype(np.int32)


def _renumber(labels: NDArray[np.int32], number: NDArray[np.int32]) -> None:
    """Give each label its number, in place."""
    map_chunks(partial(renumber, labels.reshape(-1), number), labels.size, 1, Monitor())


def tree_of(
    work: Work, task: Task, monitor: Monitor
) -> tuple[SplitTree, NDArray[np.int32], NDArray[np.bool_]]:
    """Return the split tree of the blobs of a task, in its box.

    Returns
    -------
    tree : SplitTree
        Of these blobs, and of what they enclose.
    number : ndarray of int32
        The blobs, each with a number.
    wanted : ndarray of bool
        By number, which of them are the task's.
    """
    kept, wanted = _gathered(work, task, monitor)
    image = None if work.image is None else read(work.image, task.box)
    tree = split_tree(
        kept,
        image,
        **work.settings,
        channel_axis=None if image is None or image.ndim == kept.ndim else -1,
        statistics=work.statistics,
        progress=lambda fraction, _: monitor.report(fraction, "Splitting blobs"),
        cancelled=monitor.cancelled,
    )
    return tree, kept, wanted


def _split(work: Work, task: Task, path: Path, monitor: Monitor) -> NDArray[np.int64]:
    shape, box = tuple(work.labels.shape), task.box
    tree, kept, wanted = tree_of(work, task, monitor)
    objects = tree.cut(work.neck, work.min_size)
    flat, flat_kept = objects.reshape(-1), kept.reshape(-1)
    for part in slabs(flat.size):
        flat[part] *= wanted[flat_kept[part]]
    starts, values = runs_of(objects)
    run = first_of(values)
    is_there = run >= 0
    number = np.concatenate([[0], np.cumsum(is_there)]).astype(np.int32)
    first = box.index_in(shape, starts[run[is_there]])
    # At a ratio of 1 there is no neck.
    pairs = necks(tree)
    mine = (tree.ratio < 1.0) & wanted[flat_kept[pairs[:, 0]]]
    sides = box.index_in(shape, pairs[mine])
    write_objects(path, box, starts, number[values], first, tree.ratio[mine], sides)
    return first


def _enclosed(number: NDArray[Any], wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell for each component whether it lies within the box of a wanted one, and is none."""
    boxes = [
        None if box is None else np.array([[side.start, side.stop] for side in box])
        for box in ndimage.find_objects(number)
    ]
    outer = np.array([boxes[k - 1] for k in np.flatnonzero(wanted)])
    result = np.zeros(len(wanted), bool)
    for k, box in enumerate(boxes, start=1):
        if box is None or wanted[k]:
            continue
        inside = (outer[:, :, 0] < box[:, 0]) & (outer[:, :, 1] > box[:, 1])
        result[k] = bool(inside.all(axis=1).any())
    return result
