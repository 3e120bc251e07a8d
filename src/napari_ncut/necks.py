"""Splitting touching objects at their necks, whatever their number and size.

The *neck ratio* of two parts that touch is the width of the neck between them in proportion to the
parts: 1 is no neck at all, 0 two parts on a thread. Wherever it is below the threshold ``neck``,
the blob is split. In four steps:

1. *Half-width*: how far each pixel is from the edge of its blob (`widths`).
2. *Fragments*: the hills of the half-width (`hills`, `fragments`); with an image, a dark line or a
   step of brightness divides them too (`evidence`).
3. *Merging*: the two fragments with the highest neck ratio become one, again and again
   (`merging`); what remains to be merged ever later is the split tree (`split_tree`).
4. *Cut*: merges at or above the threshold hold, the others are splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_ncut.checks import (
    check_connectivity,
    check_finite,
    check_same_shape,
    image_array,
    label_array,
    real,
    spacing_tuple,
)
from napari_ncut.edges import INSIDE, find_edges, image_weights
from napari_ncut.edges import STEEPNESS as EDGE_STEEPNESS
from napari_ncut.evidence import (
    BETWEEN,
    STEEPNESS,
    WITHIN,
    in_units_of_noise,
    line_evidence,
    standardised,
)
from napari_ncut.fragments import Contacts, climb, find_contacts
from napari_ncut.hills import Grid, find_hills, joined
from napari_ncut.merging import merge_fragments
from napari_ncut.moments import measure
from napari_ncut.monitor import IsCancelled, Monitor, Progress
from napari_ncut.neighbours import neighbour_steps
from napari_ncut.settings import SplitSettings
from napari_ncut.tree import SplitTree as SplitTree
from napari_ncut.tree import tree_of_merges
from napari_ncut.widths import Spacing, Volume

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
        brightness between two parts speaks for a neck. Objects may be bright or dark.
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
    min_size = real(min_size, "min_size")
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
    beta = real(beta, "beta")
    missing = (1,) * (3 - ndim)
    size: Spacing = (1.0,) * (3 - ndim) + spacing_tuple(spacing, ndim)  # type: ignore[assignment]
    channels = _channels(image, channel_axis, shape, missing, volume > 0)
    steps = neighbour_steps(volume.shape, size)
    around = steps, connectivity, monitor
    axes = 3 if min(volume.shape) > 1 else 2
    grid = Grid(size, steps, connectivity, ndim)
    least = grid.least_moment
    monitor.report(0.0, "Measuring widths")
    given = volume
    found = find_hills(given, grid, monitor)
    volume, width, fragments, n = found.labels, found.width, found.fragments, found.n
    seen = tone = usual = None
    weights = image_weights(beta, size, ndim)
    if channels is not None and beta > 0.0:
        monitor.report(0.5, "Looking at the image")
        grey = standardised(channels, given)
        line = line_evidence(grey, given, size, monitor)
        inside = in_units_of_noise(line, fragments, n, WITHIN)
        seen = in_units_of_noise(line, fragments, n, BETWEEN)
        edges = find_edges(grey, given, fragments, n, size, monitor)
        tone, usual = edges.tone, edges.usual
        hills = fragments + 1
        fall = STEEPNESS * np.maximum(inside, 0) + EDGE_STEEPNESS * np.maximum(edges.slope - 1, 0)
        landscape = width * np.exp(-beta * fall)
        fragments, n = climb(hills, landscape.astype(np.float32), *around)
        contacts = find_contacts(
            hills, fragments, width, inside, *around, edges.tone, INSIDE * edges.usual
        )
        peaks, moments = measure(fragments, width, size, n, ndim, monitor)
        lines = merge_fragments(contacts, peaks, moments, least, axes, weights, use_shape=False)
        hill = np.zeros(n, np.int32)
        hill[fragments[fragments >= 0]] = hills[fragments >= 0]
        _keep_crumbs(hill, contacts, moments[:, 0], fragments)
        fragments, n = joined(fragments, n, lines, 0.0, monitor)
    monitor.report(0.8, "Finding borders")
    contacts = find_contacts(volume, fragments, width, seen, *around, tone, usual)
    peaks, moments = measure(fragments, width, size, n, ndim, monitor)
    monitor.report(0.9, "Merging fragments")
    merges = merge_fragments(contacts, peaks, moments, least, axes, weights)
    fragments[given == 0] = -1
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
    if array.dtype.itemsize > 4 and array.max() >= 2**31:
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
    check_finite(array, mask.reshape(shape))
    return array.reshape(missing + array.shape)


def _keep_crumbs(
    hill: NDArray[np.int32], contacts: Contacts, sizes: NDArray[np.float64], fragments: Volume
) -> None:
    """Let pieces that are apart from their hill go to its largest fragment, as without the image.

    Parameters
    ----------
    hill : ndarray of int32, shape (n,)
        Hill of each fragment.
    contacts : Contacts
        Contacts of fragments within the hills.
    sizes : ndarray of float64, shape (n,)
        Size of each fragment.
    fragments : ndarray of int32
        Changed in place.
    """
    n = len(hill)
    links = np.ones(len(contacts.low), np.int8), (contacts.low, contacts.high)
    count, piece = connected_components(coo_array(links, shape=(n, n)), directed=False)
    if count == len(np.unique(hill)):
        return
    weight = np.bincount(piece, sizes, minlength=count)[piece]
    order = np.lexsort((sizes, weight, hill))
    last = np.append(np.flatnonzero(np.diff(hill[order])), n - 1)
    main = np.zeros(int(hill.max()) + 1, np.int32)
    main[hill[order[last]]] = order[last]
    number = np.arange(n, dtype=np.int32)
    apart = piece != piece[main[hill]]
    number[apart] = main[hill[apart]]
    inside = fragments >= 0
    fragments[inside] = number[fragments[inside]]
