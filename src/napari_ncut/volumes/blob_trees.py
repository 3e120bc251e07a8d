"""The split trees of single blobs of a large volume, found where somebody looks.

A blob is split as it was when the volume was: whatever lies around it does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.review import NeckId, Placed, necks
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.volumes.blobs import components
from napari_ncut.volumes.boxes import Box, read
from napari_ncut.volumes.tasks import Task, Work, tree_of

# How far around a pixel is looked at first, and how many pixels a blob may take to be looked at.
REACH = 32
MOST_PIXELS = 2**25
# Blobs that are kept.
KEPT = 4


@dataclass(frozen=True, eq=False)
class Blob:
    """One blob of a volume.

    Parameters
    ----------
    box : Box
        Around it.
    mask : ndarray of bool
        What of the box it is.
    image : ndarray or None
        The intensities in the box.
    placed : Placed
        Its split tree.
    sides : ndarray of int64, shape (n, 2)
        By which each row of the tree is known, as pixels of the volume.
    """

    box: Box
    mask: NDArray[np.bool_]
    image: NDArray[Any] | None
    placed: Placed
    sides: NDArray[np.int64]

    def local(self, pixel: Sequence[int]) -> tuple[int, ...]:
        """Return a pixel of the volume as one of the box."""
        return tuple(p - a for p, a in zip(pixel, self.box.low, strict=True))

    def holds(self, pixel: Sequence[int]) -> bool:
        """Tell whether a pixel of the volume belongs to the blob."""
        local = self.local(pixel)
        inside = all(0 <= p < n for p, n in zip(local, self.box.shape, strict=True))
        return inside and bool(self.mask[local])

    def row(self, sides: NeckId) -> int:
        """Return the row of the tree that is known by these pixels.

        Raises
        ------
        ValueError
            If there is none: the mask or the image is another one now.
        """
        found = np.flatnonzero((self.sides == np.array(sides)).all(axis=1))
        if not len(found):
            raise ValueError("The mask or the image has changed since it was split.")
        return int(found[0])


class BlobTrees:
    """The blobs of a volume with their split trees; those looked at last are kept.

    Parameters
    ----------
    labels, image : array
        As in `split_volume`; channels last.
    settings : dict
        What `split_tree` takes.
    statistics : ImageStatistics, optional
        Those of the whole image.
    """

    def __init__(
        self,
        labels: Any,
        image: Any,
        settings: Mapping[str, Any],
        statistics: ImageStatistics | None,
    ) -> None:
        self.shape, self.settings = tuple(labels.shape), dict(settings)
        self._work = Work(labels, image, self.settings, 0.0, 0.0, np.inf, 1.0, Path(), statistics)
        self._lock = threading.Lock()
        self._kept: list[Blob] = []

    def at(self, pixel: Sequence[int], monitor: Monitor | None = None) -> Blob | None:
        """Return the blob that a pixel belongs to; None in the background.

        Raises
        ------
        ValueError
            If it is too large to be looked at.
        """
        monitor = monitor or Monitor()
        with self._lock:
            for blob in self._kept:
                if blob.holds(pixel):
                    return blob
            task = blob_around(
                self._work.labels, tuple(pixel), self._work.settings["connectivity"], monitor
            )
            if task is None:
                return None
            tree, number, wanted = tree_of(self._work, task, monitor)
            image = None if self._work.image is None else read(self._work.image, task.box)
            pairs = task.box.index_in(self.shape, necks(tree))
            blob = Blob(task.box, wanted[number], image, Placed(tree, task.box.low), pairs)
            self._kept = [blob, *self._kept[: KEPT - 1]]
            return blob

    def beside(self, sides: NeckId, monitor: Monitor | None = None) -> tuple[Blob, int]:
        """Return the blob of a neck, and the neck's row in its tree."""
        pixel = [int(axis) for axis in np.unravel_index(sides[0], self.shape)]
        blob = self.at(pixel, monitor)
        if blob is None:
            raise ValueError("The mask has changed since it was split.")
        return blob, blob.row(sides)


def blob_around(
    labels: Any, pixel: tuple[int, ...], connectivity: int, monitor: Monitor
) -> Task | None:
    """Return the task of the blob that a pixel belongs to; None in the background."""
    shape = tuple(labels.shape)
    box = Box(pixel, tuple(p + 1 for p in pixel)).grown(REACH, REACH, shape)
    while True:
        monitor.check()
        if box.size > MOST_PIXELS:
            raise ValueError(
                f"This object is part of a blob in a box of more than {MOST_PIXELS} pixels, which "
                "is too large to be looked at."
            )
        number, _ = components(read(labels, box), connectivity, monitor)
        blob = int(number[tuple(p - a for p, a in zip(pixel, box.low, strict=True))])
        if blob == 0:
            return None
        mask = number == blob
        low, high = list(box.low), list(box.high)
        for axis, n in enumerate(box.shape):
            if mask.take(0, axis).any():
                low[axis] = max(low[axis] - n, 0)
            if mask.take(n - 1, axis).any():
                high[axis] = min(high[axis] + n, shape[axis])
        larger = Box(tuple(low), tuple(high))
        if larger == box:
            break
        box = larger
    (within,) = ndimage.find_objects(mask.view(np.uint8))
    around = Box(
        tuple(side.start + a for side, a in zip(within, box.low, strict=True)),
        tuple(side.stop + a for side, a in zip(within, box.low, strict=True)),
    )
    first = box.index_in(shape, np.array([mask.argmax()]))
    return Task(around.grown(1, 1, shape), first)
