"""The foreground of an image: what is brighter, or darker, than a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage import filters

from napari_ncut.core.validation import (
    flag,
    image_array,
    in_safe_range,
    shown,
    size_value,
    spacing_tuple,
)

# Li's method ends when the threshold changes by less than this part of the range of the image.
LI_STEP = 1e-6


def _li(values: NDArray[Any]) -> float:
    """Return Li's threshold.

    Of floating-point numbers scikit-image ends at half the least difference of two of them; where
    that is less than what rounding does, it never ends.
    """
    if values.dtype.kind != "f":
        return float(filters.threshold_li(values))
    values = values.astype(np.float64)
    return float(filters.threshold_li(values, tolerance=LI_STEP * np.ptp(values)))


# How a threshold is found, by the name that is passed.
METHODS = {
    "otsu": filters.threshold_otsu,
    "li": _li,
    "triangle": filters.threshold_triangle,
}
NAMES = {"otsu": "Otsu's threshold", "li": "Li's threshold", "triangle": "the triangle threshold"}


@dataclass(frozen=True)
class Automatic:
    """How a threshold is found.

    Parameters
    ----------
    method : {"otsu", "li", "triangle"}
        By which method of scikit-image.
    smoothing, window : float
        How the image is smoothed before, as in `Thresholding`.
    """

    method: str = "otsu"
    smoothing: float = 0.0
    window: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            names = ", ".join(METHODS)
            raise ValueError(f"method is {shown(self.method)}; wanted one of {names}.")
        size_value(self.smoothing, "smoothing")
        size_value(self.window, "window")

    def __str__(self) -> str:
        words = [NAMES[self.method]]
        if self.smoothing:
            words.append(f"smoothed over {self.smoothing:.6g}")
        if self.window:
            words.append(f"above the mean over {self.window:.6g}")
        return ", ".join(words)

    def found(
        self,
        image: Any,
        spacing: tuple[float, ...],
        has_channels: bool = False,
        max_pixels: int = 2**22,
    ) -> tuple[float, float, float]:
        """Return the lowest value of an image, the threshold, and the highest value.

        Of a large image only every n-th pixel along each axis is read, unless it is smoothed.

        Raises
        ------
        ValueError
            If there is no finite pixel.
        """
        shape = image.shape[:-1] if has_channels else image.shape
        if self.smoothing or self.window:
            how = Thresholding(0.0, False, self.smoothing, self.window)
            frames = np.ndindex(shape[: len(shape) - len(spacing)])
            values = np.stack(
                [how.levelled(np.asarray(image[frame]), spacing, has_channels) for frame in frames]
            )
        else:
            step = max(1, math.ceil((math.prod(shape) / max_pixels) ** (1 / len(shape))))
            sample = np.asarray(image[(slice(None, None, step),) * len(shape)])
            values = brightness(sample, has_channels)
        values = values[np.isfinite(values)]
        if values.size == 0:
            raise ValueError("The image holds no finite pixel; there is nothing to threshold.")
        if values.dtype == bool:
            values = values.astype(np.uint8)
        if values.dtype.kind in "iu" and values.dtype.itemsize > 2:
            # Of integers scikit-image counts every value between the lowest and the highest.
            values = values.astype(np.float64)
        low, high = float(values.min()), float(values.max())
        if low == high:
            return low, low, high
        values, exponent = in_safe_range(values, np.ones(values.shape, bool))
        return low, math.ldexp(float(METHODS[self.method](values)), exponent), high


@dataclass(frozen=True)
class Thresholding:
    """How the foreground is taken from an image.

    Parameters
    ----------
    threshold : float
        What is brighter than this is foreground; with ``window``, what is brighter by so much than
        the mean around it.
    dark : bool
        What is darker is.
    smoothing : float
        Standard deviation of a Gaussian that the image is smoothed with before, in the units of
        the spacing; 0 is none.
    window : float
        Standard deviation of the Gaussian mean around a pixel, in the same units; 0 is none: one
        threshold holds everywhere.
    """

    threshold: float
    dark: bool = False
    smoothing: float = 0.0
    window: float = 0.0

    def mask(
        self, image: NDArray[Any], spacing: tuple[float, ...], has_channels: bool = False
    ) -> NDArray[np.bool_]:
        """Return the foreground of an image."""
        values = self.levelled(image, spacing, has_channels)
        inside = values < self.threshold if self.dark else values > self.threshold
        return np.asarray(inside & np.isfinite(values), dtype=bool)

    def levelled(
        self, image: NDArray[Any], spacing: tuple[float, ...], has_channels: bool = False
    ) -> NDArray[Any]:
        """Return what is held against the threshold: brightness, smoothed, without the mean."""
        values = brightness(image, has_channels)
        if self.smoothing == 0.0 and self.window == 0.0:
            return values
        smooth = _smoothed(values, self.smoothing, spacing)
        return smooth - _smoothed(values, self.window, spacing) if self.window else smooth


def brightness(image: NDArray[Any], has_channels: bool) -> NDArray[Any]:
    """Return the intensities of an image, the mean over channels if there are any."""
    return image.mean(axis=-1) if has_channels else image


def _smoothed(values: NDArray[Any], sigma: float, spacing: tuple[float, ...]) -> NDArray[Any]:
    """Return the Gaussian mean of what is finite, in the units of the spacing."""
    real = values.astype(np.result_type(values.dtype, np.float32), copy=False)
    if sigma == 0.0:
        return real
    # Beyond its longest side nothing of an image is left but its mean.
    widest = float(max(real.shape))
    sigmas = [min(sigma / size, widest) for size in spacing]
    known = np.isfinite(real)
    if known.all():
        return np.asarray(ndimage.gaussian_filter(real, sigmas, mode="nearest"))
    sums = ndimage.gaussian_filter(np.where(known, real, 0), sigmas, mode="nearest")
    weights = ndimage.gaussian_filter(known.astype(real.dtype), sigmas, mode="nearest")
    return np.where(known, sums / np.maximum(weights, np.finfo(real.dtype).tiny), np.nan)


def foreground(
    image: ArrayLike,
    *,
    method: str = "otsu",
    dark: bool = False,
    smoothing: float = 0.0,
    window: float = 0.0,
    spacing: float | tuple[float, ...] | None = None,
    channel_axis: int | None = None,
) -> NDArray[np.bool_]:
    """Return the mask of what is bright, or dark, in an image.

    Parameters
    ----------
    image : array_like, shape (ny, nx) or (nz, ny, nx)
        Intensities, plus a channel axis if there is one; channels count by their mean.
    method : {"otsu", "li", "triangle"}
        How the threshold is found: those of scikit-image.
    dark : bool
        The objects are darker than the background.
    smoothing : float
        Standard deviation of a Gaussian that the image is smoothed with before, in the units of
        ``spacing``.
    window : float
        If it is not 0: a pixel is held against the Gaussian mean around it, of this standard
        deviation, so that an uneven background does not matter. Take some diameters of an object.
    spacing : float or sequence of float, optional
        Pixel size along the axes; 1 by default.
    channel_axis : int, optional
        Axis of ``image`` that holds the channels.

    Returns
    -------
    ndarray of bool
        In the shape of the image without its channels.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import napari_ncut
    >>> from napari_ncut.scenes import circles
    >>> scene = circles(4)
    >>> mask = napari_ncut.foreground(scene.image, smoothing=1.0)
    >>> bool((mask == scene.mask).mean() > 0.97)
    True
    """
    array = image_array(image, channel_axis)
    has_channels = channel_axis is not None
    sizes = spacing_tuple(spacing, array.ndim - has_channels)
    automatic = Automatic(method, smoothing, window)
    _, threshold, _ = automatic.found(array, sizes, has_channels)
    return Thresholding(threshold, flag(dark, "dark"), smoothing, window).mask(
        array, sizes, has_channels
    )
