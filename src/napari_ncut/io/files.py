"""Images and label images on disk: TIFF, PNG and NPY in, TIFF labels with their recipe out.

Labels up to 65,535 are written as an ImageJ hyperstack of uint16, which Fiji, Bio-Formats and
tifffile read with the pixel size of all three axes; ImageJ has no integers wider than that, so
more labels go into an OME-TIFF of int32. Both are plain TIFF with zlib compression.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.tiff import (
    CHANNELS,
    TIME,
    imagej_options,
    ome_options,
    read_tiff,
    stored_recipe,
)

READABLE = (".tif", ".tiff", ".png", ".npy")
WRITABLE = (".tif", ".tiff")

# The largest file whose offsets fit the classic TIFF that ImageJ writes and reads.
_CLASSIC_TIFF_BYTES = 2**32 - 2**25


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
    """

    data: NDArray[Any]
    axes: str
    spacing: tuple[float, ...] | None = None
    unit: str | None = None

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


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read an image with its axes and pixel size.

    Parameters
    ----------
    path : path
        A TIFF (OME and ImageJ metadata are understood), PNG or NPY file. The last axis of an NPY
        file is taken for colours if it has length 3 or 4 and all others are longer than 30, as
        napari does.

    Returns
    -------
    Image
        An alpha channel is left out.

    Raises
    ------
    ValueError
        If the file is of another kind, damaged, or holds several images.
    OSError
        If it is missing or not readable.
    """
    path = Path(path)
    read = {".png": _read_png, ".npy": _read_npy}.get(path.suffix.lower())
    if path.suffix.lower() not in READABLE:
        raise ValueError(f"{path}: wanted a file that ends in {', '.join(READABLE)}.")
    return read(path) if read else Image(*read_tiff(path))


def read_labels(path: str | os.PathLike[str]) -> Image:
    """Read a mask or a label image; a grey picture saved as colours counts as one.

    Parameters
    ----------
    path : path
        A TIFF, PNG or NPY file.

    Returns
    -------
    Image
        Without channels. Labels shown in colours by the palette of a PNG are the palette's
        indices.

    Raises
    ------
    ValueError
        If it is a colour picture, or not readable as in `read_image`.
    """
    image = read_image(path)
    if image.channel_axis is None:
        return image
    grey = (image.data == image.data[..., :1]).all()
    values = image.data[..., 0] if grey else _palette_indices(Path(path))
    if values is None:
        raise ValueError(
            f"{path}: has {image.data.shape[-1]} different channels; wanted a mask or a label "
            "image with one value a pixel."
        )
    return Image(values, image.label_axes, image.spacing, image.unit)


def _read_npy(path: Path) -> Image:
    try:
        data = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: cannot be read as an NPY array of numbers ({error}).") from error
    if not isinstance(data, np.ndarray):
        raise ValueError(f"{path}: is an archive of arrays; save the one to cut as .npy.")
    colour = (
        data.ndim in (3, 4) and data.shape[-1] in (3, 4) and all(n > 30 for n in data.shape[:-1])
    )
    n_spatial = data.ndim - colour
    if n_spatial not in (2, 3):
        raise ValueError(f"{path}: has shape {data.shape}; wanted 2 or 3 spatial axes.")
    axes = "ZYX"[-n_spatial:]
    return Image(data[..., :3], axes + "S") if colour else Image(data, axes)


def _read_png(path: Path) -> Image:
    import PIL.Image

    try:
        with PIL.Image.open(path, formats=["PNG"]) as picture:
            data = np.asarray(picture.convert("RGB") if picture.mode == "P" else picture)
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"{path}: cannot be read as PNG ({error}).") from error
    if data.ndim == 2:
        return Image(data, "YX")
    if data.shape[-1] == 2:
        return Image(data[..., 0], "YX")
    return Image(data[..., :3], "YXS")


def _palette_indices(path: Path) -> NDArray[np.uint8] | None:
    """Return the indices of a PNG's palette; None if the file is no PNG or has none."""
    import PIL.Image

    if path.suffix.lower() != ".png":
        return None
    with PIL.Image.open(path, formats=["PNG"]) as picture:
        return np.asarray(picture) if picture.mode == "P" else None


def check_output(path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Raise unless labels can be written to ``path``; to be asked before a long run.

    Parameters
    ----------
    path : path
        The TIFF file to write.
    force : bool
        An existing file may be overwritten.

    Raises
    ------
    ValueError
        If the name does not end in .tif or .tiff.
    OSError
        If its folder is missing or not writable, or a file is there already.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITABLE:
        raise ValueError(f"{path}: labels are written as TIFF; end the name in .tif.")
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: the folder {path.parent} does not exist; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {path.parent} is not writable.")
    if path.exists() and not force:
        raise FileExistsError(f"{path}: exists already; choose another name or pass --force.")


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[np.integer[Any]],
    *,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    force: bool = False,
) -> None:
    """Write a label image as TIFF with its pixel size and the recipe that made it.

    The file is written beside its place and then renamed, so that there is never half a file.

    Parameters
    ----------
    path : path
        Ends in .tif or .tiff.
    labels : ndarray of int
        Not negative.
    spacing : sequence of float, optional
        Pixel size along the spatial axes.
    unit : str, optional
        Unit of ``spacing``.
    axes : str, optional
        One letter an axis of ``labels``; YX or ZYX by default, with T for time.
    provenance : mapping, optional
        What `read_provenance` returns: settings, sources, version; anything JSON can hold.
    force : bool
        Overwrite an existing file.

    Raises
    ------
    ValueError
        If the name does not end in .tif or .tiff.
    OSError
        If the file cannot be written, or is there already.
    """
    import tifffile

    path = Path(path)
    check_output(path, force=force)
    # All axes that the formats have: tifffile mistakes axes of length 1 that are not spelled out.
    axes = _named_axes("TZYX"[-labels.ndim :] if axes is None else axes)
    full = labels.reshape([_length(labels, axes, axis) for axis in "TZCYX"])
    sizes = {} if spacing is None else dict(zip(axes.lstrip(TIME), spacing, strict=True))
    recipe = json.dumps(provenance) if provenance is not None else None
    fits_imagej = full.max(initial=0) <= np.iinfo(np.uint16).max
    if fits_imagej and 2 * full.size < _CLASSIC_TIFF_BYTES:
        data = full[..., np.newaxis].astype(np.uint16)
        options = imagej_options(sizes, unit, recipe)
    else:
        data = full.astype(np.int32)
        options = ome_options(sizes, unit, recipe)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            tifffile.imwrite(file, data, compression="zlib", photometric="minisblack", **options)
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _named_axes(axes: str) -> str:
    """Name the spatial axes Z, Y and X, whatever the source called them."""
    n_spatial = len(axes.lstrip(TIME))
    return axes[:-n_spatial] + "ZYX"[-n_spatial:]


def _length(labels: NDArray[Any], axes: str, axis: str) -> int:
    return labels.shape[axes.index(axis)] if axis in axes else 1


def read_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the recipe that `write_labels` kept in a TIFF file.

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
        If the file is no TIFF or holds no recipe.
    OSError
        If it is missing or not readable.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as tif:
            recipe = stored_recipe(tif)
    except OSError:
        raise
    except Exception as error:  # Damaged files raise whatever their bytes lead to.
        raise ValueError(f"{path}: cannot be read as TIFF with a recipe ({error}).") from error
    if not isinstance(recipe, dict):
        raise ValueError(f"{path}: holds no recipe; wanted a TIFF that napari-ncut wrote.")
    return recipe
