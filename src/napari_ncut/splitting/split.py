"""Splitting touching objects at their necks, whatever their number and size.

The *neck ratio* of two parts that touch tells how much they look like one object: 1 is no neck at
all, 0 two objects on a thread. Wherever it is below the threshold ``neck``, the blob is split. In
steps that follow one another, each in a file of its own:

1. *Holes* are closed where they are no gaps between objects (`holes.close`).
2. *Half-width*: how far each pixel is from the edge of its blob (`half_width`).
3. *Fragments*: the basins of the half-width (`oversegment`); with an image, a line or a step of
   brightness divides them further (`divide`).
4. *Region adjacency graph*: sums over the fragments and over their borders (`adjacency`).
5. *Agglomeration*: the two parts that look most like one object (`criterion.pairs`) become one,
   again and again (`agglomerate`).
6. *Hierarchy*: each part that this made is judged: is it one object (`criterion.nodes`)? From the
   best choice at every threshold follows the neck ratio of each split (`criterion.hierarchy`).
7. *Cut*: merges at or above the threshold hold, the others are splits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut.core.memory import gigabytes, total_memory
from napari_ncut.core.monitor import IsCancelled, Monitor, Progress
from napari_ncut.core.settings import SplitSettings
from napari_ncut.core.validation import (
    HIGHEST_LABEL,
    beta_value,
    check_connectivity,
    check_finite,
    check_same_shape,
    flag,
    image_array,
    label_array,
    real,
    size_value,
    spacing_tuple,
)
from napari_ncut.splitting.criterion.hierarchy import hierarchy
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.finish import finished
from napari_ncut.splitting.fragmented import fragmented, image_seen
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.statistics import ImageStatistics, Seen, statistics_of
from napari_ncut.splitting.parameters import DEFAULT
from napari_ncut.splitting.tree import SplitTree as SplitTree
from napari_ncut.splitting.tree import tree_of_hierarchy

DEFAULTS = SplitSettings()
# Pixels and fragments are numbered by 32 bits: half the memory, and most of the speed.
MOST_PIXELS = 2**31 - 1
# Bytes for a pixel at the peak of a split, by the mask alone and with an image; measured.
MASK_BYTES, IMAGE_BYTES = 30, 54


def split_touching(
    labels: ArrayLike,
    image: ArrayLike | None = None,
    *,
    neck: float = DEFAULTS.neck,
    min_size: float = DEFAULTS.min_size,
    beta: float = DEFAULTS.beta,
    connectivity: int = DEFAULTS.connectivity,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    max_hole: float | None = DEFAULTS.max_hole,
    drop_small: float = DEFAULTS.drop_small,
    drop_large: float | None = DEFAULTS.drop_large,
    drop_border: bool = DEFAULTS.drop_border,
    keep_labels: bool = DEFAULTS.keep_labels,
    taught: Sequence[float] = DEFAULTS.taught,
    statistics: ImageStatistics | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> NDArray[np.int32]:
    """Split the touching objects of a mask or label image at their necks.

    Parameters
    ----------
    labels : array_like of bool or int, shape (ny, nx) or (nz, ny, nx)
        A mask (booleans, or 0/255) or a label image. Every connected component of every label is
        a blob to split; two labels never merge.
    image : array_like, optional
        Intensities of the same shape, plus a channel axis if there is one. A line or a step of
        brightness between two parts and different brightness speak for a neck, equal brightness
        against one. Objects may be bright or dark.
    neck : float
        How readily objects are split: 0 never, 1 at the slightest waist. Necks with a ratio below
        it are cut; results are nested: a higher value only splits further.
    min_size : float
        Pieces smaller than this (area or volume in the units of ``spacing``) are merged into the
        neighbour with the widest contact. No pixel is deleted.
    beta : float
        How much the image counts beside the shape; 0 is shape alone.
    connectivity : int
        1: pixels that share a face are connected; ``ndim``: those that share a corner are too.
    spacing : float or sequence of float, optional
        Pixel size along the axes of ``labels``; 1 by default.
    channel_axis : int, optional
        Axis of ``image`` that holds the channels.
    max_hole : float, optional
        Holes up to this (area or volume in the units of ``spacing``) are no edges of an object, and
        larger ones are. By default each is judged by what is around it: a hole inside an object, or
        a gap between several. In the result all of them are background.
    drop_small : float
        Objects smaller than this (area or volume in the units of ``spacing``) are dropped: specks
        become background.
    drop_large : float, optional
        So are objects that are larger than this.
    drop_border : bool
        So are objects that touch the border of the image.
    keep_labels : bool
        Labels that are not split keep their numbers, and the parts of the others have numbers above
        all of them. See `napari_ncut.splitting.finish.numbers` for a table.
    taught : sequence of float
        What a review has taught, as a recipe keeps it; nothing by default.
    statistics : ImageStatistics, optional
        Those of the whole image, as `image_statistics` gives them, if ``image`` is a part of it;
        its own by default.
    progress : callable, optional
        Called with the fraction done and the stage in words.
    cancelled : callable, optional
        Asked again and again; True ends the call.

    Returns
    -------
    ndarray of int32
        Labels 1..n without holes in the order of their first pixels, unless ``keep_labels``; 0 in
        the background; in the shape of ``labels``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    napari_ncut.Cancelled
        If ``cancelled`` answered True.

    See Also
    --------
    split_tree : All splits at once, to choose ``neck`` afterwards.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> labels = napari_ncut.split_touching(circles(4).mask)
    >>> int(labels.max())
    4
    """
    neck = real(neck, "neck", 0.0, 1.0)
    min_size = size_value(min_size)
    settings = SplitSettings(
        drop_small=size_value(drop_small, "drop_small"),
        drop_large=None if drop_large is None else size_value(drop_large, "drop_large"),
        drop_border=flag(drop_border, "drop_border"),
        keep_labels=flag(keep_labels, "keep_labels"),
    )
    tree = split_tree(
        labels,
        image,
        beta=beta,
        connectivity=connectivity,
        spacing=spacing,
        channel_axis=channel_axis,
        max_hole=max_hole,
        taught=taught,
        statistics=statistics,
        progress=progress,
        cancelled=cancelled,
    )
    pixel = math.prod(spacing_tuple(spacing, tree.fragments.ndim))
    return finished(tree.cut(neck, min_size), label_array(labels), pixel, settings)[0]


def split_tree(
    labels: ArrayLike,
    image: ArrayLike | None = None,
    *,
    beta: float = DEFAULTS.beta,
    connectivity: int = DEFAULTS.connectivity,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    max_hole: float | None = DEFAULTS.max_hole,
    taught: Sequence[float] = DEFAULTS.taught,
    statistics: ImageStatistics | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> SplitTree:
    """Find all candidate splits of a mask or label image, each with its neck ratio.

    Parameters
    ----------
    labels, image, beta, connectivity, spacing, channel_axis, max_hole, taught, statistics, \
