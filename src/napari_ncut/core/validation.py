"""What the public functions accept: arrays in, clean arrays out, or an error a person can act on.

Every message says what was given, what was wanted and what to do. Numbers have the same limits in
all public functions: within them no square, product or sum of the methods overflows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Number
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Every difference of intensity is a wall long before; the form ends at 1000.
HIGHEST_BETA = 1e6
# Between an atom in kilometres and a kilometre in atoms.
SMALLEST_PIXEL, LARGEST_PIXEL = 1e-12, 1e12
# The longest side of a pixel over its shortest.
MOST_OBLONG = 1e6
# Areas and volumes: a billion pixels of the largest kind.
LARGEST_SIZE = 1e45
HIGHEST_LABEL = 2**31 - 1
HIGHEST_SEED = 2**32 - 1
# Intensities between these have squares, and sums of squares, in single precision.
FAINTEST, BRIGHTEST = 1e-12, 1e12
# Of every so many rows one is looked at first.
STEP = 16
# Beside such intensities, what is beyond this is no intensity but a mark for "no data".
NO_DATA = 1e100
# Integers up to this one are exact as floating-point numbers.
EXACT = 2**53


def as_array(data: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``data`` as a numeric array in native byte order; dask and zarr arrays are read.

    Raises
    ------
    TypeError
        If it is a path or None, is complex, or holds objects or text.
    ValueError
        If it is a number, or has no axes or no elements.
    """
    check_is_array(data, name)
    array = np.asarray(data)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {array.dtype}; wanted booleans, integers or real numbers. "
            f"Convert it first, for example with np.asarray({name}, dtype=float)."
        )
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}; wanted an array with at least one pixel."
        )
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return _double(array, name)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def check_is_array(data: Any, name: str) -> None:
    """Raise for what a person easily passes in the place of an array.

    Raises
    ------
    TypeError
        If it is a path, or None.
    ValueError
        If it is a number.
    """
    if isinstance(data, str | bytes | PathLike):
        raise TypeError(
            f"{name} is a path, {shown(data)}; wanted an array. Read the file first, with "
            "napari_ncut.files.read_labels or read_image."
        )
    if data is None:
        raise TypeError(f"{name} is None; wanted an array.")
    if isinstance(data, Number):
        raise ValueError(
            f"{name} is {shown(data)}, a number of shape (); wanted an array. Settings have names, "
            "as in n_segments=4."
        )


