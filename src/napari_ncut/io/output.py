"""Label images to disk: TIFF or OME-Zarr, with the pixel size and the recipe that made them.

Labels up to 65,535 are written as an ImageJ hyperstack of uint16, which Fiji, Bio-Formats and
tifffile read with the pixel size of all three axes; ImageJ has no integers wider than that, so
more labels go into an OME-TIFF of int32. Both are plain TIFF with zlib compression.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.validation import (
    LARGEST_PIXEL,
    check_label_range,
    real,
    shown,
    spacing_tuple,
)
from napari_ncut.io.atomic import already_there, atomic_file
from napari_ncut.io.formats import WRITABLE
from napari_ncut.io.ome_zarr import is_result, needs_zarr
from napari_ncut.io.ome_zarr_labels import write_ome_zarr
from napari_ncut.io.stored import TIME
from napari_ncut.io.tiff import imagej_options, ome_options

# The largest file whose offsets fit the classic TIFF that ImageJ writes and reads.
_CLASSIC_TIFF_BYTES = 2**32 - 2**25
# Pixel sizes whose inverse is a fraction of two integers of 32 bits with all digits that count.
_SMALLEST_FRACTION, _LARGEST_FRACTION = 1e-5, 1e5
_LONGEST_UNIT = 64


def check_output(path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Raise unless labels can be written to ``path``; to be asked before a long run.

    Parameters
    ----------
    path : path
        The TIFF file, or the OME-Zarr, to write.
    force : bool
        An existing file may be overwritten; of an OME-Zarr, labels of napari-ncut.

    Raises
    ------
    ValueError
        If the name does not end in .tif, .tiff or .ome.zarr.
    OSError
        If its folder is missing or not writable, or a file is there already.
    """
    path = Path(path)
    if "\0" in str(path):
        raise ValueError(f"{shown(str(path))} can not be the name of a file.")
    if not path.name.lower().endswith(WRITABLE):
        raise ValueError(
            f"{path}: labels are written as TIFF or OME-Zarr; end the name in .tif or .ome.zarr."
        )
    if path.suffix.lower() == ".zarr":
        needs_zarr()
        if force and path.exists() and not is_result(path):
            raise FileExistsError(f"{path}: is no result of napari-ncut; choose another name.")
    elif path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: the folder {path.parent} does not exist; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {path.parent} is not writable.")
    if os.path.lexists(path) and not force:
        raise FileExistsError(already_there(path))


def check_no_input(path: Path, inputs: Iterable[Path | None]) -> None:
    """Raise ValueError if a file to write is one of those that are read, whatever its name."""
    for given in inputs:
        if given is not None and path.exists() and given.exists() and path.samefile(given):
            raise ValueError(f"{path}: is what is read; name another output, --force or not.")


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[Any],
    *,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    interval: float | None = None,
    translate: Sequence[float] | None = None,
    provenance: Mapping[str, Any] | None = None,
    force: bool = False,
) -> None:
    """Write a label image with its pixel size and the recipe that made it.

    There is never half a file, nor one that another process wrote meanwhile and that is lost.

    Parameters
    ----------
    path : path
        Ends in .tif or .tiff, or in .ome.zarr for an OME-Zarr with a pyramid.
    labels : ndarray of int
        0 to 2**31 - 1.
    spacing : sequence of float, optional
        Pixel size along the spatial axes.
    unit : str, optional
        Unit of ``spacing``.
    axes : str, optional
        One letter an axis of ``labels``; YX or ZYX by default, with T for time.
    interval : float, optional
        Seconds between two frames.
    translate : sequence of float, optional
        Where the first pixel lies along the spatial axes, in the unit of ``spacing``.
    provenance : mapping, optional
        What `read_provenance` returns: settings, sources, version; anything JSON can hold.
    force : bool
        Overwrite an existing file.

    Raises
    ------
    ValueError
        If the name has another ending, or a label, a size or a name can not be written as it is.
    OSError
        If the file cannot be written, or is there already.
    """
    path = Path(path)
    check_output(path, force=force)
    labels = np.asarray(labels)
    check_label_range(labels)
    axes = _named_axes("TZYX"[-labels.ndim :] if axes is None else axes, labels)
    spatial = axes.lstrip(TIME)
    sizes = {}
    if spacing is not None:
        sizes = dict(zip(spatial, spacing_tuple(spacing, len(spatial)), strict=True))
    if interval is not None:
        interval = real(interval, "interval")
    place = _place(translate, spatial)
    unit = _unit(unit)
    recipe = _json(provenance)
    if path.suffix.lower() == ".zarr":
        write_ome_zarr(
            path,
            labels,
            tuple(sizes.values()) or (1.0,) * len(spatial),
            unit=unit,
            interval=interval,
            translate=tuple(place.values()) or None,
            provenance=None if recipe is None else json.loads(recipe),
            force=force,
        )
        return
    # All axes that the formats have: tifffile mistakes axes of length 1 that are not spelled out.
    full = labels.reshape([_length(labels, axes, axis) for axis in "TZCYX"])
    fits_imagej = int(full.max(initial=0)) <= np.iinfo(np.uint16).max and all(
        _SMALLEST_FRACTION <= size <= _LARGEST_FRACTION for size in sizes.values()
    )
    if fits_imagej and 2 * full.size < _CLASSIC_TIFF_BYTES:
        data = full[..., np.newaxis].astype(np.uint16)
        options = imagej_options(sizes, unit, interval, place, recipe)
    else:
        data = full.astype(np.int32)
        options = ome_options(sizes, unit, interval, place, recipe)
    import tifffile

    with atomic_file(path, force=force) as file:
        tifffile.imwrite(file, data, compression="zlib", photometric="minisblack", **options)


def _named_axes(axes: str, labels: NDArray[Any]) -> str:
    """Name the spatial axes Z, Y and X, whatever the source called them."""
    n_spatial = len(axes.lstrip(TIME))
    if len(axes) != labels.ndim or n_spatial not in (2, 3) or len(axes) - n_spatial > 1:
        raise ValueError(
            f"labels has shape {labels.shape}, with axes {axes!r}; wanted 2 or 3 spatial axes and "
            "at most one of time, T, before them."
        )
    return axes[:-n_spatial] + "ZYX"[-n_spatial:]


def _length(labels: NDArray[Any], axes: str, axis: str) -> int:
    return labels.shape[axes.index(axis)] if axis in axes else 1


def _place(translate: Sequence[float] | None, axes: str) -> dict[str, float]:
    """Return where the first pixel lies by axis letter; nothing where it lies at 0."""
    if translate is None:
        return {}
    if len(translate) != len(axes):
        raise ValueError(
            f"translate has {len(translate)} values, but there are {len(axes)} spatial axes; "
            "pass one number for each of them."
        )
    numbers = [real(number, "translate", -LARGEST_PIXEL, LARGEST_PIXEL) for number in translate]
    return dict(zip(axes, numbers, strict=True)) if any(numbers) else {}


def _unit(unit: str | None) -> str | None:
    """Return a unit that fits a line of a header."""
    if unit is not None and not (
        isinstance(unit, str) and unit.isprintable() and 0 < len(unit) <= _LONGEST_UNIT
    ):
        raise ValueError(f"unit is {shown(unit)}; wanted a short name, as in µm, or None.")
    return unit


def _json(provenance: Mapping[str, Any] | None) -> str | None:
    if provenance is None:
        return None
    try:
        return json.dumps(provenance)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"provenance can not be written as JSON ({error}); wanted texts, numbers, lists and "
            "mappings of them."
        ) from error
