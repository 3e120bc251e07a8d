"""The cut of an object of millions of pixels, fast enough to wait for.

It is cut at a lower resolution; then the border alone, a band a few pixels wide, is cut again at
the full one, with the band's two rims as seeds.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_ncut.core.monitor import IsCancelled, Monitor, Progress
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.session import Cut, CutSession

# An object with more pixels is cut in two steps.
MAX_PIXELS = 2**20


class LargeSession:
    """Cuts one large object again and again: a `CutSession` in two resolutions.

    Parameters
    ----------
    image : ndarray, optional
        Intensities, channels last.
    mask : ndarray of bool
        The object.
    spacing : tuple of float
        Pixel size.
    has_channels : bool
        Whether the last axis of the image holds channels.
    max_pixels : int
        The lower resolution has at most about as many pixels.
    """

    def __init__(
        self,
        image: NDArray[Any] | None,
        mask: NDArray[np.bool_],
        spacing: tuple[float, ...],
        has_channels: bool = False,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._image, self._mask, self._spacing = image, mask, spacing
        self._channel_axis = -1 if has_channels and image is not None else None
        self._factor = 2
        n_pixels = np.count_nonzero(mask)
        while n_pixels / self._factor**mask.ndim > max_pixels:
            self._factor *= 2
        counts = pool_sum(mask, self._factor, mask.ndim)
        self._coarse_mask = counts > 0
        self._coarse = CutSession(
            self._coarse_image(counts),
            self._coarse_mask,
            spacing=tuple(self._factor * size for size in spacing),
            channel_axis=self._channel_axis,
        )

    def cut(
        self,
        settings: CutSettings,
        *,
        seeds: NDArray[np.int32] | None = None,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> Cut:
        """Cut the object; the arguments are those of `CutSession.cut`."""
        monitor = Monitor(progress, cancelled)
        coarse_seeds = None if seeds is None else self._coarse_seeds(seeds)
        part = monitor.part(0.0, 0.5)
        coarse = self._coarse.cut(
            settings, seeds=coarse_seeds, progress=part.report, cancelled=cancelled
        )
        labels = self._enlarge(coarse.labels)
        labels[~self._mask] = 0
        monitor.report(0.5, "Refining the borders")
        self._refine(labels, coarse.labels, seeds, settings, monitor.part(0.5, 1.0))
        return Cut(labels, coarse.ncut)

    def _coarse_image(self, counts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the mean of the object's pixels in every pixel of the lower resolution."""
        if self._image is None:
            return np.zeros(counts.shape, dtype=np.float32)
        ndim = self._mask.ndim
        missing = (1,) * (self._image.ndim - ndim)
        inside = self._mask.reshape(self._mask.shape + missing)
        values = np.where(inside, self._image, 0).astype(np.float32)
        sums = pool_sum(values, self._factor, ndim)
        mean = sums / np.maximum(counts, 1).reshape(counts.shape + missing)
        return mean.astype(np.float32)

    def _coarse_seeds(self, seeds: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the seeds at the lower resolution; of two in a pixel the rarer wins."""
        where = np.nonzero(seeds)
        values = seeds[where]
        coarse = np.zeros(self._coarse_mask.shape, dtype=np.int32)
        often_first = np.argsort(-np.bincount(values)[values], kind="stable")
        coarse[tuple(w[often_first] // self._factor for w in where)] = values[often_first]
        if len(np.unique(coarse)) < len(np.unique(values)) + 1:
            raise ValueError("Two seeds are too near to each other; move them apart.")
        return coarse

    def _enlarge(self, coarse: NDArray[Any]) -> NDArray[Any]:
        for axis, size in enumerate(self._mask.shape):
            coarse = coarse.repeat(self._factor, axis=axis)[(slice(None),) * axis + (slice(size),)]
        return coarse

    def _refine(
        self,
        labels: NDArray[np.int32],
        coarse: NDArray[np.int32],
        seeds: NDArray[np.int32] | None,
        settings: CutSettings,
        monitor: Monitor,
    ) -> None:
        """Cut a band around the borders again, in place."""
        border = beside_border(coarse)
        if not border.any():
            return
        free = ndi.binary_dilation(border, mask=self._coarse_mask)
        band = ndi.binary_dilation(free, mask=self._coarse_mask)
        (box,) = ndi.find_objects(band.view(np.uint8))
        fine = tuple(slice(s.start * self._factor, s.stop * self._factor) for s in box)
        mask = self._enlarge_box(band[box], fine) & self._mask[fine]
        is_free = self._enlarge_box(free[box], fine)
        held = np.where(is_free | ~mask, 0, labels[fine]).astype(np.int32)
        if seeds is not None:
            held = np.where(mask & (seeds[fine] > 0), seeds[fine], held)
        # The rim of a small part may be no more than its middle; it has to be held somewhere.
        for label in np.setdiff1d(np.unique(labels[fine][mask]), np.unique(held)):
            inner = (labels[fine] == label) & mask
            deepest = np.unravel_index(ndi.distance_transform_edt(inner).argmax(), inner.shape)
            held[deepest] = label
        image = np.zeros(mask.shape, dtype=np.float32) if self._image is None else self._image[fine]
        session = CutSession(image, mask, spacing=self._spacing, channel_axis=self._channel_axis)
        cut = session.cut(
            settings, seeds=held, progress=monitor.report, cancelled=monitor.cancelled
        )
        # A piece of the band without a seed gets a number of its own there: it stays as it was.
        sure = mask & (cut.labels <= labels.max())
        labels[fine][sure] = cut.labels[sure]

    def _enlarge_box(self, coarse: NDArray[np.bool_], fine: tuple[slice, ...]) -> NDArray[np.bool_]:
        for axis in range(coarse.ndim):
            coarse = coarse.repeat(self._factor, axis=axis)
        shape = self._mask[fine].shape
        return coarse[tuple(slice(n) for n in shape)]


def pool_sum(array: NDArray[Any], factor: int, ndim: int) -> NDArray[Any]:
    """Return the sums over blocks of ``factor`` pixels along the first ``ndim`` axes.

    The last block of an axis may be smaller.
    """
    shape = tuple(-(-size // factor) for size in array.shape[:ndim]) + array.shape[ndim:]
    dtype = np.float32 if array.dtype.kind == "f" else np.int64
    sums = np.zeros(shape, dtype=dtype)
    for offset in product(range(factor), repeat=ndim):
        part = array[tuple(slice(start, None, factor) for start in offset)]
        sums[tuple(slice(n) for n in part.shape)] += part
    return sums


def beside_border(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the pixels that share a face with a pixel of another label; 0 is no label."""
    beside = np.zeros(labels.shape, dtype=bool)
    for axis in range(labels.ndim):
        a, b = (np.moveaxis(x, axis, 0) for x in (labels, beside))
        differ = (a[1:] != a[:-1]) & (a[1:] > 0) & (a[:-1] > 0)
        b[1:] |= differ
        b[:-1] |= differ
    return beside
