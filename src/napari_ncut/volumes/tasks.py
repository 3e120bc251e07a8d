"""The tasks of a large split: blobs that are near to each other, and what is done with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.memory import gigabytes
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.splitting.split import split_tree
from napari_ncut.volumes.blobs import Blobs, components
from napari_ncut.volumes.boxes import Box, read
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
    statistics : ImageStatistics, optional
        Those of the whole image.
    """

    labels: Any
    image: Any
    settings: dict[str, Any]
    neck: float
    min_size: float
    statistics: ImageStatistics | None


def tasks_of(blobs: Blobs, shape: tuple[int, ...], most: int, bytes_a_pixel: float) -> list[Task]:
    """Return tasks of at most so many pixels each.

    Raises
    ------
    ValueError
        If a blob alone has more; with the memory that it would take.
    """
    side = max(int((most / 2) ** (1 / len(shape))), 1)
    tiles: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for k, corner in enumerate((blobs.low // side).tolist()):
        tiles[tuple(corner)].append(k)
    result = []
    for tile in sorted(tiles):
        group: list[int] = []
        for k in tiles[tile]:
            alone = _around(blobs, [k], shape)
            if alone.size > most:
                needed = gigabytes(alone.size * bytes_a_pixel)
                raise ValueError(
                    f"One blob lies in a box of {' x '.join(map(str, alone.shape))} pixels, which "
                    f"takes about {needed} of memory; raise memory, or split at a lower resolution."
                )
            if group and _around(blobs, [*group, k], shape).size > most:
                result.append(_task(blobs, group, shape))
                group = []
            group.append(k)
        result.append(_task(blobs, group, shape))
    return result


def _around(blobs: Blobs, chosen: list[int], shape: tuple[int, ...]) -> Box:
    """Return the box around blobs with a pixel more, but none outside the image."""
    low = tuple(blobs.low[chosen].min(axis=0).tolist())
    high = tuple(blobs.high[chosen].max(axis=0).tolist())
    return Box(low, high).grown(1, 1, shape)


def _task(blobs: Blobs, chosen: list[int], shape: tuple[int, ...]) -> Task:
    return Task(_around(blobs, chosen, shape), blobs.first[chosen])


def do(work: Work, task: Task, path: Path) -> NDArray[np.int64]:
    """Split the blobs of a task into a file, and return the first pixel of each object."""
    shape, box = tuple(work.labels.shape), task.box
    values = read(work.labels, box)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    number, _ = components(values, work.settings["connectivity"])
    at = np.stack(np.unravel_index(task.first, shape), axis=1) - np.array(box.low)
    wanted = np.zeros(int(number.max(initial=0)) + 1, bool)
    wanted[number[tuple(at.T)]] = True
    wanted[0] = False
    # Each component is a label of its own: what lies between is of other tasks, or background. But
    # what a component encloses makes a hole in it another thing.
    kept = np.where((wanted | _enclosed(number, wanted))[number], number, 0).astype(np.int32)
    image = None if work.image is None else read(work.image, box)
    channels = None if image is None or image.ndim == len(shape) else -1
    tree = split_tree(
        kept, image, **work.settings, channel_axis=channels, statistics=work.statistics
    )
    objects = tree.cut(work.neck, work.min_size)
    objects[~wanted[kept]] = 0
    starts, values = runs_of(objects)
    run = first_of(values)
    is_there = run >= 0
    number = np.concatenate([[0], np.cumsum(is_there)]).astype(np.int32)
    places = np.unravel_index(starts[run[is_there]], box.shape)
    at = tuple(place + low for place, low in zip(places, box.low, strict=True))
    first = np.asarray(np.ravel_multi_index(at, shape), np.int64)
    write_objects(path, starts, number[values], box.size, first)
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
