"""What is known of an image as a whole, before any of its objects is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial, reduce
from operator import add, mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks
from napari_ncut.core.validation import greatest, real
from napari_ncut.splitting.grid import UNITS_PER_PIXEL, Grid, Volume
from napari_ncut.splitting.image.ridges import ridges
from napari_ncut.splitting.parameters import SplitParameters

# Intensities are whole numbers of this many bits, of two halves.
BITS = 26
HALF = 1 << 13
# Ridges are whole numbers of this share of a standard deviation, up to so many.
RIDGE_PARTS, RIDGE_LIMIT = 256, 64.0
# Standardising a pixel takes the time of so many steps of a plain loop.
STANDARDISING = 4


@dataclass(frozen=True)
class ImageStatistics:
    """The statistics of an image that a split depends on: explicit, and computed once.

    A crop, a block or a frame that is split with the statistics of the whole gets the labels of
    the whole. They are kept in the recipe of a result.

    Parameters
    ----------
    direction : tuple of float
        How the channels add up to one in which objects are brighter than their rim.
    mean, deviation : float
        Mean and standard deviation of that one over the foreground; a deviation of 0 is an image
        that tells nothing.
    bright_ridges : bool
        Whether the lines between objects are bright: told where the rim of the objects does not
        tell, as in blocks of cells with stained membranes and no background.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut import scenes
    >>> scene = scenes.circles(4)
    >>> whole = napari_ncut.image_statistics(scene.image, scene.mask)
    >>> crop = slice(0, 60), slice(0, 60)
    >>> labels = napari_ncut.split_touching(scene.mask[crop], scene.image[crop], statistics=whole)
    """

    direction: tuple[float, ...]
    mean: float
    deviation: float
    bright_ridges: bool = False

    def __post_init__(self) -> None:
        direction = tuple(real(value, "direction", -1.0, 1.0) for value in self.direction)
        object.__setattr__(self, "direction", direction)
        real(self.mean, "mean", -1.7e308, 1.7e308)
        real(self.deviation, "deviation")

    def divided(self, exponent: int) -> ImageStatistics:
        """Return the statistics of the image that is divided by a power of two."""
        mean, deviation = np.ldexp([self.mean, self.deviation], -exponent).tolist()
        return replace(self, mean=mean, deviation=deviation)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, for JSON."""
        return asdict(self) | {"direction": list(self.direction)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ImageStatistics:
        """Return the statistics that `to_dict` gave.

        Raises
        ------
        TypeError, ValueError
            If the data are not such statistics.
        """
        try:
            return cls(
                tuple(data["direction"]),
                data["mean"],
                data["deviation"],
                bool(data["bright_ridges"]),
            )
        except KeyError as error:
            raise ValueError(f"The statistics of the image lack {error}.") from None


@dataclass(frozen=True)
class Seen:
    """A part of an image in which no label encloses another one.

    Parameters
    ----------
    channels : ndarray, shape (nz, ny, nx, n_channels)
        Intensities, divided by a power of two.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    gain : int
        Exponent of the power of two.
    """

    channels: NDArray[Any]
    labels: Volume
    width: NDArray[np.int32]
    gain: int = 0

    def largest(self, monitor: Monitor) -> float:
        """Return the greatest intensity in the foreground, whatever its sign."""
        labels = self.labels.reshape(-1)
        channels = self.channels.reshape(len(labels), -1)

        def work(start: int, stop: int) -> float:
            return greatest(channels[start:stop][labels[start:stop] > 0])

        found = max(map_chunks(work, len(labels), 1, monitor), default=0.0)
        return float(np.ldexp(found, self.gain))


@dataclass(frozen=True)
class Sums:
    """Sums over the foreground of an image: those of its parts add up to those of the whole.

    Intensities are whole numbers of a share of the greatest one, so that no sum is rounded, and
    none depends on the order.

    Parameters
    ----------
    largest : float
        The greatest intensity of the whole image, whatever its sign.
    count : ndarray of int64, shape (k,)
        Pixels of each half-width.
    total : ndarray of int64, shape (k, n_channels)
        Sum of their intensities.
    products : ndarray of int, shape (n_channels, n_channels)
        Sum of the products of any two channels, in whole numbers of any length.
    """

    largest: float
    count: NDArray[np.int64]
    total: NDArray[np.int64]
    products: NDArray[Any]

    def __add__(self, other: Sums) -> Sums:
        long, short = (self, other) if len(self.count) >= len(other.count) else (other, self)
        count, total = long.count.copy(), long.total.copy()
        count[: len(short.count)] += short.count
        total[: len(short.total)] += short.total
        return Sums(self.largest, count, total, self.products + other.products)


@dataclass(frozen=True)
class RidgeSums:
    """Sums over the ridges of an image, in whole numbers, as in `Sums`.

    Parameters
    ----------
    moments : tuple of int
        Sums of the powers of 0, 1, 2 and 3.
    """

    moments: tuple[int, int, int, int] = (0, 0, 0, 0)

    def __add__(self, other: RidgeSums) -> RidgeSums:
        n, first, second, third = map(sum, zip(self.moments, other.moments, strict=True))
        return RidgeSums((n, first, second, third))

    def skewness(self) -> float:
        """Return the third moment in units of the deviation; 0 if there is none."""
        n, first, second, third = self.moments
        # n times the variance, and its like, in whole numbers.
        square = n * second - first**2
        cube = n * n * third - 3 * n * first * second + 2 * first**3
        return cube / float(square) ** 1.5 if square else 0.0


def statistics_of(
    image: Sequence[Seen], grid: Grid, parameters: SplitParameters, monitor: Monitor
) -> ImageStatistics:
    """Return the statistics of an image, from what lies in its foreground.

    Parameters
    ----------
    image : sequence of Seen
        The parts of the image.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    largest = max(part.largest(monitor) for part in image)
    sums = reduce(add, (sums_of(part, largest, monitor) for part in image))
    found, is_told = statistics_from(sums, parameters)
    if is_told or found.deviation == 0.0:
        return found
    return with_ridges(
        found,
        reduce(add, (ridge_sums_of(part, found, grid, parameters, monitor) for part in image)),
        parameters,
    )


def sums_of(part: Seen, largest: float, monitor: Monitor) -> Sums:
    """Return the sums over a part of an image, whose greatest intensity is ``largest``."""
    n = part.channels.shape[-1]
    shift = float(np.ldexp(1.0, BITS - math.frexp(largest)[1] + part.gain))
    flat = part.labels.reshape(-1), part.channels.reshape(-1, n), part.width.reshape(-1)
    work = partial(_sums, *flat, shift, largest)
    none = Sums(largest, np.zeros(1, np.int64), np.zeros((1, n), np.int64), _integers((n, n)))
    return reduce(add, map_chunks(work, part.labels.size, 1, monitor), none)


def _sums(
    labels: NDArray[np.int32],
    channels: NDArray[Any],
    width: NDArray[np.int32],
    shift: float,
    largest: float,
    start: int,
    stop: int,
) -> Sums:
    """Return the sums over some pixels, fewer than 2**26."""
    inside = labels[start:stop] > 0
    wide = width[start:stop][inside]
    values = np.rint(channels[start:stop][inside].astype(np.float64) * shift)
    count = np.bincount(wide, minlength=1)
    total = [np.bincount(wide, column, minlength=1).astype(np.int64) for column in values.T]
    # Each is of two parts, whose products add up to less than 2**53.
    high = np.rint(values / HALF)
    both = np.concatenate([high, values - high * HALF], axis=1)
    products = (both.T @ both).astype(np.int64).astype(object)
    n = values.shape[1]
    mixed = products[:n, n:] + products[n:, :n]
    return Sums(
        largest,
        count,
        np.stack(total, axis=1),
        products[:n, :n] * HALF**2 + mixed * HALF + products[n:, n:],
    )


def _integers(shape: tuple[int, ...]) -> NDArray[Any]:
    """Return zeros that are whole numbers of any length."""
    return np.zeros(shape, np.int64).astype(object)


def statistics_from(sums: Sums, parameters: SplitParameters) -> tuple[ImageStatistics, bool]:
    """Return the statistics of an image, and whether its objects tell on which side they are."""
    n, first = int(sums.count.sum()), sums.total.sum(axis=0)
    n_channels = len(first)
    plain = np.full(n_channels, n_channels**-0.5)
    if n == 0:
        return ImageStatistics(tuple(map(float, plain)), 0.0, 0.0), False
    first = first.astype(object)
    covariance = ((n * sums.products - np.outer(first, first)) / (n * n)).astype(np.float64)
    direction = _direction(sums, covariance, parameters)
    is_told = direction is not None
    if direction is None:
        direction = plain
    unit = math.frexp(sums.largest)[1] - BITS
    mean = float(np.ldexp((first / n).astype(np.float64) @ direction, unit))
    deviation = float(np.ldexp(_deviation(covariance, direction), unit))
    if deviation <= 1e-6 * sums.largest:
        deviation = 0.0
    return ImageStatistics(tuple(map(float, direction)), mean, deviation), is_told


def ridge_sums_of(
    part: Seen,
    statistics: ImageStatistics,
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> RidgeSums:
    """Return the sums over the ridges of a part of an image."""
    grey = standardised(part.channels, part.labels, statistics.divided(part.gain), monitor)
    found = ridges(grey, part.labels, grid, parameters, monitor)
    flat = part.labels.reshape(-1), found.reshape(-1)

    def work(start: int, stop: int) -> RidgeSums:
        values = flat[1][start:stop][flat[0][start:stop] > 0].astype(np.float64)
        whole = np.rint(np.clip(values, -RIDGE_LIMIT, RIDGE_LIMIT) * RIDGE_PARTS).astype(np.int64)
        powers = (len(whole), whole.sum(), (whole**2).sum(), (whole**3).sum())
        n, first, second, third = map(int, powers)
        return RidgeSums((n, first, second, third))

    return reduce(add, map_chunks(work, part.labels.size, 1, monitor), RidgeSums())


def with_ridges(
    statistics: ImageStatistics, sums: RidgeSums, parameters: SplitParameters
) -> ImageStatistics:
    """Return the statistics with what the ridges tell where the objects do not."""
    return replace(statistics, bright_ridges=sums.skewness() < -parameters.skewness)


def standardised(
    channels: NDArray[Any], labels: Volume, statistics: ImageStatistics, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the image as one channel with bright objects, in standard deviations of them.

    Lines between objects are dark in it. Arguments as in `statistics_of`; the result has the shape
    of ``labels``, and is 0 in the background.
    """
    sign = -1.0 if statistics.bright_ridges else 1.0
    result = np.zeros(labels.shape, np.float32)
    flat = labels.reshape(-1), channels.reshape(labels.size, -1), result.reshape(-1)

    def work(start: int, stop: int) -> None:
        inside = flat[0][start:stop] > 0
        columns = flat[1][start:stop][inside].astype(np.float64).T
        # One after the other: how a product of matrices rounds depends on their sizes.
        grey = sum(map(mul, columns, statistics.direction), np.float64(0.0))
        flat[2][start:stop][inside] = sign * (grey - statistics.mean) / statistics.deviation

    map_chunks(work, labels.size, STANDARDISING, monitor)
    return result


def _direction(
    sums: Sums, covariance: NDArray[np.float64], parameters: SplitParameters
) -> NDArray[np.float64] | None:
    """Return how to add up the channels so that objects are brighter than at their rim.

    Nothing outside the foreground is asked: there may be anything. A vector of length 1, or None
    where there is no rim, or hardly a difference.

    Parameters
    ----------
    sums : Sums
        Over the foreground.
    covariance : ndarray of float64, shape (n_channels, n_channels)
        Of the channels there.
    parameters : SplitParameters
        Tuned numbers.
    """
    width = np.arange(len(sums.count))
    rim = width <= parameters.rim * UNITS_PER_PIXEL
    deep = width * int(sums.count.sum()) > int((width * sums.count).sum())
    at_rim, in_depth = int(sums.count[rim].sum()), int(sums.count[deep].sum())
    if not (at_rim and in_depth):
        return None
    difference = sums.total[deep].sum(axis=0) / in_depth - sums.total[rim].sum(axis=0) / at_rim
    size = float(np.linalg.norm(difference))
    if size == 0.0:
        return None
    direction = np.asarray(difference / size)
    # No difference that chance makes, nor one that a line through flat objects does.
    chance = math.sqrt(1 / at_rim + 1 / in_depth)
    least = max(parameters.rim_difference, parameters.certainty * chance)
    return direction if size > least * _deviation(covariance, direction) else None


def _deviation(covariance: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """Return the standard deviation of the channels as they add up."""
    return math.sqrt(max(float(direction @ covariance @ direction), 0.0))
