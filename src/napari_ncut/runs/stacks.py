"""Stacks, movies and volumes: every frame of the data is cut on its own.

A frame is a plane (``spatial_ndim`` 2) or a volume (3); the axes before it (time, planes,
positions) count the frames.
"""

from __future__ import annotations

import math
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.core.validation import check_same_shape
from napari_ncut.cutting.session import CutSession
from napari_ncut.objects.review import Decisions, decided_rows
from napari_ncut.runs.foreground import Thresholding
from napari_ncut.splitting.finish import finished
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.splitting.split import split_tree
from napari_ncut.splitting.tree import SplitTree

Frame = tuple[int, ...]

# Bytes that a checksum is of.
CHECKED = 1 << 22


@dataclass(frozen=True)
class Source:
    """What is to be cut: arrays (NumPy, dask, zarr) that are read frame by frame.

    Parameters
    ----------
    image : array_like, optional
        Intensities, of shape (..., spatial axes) and channels last if there are any.
    mask : array_like, optional
        Mask or label image with the shape of the image without its channels, or of a frame.
    spatial_ndim : int
        2: every plane on its own; 3: volumes.
    spacing : sequence of float
        Pixel size along the spatial axes.
    has_channels : bool
        Whether the last axis of the image holds channels.
    threshold : float, optional
        Without a mask: the foreground is what is brighter than this (darker, if ``dark``).
    dark : bool
        Whether the objects are darker than the background.
    smoothing, window : float
        How the image is smoothed before; see `foreground.Thresholding`.
    region : ndarray of bool, optional
        Of the shape of the data. Only what is inside is cut; outside, the labels of the mask
        stay as they are.
    seeds : ndarray of int, optional
        Of the shape of the data: objects given by hand, 0 where free. Only a cut honours them.
    statistics : ImageStatistics, optional
        Those of the image that the data are a part of; a split looks at each frame by default.
    """

    image: Any
    mask: Any
    spatial_ndim: int
    spacing: tuple[float, ...]
    has_channels: bool = False
    threshold: float | None = None
    dark: bool = False
    smoothing: float = 0.0
    window: float = 0.0
    region: NDArray[np.bool_] | None = None
    seeds: NDArray[np.int32] | None = None
    statistics: ImageStatistics | None = None

    def __post_init__(self) -> None:
        if self.image is None and self.mask is None:
            raise ValueError("There is neither an image nor a mask to cut; pass one of them.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the data without channels: frames first, then spatial axes."""
        if self.image is None:
            return tuple(self.mask.shape)
        shape = tuple(self.image.shape)
        return shape[:-1] if self.has_channels else shape

    def frames(self) -> list[Frame]:
        """Return the index of every frame; a single frame has the index ``()``."""
        return list(np.ndindex(self.shape[: len(self.shape) - self.spatial_ndim]))

    def read(self, frame: Frame) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """Return the image and the mask of a frame as arrays, whatever the region."""
        image = None if self.image is None else np.asarray(self.image[frame])
        if self.mask is not None:
            check_same_shape("The mask", tuple(self.mask.shape), self.shape[-self.mask.ndim :])
            return image, np.asarray(self.mask[frame[len(self.shape) - self.mask.ndim :]])
        if self.threshold is None or image is None:
            return image, None
        how = Thresholding(self.threshold, self.dark, self.smoothing, self.window)
        return image, how.mask(image, self.spacing, self.has_channels)


def within(region: NDArray[np.bool_], mask: NDArray[Any] | None) -> NDArray[Any]:
    """Return the part of a mask, or of the whole image, that lies inside a region."""
    return region if mask is None else np.where(region, mask, np.zeros((), mask.dtype))


def beside(
    labels: NDArray[np.int32], region: NDArray[np.bool_], mask: NDArray[Any] | None
) -> NDArray[np.int32]:
    """Return new labels inside a region, numbered after those that a mask has outside of it."""
    if mask is None:
        return labels
    kept = np.where(region, 0, mask).astype(np.int32)
    return np.where(labels > 0, labels + kept.max(), kept)


@dataclass(frozen=True)
class Result:
    """The labels of the frames that were cut.

    Parameters
    ----------
    labels : ndarray of int32
        Shape of the data; 0 outside the mask and in frames that were not cut. Every frame
        counts from 1.
    counts : dict
        Number of segments of each frame.
    ncut : dict
        Normalised cut of each frame; empty after a split.
    trees : dict
        Split tree of each frame; empty after a cut.
    dropped : dict
        Number of objects of each frame that were dropped; empty after a cut.
    """

    labels: NDArray[np.int32]
    counts: dict[Frame, int]
    ncut: dict[Frame, float]
    trees: dict[Frame, SplitTree]
    dropped: dict[Frame, int] = field(default_factory=dict)

    @property
    def statistics(self) -> ImageStatistics | None:
        """Statistics of the image that a split looked at; None if there were none, or several."""
        found = {tree.statistics for tree in self.trees.values()}
        return found.pop() if len(found) == 1 else None


class StackSession:
    """Cuts or splits the frames of a source, keeping what a later call can use again.

    Parameters
    ----------
    max_pixels : int
        The sessions and trees of as many frames are kept as have this many pixels together,
        but at least those of the last frame.
    """

    def __init__(self, max_pixels: int = 2**25) -> None:
        self.max_pixels = max_pixels
        # One run at a time: one that was cancelled may still be on its way out.
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], tuple[int, CutSession | SplitTree]] = OrderedDict()

    def run(
        self,
        source: Source,
        settings: CutSettings | SplitSettings,
        frames: Sequence[Frame] | None = None,
        monitor: Monitor | None = None,
        *,
        decisions: Mapping[Frame, Decisions] | None = None,
    ) -> Result:
        """Cut or split frames, as the type of the settings says.

        Any thread may call it; a call waits for the one before.

        Parameters
        ----------
        source : Source
            The data.
        settings : CutSettings or SplitSettings
            What to do.
        frames : sequence of tuple of int, optional
            The frames to do; all of them by default.
        monitor : Monitor, optional
            Is told about progress, and may end the call.
        decisions : mapping of frames to decisions, optional
            What a review decided about the necks of each frame; a split keeps to it.

        Returns
        -------
        Result
            Frames whose mask is empty stay empty.

        Raises
        ------
        ValueError
            If the mask is empty in all frames, or for bad input; the message names the frame.
        Cancelled
            If the monitor says so.
        """
        monitor = monitor or Monitor()
        while not self._lock.acquire(timeout=0.02):
            monitor.check()
        try:
            return self._run(source, settings, frames, monitor, decisions or {})
        finally:
            self._lock.release()

    def _run(
        self,
        source: Source,
        settings: CutSettings | SplitSettings,
        frames: Sequence[Frame] | None,
        monitor: Monitor,
        decisions: Mapping[Frame, Decisions],
    ) -> Result:
        frames = source.frames() if frames is None else frames
        labels = np.zeros(source.shape, dtype=np.int32)
        counts: dict[Frame, int] = {}
        ncut: dict[Frame, float] = {}
        trees: dict[Frame, SplitTree] = {}
        dropped: dict[Frame, int] = {}
        for number, frame in enumerate(frames):
            part = monitor.part(number / len(frames), (number + 1) / len(frames))
            where = f"frame {number + 1} of {len(frames)}" if len(frames) > 1 else ""
            part.report(0.0, where or "reading the image")
            image, whole = source.read(frame)
            mask = whole if source.region is None else within(source.region[frame], whole)
            if mask is not None and mask is whole:
                # A mask in a window is painted on while it is cut: what is cut here is what the
                # fingerprint is of.
                mask = mask.copy()
            if len(frames) > 1 and mask is not None and not mask.any():
                continue
            try:
                found: NDArray[np.int32]
                key = (frame, source.spacing, source.has_channels, fingerprint(image, mask))
                if isinstance(settings, CutSettings):
                    session = self._cut_session(key, source, image, mask)
                    seeds = None if source.seeds is None else source.seeds[frame]
                    cut = session.cut(settings, seeds=seeds, **_told(part, where))
                    found, ncut[frame] = cut.labels, cut.ncut
                else:
                    tree = self._split_tree(key, source, image, mask, settings, part, where)
                    found = tree.cut(
                        settings.neck,
                        min_size=settings.min_size,
                        decisions=decided_rows(tree, decisions.get(frame, {})),
                    )
                    trees[frame] = tree
                    assert mask is not None
                    found, gone = finished(found, mask, math.prod(source.spacing), settings)
                    dropped[frame] = gone.objects
            except (ValueError, TypeError) as error:
                if where:
                    raise type(error)(f"In {where}: {error}") from error
                raise
            # With seeds the labels are theirs.
            is_counted = source.seeds is None and not getattr(settings, "keep_labels", False)
            counts[frame] = int(found.max()) if is_counted else len(np.unique(found[found > 0]))
            if source.region is not None:
                found = beside(found, source.region[frame], whole)
            if frame == ():
                labels = found
            else:
                labels[frame] = found
        if not counts:
            raise ValueError(
                "The mask is empty in every frame: no pixel is in it. Draw or threshold first."
            )
        return Result(labels, counts, ncut, trees, dropped)

    def _cut_session(
        self,
        key: tuple[Any, ...],
        source: Source,
        image: NDArray[Any] | None,
        mask: NDArray[Any] | None,
    ) -> CutSession:
        kept = self._find(("cut", *key))
        if isinstance(kept, CutSession):
            return kept
        if image is None:
            assert mask is not None
            image = np.zeros(mask.shape, dtype=np.float32)
            channel_axis = None
        else:
            channel_axis = -1 if source.has_channels else None
        region = None if mask is None else mask > 0
        session = CutSession(image, region, spacing=source.spacing, channel_axis=channel_axis)
        self._keep(("cut", *key), image.size, session)
        return session

    def _split_tree(
        self,
        key: tuple[Any, ...],
        source: Source,
        image: NDArray[Any] | None,
        mask: NDArray[Any] | None,
        settings: SplitSettings,
        monitor: Monitor,
        where: str,
    ) -> SplitTree:
        if mask is None:
            raise ValueError(
                "There is no mask to split; choose a mask or a Labels layer, or take the "
                "foreground from the image."
            )
        own = settings.beta, settings.connectivity, settings.max_hole
        key = ("split", *own, source.statistics, *key)
        tree = self._found_tree(key, source, image, mask, settings, _told(monitor, where))
        if not settings.taught:
            return tree
        # The same object again for the same weights, as a review knows its trees.
        key = (*key, settings.taught)
        kept = self._find(key)
        if isinstance(kept, SplitTree):
            return kept
        taught = tree.taught(settings.taught)
        self._keep(key, mask.size, taught)
        return taught

    def _found_tree(
        self,
        key: tuple[Any, ...],
        source: Source,
        image: NDArray[Any] | None,
        mask: NDArray[Any],
        settings: SplitSettings,
        told: dict[str, Any],
    ) -> SplitTree:
        """Return the tree of a mask, as it is before anything is taught."""
        kept = self._find(key)
        if isinstance(kept, SplitTree):
            return kept
        tree = split_tree(
            mask,
            image,
            beta=settings.beta,
            connectivity=settings.connectivity,
            spacing=source.spacing,
            channel_axis=-1 if source.has_channels and image is not None else None,
            max_hole=settings.max_hole,
            statistics=source.statistics,
            **told,
        )
        self._keep(key, mask.size, tree)
        return tree

    def _find(self, key: tuple[Any, ...]) -> CutSession | SplitTree | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][1]

    def _keep(self, key: tuple[Any, ...], n_pixels: int, value: CutSession | SplitTree) -> None:
        self._kept[key] = (n_pixels, value)
        while len(self._kept) > 1 and sum(n for n, _ in self._kept.values()) > self.max_pixels:
            self._kept.popitem(last=False)


def _told(monitor: Monitor, where: str) -> dict[str, Any]:
    """Return the ``progress`` and ``cancelled`` arguments that speak to a monitor."""

    def progress(fraction: float, text: str) -> None:
        monitor.report(fraction, f"{where}: {text}" if where else text)

    return {"progress": progress, "cancelled": monitor.cancelled}


def fingerprint(*arrays: NDArray[Any] | None) -> tuple[Any, ...]:
    """Return what tells arrays apart by their contents: layers are painted on in place."""
    return tuple(
        None if array is None else (array.shape, array.dtype.str, *_sums_of_bytes(array))
        for array in arrays
    )


def _sums_of_bytes(array: NDArray[Any]) -> list[int]:
    """Return checksums of consecutive parts of an array."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return map_chunks(
        lambda i, j: zlib.crc32(data[i:j].data), data.size, 1, Monitor(), least=CHECKED
    )