def _double(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return numbers of extended precision in double precision."""
    with np.errstate(over="ignore"):
        double = array.astype(np.float64)
    if (np.isinf(double) & np.isfinite(array)).any():
        raise ValueError(
            f"{name} holds numbers beyond {np.finfo(np.float64).max:.2g}, the largest of double "
            "precision; divide it by its maximum first."
        )
    return double


def image_array(image: ArrayLike, channel_axis: int | None = None) -> NDArray[Any]:
    """Return the image as a numeric array whose channels, if there are any, are its last axis."""
    array = as_array(image, "image")
    if channel_axis is None:
        return array
    axis = integer(channel_axis, "channel_axis")
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(
            f"channel_axis is {axis}, but the image has {array.ndim} axes; "
            f"pass a number from {-array.ndim} to {array.ndim - 1}, or None for a single channel."
        )
    if array.ndim == 1:
        raise ValueError(
            f"The image has shape {array.shape}, and channel_axis={axis} leaves no spatial axis; "
            "pass channel_axis=None."
        )
    return np.moveaxis(array, axis, -1)


def in_safe_range(image: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[NDArray[Any], int]:
    """Return an image whose intensities under a mask can be squared and added up.

    Where they are so high or so low that this would overflow or vanish, the image is divided by
    a power of two, which changes no digit; no method depends on the gain. Numbers outside the mask
    that are beyond all measure are taken for missing data, NaN.

    Parameters
    ----------
    image : ndarray
        Numbers, finite under the mask; channels come last, if there are any.
    mask : ndarray of bool
        Of the image's spatial shape.

    Returns
    -------
    image : ndarray
        The same, where nothing had to be done.
    exponent : int
        Of the power of two by which it is divided.
    """
    if image.dtype.kind != "f":
        return image, 0
    everywhere = greatest(image)
    # Where some of the pixels are bright enough, the brightest is.
    some = (*[slice(None)] * (mask.ndim - 2), slice(None, None, STEP))
    if everywhere <= BRIGHTEST and greatest(image[some][mask[some]]) >= FAINTEST:
        return image, 0
    inside = greatest(image[mask])
    is_safe = inside == 0.0 or FAINTEST <= inside <= BRIGHTEST
    if is_safe and not NO_DATA < everywhere < math.inf:
        return image, 0
    exponent = 0 if is_safe else math.frexp(inside)[1]
    with np.errstate(over="ignore"):
        scaled = np.ldexp(image.astype(np.float64), -exponent)
    scaled[np.abs(scaled) > NO_DATA] = np.nan
    return scaled, exponent


def greatest(values: NDArray[Any]) -> float:
    """Return the greatest absolute value, 0 if there is none; NaN does not count."""
    if values.size == 0:
        return 0.0
    ends = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    return 0.0 if np.isnan(ends[0]) else max(-float(ends[0]), float(ends[1]), 0.0)


def check_same_shape(name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Raise ValueError unless an array has the spatial shape of the image."""
    if shape != wanted:
        raise ValueError(
            f"{name} has shape {shape}, but the image has the spatial shape {wanted}; "
            "crop or resample one of them, or name the image's channel_axis."
        )


def mask_array(mask: ArrayLike, name: str = "mask") -> NDArray[np.bool_]:
    """Return a mask of booleans, of 0/1 or of 0/255 as booleans.

    Raises
    ------
    ValueError
        If it holds more than two values, or no pixel at all is in it.
    """
    array = as_array(mask, name)
    if array.dtype != bool:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity; wanted a mask of 0 and 1.")
        top = array.max()
        if array.min() < 0 or not ((array == 0) | (array == top)).all():
            raise ValueError(
                f"{name} holds more than two values (from {array.min()} to {top}); wanted a mask "
                f"of booleans, 0/1 or 0/255. For a label image pass {name} > 0."
            )
        array = array != 0
    if not array.any():
        raise ValueError(f"{name} is empty: no pixel is in it. Draw or threshold a region first.")
    return array


def label_array(labels: ArrayLike, name: str = "labels") -> NDArray[np.integer[Any] | np.bool_]:
    """Return a mask or a label image as booleans or as integers that are not negative.

    Raises
    ------
    TypeError
        If it holds fractions: that is an image, not a label image.
    ValueError
        If it holds negative labels, or fractional numbers too large to be exact.
    """
    array = as_array(labels, name)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.floor(array)).any():
            raise TypeError(
                f"{name} has dtype {array.dtype} and holds fractions, NaN or infinity; wanted a "
                f"mask or a label image of integers. Threshold an image first, as in {name} > t."
            )
        if float(np.abs(array).max()) > EXACT:
            raise ValueError(
                f"{name} has dtype {array.dtype} and holds numbers up to {array.max():g}; wanted "
                f"labels of at most {EXACT}, beyond which not every integer is a float. "
                "Number them anew, or pass integers."
            )
        array = array.astype(np.int64)
    if array.dtype.kind == "i" and array.min() < 0:
        raise ValueError(
            f"{name} holds negative labels (the lowest is {array.min()}); wanted 0 for the "
            "background and positive labels."
        )
    return array


