"""Half-width: how far each pixel is from the edge of its label, in physical units.

The exact Euclidean distance transform of a label image, one axis after the other [1]_: a run of
equal labels along a line is bounded by the pixel before and the pixel after it, so that all labels
are measured in one pass and none sees another. The border of the image is not an edge: an object
that it cuts off is as wide there as it looks.

References
----------
.. [1] P. F. Felzenszwalb and D. P. Huttenlocher (2012). Distance transforms of sampled functions.
       Theory of Computing 8, 415-428.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks

Volume = NDArray[np.int32]
Spacing = tuple[float, float, float]

# The half-width is smoothed over this share of itself, within bounds in pixels: less leaves the
# steps of the pixels in it, more blurs the necks.
SMOOTHING = 0.08
FINEST, COARSEST = 0.7, 1.4


def half_width(
    labels: Volume, squared: NDArray[np.float32], spacing: Spacing, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the smoothed distance of each pixel to the edge of its label.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    squared : ndarray of float32, shape (nz, ny, nx)
        Squared distance to the edge, as `squared_distance` gives it.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Half-width in the units of ``spacing``, 0 in the background.
    """
    width = np.sqrt(squared)
    pixel = _pixel(labels.shape, spacing)
    fine = smoothed(width, labels, FINEST * pixel, spacing, monitor)
    coarse = smoothed(width, labels, COARSEST * pixel, spacing, monitor)
    wide, narrow = (COARSEST * pixel) ** 2, (FINEST * pixel) ** 2
    flat = width.reshape(-1), fine.reshape(-1), coarse.reshape(-1)
    map_chunks(partial(_blend, *flat, SMOOTHING, narrow, wide), labels.size, 1, monitor)
    return fine


def smoothing_reach(shape: tuple[int, ...], spacing: Spacing) -> tuple[int, ...]:
    """Return how many pixels beyond an object its half-width looks, along the axes."""
    sigma = COARSEST * _pixel(shape, spacing)
    return tuple(_reach(sigma / size) + 1 for size in spacing)


def _pixel(shape: tuple[int, ...], spacing: Spacing) -> float:
    """Side of the square or cube that is as large as a pixel."""
    return math.sqrt(spacing[1] * spacing[2]) if shape[0] == 1 else math.prod(spacing) ** (1 / 3)


def squared_distance(labels: Volume, spacing: Spacing, monitor: Monitor) -> NDArray[np.float32]:
    """Return the squared distance of each pixel to the nearest pixel of another label.

    Parameters
    ----------
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background, whose distance is 0.
    spacing : (float, float, float)
        Pixel size along the axes.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx)
        Squared distance between pixel centres; the image's diagonal where a label fills the
        image: it has no necks, and any width will do.
    """
    nz, ny, nx = labels.shape
    result = np.empty(labels.shape, np.float32)
    rows = labels.reshape(nz * ny, nx), result.reshape(nz * ny, nx)
    map_chunks(lambda a, b: _along_rows(*rows, spacing[2], a, b), nz * ny, nx, monitor)
    if ny > 1:
        map_chunks(
            lambda a, b: _along_middle(labels, result, spacing[1], a, b), nz * nx, 2 * ny, monitor
        )
    if nz > 1:
        planes = labels.reshape(1, nz, ny * nx), result.reshape(1, nz, ny * nx)
        map_chunks(lambda a, b: _along_middle(*planes, spacing[0], a, b), ny * nx, 2 * nz, monitor)
    diagonal = sum((n * size) ** 2 for n, size in zip(labels.shape, spacing, strict=True))
    np.minimum(result, np.float32(diagonal), out=result)
    return result


def smoothed(
    values: NDArray[np.float32], labels: Volume, sigma: float, spacing: Spacing, monitor: Monitor
) -> NDArray[np.float32]:
    """Return ``values`` after a Gaussian filter that takes other labels for 0.

    The image goes on mirrored beyond its border; ``sigma`` is in physical units.
    """
    nz, ny, nx = shape = labels.shape
    result = values
    for axis, seen_as in enumerate(((1, nz, ny * nx), (nz, ny, nx), (nz * ny, nx, 1))):
        weights = _gaussian(sigma / spacing[axis], shape[axis])
        if len(weights) == 1:
            continue
        source, result = result, np.empty_like(values)
        arrays = labels.reshape(seen_as), source.reshape(seen_as), result.reshape(seen_as)
        loop = _filter_rows if axis == 2 else _filter_middle
        rows = nz * ny if axis == 2 else seen_as[0] * seen_as[1]
        map_chunks(
            partial(loop, *arrays, weights), rows, labels.size / rows * len(weights), monitor
        )
    return result if result is not values else values.copy()


def _reach(sigma: float) -> int:
    """Pixels from the middle of a Gaussian to its end."""
    return int(3 * sigma + 0.5)