progress, cancelled
        As in `split_touching`.

    Returns
    -------
    SplitTree
        ``tree.cut(neck)`` gives the labels at any threshold, ``tree.splits(neck)`` the splits that
        it makes, ``tree.ratio`` and ``tree.position`` every candidate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    napari_ncut.Cancelled
        If ``cancelled`` answered True.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> tree = napari_ncut.split_tree(circles(2).mask)
    >>> [int(tree.cut(neck).max()) for neck in (0.0, 0.8)]
    [1, 2]
    """
    monitor = Monitor(progress, cancelled)
    _check_size(math.prod(np.shape(labels)), with_image=image is not None)
    given = _labels(labels)
    sizes = spacing_tuple(spacing, given.ndim)
    found = fragmented(
        given,
        None if image is None else _channels(image, channel_axis, given),
        beta=beta_value(beta),
        connectivity=check_connectivity(connectivity, given.ndim),
        spacing=sizes,
        max_hole=None if max_hole is None else size_value(max_hole, "max_hole"),
        statistics=statistics,
        model=model(),
        monitor=monitor,
    )
    monitor.report(0.8, "Merging fragments")
    graph = found.graph
    parts = found.hierarchy or hierarchy(
        graph, found.grid, DEFAULT, model(), beta if found.has_image else 0.0
    )
    tree = tree_of_hierarchy(
        found.number, graph.pixels * math.prod(sizes), graph, parts, found.statistics
    )
    monitor.report(1.0, "Done")
    return tree.taught(taught)


def image_statistics(
    image: ArrayLike,
    labels: ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
) -> ImageStatistics:
    """Return the statistics of an image that a split with it depends on.

    Parameters
    ----------
    image, labels, spacing, channel_axis
        As in `split_touching`: the whole image, and its mask or label image.

    Returns
    -------
    ImageStatistics
        For ``statistics`` of `split_touching` and `split_tree`, when parts of the image are split.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> scene = circles(4)
    >>> statistics = napari_ncut.image_statistics(scene.image, scene.mask)
    >>> statistics.direction
    (1.0,)
    """
    monitor = Monitor()
    parts, grid = image_parts(
        labels, image, spacing=spacing, channel_axis=channel_axis, monitor=monitor
    )
    return statistics_of(parts, grid, DEFAULT, monitor)


def image_parts(
    labels: ArrayLike,
    image: ArrayLike,
    *,
    connectivity: int = DEFAULTS.connectivity,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    max_hole: float | None = DEFAULTS.max_hole,
    monitor: Monitor,
) -> tuple[list[Seen], Grid]:
    """Return what the statistics of an image are made of; arguments as in `split_touching`."""
    given = _labels(labels)
    return image_seen(
        given,
        _channels(image, channel_axis, given),
        connectivity=check_connectivity(connectivity, given.ndim),
        spacing=spacing_tuple(spacing, given.ndim),
        max_hole=max_hole,
        model=model(),
        monitor=monitor,
    )


def _check_size(n_pixels: int, *, with_image: bool) -> None:
    """Raise ValueError if so many pixels can't be split on this computer."""
    advice = "crop it, split it in tiles, or at a lower resolution"
    needed, there = n_pixels * (IMAGE_BYTES if with_image else MASK_BYTES), total_memory()
    if needed > there:
        raise ValueError(
            f"A split of {n_pixels} pixels takes about {gigabytes(needed)} of memory, and this "
            f"computer has {gigabytes(there)}; {advice}."
        )
    if n_pixels > MOST_PIXELS:
        raise ValueError(
            f"labels has {n_pixels} pixels, and at most {MOST_PIXELS} can be split; {advice}."
        )


def _labels(labels: ArrayLike) -> NDArray[np.int32]:
    """Return the labels as a contiguous array of int32 that is ours."""
    array = label_array(labels)
    if array.ndim not in (2, 3):
        raise ValueError(
            f"labels has {array.ndim} axes; wanted 2 (y, x) or 3 (z, y, x). "
            "Split one frame or channel at a time."
        )
    if array.dtype.itemsize >= 4 and array.max() > HIGHEST_LABEL:
        array = np.unique(array, return_inverse=True)[1].reshape(array.shape) + (array.min() > 0)
    return np.array(array, dtype=np.int32, order="C")


def _channels(
    image: ArrayLike, channel_axis: int | None, labels: NDArray[np.int32]
) -> NDArray[Any]:
    """Return the image with its channels last."""
    array = image_array(image, channel_axis)
    if channel_axis is None:
        array = array[..., np.newaxis]
    check_same_shape("labels", labels.shape, array.shape[:-1])
    check_finite(array, labels > 0)
    return array