def check_label_range(
    labels: NDArray[Any], name: str = "labels", highest: int = HIGHEST_LABEL
) -> None:
    """Raise ValueError unless all labels are whole numbers from 0 to a highest one.

    What is kept or written as integers of 32 bits would be wrapped to others without a word.
    """
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {labels.dtype}; wanted integers.")
    if labels.dtype.kind == "f" and not (labels == np.floor(labels)).all():
        raise ValueError(f"{name} holds fractions or NaN; wanted integers.")
    # Plain numbers: a half-precision float can't be held against a large integer.
    low, high = (labels.min().item(), labels.max().item()) if labels.size else (0, 0)
    if low < 0 or high > highest:
        raise ValueError(
            f"{name} goes from {low} to {high}; wanted 0 to {highest}. Number them anew, for "
            "example with skimage.segmentation.relabel_sequential."
        )


def check_finite(image: NDArray[Any], mask: NDArray[np.bool_]) -> None:
    """Raise ValueError that counts NaN and infinities under the mask; channels come last."""
    if image.dtype.kind != "f":
        return
    bad = ~np.isfinite(image)
    if bad.ndim > mask.ndim:
        bad = bad.any(axis=-1)
    n_bad = np.count_nonzero(bad & mask)
    if n_bad:
        raise ValueError(
            f"The image holds NaN or infinity at {n_bad} of the {np.count_nonzero(mask)} pixels "
            "to cut; replace them (np.nan_to_num) or leave them out of the mask."
        )


def integer(value: Any, name: str, low: int | None = None, high: int | None = None) -> int:
    """Return an integer between two bounds, both included; booleans are not taken for numbers.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it is out of bounds.
    """
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; wanted an integer.")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {shown(value)}, of type {type(value).__name__}; wanted an integer."
        ) from None
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"of {low} or more" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} is {shown(number)}; wanted an integer {bounds}.")
    return number


def real(value: Any, name: str, low: float = 0.0, high: float = math.inf) -> float:
    """Return a finite real number between two bounds, both included."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name} is {shown(value)}; wanted a number.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is {shown(value)}, of type {type(value).__name__}; wanted a number."
        ) from None
    if not math.isfinite(number) or not low <= number <= high:
        bounds = f"of {low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} is {shown(value)}; wanted a number {bounds}.")
    return number


def flag(value: Any, name: str) -> bool:
    """Return True or False, whichever it is; nothing else is taken for one of them."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {shown(value)}; wanted True or False.")
    return bool(value)


def shown(value: Any, most: int = 60) -> str:
    """Return a value as it is shown in a message, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write out integers of thousands of digits.
        return "an integer of thousands of digits"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def beta_value(beta: Any) -> float:
    """Return a sensitivity to edges."""
    return real(beta, "beta", 0.0, HIGHEST_BETA)


def size_value(size: Any, name: str = "min_size") -> float:
    """Return an area or volume in the units of the spacing."""
    return real(size, name, 0.0, LARGEST_SIZE)


def check_connectivity(connectivity: Any, ndim: int) -> int:
    """Return the connectivity, 1 (faces) or ``ndim`` (faces and corners)."""
    value = integer(connectivity, "connectivity")
    if value not in (1, ndim):
        raise ValueError(
            f"connectivity is {shown(value)}; wanted 1 (pixels that share a face) or {ndim} "
            f"(that share a face or a corner) for {ndim}-D data."
        )
    return value


def spacing_tuple(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Return the pixel size along each spatial axis; None is 1, one number holds for all axes."""
    if spacing is None:
        return (1.0,) * ndim
    if isinstance(spacing, (str, bytes)):
        raise TypeError(f"spacing is {shown(spacing)}; wanted numbers.")
    values = [spacing] * ndim if np.ndim(spacing) == 0 else list(spacing)  # type: ignore[arg-type]
    if len(values) != ndim:
        raise ValueError(
            f"spacing has {len(values)} values, but there are {ndim} spatial axes; "
            "pass one number for each of them."
        )
    sizes = tuple(real(value, "spacing", SMALLEST_PIXEL, LARGEST_PIXEL) for value in values)
    if max(sizes) > MOST_OBLONG * min(sizes):
        raise ValueError(
            f"spacing is {sizes}: one side of a pixel is more than {MOST_OBLONG:g} times another; "
            "give all of them in one unit."
        )
    return sizes
