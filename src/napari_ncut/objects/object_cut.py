"""The best cut of one object: into a number of parts, between clicks, by scribbles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.session import CutSession
from napari_ncut.cutting.two_scale import MAX_PIXELS, LargeSession
from napari_ncut.objects.edits import Point, Region


@dataclass(frozen=True)
class Evidence:
    """What a cut goes by, beside the shape of the object.

    Parameters
    ----------
    image : array_like, optional
        Intensities of the frame, channels last.
    spacing : tuple of float
        Pixel size along the spatial axes.
    has_channels : bool
        Whether the last axis of the image holds channels.
    """

    image: Any
    spacing: tuple[float, ...]
    has_channels: bool = False

    def crop(self, region: Region) -> NDArray[Any] | None:
        """Return the image around a region, if there is one."""
        return None if self.image is None else np.asarray(self.image[region.box])


@dataclass(frozen=True)
class Known:
    """What is known of a region that was cut."""

    region: Region
    image: NDArray[Any] | None
    spacing: tuple[float, ...]
    session: CutSession | LargeSession

    def is_of(self, region: Region, image: NDArray[Any] | None, spacing: tuple[float, ...]) -> bool:
        """Return whether it is known of this region, with this image."""
        return (
            self.region.corner == region.corner
            and self.spacing == spacing
            and np.array_equal(self.region.mask, region.mask)
            and (self.image is None) == (image is None)
            and (image is None or np.array_equal(self.image, image))  # type: ignore[arg-type]
        )


def new_session(
    mask: NDArray[np.bool_],
    image: NDArray[Any] | None,
    spacing: tuple[float, ...],
    has_channels: bool,
) -> CutSession | LargeSession:
    """Return a session that cuts a mask, in two resolutions if it is large."""
    if np.count_nonzero(mask) > MAX_PIXELS:
        return LargeSession(image, mask, spacing, has_channels)
    flat = np.zeros(mask.shape, dtype=np.float32)
    return CutSession(
        flat if image is None else image,
        mask,
        spacing=spacing,
        channel_axis=-1 if has_channels and image is not None else None,
    )


@dataclass
class Cutter:
    """Cuts regions, and keeps what it knows of the last one for the next number of parts."""

    beta: float = CutSettings.beta
    _known: Known | None = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def cut(
        self,
        region: Region,
        evidence: Evidence,
        n_parts: int = 2,
        seeds: NDArray[np.int32] | None = None,
        monitor: Monitor | None = None,
    ) -> NDArray[np.int32]:
        """Return the best cut of a region into parts, numbered from 1; 0 is outside.

        Parameters
        ----------
        region : Region
            What is cut.
        evidence : Evidence
            The image, if it is to count, and the pixel size.
        n_parts : int
            How many parts.
        seeds : ndarray of int32, optional
            Pixels of the box whose part is known; 0 elsewhere.
        monitor : Monitor, optional
            May end the call.
        """
        monitor = monitor or Monitor()
        size = np.count_nonzero(region.mask)
        if size < n_parts:
            raise ValueError(f"The object has {size} pixels; that is too few for {n_parts} parts.")
        settings = CutSettings(n_segments=n_parts, beta=self.beta)
        # A cancelled call may still be on its way out of the session.
        with self._lock:
            monitor.check()
            session = self._session_of(region, evidence)
            # The report must be a callable; the hand tools show no bar.
            cut = session.cut(
                settings, seeds=seeds, progress=monitor.report, cancelled=monitor.cancelled
            )
        return cut.labels

    def _session_of(self, region: Region, evidence: Evidence) -> CutSession | LargeSession:
        image = evidence.crop(region)
        if self._known is None or not self._known.is_of(region, image, evidence.spacing):
            session = new_session(region.mask, image, evidence.spacing, evidence.has_channels)
            self._known = Known(region, image, evidence.spacing, session)
        return self._known.session

    def between(
        self,
        region: Region,
        evidence: Evidence,
        points: Sequence[Point],
        monitor: Monitor | None = None,
    ) -> NDArray[np.int32]:
        """Return the best cut of a region that separates pixels of the frame from each other.

        Each part is connected to its pixel.
        """
        local = [region.local(point) for point in points]
        seeds = click_seeds(region.mask, local, evidence.spacing)
        return self._seeded(region, evidence, seeds, monitor)

    def by_scribbles(
        self,
        region: Region,
        evidence: Evidence,
        seeds: NDArray[np.int32],
        monitor: Monitor | None = None,
    ) -> NDArray[np.int32]:
        """Return an object's parts by scribbles: every colour is a part.

        Connected pieces of the object that no scribble touches are 0, as is the outside: they
        stay what they are. A piece with a single colour becomes part of that colour.

        Parameters
        ----------
        region : Region
            The whole object.
        evidence : Evidence
            The image, if it is to count, and the pixel size.
        seeds : ndarray of int32
            The scribbles in the region's box: the number of the colour, 0 elsewhere.
        monitor : Monitor, optional
            May end the call.
        """
        seeds = np.where(region.mask, seeds, 0)
        pieces, _ = ndi.label(region.mask)
        mask = np.isin(pieces, np.unique(pieces[seeds > 0])) & region.mask
        return self._seeded(replace(region, mask=mask), evidence, seeds, monitor)

    def _seeded(
        self,
        region: Region,
        evidence: Evidence,
        seeds: NDArray[np.int32],
        monitor: Monitor | None,
    ) -> NDArray[np.int32]:
        n_parts = len(np.unique(seeds[seeds > 0]))
        parts = self.cut(region, evidence, n_parts, seeds, monitor)
        return connected_to_seeds(parts, seeds)


def click_seeds(
    mask: NDArray[np.bool_], points: Sequence[Point], spacing: tuple[float, ...]
) -> NDArray[np.int32]:
    """Return a ball of pixels around each click, numbered from 1.

    A single pixel would be cut out cheaply, all around, where the user wants it to stand for what
    lies about it. The ball reaches to the edge of the object, or a third of the way to the nearest
    other click.
    """
    places = np.asarray(points) * np.asarray(spacing)
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(apart, np.inf)
    seeds = np.zeros(mask.shape, dtype=np.int32)
    for number, (point, near) in enumerate(zip(points, apart.min(axis=1) / 3, strict=True), 1):
        reach = [int(near / size) for size in spacing]
        window = tuple(slice(max(p - n, 0), p + n + 1) for p, n in zip(point, reach, strict=True))
        grid = np.ogrid[
            tuple(
                slice(w.start, w.start + n) for w, n in zip(window, mask[window].shape, strict=True)
            )
        ]
        distance = np.sqrt(
            sum(((g - p) * s) ** 2 for g, p, s in zip(grid, point, spacing, strict=True))
        )
        outside = distance[~mask[window]]
        radius = min(near, float(outside.min()) if outside.size else near)
        seeds[window][mask[window] & (distance < radius)] = number
        seeds[point] = number
    return seeds


def connected_to_seeds(parts: NDArray[np.int32], seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return parts of which every piece holds a seed of its part.

    A piece without one goes to the part with the widest contact.
    """
    result = parts.copy()
    for number in np.unique(seeds[seeds > 0]):
        pieces, n_pieces = ndi.label(result == number)
        seeded = np.unique(pieces[seeds == number])
        boxes = ndi.find_objects(pieces, n_pieces)
        for stray in np.setdiff1d(np.arange(1, n_pieces + 1), seeded):
            box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in boxes[stray - 1])
            inside = pieces[box] == stray
            rim = ndi.binary_dilation(inside) & ~inside
            beside = result[box][rim]
            beside = beside[(beside > 0) & (beside != number)]
            if len(beside):
                result[box][inside] = np.bincount(beside).argmax()
    return result
