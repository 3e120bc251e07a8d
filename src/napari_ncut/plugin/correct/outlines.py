"""Where parts end, as lines in a plane and as surfaces in a volume, to be drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A surface is drawn from so many voxels and faces at most, coarser if there are more.
MOST_VOXELS = 1_000_000
MOST_FACES = 40_000
# The corners of a face, in order, along the two axes that it spans.
CORNERS = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])


class Surface(NamedTuple):
    """Faces of voxels; m corners, n faces, k edges.

    Parameters
    ----------
    corners : ndarray of float32, shape (m, 3)
        Where they are; the middle of a voxel is at whole numbers.
    faces : ndarray of int64, shape (n, 4)
        The corners of each face, in order.
    axis : ndarray of int64, shape (n,)
        The axis that each face stands across.
    rim : ndarray of int64, shape (k, 2)
        The edges where the surface ends, by their corners.
    """

    corners: NDArray[np.float32]
    faces: NDArray[np.int64]
    axis: NDArray[np.int64]
    rim: NDArray[np.int64]


def borders(plane: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the edges between pixels of different parts, two ends (row, column) an edge.

    Examples
    --------
    >>> import numpy as np
    >>> borders(np.array([[1, 2], [0, 2]], np.int32))
    array([[0, 1],
           [1, 1]])
    """
    segments = []
    for axis in (0, 1):
        a, b = (plane[1:], plane[:-1]) if axis == 0 else (plane[:, 1:], plane[:, :-1])
        start = np.argwhere((a != b) & (a > 0) & (b > 0))
        start[:, axis] += 1
        end = start.copy()
        end[:, 1 - axis] += 1
        segments.append(np.stack([start, end], axis=1).reshape(-1, 2))
    return np.concatenate(segments)


def outline(plane: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the edges around all that is not 0, as `borders` does."""
    return borders(1 + np.pad(plane > 0, 1).astype(np.int32)) - 1


def cut_surface(parts: NDArray[np.int32]) -> Surface:
    """Return the faces between voxels of different parts; 0 is no part."""
    return _coarse_surface(parts, closed=False)


def hull_surface(parts: NDArray[np.int32]) -> Surface:
    """Return the faces around all that is not 0."""
    return _coarse_surface((parts > 0).astype(np.int32), closed=True)


def stripes(points: NDArray[Any], extent: int) -> NDArray[np.bool_]:
    """Tell which points, shape (..., ndim), lie in the dark stripes of a hatched object.

    Parameters
    ----------
    points : ndarray
        In pixels.
    extent : int
        How large the object is: some stripes fit into it, whatever its size.
    """
    wide = max(extent // 12, 1)
    dark: NDArray[np.bool_] = np.floor(points.sum(axis=-1) / wide).astype(np.int64) % 2 == 0
    return dark


def _coarse_surface(parts: NDArray[np.int32], *, closed: bool) -> Surface:
    step = 1
    while parts.size > MOST_VOXELS * step**3:
        step += 1
    while True:
        coarse = parts[(slice(None, None, step),) * 3]
        found = _surface(np.pad(coarse, 1) if closed else coarse, closed=closed)
        if len(found.faces) <= MOST_FACES:
            break
        step += 1
    corners = (found.corners - (1 if closed else 0)) * step
    return Surface(corners.astype(np.float32), found.faces, found.axis, found.rim)


def _surface(parts: NDArray[np.int32], *, closed: bool) -> Surface:
    """Return the faces between different parts, of which 0 is one only if the surface is closed."""
    least = -1 if closed else 0
    ends, axes = [], []
    for axis in range(3):
        lower, upper = np.moveaxis(parts, axis, 0)[:-1], np.moveaxis(parts, axis, 0)[1:]
        differ = (lower != upper) & (lower > least) & (upper > least)
        after = np.argwhere(np.moveaxis(differ, 0, axis))
        after[:, axis] += 1
        quad = np.repeat(after[:, np.newaxis], 4, axis=1)
        quad[..., [other for other in range(3) if other != axis]] += CORNERS
        ends.append(quad)
        axes.append(np.full(len(quad), axis))
    quads = np.concatenate(ends)
    sides = np.array(parts.shape) + 1
    flat, number = np.unique(
        np.ravel_multi_index(quads.reshape(-1, 3).T, sides), return_inverse=True
    )
    faces = number.reshape(-1, 4)
    edges = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    edge, count = np.unique(edges[:, 0] * len(flat) + edges[:, 1], return_counts=True)
    single = edge[count == 1]
    corners = np.stack(np.unravel_index(flat, sides), axis=1) - 0.5
    rim = np.stack([single // max(len(flat), 1), single % max(len(flat), 1)], axis=1)
    return Surface(corners.astype(np.float32), faces, np.concatenate(axes), rim)
