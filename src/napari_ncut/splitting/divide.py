"""Hills of the half-width divided where the image shows a border.

A line (see `evidence`) or a steep slope (see `edges`) makes the half-width fall, so that the climb
finds more and smaller hills. The image alone then says which of these new borders stay; those
between the hills of the half-width always do, and are left to the merging.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.gradients import INSIDE, Edges, find_edges
from napari_ncut.splitting.gradients import STEEPNESS as EDGE_STEEPNESS
from napari_ncut.splitting.half_width import Volume
from napari_ncut.splitting.image_terms import image_weights
from napari_ncut.splitting.oversegment import Grid, Hills, joined, merge_hills
from napari_ncut.splitting.ridges import (
    STEEPNESS,
    in_units_of_noise,
    line_evidence,
    noise_of,
    strongest_by_chance,
)
from napari_ncut.splitting.watershed import Contacts, climb


def divide_hills(
    hills: Hills,
    grey: NDArray[np.float32],
    labels: Volume,
    beta: float,
    grid: Grid,
    monitor: Monitor,
) -> tuple[Hills, Edges]:
    """Divide hills where the image shows a border; return its edges, too.

    Parameters
    ----------
    hills : Hills
        By shape alone.
    grey : ndarray of float32, shape (nz, ny, nx)
        As `evidence.standardised` gives it.
    labels : ndarray of int32, shape (nz, ny, nx)
        The labels as given, pinholes open.
    beta : float
        How much the image counts.
    grid : Grid
        Pixels and neighbours.
    monitor : Monitor
        Asked whether to go on.
    """
    line = line_evidence(grey, labels, grid.spacing, monitor)
    greatest = strongest_by_chance(hills.fragments, hills.n)
    noise = noise_of(line, hills.fragments, hills.n, monitor)
    inside = in_units_of_noise(line, hills.fragments, noise, greatest, monitor)
    edges = find_edges(grey, labels, hills.fragments, greatest, grid.spacing, monitor)
    monitor.check()
    fall = STEEPNESS * np.maximum(inside, 0) + EDGE_STEEPNESS * np.maximum(edges.slope - 1, 0)
    monitor.check()
    landscape = (hills.width * np.exp(-beta * fall)).astype(np.float32)
    hill_labels = hills.fragments + 1
    fragments, n = climb(hill_labels, landscape, grid.steps, grid.connectivity, monitor)
    contacts, moments, lines = merge_hills(
        Hills(hill_labels, hills.width, fragments, n),
        image_weights(beta, grid.spacing, grid.ndim),
        grid,
        monitor,
        inside,
        replace(edges, usual=INSIDE * edges.usual),
        use_shape=False,
    )
    hill = _owners(fragments, n, hill_labels)
    _keep_crumbs(hill, contacts, moments[:, 0], fragments)
    fragments, n = joined(fragments, n, lines, 0.0, monitor)
    hill = _owners(fragments, n, hill_labels)
    return replace(hills, fragments=fragments, n=n, hill=hill), edges


def _owners(fragments: Volume, n: int, labels: Volume) -> NDArray[np.int32]:
    """Return the label that each of n fragments lies in."""
    owner = np.zeros(n, np.int32)
    inside = fragments >= 0
    owner[fragments[inside]] = labels[inside]
    return owner


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
