"""A cut in stages that are remembered: graph, hierarchy, eigenvectors, partition."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_ncut.core import validation as checks
from napari_ncut.core.blas import one_blas_thread
from napari_ncut.core.monitor import IsCancelled, Monitor, Progress
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.multilevel import MultilevelCut
from napari_ncut.cutting.numbering import in_order_of_appearance, numbers_by_appearance
from napari_ncut.cutting.orientation import canonical_orientation
from napari_ncut.cutting.seeded import seed_array, seeded_partition
from napari_ncut.cutting.straight import straightened
from napari_ncut.graph.coarsen import Hierarchy, build_hierarchy
from napari_ncut.graph.pixel_graph import (
    Graph,
    Pixels,
    difference_scale,
    pixel_graph,
    pixel_neighbours,
)
from napari_ncut.graph.pixel_graph import pixel_values as read_values
from napari_ncut.graph.size import check_size
from napari_ncut.refinement.partition import Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Cut:
    """The result of a cut.

    Parameters
    ----------
    labels : ndarray of int32
        The image's spatial shape; 0 outside the mask, segments from 1.
    ncut : float
        The normalised cut: the sum of *cut / volume* over all segments. Segments of different
        components do not touch, so that the values of the components simply add up.

    Examples
    --------
    >>> from napari_ncut import CutSession, CutSettings, scenes
    >>> scene = scenes.circles(4)
    >>> CutSession(scene.image, scene.mask).cut(CutSettings(n_segments=4))
    <Cut of 100 x 100 into 4: normalised cut 0.0...>
    """

    labels: NDArray[np.int32]
    ncut: float

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.labels.shape))
        n = len(np.unique(self.labels[self.labels > 0]))
        return f"<Cut of {shape} into {n}: normalised cut {self.ncut:.4g}>"


class CutSession:
    """Cut one image again and again, with other settings; nothing is computed twice.

    Parameters
    ----------
    image : array_like
        1 to 3 spatial axes, and a channel axis if there is one. Booleans, integers or floats.
    mask : array_like, optional
        The pixels to cut: booleans, 0/1 or 0/255, of the image's spatial shape. All by default.
    spacing : float or sequence of float, optional
        Pixel size along each axis.
    channel_axis : int, optional
        The axis of the image that holds channels.

    Raises
    ------
    TypeError
        If an array is complex, or holds objects or text.
    ValueError
        If the shapes differ, the mask is empty, NaN or infinities lie inside it, or a cut of so
        many pixels would not fit into memory.

    Notes
    -----
    A session may be used from any thread; calls from several threads wait for one another. A call
    that is cancelled leaves the session as it was, with all stages that were finished.

    Examples
    --------
    >>> from napari_ncut.scenes import circles
    >>> from napari_ncut.core.settings import CutSettings
    >>> scene = circles(4)
    >>> session = CutSession(scene.image, scene.mask)
    >>> cut = session.cut(CutSettings(n_segments=4))
    >>> int(cut.labels.max()), cut.labels.shape
    (4, (100, 100))
    >>> session.cut(CutSettings(n_segments=2)).ncut < cut.ncut
    True
    """

    def __init__(
        self,
        image: ArrayLike,
        mask: ArrayLike | None = None,
        *,
        spacing: float | Sequence[float] | None = None,
        channel_axis: int | None = None,
    ) -> None:
        if mask is None:
            _check_shape(image, channel_axis)
        pixels = checks.image_array(image, channel_axis)
        shape = pixels.shape if channel_axis is None else pixels.shape[:-1]
        if not 1 <= len(shape) <= 3:
            raise ValueError(
                f"The image has {len(shape)} spatial axes (shape {shape}); wanted 1 to 3. "
                "Cut every frame on its own, or name the channel_axis."
            )
        self.shape = shape
        self._n_channels = 1 if channel_axis is None else pixels.shape[-1]
        self.spacing = checks.spacing_tuple(spacing, len(shape))
        if mask is None:
            self._mask = np.ones(shape, dtype=bool)
        else:
            self._mask = checks.mask_array(mask)
            checks.check_same_shape("mask", self._mask.shape, shape)
            check_size(int(np.count_nonzero(self._mask)), len(shape), 1, self._n_channels)
        whole = mask is None
        self._orientation = canonical_orientation(pixels, self._mask, self.spacing)
        self._spacing = tuple(self.spacing[axis] for axis in self._orientation.axes)
        # In one piece, as the compiled loops take it.
        self._mask = self._orientation.turned_copy(self._mask)
        turned = self._orientation.turned_copy if whole else self._orientation.turned
        self._values = read_values(turned(pixels), self._mask, whole=whole)
        self.n_pixels = len(self._values)
        self._lock = threading.Lock()
        self._pixels: tuple[int, Pixels, float] | None = None
        self._hierarchy: tuple[tuple[int, float], Hierarchy] | None = None
        self._solver: tuple[tuple[int, float, int], MultilevelCut] | None = None
        self._cut: tuple[CutSettings, NDArray[np.int32], float] | None = None

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return f"<CutSession of {shape}: {self.n_pixels} pixels to cut>"

    def cut(
        self,
        settings: CutSettings,
        *,
        seeds: ArrayLike | None = None,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> Cut:
        """Cut the image; stages that these settings leave as they were are not done again.

        Parameters
        ----------
        settings : CutSettings
            What `napari_ncut.normalized_cut` takes; with seeds, ``n_segments`` is not used.
        seeds : array_like of int, optional
            Labels in the image's spatial shape, 0 where free.
        progress : callable, optional
            Called with the fraction done and the stage in words.
        cancelled : callable, optional
            Called between stages and inside loops; True ends the call with `Cancelled`.

        Returns
        -------
        Cut

        Raises
        ------
        ValueError, TypeError
            If a setting can't be met.
        Cancelled
            If ``cancelled`` returned True.
        """
        monitor = Monitor(progress, cancelled)
        settings = check_settings(settings, self.n_pixels, len(self.shape))
        with self._lock:
            if seeds is not None:
                marks = checks.label_array(seeds, "seeds")
                checks.check_same_shape("seeds", marks.shape, self.shape)
                inside = seed_array(self._orientation.turned(marks), self._mask)
                return self._seeded_cut(settings, inside, monitor)
            if self._cut is not None and self._cut[0] == settings:
                return Cut(self._paint(self._cut[1]), self._cut[2])
            solver = self._multilevel(settings, monitor.part(0.0, 0.6))
            counted = self._counted(solver, settings)
            with one_blas_thread():
                shares = solver.share(settings.n_segments, counted, monitor.part(0.6, 0.7))
                # Corners make borders straight anyway; in 3-D another course takes too long.
                in_plane = settings.connectivity == 1 and len(self.shape) == 2
                work = monitor.part(0.7, 0.95)
                partition = solver.partition(shares, counted, work, redraw=not in_plane)
                if in_plane:
                    partition = self._straightened(partition, settings, monitor.part(0.95, 0.98))
            labels = self._in_order(partition.labels, partition.sums.shape[1])
            self._cut = settings, labels, partition.ncut
            monitor.report(1.0, "Done")
            return Cut(self._paint(labels), partition.ncut)

    def eigenvalues(
        self,
        n: int,
        settings: CutSettings,
        *,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> NDArray[np.float64]:
        """Return the smallest eigenvalues of (D - W) x = lambda D x, on the coarse graphs.

        A wide gap after the k-th speaks for k segments. There is one 0 for each component.

        Parameters
        ----------
        n : int
            How many; at most the number of pixels.
        settings : CutSettings
            ``beta`` and ``connectivity`` matter.
        progress, cancelled : callable, optional
            As in `cut`.

        Returns
        -------
        (n,) ndarray of float64
            Ascending.
        """
        n = checks.integer(n, "n")
        if not 1 <= n <= self.n_pixels:
            raise ValueError(f"n is {n}; wanted a number from 1 to the {self.n_pixels} pixels.")
        monitor = Monitor(progress, cancelled)
        settings = check_settings(settings, None, len(self.shape))
        with self._lock:
            solver = self._multilevel(settings, monitor.part(0.0, 0.7))
            count = solver.components.n
            if n <= count:
                return np.zeros(n)
            found = [np.zeros(count)]
            with one_blas_thread():
                for c in np.flatnonzero(solver.components.counts[0] > 1):
                    monitor.report(0.7 + 0.3 * c / count, "Looking where it can be cut")
                    found.append(solver.eigenvalues(int(c), n - count + 1)[1:])
            return np.sort(np.concatenate(found))[:n]

    def fiedler(
        self,
        settings: CutSettings,
        *,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> NDArray[np.float64]:
        """Return the second eigenvector, brought from the coarse graph to the pixels.

        Its sign changes where a cut in two would run. Every component has its own.

        Parameters
        ----------
        settings : CutSettings
            ``beta`` and ``connectivity`` matter.
        progress, cancelled : callable, optional
            As in `cut`.

        Returns
        -------
        ndarray of float64
            The image's spatial shape; NaN outside the mask.
        """
        monitor = Monitor(progress, cancelled)
        settings = check_settings(settings, None, len(self.shape))
        with self._lock:
            solver = self._multilevel(settings, monitor.part(0.0, 0.7))
            with one_blas_thread():
                vector = solver.fiedler(monitor.part(0.7, 1.0))
        result = np.full(self.shape, np.nan)
        self._orientation.turned(result)[self._mask] = vector
        return result

    def _links(self, connectivity: int, monitor: Monitor) -> tuple[Pixels, float]:
        """Return the neighbours of all pixels, and the scale of their differences."""
        if self._pixels is None or self._pixels[0] != connectivity:
            check_size(self.n_pixels, len(self.shape), connectivity, self._n_channels)
            self._hierarchy = self._solver = self._cut = None
            pixels = pixel_neighbours(
                self._mask, connectivity, self._spacing, monitor.part(0.0, 0.7)
            )
            scale = difference_scale(pixels, self._values, monitor)
            self._pixels = connectivity, pixels, scale
        return self._pixels[1:]

    def _weights(self, settings: CutSettings, monitor: Monitor) -> Graph:
        """Return the weighted graph of the pixels."""
        pixels, scale = self._links(settings.connectivity, monitor.part(0.0, 0.5))
        return pixel_graph(
            pixels,
            self._values,
            settings.beta,
            scale=scale,
            dtype=np.float32,
            monitor=monitor.part(0.5, 1.0),
        )

    def _multilevel(self, settings: CutSettings, monitor: Monitor) -> MultilevelCut:
        """Return the hierarchy for these weights, and what was solved on it."""
        key = settings.connectivity, settings.beta
        if self._hierarchy is None or self._hierarchy[0] != key:
            self._hierarchy = self._solver = self._cut = None
            graph = self._weights(settings, monitor.part(0.0, 0.6))
            self._hierarchy = (
                key,
                build_hierarchy(graph, self._sizes(), monitor=monitor.part(0.6, 1.0)),
            )
        if self._solver is None or self._solver[0] != (*key, settings.random_state):
            solver = MultilevelCut(self._hierarchy[1], random_state=settings.random_state)
            self._solver = (*key, settings.random_state), solver
        return self._solver[1]

    def _sizes(self) -> tuple[float, ...]:
        """Return the pixel size along z, y and x; axes that are not there are never halved."""
        return (np.inf,) * (3 - len(self.shape)) + self._spacing

    def _straightened(
        self, partition: Partition, settings: CutSettings, monitor: Monitor
    ) -> Partition:
        """Return a partition with straight borders."""
        assert self._hierarchy is not None
        graph = self._hierarchy[1].graphs[0]
        scale = self._links(settings.connectivity, monitor)[1]
        arguments = self._values, settings.beta, scale, self._spacing, monitor
        return straightened(graph, partition, *arguments)

    def _counted(self, solver: MultilevelCut, settings: CutSettings) -> NDArray[np.bool_]:
        """Return which components count as segments, after checking that the number fits."""
        sizes = solver.components.counts[0]
        counted: NDArray[np.bool_] = sizes * np.prod(self.spacing) >= settings.min_size
        count, n = int(np.count_nonzero(counted)), settings.n_segments
        if count == 0:
            raise ValueError(
                f"All {solver.components.n} connected components are smaller than min_size="
                f"{settings.min_size:g}; lower it (0 counts all)."
            )
        if n < count:
            raise ValueError(
                f"n_segments is {n}, but the mask has {count} connected components, and each is "
                f"at least one segment; pass n_segments={count} or more, raise min_size to leave "
                "small ones uncounted, or cut the components one by one."
            )
        if n > sizes[counted].sum():
            raise ValueError(
                f"n_segments is {n}, but only {sizes[counted].sum()} pixels lie in components "
                "that count; pass fewer segments or a lower min_size."
            )
        return counted

    def _seeded_cut(self, settings: CutSettings, seeds: NDArray[np.int64], monitor: Monitor) -> Cut:
        """Cut with seeds; they change the hierarchy, so only the graph is taken from the store."""
        key = settings.connectivity, settings.beta
        if self._hierarchy is not None and self._hierarchy[0] == key:
            graph = self._hierarchy[1].graphs[0]
        else:
            graph = self._weights(settings, monitor.part(0.0, 0.4))
        held = seeds > 0
        bound = np.full(len(seeds), -1, dtype=np.int32)
        bound[held], names = in_order_of_appearance(seeds[held])
        hierarchy = build_hierarchy(
            graph, self._sizes(), seeds=bound, monitor=monitor.part(0.4, 0.7)
        )
        partition = seeded_partition(hierarchy, len(names), monitor.part(0.7, 0.98))
        # Components without a seed come after the seeds.
        extra = partition.sums.shape[1] - len(names)
        if names.max() + extra > checks.HIGHEST_LABEL:
            raise ValueError(
                f"seeds holds the label {names.max()}, and {extra} components without a seed need "
                f"labels after it; wanted labels of at most {checks.HIGHEST_LABEL - extra}."
            )
        every = np.concatenate((names, names.max() + 1 + np.arange(extra))).astype(np.int32)
        monitor.report(1.0, "Done")
        return Cut(self._paint(every[partition.labels]), partition.ncut)

    def _in_order(self, labels: NDArray[np.int32], k: int) -> NDArray[np.int32]:
        """Number labels 0 to k - 1 from 1 in the order in which they appear in the image."""
        seen = labels
        if not self._orientation.is_given:
            image = self._paint(labels + 1)
            seen = image[image > 0] - 1
        return (numbers_by_appearance(seen, k) + 1)[labels]

    def _paint(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return a new image of labels, 0 outside the mask; it may be painted on."""
        result = np.zeros(self.shape, dtype=np.int32)
        self._orientation.turned(result)[self._mask] = labels
        return result


def _check_shape(image: ArrayLike, channel_axis: int | None) -> None:
    """Raise ValueError if an image can't be cut as a whole, before any of it is read."""
    shape = list(np.shape(image))
    n_channels = 1
    if isinstance(channel_axis, int) and -len(shape) <= channel_axis < len(shape):
        n_channels = shape.pop(channel_axis)
    if shape:
        check_size(math.prod(shape), len(shape), 1, n_channels)


def check_settings(settings: CutSettings, n_pixels: int | None, ndim: int) -> CutSettings:
    """Return settings of plain numbers, or say what is wrong with them."""
    n = checks.integer(settings.n_segments, "n_segments")
    if n_pixels is not None and not 1 <= n <= n_pixels:
        raise ValueError(
            f"n_segments is {checks.shown(n)}; wanted a number from 1 to the {n_pixels} pixels of "
            "the mask."
        )
    state = checks.integer(settings.random_state, "random_state", 0, checks.HIGHEST_SEED)
    return CutSettings(
        n_segments=n,
        beta=checks.beta_value(settings.beta),
        connectivity=checks.check_connectivity(settings.connectivity, ndim),
        min_size=checks.size_value(settings.min_size),
        random_state=state,
    )
