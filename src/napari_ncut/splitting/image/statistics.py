"""What is known of an image as a whole, before any of its objects is looked at."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import real
from napari_ncut.splitting.grid import UNITS_PER_PIXEL, Grid, Volume
from napari_ncut.splitting.image.ridges import ridges
from napari_ncut.splitting.parameters import SplitParameters


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


def statistics_of(
    channels: NDArray[Any],
    labels: Volume,
    width: NDArray[np.int32],
    grid: Grid,
    parameters: SplitParameters,
    monitor: Monitor,
) -> ImageStatistics:
    """Return the statistics of an image, from what lies in its foreground.

    Parameters
    ----------
    channels : ndarray, shape (nz, ny, nx, n_channels)
        Intensities.
    labels : ndarray of int32, shape (nz, ny, nx)
        0 is background.
    width : ndarray of int32, shape (nz, ny, nx)
        Half-width.
    grid : Grid
        Pixels and neighbours.
    parameters : SplitParameters
        Tuned numbers.
    monitor : Monitor
        Checks for cancellation.
    """
    mask = labels > 0
    inside = channels[mask].astype(np.float64)
    monitor.check()
    direction = _direction(inside, width[mask], parameters)
    is_told = direction is not None
    if direction is None:
        direction = np.full(channels.shape[-1], channels.shape[-1] ** -0.5)
    grey = inside @ direction
    mean = float(grey.mean()) if len(grey) else 0.0
    deviation = float(grey.std()) if len(grey) else 0.0
    if deviation <= 1e-6 * max(float(np.abs(grey).max(initial=0.0)), 1e-30):
        deviation = 0.0
    found = ImageStatistics(tuple(map(float, direction)), mean, deviation)
    if deviation > 0.0 and not is_told:
        standard = standardised(channels, labels, found, monitor)
        ridge = ridges(standard, labels, grid, parameters, monitor)[mask].astype(np.float64)
        ridge -= ridge.mean()
        if (ridge**3).mean() < -parameters.skewness * (ridge**2).mean() ** 1.5:
            found = replace(found, bright_ridges=True)
    return found


def standardised(
    channels: NDArray[Any], labels: Volume, statistics: ImageStatistics, monitor: Monitor
) -> NDArray[np.float32]:
    """Return the image as one channel with bright objects, in standard deviations of them.

    Lines between objects are dark in it. Arguments as in `statistics_of`; the result has the shape
    of ``labels``, and is 0 in the background.
    """
    mask = labels > 0
    result = np.zeros(labels.shape, np.float32)
    grey = channels[mask].astype(np.float64) @ np.array(statistics.direction)
    monitor.check()
    result[mask] = (grey - statistics.mean) / statistics.deviation
    if statistics.bright_ridges:
        np.negative(result, out=result)
    return result


def _direction(
    inside: NDArray[np.float64], width: NDArray[np.int32], parameters: SplitParameters
) -> NDArray[np.float64] | None:
    """Return how to add up the channels so that objects are brighter than at their rim.

    Nothing outside the foreground is asked: there may be anything. A vector of length 1, or None
    where there is no rim, or hardly a difference.

    Parameters
    ----------
    inside : ndarray of float64, shape (n, n_channels)
        Intensities in the foreground.
    width : ndarray of int32, shape (n,)
        Half-width there.
    parameters : SplitParameters
        Tuned numbers.
    """
    rim = width <= parameters.rim * UNITS_PER_PIXEL
    deep = width > width.mean() if len(width) else rim
    if not (rim.any() and deep.any()):
        return None
    difference = inside[deep].mean(axis=0) - inside[rim].mean(axis=0)
    size = float(np.linalg.norm(difference))
    if size == 0.0:
        return None
    direction = np.asarray(difference / size)
    # No difference that chance makes, nor one that a line through flat objects does.
    chance = math.sqrt(1 / rim.sum() + 1 / deep.sum())
    least = max(parameters.rim_difference, parameters.certainty * chance)
    return direction if size > least * (inside @ direction).std() else None
