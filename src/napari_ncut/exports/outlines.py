"""Outlines of objects along the edges of their pixels, so that they hold these pixels exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# A ring of corners (x, y) in pixels, the first one not repeated; pixel (0, 0) is the square from
# (0, 0) to (1, 1).
Ring = NDArray[np.int64]
# Of a piece: its outer ring, then those of its holes.
Piece = list[Ring]


def outlines(plane: NDArray[np.integer]) -> Iterator[tuple[int, list[Piece]]]:
    """Yield each label of a plane with the outlines of its pieces, labels in ascending order.

    Parameters
    ----------
    plane : ndarray of int, shape (ny, nx)
        0 is background.

    Yields
    ------
    label : int
        The label.
    pieces : list of list of ndarray of int, shape (n, 2)
        Pixels that share an edge are of one piece.

    Examples
    --------
    >>> import numpy as np
    >>> ((label, pieces),) = outlines(np.array([[0, 3, 3]]))
    >>> label, pieces[0][0].tolist()
    (3, [[1, 0], [3, 0], [3, 1], [1, 1]])
    """
    values, counted = np.unique(plane, return_inverse=True)
    counted = counted.reshape(plane.shape)
    if values[0] != 0:
        values, counted = np.concatenate([[0], values]), counted + 1
    for number, box in enumerate(ndimage.find_objects(counted), 1):
        mask = counted[box] == number
        corner = np.array([box[1].start, box[0].start])
        pieces, n = ndimage.label(mask)
        yield int(values[number]), [outline(pieces == k, corner) for k in range(1, n + 1)]


def outline(piece: NDArray[np.bool_], corner: NDArray[np.integer]) -> Piece:
    """Return the rings of a piece, the outer one first: it runs clockwise as seen, holes against.

    Parameters
    ----------
    piece : ndarray of bool, shape (ny, nx)
        Pixels that are connected over their edges.
    corner : ndarray of int, shape (2,)
        x and y of the first pixel.
    """
    padded = np.pad(piece, 1)
    # Edges with the piece on their right, from a corner to the next.
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for (dy, dx), (start, end) in {
        (-1, 0): ((0, 0), (1, 0)),
        (0, 1): ((1, 0), (1, 1)),
        (1, 0): ((1, 1), (0, 1)),
        (0, -1): ((0, 1), (0, 0)),
    }.items():
        beside = np.roll(padded, (-dy, -dx), axis=(0, 1))
        y, x = np.nonzero(padded & ~beside)
        for at_y, at_x in zip((y - 1).tolist(), (x - 1).tolist(), strict=True):
            first = (at_x + start[0], at_y + start[1])
            edges.setdefault(first, []).append((at_x + end[0], at_y + end[1]))
    rings = []
    while edges:
        rings.append(_ring(edges) + corner)
    # The outer ring is the one that encloses the most.
    rings.sort(key=lambda ring: -abs(_enclosed(ring)))
    return rings


def _ring(edges: dict[tuple[int, int], list[tuple[int, int]]]) -> Ring:
    """Take a ring out of the edges, without corners that are none."""
    first = min(edges)
    at, before = first, (0, 0)
    ring: list[tuple[int, int]] = []
    while True:
        ends = edges[at]
        if len(ends) > 1:
            # Where two pixels meet at a corner, the ring turns right and stays with its own pixel.
            ends.sort(key=lambda end: _turn(before, (end[0] - at[0], end[1] - at[1])))
        after = ends.pop()
        if not ends:
            del edges[at]
        step = (after[0] - at[0], after[1] - at[1])
        if step != before:
            ring.append(at)
        at, before = after, step
        if at == first:
            break
    if len(ring) > 1 and _turn(before, (ring[1][0] - ring[0][0], ring[1][1] - ring[0][1])) == 0:
        ring.pop(0)
    return np.array(ring)


def _turn(before: tuple[int, int], after: tuple[int, int]) -> int:
    """Return whether a step turns right (above 0) as seen on the screen, or left."""
    cross = before[0] * after[1] - before[1] * after[0]
    return (cross > 0) - (cross < 0)


def _enclosed(ring: Ring) -> float:
    """Return the area in a ring, above 0 if it runs clockwise as seen on the screen."""
    x, y = ring.T
    return float(0.5 * (x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
