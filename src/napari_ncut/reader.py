"""Files into napari: images and labels with their scale, units, axes and place.

Label images arrive as Labels: our own by what they say of themselves, others by their values. A
result of ours comes with its recipe, as it was. In doubt a file is an image. No Qt is needed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.io.files import Image, image_of, labels_of, read_provenance, read_stored
from napari_ncut.io.formats import READABLE
from napari_ncut.io.pixel_size import IN_MICROMETRES
from napari_ncut.io.stored import Stored
from napari_ncut.io.tiff import RECIPE_KEY
from napari_ncut.runs.recipe import Recipe, pack, uncorrected

LayerData = tuple[Any, dict[str, Any], str]
# Units as napari spells them; others are left out.
UNITS = {"µm": "micrometer", "pixel": "pixel", "Å": "angstrom", "in": "inch"}


def get_reader(
    path: str | os.PathLike[str] | Sequence[str],
) -> Callable[[str | os.PathLike[str]], list[LayerData]] | None:
    """Return what reads a file, or None for what is not read: several files as one stack.

    Parameters
    ----------
    path : path or sequence of path
        What napari is to open.
    """
    if not isinstance(path, (str, os.PathLike)):
        return None
    return read if Path(path).suffix.lower() in READABLE else None


def read(path: str | os.PathLike[str]) -> list[LayerData]:
    """Return the layer of a file.

    Parameters
    ----------
    path : path
        A TIFF, PNG, JPEG, BMP or NPY file.

    Returns
    -------
    list of (data, keyword arguments, type)
        One layer: ``"labels"`` or ``"image"``.

    Raises
    ------
    ValueError
        If the file can not be read; the message names it.
    """
    path = Path(path)
    try:
        stored = read_stored(path)
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).rstrip('.')}.") from error
    labels = _labels(stored)
    if labels is not None:
        metadata = _record(path, labels) if stored.is_ours else {}
        options = _place(labels) | {"name": path.stem, "metadata": metadata}
        return [(_integers(labels.data), options, "labels")]
    image = image_of(stored)
    options = _place(image) | {"name": path.stem}
    if image.channel_axis is not None:
        if stored.palette is not None or stored.has_colours:
            options["rgb"] = True
        else:
            options["channel_axis"] = image.data.ndim - 1
            # A name for each channel is made of that of the file.
            options["name"] = [f"{path.stem} {n + 1}" for n in range(image.data.shape[-1])]
    return [(image.data, options, "image")]


def _labels(stored: Stored) -> Image | None:
    """Return the labels in a file, or None if they are an image, or in doubt."""
    if not stored.is_ours:
        is_whole = stored.data.dtype.kind in "biu"
        if not is_whole or stored.is_lossy or (stored.axes[-1] in "CS" and not stored.has_colours):
            return None
    try:
        labels = labels_of(stored)
    except ValueError:  # What is said there of the values is what makes it an image.
        return None
    if stored.is_ours:
        return labels
    # A mask with grey values at its edges is shown as it is, and so is a picture in colours.
    is_smoothed = labels.is_mask and labels.data.dtype == bool and stored.data.dtype != bool
    is_shown_as_stored = stored.palette is not None or not (stored.has_colours or is_smoothed)
    return labels if is_shown_as_stored and labels.data.any() else None


def _integers(data: Any) -> Any:
    """Return labels as napari takes them."""
    if data.dtype == bool:
        return data.astype(np.uint8)
    return data.astype(np.int64) if data.dtype.kind == "f" else data


def _place(image: Image) -> dict[str, Any]:
    """Return where the pixels of an image lie, as arguments of a layer."""
    axes = image.label_axes
    n_frames = len(axes) - image.spatial_ndim
    options: dict[str, Any] = {}
    if image.are_axes_named or len(axes) == 2:
        options["axis_labels"] = [axis.lower() for axis in axes]
    scale = [1.0] * len(axes)
    units = ["pixel"] * len(axes)
    if image.spacing is not None:
        scale[n_frames:] = image.spacing
        known = set(IN_MICROMETRES) | {"pixel"}
        if image.unit in known:
            name = UNITS.get(image.unit, image.unit)
            units[n_frames:] = [name] * image.spatial_ndim
    if image.interval is not None and n_frames:
        scale[0], units[0] = image.interval, "second"
    if image.origin is not None:
        options["translate"] = [0.0] * n_frames + list(image.origin)
    return options | {"scale": scale, "units": units}


def _record(path: Path, labels: Image) -> dict[str, Any]:
    """Return the metadata of a result: its recipe, and the labels as they were saved."""
    try:
        found = read_provenance(path)
    except ValueError:  # Labels that were written without a recipe.
        return {}
    try:
        recipe = Recipe.from_dict(found)
    except ValueError as error:
        warnings.warn(f"{path}: the labels come without their recipe. {error}", stacklevel=2)
        return {}
    names = {"image": recipe.image, "mask": recipe.mask}
    paths = {
        key: name if name and Path(name).suffix.lower() in READABLE else None
        for key, name in names.items()
    }
    try:
        before = uncorrected(labels.data, recipe.corrections)
    except ValueError:  # The labels were cropped or resampled since.
        before = labels.data
    arrays = {"automatic": pack(before), "shown": pack(labels.data)}
    return {RECIPE_KEY: recipe.to_dict() | {"paths": paths} | arrays}
