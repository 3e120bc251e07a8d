"""Files into napari: images and labels with their scale, units, axes and place.

Label images arrive as Labels: our own by what they say of themselves, others by their values. A
result of ours comes with its recipe, as it was. In doubt a file is an image. No Qt is needed.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.io.files import (
    Image,
    image_of,
    labels_of,
    named,
    read_provenance,
    read_stored,
)
from napari_ncut.io.formats import READABLE
from napari_ncut.io.ome_zarr import Picture, is_store, is_zarr, name_of, open_picture, stored_of
from napari_ncut.io.pixel_size import IN_MICROMETRES
from napari_ncut.io.stored import Stored, arranged
from napari_ncut.io.tiff import RECIPE_KEY
from napari_ncut.io.vendor import is_read
from napari_ncut.runs.recipe import Recipe, pack, uncorrected
from napari_ncut.volumes.stored_labels import stored_labels

LayerData = tuple[Any, dict[str, Any], str]
# Stores of more bytes are shown from where they are, smaller ones are read.
LARGE = 2**28
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
    path = Path(path)
    if path.is_dir():
        return read if is_store(path) else None
    return read if path.suffix.lower() in READABLE or is_read(path) else None


def read(path: str | os.PathLike[str]) -> list[LayerData]:
    """Return the layers of a file or a store.

    Parameters
    ----------
    path : path
        A TIFF, PNG, JPEG, BMP or NPY file, or an OME-Zarr.

    Returns
    -------
    list of (data, keyword arguments, type)
        One layer, ``"labels"`` or ``"image"``; of an OME-Zarr its labels, too.

    Raises
    ------
    ValueError
        If the file can not be read; the message names it.
    """
    path = Path(path)
    if is_store(path):
        return _layers_of_store(path)
    return [_layer(path)]


def _layers_of_store(path: Path) -> list[LayerData]:
    """Return the layers of an image of an OME-Zarr and of the labels in it."""
    group = path / "labels"
    inside = sorted(group.iterdir()) if group.is_dir() else []
    folders = [path, *filter(is_zarr, inside)]
    pictures = [(folder, open_picture(folder)) for folder in folders]
    return [
        _lazy_layer(folder, picture) if _is_large(picture) else _layer(folder)
        for folder, picture in pictures
    ]


def _is_large(picture: Picture) -> bool:
    level = picture.levels[0]
    return bool(math.prod(level.shape) * level.dtype.itemsize > LARGE)


def _lazy_layer(path: Path, picture: Picture) -> LayerData:
    """Return the layer of a large image of an OME-Zarr: nothing is read before it is shown."""
    import dask.array as da

    levels = [
        image_of(arranged(stored_of(picture, da.from_zarr(level)))) for level in picture.levels
    ]
    image = levels[0]
    options = _place(image) | {"name": _name(path), "multiscale": len(levels) > 1}
    data = [level.data for level in levels]
    stored = stored_labels(path) if picture.are_labels else None
    if stored is not None and stored.shape == tuple(data[0].shape):
        return stored.levels, options | {"multiscale": True}, "labels"
    if picture.are_labels:
        return data if len(data) > 1 else data[0], options, "labels"
    return _with_channels(image, data if len(data) > 1 else data[0], options)


def _with_channels(image: Image, data: Any, options: dict[str, Any]) -> LayerData:
    """Return the layer of an image, or one for each of its channels."""
    if image.channel_axis is not None:
        n = image.data.shape[-1]
        options["channel_axis"] = image.data.ndim - 1
        called = image.channels if len(image.channels) == n else range(1, n + 1)
        # A name for each channel is made of that of the file.
        options["name"] = [f"{options['name']} {channel}" for channel in called]
    return data, options, "image"


def _layer(path: Path) -> LayerData:
    """Return the layer of a file, or of an image in a store."""
    try:
        stored = read_stored(path)
    except ValueError as error:
        raise named(path, error) from error
    labels = _labels(stored)
    if labels is not None:
        metadata = _record(path, labels) if stored.are_labels else {}
        options = _place(labels) | {"name": _name(path), "metadata": metadata}
        return _integers(labels.data), options, "labels"
    image = image_of(stored)
    options = _place(image) | {"name": _name(path)}
    if image.channel_axis is not None and (stored.palette is not None or stored.has_colours):
        return image.data, options | {"rgb": True}, "image"
    return _with_channels(image, image.data, options)


def _name(path: Path) -> str:
    """Return what a layer is called: of a part of a plate, that of the plate and its place."""
    store, parts = path, [path.name]
    while path.parent.name != "labels" and is_zarr(store.parent):
        store = store.parent
        parts.insert(0, store.name)
    return "_".join([name_of(store), *parts[1:]])


def _labels(stored: Stored) -> Image | None:
    """Return the labels in a file, or None if they are an image, or in doubt."""
    if not stored.are_labels:
        is_whole = stored.data.dtype.kind in "biu"
        if not is_whole or stored.is_lossy or (stored.axes[-1] in "CS" and not stored.has_colours):
            return None
    try:
        labels = labels_of(stored)
    except ValueError:  # What is said there of the values is what makes it an image.
        return None
    if stored.are_labels:
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
