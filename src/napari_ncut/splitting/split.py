"""Splitting touching objects at their necks, whatever their number and size.

The *neck ratio* of two parts that touch is the width of the neck between them in proportion to the
parts: 1 is no neck at all, 0 two parts on a thread. Wherever it is below the threshold ``neck``,
the blob is split. In four steps:

1. *Half-width*: how far each pixel is from the edge of its blob (`widths`).
2. *Fragments*: the hills of the half-width (`hills`, `fragments`), and its shoulders (`shoulders`);
   with an image, a dark line or a step of brightness divides them too (`lines`).
3. *Merging*: the two fragments with the highest neck ratio become one, again and again
   (`merging`), with what the image says at their border (`borders`); what remains to be merged
   ever later is the split tree (`split_tree`).
4. *Cut*: merges at or above the threshold hold, the others are splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut.core.monitor import IsCancelled, Monitor, Progress
from napari_ncut.core.settings import SplitSettings
from napari_ncut.core.validation import (
    HIGHEST_LABEL,
    beta_value,
    check_connectivity,
    check_finite,
    check_same_shape,
    image_array,
    in_safe_range,
    label_array,
    real,
    size_value,
    spacing_tuple,
)
from napari_ncut.splitting.divide import divide_hills
from napari_ncut.splitting.half_width import Spacing, Volume
from napari_ncut.splitting.image_terms import NO_IMAGE, image_weights
from napari_ncut.splitting.neighbours import neighbour_steps
from napari_ncut.splitting.oversegment import Grid, find_hills, merge_hills
from napari_ncut.splitting.ridges import standardised
from napari_ncut.splitting.tree import SplitTree as SplitTree
from napari_ncut.splitting.tree import tree_of_merges

DEFAULTS = SplitSettings()


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
        Split where the neck is narrower than this proportion of the objects that it joins: 0 never
        splits, 1 splits at the slightest waist. Results are nested: a higher value only splits
        further.
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
    progress : callable, optional
        Called with the fraction done and the stage in words.
    cancelled : callable, optional
        Asked again and again; True ends the call.

    Returns
    -------
    ndarray of int32
        Labels 1..n without holes, 0 in the background, in the shape of ``labels``.

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
    tree = split_tree(
        labels,
        image,
        beta=beta,
        connectivity=connectivity,
        spacing=spacing,
        channel_axis=channel_axis,
        progress=progress,
        cancelled=cancelled,
    )
    return tree.cut(neck, min_size)


def split_tree(
    labels: ArrayLike,
    image: ArrayLike | None = None,
    *,
    beta: float = DEFAULTS.beta,
    connectivity: int = DEFAULTS.connectivity,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> SplitTree:
    """Find all candidate splits of a mask or label image, each with its neck ratio.

    Parameters
    ----------
    labels, image, beta, connectivity, spacing, channel_axis, progress, cancelled
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
    shape = np.shape(labels)
    volume = _volume(labels)
    ndim = len(shape)
    connectivity = check_connectivity(connectivity, ndim)
    beta = beta_value(beta)
    missing = (1,) * (3 - ndim)
    size: Spacing = (1.0,) * (3 - ndim) + spacing_tuple(spacing, ndim)  # type: ignore[assignment]
    channels = _channels(image, channel_axis, shape, missing, volume > 0)
    grid = Grid(size, neighbour_steps(volume.shape, size), connectivity, ndim)
    monitor.report(0.0, "Measuring widths")
    hills = find_hills(volume, grid, monitor)
    grey = None if channels is None or beta == 0.0 else standardised(channels, volume, monitor)
    edges = None
    if grey is not None and grey.any():
        monitor.report(0.5, "Looking at the image")
        hills, edges = divide_hills(hills, grey, volume, beta, grid, monitor)
    monitor.report(0.8, "Merging fragments")
    weights = NO_IMAGE if edges is None else image_weights(beta, size, ndim)
    contacts, moments, merges = merge_hills(hills, weights, grid, monitor, edges=edges)
    fragments = hills.fragments
    fragments[volume == 0] = -1
    tree = tree_of_merges(fragments.reshape(shape), moments[:, 0], contacts, merges)
    monitor.report(1.0, "Done")
    return tree


def _volume(labels: ArrayLike) -> Volume:
    """Return the labels as a contiguous volume of int32 that is ours; 2-D is one plane."""
    array = label_array(labels)
    if array.ndim not in (2, 3):
        raise ValueError(
            f"labels has {array.ndim} axes; wanted 2 (y, x) or 3 (z, y, x). "
            "Split one frame or channel at a time."
        )
    if array.size >= 2**31:
        raise ValueError(
            f"labels has {array.size} pixels, more than {2**31 - 1}; split it in tiles."
        )
    if array.dtype.itemsize >= 4 and array.max() > HIGHEST_LABEL:
        array = np.unique(array, return_inverse=True)[1].reshape(array.shape) + (array.min() > 0)
    shape = (1,) * (3 - array.ndim) + array.shape
    return np.array(array, dtype=np.int32, order="C").reshape(shape)


def _channels(
    image: ArrayLike | None,
    channel_axis: int | None,
    shape: tuple[int, ...],
    missing: tuple[int, ...],
    mask: NDArray[np.bool_],
) -> NDArray[Any] | None:
    """Return the image as a volume with its channels last."""
    if image is None:
        return None
    array = image_array(image, channel_axis)
    if channel_axis is None:
        array = array[..., np.newaxis]
    check_same_shape("labels", shape, array.shape[:-1])
    inside = mask.reshape(shape)
    check_finite(array, inside)
    return in_safe_range(array, inside).reshape(missing + array.shape)
