"""What a file holds, before it is decided what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.pixel_size import NOTHING, PixelSize

CHANNELS = "CS"
TIME = "T"


@dataclass(frozen=True)
class Stored:
    """The values of a file with what it says about them.

    Parameters
    ----------
    data : ndarray
        The values as they are stored, without an alpha channel.
    axes : str
        One letter an axis: ``T`` time, ``C`` or ``S`` channels, any other is spatial.
    pixel_size : PixelSize
        What is said about the size of the pixels.
    interval : float, optional
        Seconds between frames.
    origin : mapping of str to float
        By axis letter, where the first pixel lies, in the unit of the pixel size.
    is_inverted : bool
        Whether low values are shown bright.
    palette : ndarray of uint8, shape (n, 3), optional
        Red, green and blue of each value.
    alpha : ndarray, optional
        How opaque each pixel is, of the shape of the data without channels.
    has_colours : bool
        Whether the channels are red, green and blue.
    is_lossy : bool
        Whether the values are near those that were saved, as in JPEG.
    are_labels : bool
        Whether the file says that its values are labels, as those of napari-ncut do.
    are_axes_named : bool
        Whether the file names its axes; else they are guessed.
    channels : tuple of str
        Names of the channels, where they are told.
    """

    data: NDArray[Any]
    axes: str
    pixel_size: PixelSize = field(default_factory=lambda: NOTHING)
    interval: float | None = None
    origin: Mapping[str, float] = field(default_factory=dict)
    is_inverted: bool = False
    palette: NDArray[np.uint8] | None = None
    alpha: NDArray[Any] | None = None
    has_colours: bool = False
    is_lossy: bool = False
    are_labels: bool = False
    are_axes_named: bool = False
    channels: tuple[str, ...] = ()


def renamed(stored: Stored, names: Sequence[str]) -> Stored:
    """Return what is stored with other names of its axes, those of length 1 left out.

    Parameters
    ----------
    stored : Stored
        What the file holds.
    names : sequence of str
        The letters of the axes; of several the first that are as many as the axes.

    Raises
    ------
    ValueError
        If there are more or fewer axes.
    """
    data = stored.data
    kept = [i for i in range(data.ndim) if data.shape[i] > 1 or stored.axes[i] in "YX"]
    shape = tuple(data.shape[i] for i in kept)
    axes = next((axes for axes in names if len(axes) == len(kept)), None)
    if axes is None:
        raise ValueError(
            f"it has {len(kept)} axes (shape {shape}), and --axes {names[0]} names "
            f"{len(names[0])}; name each axis by a letter"
        )
    alpha = None if set(axes) & set(CHANNELS) else stored.alpha
    if alpha is not None:
        alpha = alpha.reshape(shape)
    return replace(
        stored,
        data=data.reshape(shape),
        axes=axes,
        alpha=alpha,
        has_colours=stored.has_colours and "S" in axes,
        are_axes_named=True,
    )


def label_names(axes: str) -> list[str]:
    """Return the names that the axes of a mask can have, where those of its image are given.

    It has no channels, and may be that of every frame or plane.
    """
    without = "".join(axis for axis in axes if axis not in CHANNELS)
    names = [without, axes, without.replace("T", ""), without.replace("Z", ""), "YX"]
    return sorted(dict.fromkeys(names), key=names.index)


def check_axes(axes: str) -> None:
    """Raise ValueError unless letters name axes: Y and X, and at most one of Z, T and C or S."""
    if (
        not set(axes) <= set(TIME + CHANNELS + "ZYX")
        or len(set(axes)) != len(axes)
        or not {"Y", "X"} <= set(axes)
        or {"C", "S"} <= set(axes)
    ):
        raise ValueError(
            f"--axes {axes} can not be; wanted Y and X, and at most one each of T (time), Z "
            "(depth) and C (channels), as in TYX."
        )


def arranged(stored: Stored) -> Stored:
    """Return what is stored with time first, then space, then channels; no axes of length 1.

    Raises
    ------
    ValueError
        If there are not 2 or 3 spatial axes, or several of channels or of time.
    """
    data, axes = stored.data, stored.axes
    time = [i for i, axis in enumerate(axes) if axis == TIME and data.shape[i] > 1]
    channels = [i for i, axis in enumerate(axes) if axis in CHANNELS and data.shape[i] > 1]
    spatial = [
        i
        for i, axis in enumerate(axes)
        if axis in "YX" or (axis not in CHANNELS + TIME and data.shape[i] > 1)
    ]
    if len(spatial) not in (2, 3) or len(channels) > 1 or len(time) > 1:
        raise ValueError(
            f"it has shape {data.shape} with axes {axes}; wanted 2 or 3 spatial axes, and at "
            "most one of channels and one of time. Name them with --axes, as in TYX, or save one "
            "part of it alone"
        )
    order = [*time, *spatial, *channels]
    left_out = [i for i in range(data.ndim) if i not in order]
    moved = data.transpose([*left_out, *order])[(0,) * len(left_out)]
    alpha = stored.alpha
    if alpha is not None:
        alpha = alpha.reshape(moved.shape[: moved.ndim - len(channels)])
    return replace(stored, data=moved, axes="".join(axes[i] for i in order), alpha=alpha)
