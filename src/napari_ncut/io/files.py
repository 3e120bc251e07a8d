"""Images and label images on disk: TIFF, PNG, JPEG, BMP, NPY and OME-Zarr, with all they mean.

Writing is in `output`; what values, axes and sizes mean in `mask`, `stored` and `pixel_size`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io import ome_zarr
from napari_ncut.io.formats import (
    OTHERS,
    READABLE,
    WRITABLE,
    contents,
    other_format,
)
from napari_ncut.io.mask import meaning
from napari_ncut.io.npy import read_npy
from napari_ncut.io.ome_zarr import is_store, read_ome_zarr
from napari_ncut.io.output import check_output, write_labels
from napari_ncut.io.picture import FORMATS, read_picture
from napari_ncut.io.regular import check_regular
from napari_ncut.io.stored import CHANNELS, TIME, Stored, arranged, check_axes, label_names, renamed
from napari_ncut.io.tiff import read_tiff, stored_recipe
from napari_ncut.io.vendor import is_read, read_vendor

__all__ = [
    "READABLE",
    "WRITABLE",
    "Image",
    "check_output",
    "read_image",
    "read_labels",
    "read_provenance",
    "write_labels",
]


@dataclass(frozen=True)
class Image:
    """An image as it was read from a file.

    Parameters
    ----------
    data : ndarray
        The values; time comes first and channels come last. Axes of length 1 are left out.
    axes : str
        One letter an axis, as in tifffile: ``T`` time, ``C`` or ``S`` channels, any other is
        spatial, most often ``Z``, ``Y``, ``X``.
    spacing : tuple of float, optional
        Pixel size along the spatial axes, where the file tells it.
    unit : str, optional
        Unit of ``spacing``.
    source : str
        Where in the file the pixel size stands.
    note : str
        What else there is to know about the pixel size: of which axes nothing is said, or why it
        is not known.
    is_doubtful : bool
        Whether the file says something about the pixel size that can not be used.
    interval : float, optional
        Seconds between two frames.
    origin : tuple of float, optional
        Where the first pixel lies along the spatial axes, in the unit of ``spacing``.
    text : str
        What the values of a mask or a label image mean, in words.
    is_mask : bool
        Of labels: whether there is one kind of foreground; else every value is an object.
    are_axes_named : bool
        Whether the file names its axes; else they are guessed.
    channels : tuple of str
        Names of the channels, where the file tells them.
    """

    data: NDArray[Any]
    axes: str
    spacing: tuple[float, ...] | None = None
    unit: str | None = None
    source: str = ""
    note: str = ""
    is_doubtful: bool = False
    interval: float | None = None
    origin: tuple[float, ...] | None = None
    text: str = ""
    is_mask: bool = False
    are_axes_named: bool = False
    channels: tuple[str, ...] = ()

    @property
    def channel_axis(self) -> int | None:
        """The axis of the channels: the last one, or None for a single channel."""
        return -1 if self.axes[-1] in CHANNELS else None

    @property
    def label_axes(self) -> str:
        """The letters of the axes of a label image of this image: all but the channels."""
        return self.axes.rstrip(CHANNELS)

    @property
    def spatial_ndim(self) -> int:
        """The number of spatial axes: 2 for planes, 3 for volumes."""
        return len(self.label_axes.lstrip(TIME))


def read_image(
    path: str | os.PathLike[str], *, axes: str | None = None, channel: str | int | None = None
) -> Image:
    """Read an image with its axes and pixel size.

    Parameters
    ----------
    path : path
        A TIFF (the metadata of OME, ImageJ and tifffile are understood), PNG, JPEG, BMP or NPY
        file, or an OME-Zarr or a part of one (``plate.zarr/A/1/0``); with the extra ``formats``
        also CZI, ND2 and LIF. The last axis of an NPY file
        is taken for colours if it has length 3 or 4 and all others are longer than 30, as napari
        does.
    axes : str, optional
        One letter for each axis that is longer than 1, in the order of the file, instead of what
        the file says: ``T`` time, ``Z``, ``Y``, ``X``, ``C`` channels.
    channel : str or int, optional
        The channel to take, by its name or its number from 1; all of them by default.

    Returns
    -------
    Image
        An alpha channel is left out; of a palette, the colours.

    Raises
    ------
    ValueError
        If the file is of another kind, damaged, or holds several images, or has no such channel.
    OSError
        If it is missing or not readable.
    """
    return _read(path, [axes] if axes else [], partial(image_of, channel=channel))


def read_labels(
    path: str | os.PathLike[str], *, axes: str | None = None, foreground: str | None = None
) -> Image:
    """Read a mask or a label image.

    Parameters
    ----------
    path : path
        As in `read_image`.
    axes : str, optional
        As in `read_image`, or the axes of the image that the mask belongs to.
    foreground : str, optional
        ``"labels"``: every value is an object. ``">128"`` or ``"<0.5"``: what is brighter or
        darker. ``"255"`` or ``"1,3"``: what has these values. By default the values tell, and what
        a viewer shows as foreground is the foreground.

    Returns
    -------
    Image
        Without channels; 0 is background. ``text`` says what was understood.

    Raises
    ------
    ValueError
        If the values leave a doubt, if it is a colour picture, or not readable as in `read_image`.
    """
    return _read(path, label_names(axes) if axes else [], partial(labels_of, foreground=foreground))


def image_of(stored: Stored, channel: str | int | None = None) -> Image:
    """Return what is stored as an image, with the colours of its palette as channels."""
    if stored.palette is not None:
        indices = np.minimum(stored.data.astype(np.intp), len(stored.palette) - 1)
        colours = stored.palette[indices]
        if (colours == colours[..., :1]).all():
            stored = replace(stored, data=colours[..., 0])
        else:
            stored = replace(stored, data=colours, axes=stored.axes + "S")
    if channel is None:
        return _image(stored)
    n = stored.data.shape[-1] if stored.axes[-1] in CHANNELS else 1
    number = channel_number(channel, n, stored.channels)
    if stored.axes[-1] in CHANNELS:
        stored = replace(stored, data=stored.data[..., number], axes=stored.axes[:-1])
        name = f" ({stored.channels[number]})" if number < len(stored.channels) else ""
        return replace(_image(stored), text=f"channel {number + 1} of {n}{name}")
    return _image(stored)


def channel_number(channel: str | int, n: int, names: Sequence[str] = ()) -> int:
    """Return the number, from 0, of one of n channels, given by its name or its number from 1."""
    wanted = str(channel).strip()
    folded = [name.casefold() for name in names]
    if folded.count(wanted.casefold()) == 1:
        return folded.index(wanted.casefold())
    if wanted.isdecimal() and 1 <= int(wanted[:9]) <= n:
        return int(wanted) - 1
    called = f", called {', '.join(names[:20])}" if names else ""
    raise ValueError(
        f"it has {n} channel{'s' if n != 1 else ''}{called}; wanted the name of one, or its number "
        f"from 1 to {n}, and channel is {wanted[:60]!r}"
    )


def labels_of(stored: Stored, foreground: str | None = None) -> Image:
    """Return what is stored as a mask or labels; `mask.meaning` raises ValueError."""
    found = meaning(stored, foreground)
    label_axes = stored.axes.rstrip(CHANNELS)
    image = _image(replace(stored, data=found.data, axes=label_axes))
    return replace(image, text=found.text, is_mask=found.is_mask)


def _read(
    path: str | os.PathLike[str], axes: Sequence[str], understood: Callable[[Stored], Image]
) -> Image:
    """Read a file, and let a function say what its values mean."""
    path = Path(path)
    try:
        return understood(read_stored(path, axes))
    except ValueError as error:
        raise named(path, error) from error


def named(path: Path, error: ValueError) -> ValueError:
    """Return an error that names the file; of a store that may be a part of it."""
    text = str(error).rstrip(".")
    return ValueError(f"{text}." if text.startswith(str(path)) else f"{path}: {text}.")


def _image(stored: Stored) -> Image:
    """Return what is stored with the pixel size that it has, or seems to have."""
    n_spatial = len(stored.axes.rstrip(CHANNELS).lstrip(TIME))
    spacing, note, is_doubtful = stored.pixel_size.along("ZYX"[-n_spatial:])
    is_known = spacing is not None
    return Image(
        stored.data,
        stored.axes,
        spacing,
        unit=stored.pixel_size.unit if is_known else None,
        source=stored.pixel_size.source if is_known else "",
        note=note,
        is_doubtful=is_doubtful,
        interval=stored.interval if TIME in stored.axes else None,
        origin=_origin(stored, n_spatial) if is_known else None,
        are_axes_named=stored.are_axes_named,
        channels=stored.channels if stored.axes[-1] in CHANNELS else (),
    )


def _origin(stored: Stored, n_spatial: int) -> tuple[float, ...] | None:
    """Return where the first pixel lies along the spatial axes, if the file tells it."""
    place = tuple(stored.origin.get(axis, 0.0) for axis in "ZYX"[-n_spatial:])
    return place if any(place) else None


def read_stored(path: Path, axes: Sequence[str] = ()) -> Stored:
    """Return what a file holds, its axes in order; of several names of them the first that fit."""
    for names in axes:
        check_axes(names)
    stored = read_ome_zarr(path) if is_store(path) else _read_file(path, bool(axes))
    if stored.data.size == 0:
        raise ValueError(f"it has shape {stored.data.shape}: there is no pixel in it")
    if stored.data.dtype.kind not in "biuf":
        raise ValueError(f"it holds {stored.data.dtype} numbers; wanted real numbers")
    return arranged(renamed(stored, axes) if axes else stored)


def _read_file(path: Path, has_named_axes: bool) -> Stored:
    """Return what a file holds that is no store."""
    ending = path.suffix.lower()
    is_vendor = is_read(path)
    if ending not in READABLE and not is_vendor:
        raise ValueError(other_format(path))
    check_regular(path)
    try:
        if is_vendor:
            return read_vendor(path)
        if ending in FORMATS:
            return read_picture(path)
        if ending == ".npy":
            return read_npy(path, has_named_axes=has_named_axes)
        return read_tiff(path)
    except ValueError as error:
        found = contents(path)
        if found is None:
            raise
        kind = OTHERS[found][0] if found in OTHERS else found[1:].upper()
        raise ValueError(f"{error}: by its contents it is {kind}; name it {found}") from error


def read_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the recipe that `write_labels` kept in a TIFF file or an OME-Zarr.

    Parameters
    ----------
    path : path
        A label image.

    Returns
    -------
    dict
        Settings, sources, version.

    Raises
    ------
    ValueError
        If the file is no TIFF or OME-Zarr, or holds no recipe.
    OSError
        If it is missing or not readable.
    """
    path = Path(path)
    if is_store(path):
        recipe = ome_zarr.stored_recipe(path)
    else:
        check_regular(path)
        recipe = _tiff_recipe(path)
    if not isinstance(recipe, dict):
        raise ValueError(f"{path}: holds no recipe; wanted labels that napari-ncut wrote.")
    return recipe


def _tiff_recipe(path: Path) -> Any:
    """Return the recipe in a TIFF, or None."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tif:
            return stored_recipe(tif)
    except Exception as error:  # Damaged files raise whatever their bytes lead to.
        # Only errors of the system name the file.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise ValueError(f"{path}: cannot be read as TIFF with a recipe ({error}).") from error
