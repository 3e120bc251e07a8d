"""What the values of a mask file mean: foreground and background, or one object a value.

What a person sees as foreground in a viewer is the foreground. A mask that was smoothed, enlarged
or saved as JPEG has grey values at its edges, which are no labels: they lie in thin lines and
specks beside other values, while objects have an inside. Where the values leave a doubt, the answer
is a sentence that says what to pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.stored import Stored

# What can be passed as foreground: all values as labels, those above or below a number, or a list.
NUMBER = r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})(e[-+]?[0-9]{1,2})?"
FOREGROUND = re.compile(rf"labels|[<>]=?{NUMBER}|{NUMBER}(,{NUMBER})*", re.ASCII)
# Of the pixels at the border of a picture, what is background where it is not known which it is.
MOSTLY = 0.6
# Values in such a part of pixels that touch others are those of an image.
RESTLESS = 0.8
# A range of fewer grey levels is one of classes.
FEWEST_LEVELS = 16


@dataclass(frozen=True)
class Meaning:
    """A mask or labels, with what was understood.

    Parameters
    ----------
    data : ndarray of bool or numbers
        0 is background.
    text : str
        What it is, in a few words.
    is_mask : bool
        Whether there is one kind of foreground; else every value is an object.
    """

    data: NDArray[Any]
    text: str
    is_mask: bool = True


def meaning(stored: Stored, foreground: str | None = None) -> Meaning:
    """Return the labels or the mask in a file.

    Parameters
    ----------
    stored : Stored
        What the file holds; channels come last.
    foreground : str, optional
        ``"labels"``: every value is an object. ``">128"``, ``"<0.5"``: what is brighter or darker.
        ``"255"``, ``"1,3"``: what has these values. By default it is told by the values.

    Raises
    ------
    ValueError
        If the values leave a doubt, or are those of an image.
    """
    if foreground is not None:
        return chosen(stored, foreground)
    if stored.are_labels:
        return _labels(stored.data)
    values, words = seen(stored)
    found = judged(values, are_colours=stored.palette is not None)
    return Meaning(found.data, ", ".join(filter(None, [found.text, words])), found.is_mask)


def check_foreground(text: str) -> str:
    """Return what was passed as foreground, or raise ValueError."""
    text = "".join(text.split())
    if not FOREGROUND.fullmatch(text):
        raise ValueError(
            f"--foreground is {text[:40]!r}; wanted labels, a threshold as in '>128' or '<0.5', "
            "or values as in 255 or 1,3."
        )
    return text


def chosen(stored: Stored, foreground: str) -> Meaning:
    """Return the foreground that was passed."""
    text = check_foreground(foreground)
    values = stored.data
    if stored.axes[-1] in "CS":
        if text == "labels":
            raise ValueError(
                f"it has {values.shape[-1]} channels, whose values can not be labels; wanted one "
                "value a pixel"
            )
        values = values.mean(axis=-1)
    _check_finite(values)
    if text == "labels":
        return _labels(values)
    if text[0] in "<>":
        compare: dict[str, Callable[..., Any]] = {
            ">": np.greater,
            "<": np.less,
            ">=": np.greater_equal,
            "<=": np.less_equal,
        }
        sign = text[:2] if text[1] == "=" else text[0]
        inside = compare[sign](values, float(text[len(sign) :]))
    else:
        inside = np.isin(values, [float(word) for word in text.split(",")])
    return Meaning(inside, f"mask ({text})")


def _labels(values: NDArray[Any]) -> Meaning:
    n = len(_distinct(values))
    return Meaning(values, f"{n} label{'s' if n != 1 else ''}", is_mask=False)


def _distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values that are not 0."""
    if values.dtype == bool:
        return np.array([True])[: int(values.any())]
    if values.dtype in (np.uint8, np.uint16):
        return np.asarray(np.flatnonzero(np.bincount(values.reshape(-1))[1:]) + 1)
    distinct = np.unique(values)
    return np.asarray(distinct[distinct != 0])


def _check_finite(values: NDArray[Any]) -> None:
    if values.dtype.kind not in "biuf":
        raise ValueError(f"it holds {values.dtype} numbers; wanted a mask or labels")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError("it holds NaN or infinity; wanted a mask or labels")