def _gaussian(sigma: float, n: int) -> NDArray[np.float32]:
    """Weights of a Gaussian at the whole numbers from 0 to three sigmas, less than the axis."""
    reach = min(_reach(sigma), n - 1)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma, 1e-9)) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    return weights.astype(np.float32)


@compiled
def _along_rows(
    labels: NDArray[np.int32], distance: NDArray[np.float32], size: float, start: int, stop: int
) -> None:
    """Squared distance along the rows to the end of the run of equal labels."""
    n = labels.shape[1]
    for row in range(start, stop):
        first = 0
        while first < n:
            label = labels[row, first]
            end = first + 1
            while end < n and labels[row, end] == label:
                end += 1
            for x in range(first, end):
                steps = np.inf
                if label == 0:
                    steps = 0.0
                if first > 0:
                    steps = min(steps, x - first + 1.0)
                if end < n:
                    steps = min(steps, float(end - x))
                distance[row, x] = (steps * size) ** 2
            first = end


@compiled
def _along_middle(
    labels: NDArray[np.int32], distance: NDArray[np.float32], size: float, start: int, stop: int
) -> None:
    """Lower envelope of the parabolas of each run of equal labels, along the middle axis."""
    n, width = labels.shape[1], labels.shape[2]
    centre = np.empty(n + 2, np.int64)
    height = np.empty(n + 2, np.float64)
    begin = np.empty(n + 3, np.float64)
    for line in range(start, stop):
        i, x = line // width, line % width
        first = 0
        while first < n:
            label = labels[i, first, x]
            end = first + 1
            while end < n and labels[i, end, x] == label:
                end += 1
            k = -1
            # The pixels beside the run are edges; beyond the border of the image there are none.
            for y in range(max(first - 1, 0), min(end + 1, n)):
                if label == 0:
                    break
                value = 0.0
                if first <= y < end:
                    value = distance[i, y, x] / size**2
                if value == np.inf:
                    continue
                bound = -np.inf
                while k >= 0:
                    c = centre[k]
                    bound = (value + y * y - height[k] - c * c) / (2.0 * (y - c))
                    if bound > begin[k]:
                        break
                    k -= 1
                    bound = -np.inf
                k += 1
                centre[k], height[k], begin[k] = y, value, bound
            if k >= 0:
                begin[k + 1] = np.inf
                lowest = 0
                for y in range(first, end):
                    while begin[lowest + 1] < y:
                        lowest += 1
                    distance[i, y, x] = ((y - centre[lowest]) ** 2 + height[lowest]) * size**2
            first = end


@compiled
def _filter_rows(
    labels: NDArray[np.int32],
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    weights: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Weighted sums along the middle axis of arrays of shape (rows, n, 1)."""
    n = labels.shape[1]
    for row in range(start, stop):
        for x in range(n):
            label = labels[row, x, 0]
            total = weights[0] * source[row, x, 0]
            if label != 0:
                for k in range(1, len(weights)):
                    left, right = x - k, x + k
                    if left < 0:
                        left = -left - 1
                    if right >= n:
                        right = 2 * n - 1 - right
                    if labels[row, left, 0] == label:
                        total += weights[k] * source[row, left, 0]
                    if labels[row, right, 0] == label:
                        total += weights[k] * source[row, right, 0]
            target[row, x, 0] = total


@compiled
def _filter_middle(
    labels: NDArray[np.int32],
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    weights: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Weighted sums along the middle axis of arrays of shape (blocks, n, width)."""
    n, width = labels.shape[1], labels.shape[2]
    for row in range(start, stop):
        i, y = row // n, row % n
        for x in range(width):
            target[i, y, x] = weights[0] * source[i, y, x]
        for k in range(1, len(weights)):
            above, below = y - k, y + k
            if above < 0:
                above = -above - 1
            if below >= n:
                below = 2 * n - 1 - below
            for x in range(width):
                label = labels[i, y, x]
                total = np.float32(0.0)
                if labels[i, above, x] == label:
                    total += source[i, above, x]
                if labels[i, below, x] == label:
                    total += source[i, below, x]
                target[i, y, x] += weights[k] * total


@compiled
def _blend(
    width: NDArray[np.float32],
    fine: NDArray[np.float32],
    coarse: NDArray[np.float32],
    share: float,
    narrow: float,
    wide: float,
    start: int,
    stop: int,
) -> None:
    """Turn ``fine`` into ``coarse`` where the width asks for more smoothing (in variances)."""
    for i in range(start, stop):
        part = ((share * width[i]) ** 2 - narrow) / (wide - narrow)
        part = min(max(part, 0.0), 1.0)
        fine[i] += np.float32(part) * (coarse[i] - fine[i])
