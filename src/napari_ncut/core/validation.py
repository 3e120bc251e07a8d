"""What the public functions accept: arrays in, clean arrays out, or an error a person can act on.

Every message says what was given, what was wanted and what to do.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_array(data: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``data`` as a numeric array in native byte order; dask and zarr arrays are read.

    Raises
    ------
    TypeError
        If the array is complex or holds objects or text.
    ValueError
        If it has no axes or no elements.
    """
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
    return array.astype(array.dtype.newbyteorder("="), copy=False)


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
        If it holds negative labels.
    """
    array = as_array(labels, name)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.floor(array)).any():
            raise TypeError(
                f"{name} has dtype {array.dtype} and holds fractions, NaN or infinity; wanted a "
                f"mask or a label image of integers. Threshold an image first, as in {name} > t."
            )
        array = array.astype(np.int64)
    if array.dtype.kind == "i" and array.min() < 0:
        raise ValueError(
            f"{name} holds negative labels (the lowest is {array.min()}); wanted 0 for the "
            "background and positive labels."
        )
    return array


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


def integer(value: Any, name: str) -> int:
    """Return an integer, or raise TypeError; booleans are not taken for numbers."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; wanted an integer.")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {value!r}, of type {type(value).__name__}; wanted an integer."
        ) from None


def real(value: Any, name: str, low: float = 0.0, high: float = math.inf) -> float:
    """Return a finite real number between two bounds, both included."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name} is {value!r}; wanted a number.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is {value!r}, of type {type(value).__name__}; wanted a number."
        ) from None
    if not math.isfinite(number) or not low <= number <= high:
        bounds = f"of {low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} is {value!r}; wanted a number {bounds}.")
    return number


def check_connectivity(connectivity: Any, ndim: int) -> int:
    """Return the connectivity, 1 (faces) or ``ndim`` (faces and corners)."""
    value = integer(connectivity, "connectivity")
    if value not in (1, ndim):
        raise ValueError(
            f"connectivity is {value}; wanted 1 (pixels that share a face) or {ndim} "
            f"(that share a face or a corner) for {ndim}-D data."
        )
    return value


def spacing_tuple(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Return the pixel size along each spatial axis; None is 1, one number holds for all axes."""
    if spacing is None:
        return (1.0,) * ndim
    values = [spacing] * ndim if np.ndim(spacing) == 0 else list(spacing)  # type: ignore[arg-type]
    if len(values) != ndim:
        raise ValueError(
            f"spacing has {len(values)} values, but there are {ndim} spatial axes; "
            "pass one number for each of them."
        )
    sizes = tuple(real(value, "spacing") for value in values)
    if 0.0 in sizes:
        raise ValueError(f"spacing is {sizes}; wanted pixel sizes greater than 0.")
    return sizes
