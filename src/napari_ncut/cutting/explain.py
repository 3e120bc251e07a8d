"""Explain a blob: its Fiedler vector and the cut profile along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from skimage.measure import label as connected_components

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.profile import Valley, cut_profile, deepest_valley
from napari_ncut.cutting.session import CutSession
from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values

# More pixels take longer than a person waits with the mouse at rest.
MAX_PIXELS = 2**22


class Blobs:
    """The connected components of a mask, each label of it on its own.

    Parameters
    ----------
    mask : ndarray
        Mask or label image of one frame.
    connectivity : int
        1 links pixels that share a face, ``ndim`` those that share a corner too.
    """

    def __init__(self, mask: NDArray[Any], connectivity: int = 1) -> None:
        numbers = mask.astype(np.uint8) if mask.dtype == bool else mask
        self.labels: NDArray[np.int32] = connected_components(
            numbers, connectivity=connectivity
        ).astype(np.int32)
        self._boxes = find_objects(self.labels)

    def at(self, point: Sequence[int]) -> int:
        """Return the number of the blob at a pixel; 0 if there is none, or no such pixel."""
        if not all(0 <= x < size for x, size in zip(point, self.labels.shape, strict=True)):
            return 0
        return int(self.labels[tuple(point)])

    def box(self, blob: int) -> tuple[slice, ...]:
        """Return the box around a blob."""
        box: tuple[slice, ...] = self._boxes[blob - 1]
        return box


@dataclass(frozen=True)
class Explanation:
    """Why a blob is cut where it is, or not at all.

    Parameters
    ----------
    box : tuple of slice
        The box around the blob in its frame.
    fiedler : ndarray of float64
        Second eigenvector, of the shape of the box; NaN outside the blob.
    profile : ndarray of float64, shape (n - 1,)
        Cut between the first k of the n pixels in the order of the Fiedler vector and the rest.
    valley : Valley or None
        The deepest valley, if there is one.
    """

    box: tuple[slice, ...]
    fiedler: NDArray[np.float64]
    profile: NDArray[np.float64]
    valley: Valley | None

    def in_order(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the pixels of an image of the frame in the order of the Fiedler vector."""
        inside = ~np.isnan(self.fiedler)
        order = np.argsort(self.fiedler[inside], kind="stable")
        sorted_values: NDArray[Any] = values[self.box][inside][order]
        return sorted_values


def explain(
    blobs: Blobs,
    blob: int,
    image: NDArray[Any] | None = None,
    *,
    spacing: Sequence[float] | None = None,
    beta: float = 0.25,
    connectivity: int = 1,
    monitor: Monitor | None = None,
) -> Explanation:
    """Return the Fiedler vector and the cut profile of a blob.

    Parameters
    ----------
    blobs : Blobs
        The blobs of a frame.
    blob : int
        Number of the blob.
    image : ndarray, optional
        Intensities of the frame, channels last if there are any; without, the shape alone counts.
    spacing : sequence of float, optional
        Pixel size along each axis.
    beta, connectivity
        As in `napari_ncut.normalized_cut`.
    monitor : Monitor, optional
        Reports progress and checks for cancellation.

    Raises
    ------
    ValueError
        If the blob is a single pixel, or has more than 4 million of them.
    Cancelled
        If the monitor is cancelled.

    Examples
    --------
    >>> from napari_ncut.scenes import unequal
    >>> scene = unequal()
    >>> explanation = explain(Blobs(scene.mask), 1, scene.image)
    >>> explanation.valley.ratio < 0.8
    True
    """
    monitor = monitor or Monitor()
    box = blobs.box(blob)
    mask = blobs.labels[box] == blob
    n_pixels = int(np.count_nonzero(mask))
    if n_pixels == 1:
        raise ValueError("The object is a single pixel; there is nothing to cut.")
    if n_pixels > MAX_PIXELS:
        raise ValueError(
            f"The object has {n_pixels} pixels; a profile is shown of up to {MAX_PIXELS}. "
            "Choose a mask, or crop the image."
        )
    values = np.zeros(mask.shape) if image is None else image[box]
    sizes = tuple(spacing or (1.0,) * mask.ndim)
    session = CutSession(
        values, mask, spacing=sizes, channel_axis=-1 if values.ndim > mask.ndim else None
    )
    settings = CutSettings(beta=beta, connectivity=connectivity)
    part = monitor.part(0.0, 0.7)
    fiedler = session.fiedler(settings, progress=part.report, cancelled=part.cancelled)
    pixels = pixel_neighbours(mask, connectivity, sizes, monitor)
    graph = pixel_graph(pixels, pixel_values(values, mask), beta, monitor=monitor)
    profile = cut_profile(graph.matrix(), fiedler[mask])
    return Explanation(box, fiedler, profile, deepest_valley(profile))
