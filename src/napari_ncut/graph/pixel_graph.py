"""Pixels under a mask as a weighted graph.

Nodes are pixels, edges join grid neighbours, and a weight is ``a * exp(-beta * g / s)``: g is the
difference of intensity (Euclidean norm over channels), s the standard deviation of g over all
edges, a the geometry of the contact. Neither an offset nor a gain of the image changes a weight.
scikit-learn's ``img_to_graph`` followed by ``exp(-data / data.std())`` is the same up to s, which
there counts the diagonal (the pixel values) too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from napari_ncut.core import validation as checks
from napari_ncut.core.monitor import Monitor
from napari_ncut.graph.loops import pixels as loops
from napari_ncut.graph.neighbourhood import contact_factors, neighbour_offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A cell packs the coordinates of a pixel into one integer, 21 bits an axis (z, y, x). Cells sort
# as the raster does, a neighbour is one addition away, and no sum of two runs over a border.
BITS = 21
AXIS = (1 << BITS) - 1
# Nodes handled between two questions whether the run is cancelled: about 10 ms.
SLAB = 1 << 18


@dataclass(frozen=True)
class Graph:
    """A symmetric weighted graph without self loops, as compressed rows.

    Parameters
    ----------
    indptr : (n + 1,) ndarray of int32 or int64
        Where the edges of each node start.
    indices : (2 * n_edges,) ndarray of int32
        The neighbours of each node.
    weights : (2 * n_edges,) ndarray of float32 or float64
        Their weights.
    volumes : (n,) ndarray of float64
        Volume of each node; more than the sum of its weights where nodes were merged.
    cells : (n,) ndarray of int64, optional
        Packed coordinates, for graphs of pixels.
    """

    indptr: NDArray[np.signedinteger[Any]]
    indices: NDArray[np.int32]
    weights: NDArray[np.floating[Any]]
    volumes: NDArray[np.float64]
    cells: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    def matrix(self) -> sp.csr_array:
        """Return the affinity without its diagonal, shape (n, n)."""
        return sp.csr_array((self.weights, self.indices, self.indptr), shape=(self.n, self.n))


@dataclass(frozen=True)
class Pixels:
    """The pixels under a mask and how they touch: all that does not depend on the weights.

    Parameters
    ----------
    cells : (n,) ndarray of int64
        Packed coordinates in raster order.
    indptr, indices : ndarray
        Neighbours, as in `Graph`.
    steps : (m,) ndarray of int64
        Step in packed coordinates to each of the m neighbours of a pixel, ascending.
    contacts : (m,) ndarray of float64
        Geometry a of the edge to each of them.
    """

    cells: NDArray[np.int64]
    indptr: NDArray[np.signedinteger[Any]]
    indices: NDArray[np.int32]
    steps: NDArray[np.int64]
    contacts: NDArray[np.float64]


def pixel_neighbours(
    mask: NDArray[np.bool_],
    connectivity: int,
    spacing: Sequence[float],
    monitor: Monitor | None = None,
) -> Pixels:
    """Find the pixels under a mask and their neighbours.

    Parameters
    ----------
    mask : ndarray of bool
        1 to 3 dimensions.
    connectivity : int
        1 (faces) or ndim (faces and corners).
    spacing : sequence of float
        Pixel size along each axis.
    monitor : Monitor, optional
        Progress and cancelling.
    """
    monitor = monitor or Monitor()
    if max(mask.shape) > AXIS:
        raise ValueError(f"The image has shape {mask.shape}; an axis may have {AXIS} pixels.")
    volume = np.ascontiguousarray(mask).reshape((1,) * (3 - mask.ndim) + mask.shape)
    rows = np.count_nonzero(volume, axis=2).ravel()
    starts = np.concatenate(([0], np.cumsum(rows)))
    n = int(starts[-1])
    cells = np.empty(n + 1, dtype=np.int64)
    cells[n] = np.iinfo(np.int64).max
    step = max(1, SLAB // volume.shape[2])
    for first in range(0, len(rows), step):
        monitor.check()
        loops.pack_cells(volume.view(np.uint8), starts, cells, first, min(first + step, len(rows)))
    return neighbours_of_cells(cells, connectivity, spacing, monitor)


def neighbours_of_cells(
    cells: NDArray[np.int64], connectivity: int, spacing: Sequence[float], monitor: Monitor
) -> Pixels:
    """Find the neighbours of pixels that are given by their packed coordinates.

    Parameters
    ----------
    cells : (n + 1,) ndarray of int64
        Packed coordinates in raster order, and a last one above all.
    connectivity, spacing, monitor
        As in `pixel_neighbours`.
    """
    n, ndim = len(cells) - 1, len(spacing)
    offsets = neighbour_offsets(ndim, connectivity)
    unit_steps = np.array([1 << 2 * BITS, 1 << BITS, 1])[3 - ndim :]
    steps = offsets @ unit_steps
    index = np.int32 if n * len(steps) < 2**31 else np.int64
    indptr: NDArray[np.signedinteger[Any]] = np.zeros(n + 1, dtype=index)
    # Nodes are 32-bit numbers (see `size`). More room than is needed; pages that are never written
    # take no memory.
    indices = np.empty(n * len(steps), dtype=np.int32)
    cursors = np.zeros(len(steps), dtype=np.int64)
    for first in range(0, n, SLAB):
        monitor.report(first / n, "Linking neighbouring pixels")
        loops.link_cells(cells, steps, indptr, indices, cursors, first, min(first + SLAB, n))
    return Pixels(
        cells[:n],
        indptr,
        indices[: indptr[-1]],
        steps,
        contact_factors(offsets, spacing, connectivity),
    )


def pixel_values(
    image: NDArray[Any], mask: NDArray[np.bool_], whole: bool = False
) -> NDArray[np.float64]:
    """Return the intensities of the masked pixels, shape (n, channels), as floats.

    Raises
    ------
    ValueError
        If one of them is NaN or infinite.
    """
    channels = image.shape[-1] if image.ndim > mask.ndim else 1
    values = image if whole else image[mask]
    values = np.ascontiguousarray(values, dtype=np.float64).reshape(-1, channels)
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        checks.check_finite(image, mask)
    top = max(-low, high)
    if top > 0 and not 1e-100 < top < 1e100:
        # The squares of differences would overflow; a power of two changes no digit.
        values = np.ldexp(values, -math.frexp(top)[1])
    return values


def difference_scale(
    pixels: Pixels, values: NDArray[np.float64], monitor: Monitor | None = None
) -> float:
    """Return s: the standard deviation of the difference of intensity over the edges.

    0 if all differences are the same but for rounding: then no border stands out.
    """
    monitor = monitor or Monitor()
    n = len(pixels.cells)
    if len(pixels.indices) == 0:
        return 0.0
    count, total, squares, top = 0, 0.0, 0.0, 0.0
    # Differences from some typical one: the variance must not drown in the square of the mean.
    first_node = int(np.argmax(np.diff(pixels.indptr) > 0))
    neighbour = pixels.indices[pixels.indptr[first_node]]
    pivot = float(np.linalg.norm(values[first_node] - values[neighbour]))
    for first in range(0, n, SLAB):
        monitor.check()
        part = loops.sum_differences(
            pixels.indptr, pixels.indices, values, pivot, first, min(first + SLAB, n)
        )
        count, total, squares = count + part[0], total + part[1], squares + part[2]
        top = max(top, part[3])
    scale = math.sqrt(max(0.0, squares / count - (total / count) ** 2))
    return scale if scale > 1e-9 * top else 0.0


def pixel_graph(
    pixels: Pixels,
    values: NDArray[np.float64],
    beta: float,
    *,
    scale: float | None = None,
    dtype: type[np.floating[Any]] = np.float64,
    monitor: Monitor | None = None,
) -> Graph:
    """Weigh the edges between pixels.

    Parameters
    ----------
    pixels : Pixels
        The n nodes and their neighbours.
    values : (n, channels) ndarray of float64
        Intensities.
    beta : float
        Sensitivity to edges.
    scale : float, optional
        The scale s; the standard deviation of the differences if it is not given.
    dtype : type
        `numpy.float32` halves the memory of the weights.
    monitor : Monitor, optional
        Progress and cancelling.
    """
    monitor = monitor or Monitor()
    n = len(pixels.cells)
    if scale is None:
        scale = difference_scale(pixels, values, monitor)
    # No weight is NaN: beta is at most 1e6, values are below 1e100, and a scale above 0 is the root
    # of a number of at least 5e-324, so that the slope times a difference does not overflow.
    slope = beta / scale if scale > 0 else 0.0
    weights = np.empty(len(pixels.indices), dtype=dtype)
    volumes = np.zeros(n)
    cursors = pixels.indptr[:-1].copy()
    for first in range(0, n, SLAB):
        monitor.report(first / n, "Weighing the links between pixels")
        loops.weigh_edges(
            pixels.cells,
            pixels.indptr,
            pixels.indices,
            pixels.steps,
            pixels.contacts,
            values,
            slope,
            weights,
            volumes,
            cursors,
            first,
            min(first + SLAB, n),
        )
    return Graph(pixels.indptr, pixels.indices, weights, volumes, pixels.cells)