def seen(stored: Stored) -> tuple[NDArray[Any], str]:
    """Return values that are 0 where a person sees the background, and what had to be known."""
    values = stored.data
    if stored.alpha is not None and stored.alpha.min() != stored.alpha.max():
        visible = stored.alpha > stored.alpha.max() / 2
        inside = values[visible]
        if (inside == inside[:1]).all():
            # A drawing in one colour on a ground that can be seen through.
            return stored.alpha, "what is opaque"
        if stored.palette is None:
            hidden = visible if values.ndim == visible.ndim else visible[..., np.newaxis]
            values = np.where(hidden, values, 0).astype(values.dtype)
    if stored.axes[-1] in "CS":
        if (values == values[..., :1]).all():
            return values[..., 0], ""
        if not stored.has_colours or values.dtype != np.uint8:
            raise ValueError(different_channels(values))
        levels = values.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
        return _of_colours(levels, values)
    if stored.palette is not None:
        return _of_palette(values, stored.palette)
    if stored.is_inverted:
        return upright(values)
    return values, ""


def different_channels(values: NDArray[Any]) -> str:
    """Return what is said of a colour picture in the place of a mask."""
    return (
        f"it has {values.shape[-1]} different channels; wanted a mask or a label image with one "
        "value a pixel. Pass --foreground '>128' to take what is brighter than that"
    )


def upright(values: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """Return the values of a picture that is shown inverted, or the inverse.

    Programs save such masks both ways: objects are black on white, or, shown again, white on black.
    The one whose background lies along the border is right.
    """
    if values.dtype.kind == "f":
        raise ValueError(
            "it is shown inverted, and its values are fractions; pass --foreground '>T' or '<T'"
        )
    top = 1 if values.dtype == bool else _top(values)
    shares = [border_share(values == level) for level in (0, top)]
    if shares[0] >= MOSTLY:
        return values, "dark on a light ground as shown" if values.any() else ""
    if shares[1] >= MOSTLY:
        inverse = ~values if values.dtype == bool else (top - values).astype(values.dtype)
        return inverse, "light on a dark ground as shown, stored inverted"
    raise ValueError(
        f"it is shown inverted (0 is white), and neither 0 nor {top} is the background along its "
        "border; pass --foreground with the values of the objects"
    )


def _top(values: NDArray[Any]) -> int:
    """Return the value that is shown black: the highest of the type, or of a narrower one."""
    highest = int(values.max())
    return next((top for top in (1, 255, 4095, 65535) if highest <= top), highest)


def border_share(background: NDArray[np.bool_]) -> float:
    """Return the part of the pixels along the border of all planes that are background."""
    edges = [background[..., 0, :], background[..., -1, :]]
    edges += [background[..., 1:-1, 0], background[..., 1:-1, -1]]
    return float(np.concatenate([edge.reshape(-1) for edge in edges]).mean())


def _of_palette(indices: NDArray[Any], palette: NDArray[np.uint8]) -> tuple[NDArray[Any], str]:
    """Return the indices of a palette as values, 0 where the background is."""
    indices = indices.astype(np.uint8) if indices.dtype == bool else indices
    used = np.unique(indices)
    colours = palette[np.minimum(used, len(palette) - 1)].astype(int)
    is_grey = bool((np.ptp(colours, axis=1) == 0).all())
    if is_grey and len(used) > 1:
        grey = palette[:, 0]
        values = grey[np.minimum(indices, len(palette) - 1)]
        if (np.diff(colours[:, 0]) < 0).all():
            return upright((255 - values).astype(np.uint8))
        # Labels in a palette of greys are labels all the same.
        return (indices if (np.diff(colours[:, 0]) > 0).all() else values), ""
    if not palette[0].any() or (0 not in used and len(used) > 1):
        return indices, "indices of its palette"
    return _of_colours(indices.astype(np.int64) + 1, palette[indices], "indices of its palette")


def _of_colours(
    codes: NDArray[Any], colours: NDArray[Any], words: str = "one colour each"
) -> tuple[NDArray[Any], str]:
    """Return a number for each colour, 0 for the background: black, or the colour of the border."""
    distinct, numbers = np.unique(codes, return_inverse=True)
    numbers = numbers.reshape(codes.shape)
    black = ~colours.any(axis=-1)
    if black.any():
        background = int(numbers[black][0])
    else:
        edge = np.concatenate([numbers[..., 0, :].ravel(), numbers[..., -1, :].ravel()])
        background = int(np.bincount(edge).argmax())
        if border_share(numbers == background) < MOSTLY:
            raise ValueError(different_channels(colours))
    values = np.where(numbers == background, 0, numbers + 1)
    if len(distinct) > 2 and is_restless(values):
        raise ValueError(different_channels(colours))
    if len(distinct) == 2:
        return values > 0, "one colour"
    return values, words


def judged(values: NDArray[Any], are_colours: bool = False) -> Meaning:
    """Return whether values are a mask, labels or grey levels of a mask, or raise ValueError.

    A few colours of a palette are labels wherever they lie.
    """
    _check_finite(values)
    found = _distinct(values)
    if len(found) == 0:
        return Meaning(values, "an empty mask")
    low, high = float(found.min()), float(found.max())
    if low < 0:
        raise ValueError(
            f"it holds negative values (from {low:.6g} to {high:.6g}); wanted 0 for the "
            "background. Pass --foreground '>0' to take what is positive"
        )
    has_background = bool((values == 0).any())
    if len(found) == 1:
        text = f"a mask (0 and {high:.6g})" if has_background else "a mask of all pixels"
        return Meaning(values, text)
    if len(found) == 2 and not has_background:
        raise ValueError(
            f"it holds {low:.6g} and {high:.6g} and no 0, so that either may be the background; "
            f"pass --foreground {high:.6g} or --foreground {low:.6g}"
        )
    fractions = values.dtype.kind == "f" and bool((found != np.floor(found)).any())
    are_few = are_colours and len(found) <= FEWEST_LEVELS
    if not fractions and (are_few or not is_restless(values)):
        return _labels(values)
    bottom = 0.0 if has_background else low
    middle = (bottom + high) / 2
    if (fractions or high - bottom >= FEWEST_LEVELS) and _has_two_levels(values, bottom, high):
        return Meaning(values > middle, f"a mask with {len(found)} grey values: above {middle:.6g}")
    raise ValueError(
        f"it holds {len(found) + has_background} different values from {bottom:.6g} to "
        f"{high:.6g}, as an image or a smoothed mask does; pass --foreground '>{middle:.6g}' "
        "(with a threshold of yours) to take what is brighter, or --foreground labels if every "
        "value is an object"
    )


def is_restless(values: NDArray[Any]) -> bool:
    """Return whether values change from pixel to pixel, as grey levels do and labels do not.

    Either half of the values or more have hardly any inside (squares of two by two pixels in a
    plane) and lie beside other values; or nearly all pixels do. Lone points are no such values, nor
    are lines one pixel wide: around them is background.
    """
    if min(values.shape[-2:]) < 2:
        return False
    numbers, n = _numbered(values)
    if n < 2:
        return False
    touches = np.zeros(numbers.shape, bool)
    inside = np.ones(tuple(numbers.shape[:-2]) + tuple(k - 1 for k in numbers.shape[-2:]), bool)
    for axis in (-2, -1):
        first = np.moveaxis(numbers, axis, 0)[:-1]
        second = np.moveaxis(numbers, axis, 0)[1:]
        differ = (first != second) & (first > 0) & (second > 0)
        moved = np.moveaxis(touches, axis, 0)
        moved[:-1] |= differ
        moved[1:] |= differ
    corner = numbers[..., :-1, :-1]
    for down, right in ((0, 1), (1, 0), (1, 1)):
        stop = numbers.shape[-2] - 1 + down, numbers.shape[-1] - 1 + right
        inside &= numbers[..., down : stop[0], right : stop[1]] == corner
    count = np.bincount(numbers.reshape(-1), minlength=n + 1)[1:]
    touching = np.bincount(numbers[touches], minlength=n + 1)[1:]
    squares = np.bincount(corner[inside], minlength=n + 1)[1:]
    thin = (10 * squares < count) & (2 * touching > count)
    if 2 * np.count_nonzero(thin) >= n:
        return True
    return n >= FEWEST_LEVELS / 2 and bool(touching.sum() > RESTLESS * count.sum())


def _numbered(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return values as numbers from 0, which stays 0, to the number of the others."""
    if values.dtype == bool:
        return values.astype(np.uint8), 1
    if values.dtype in (np.uint8, np.uint16):
        found = _distinct(values)
        table = np.zeros(int(values.max()) + 1, np.uint16)
        table[found] = np.arange(1, len(found) + 1)
        return table[values], len(found)
    found, numbers = np.unique(values, return_inverse=True)
    numbers = numbers.reshape(values.shape)
    if found[0] == 0:
        return numbers, len(found) - 1
    return numbers + 1, len(found)


def _has_two_levels(values: NDArray[Any], low: float, high: float) -> bool:
    """Return whether most of what is dark is nearly black, and of what is bright nearly white."""
    tenth = (high - low) / 10
    above = values > low + 5 * tenth
    bright, dark = values[above] >= high - tenth, values[~above] <= low + tenth
    return all(part.size == 0 or part.mean() >= MOSTLY for part in (bright, dark))
