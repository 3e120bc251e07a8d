"""OME-Zarr (0.4 and 0.5): images, labels and plates.

The metadata are read by yaozarrs, the arrays by zarr; both are in the extra ``scale``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.core.memory import check_fits
from napari_ncut.io import pixel_size as sizes_in
from napari_ncut.io.pixel_size import NOTHING, PixelSize
from napari_ncut.io.stored import Stored

# What our results hold beside the metadata of OME.
OURS_KEY = "napari-ncut"
RECIPE = "provenance"
EDITS = "edits"
# The axes of OME-Zarr by our letters.
LETTERS = {"t": "T", "c": "C", "z": "Z", "y": "Y", "x": "X"}
NOT_RENDERED = ("omero",)
MOST_MEMBERS = 100_000


@dataclass(frozen=True)
class Picture:
    """An image or labels of an OME-Zarr.

    Parameters
    ----------
    levels : list of zarr.Array
        The finest first.
    axes : str
        One letter an axis: t, c, z, y, x.
    spacing : tuple of float
        Pixel size of the finest level along each axis.
    units : tuple of str or None
        Their units.
    origin : tuple of float
        Where the first pixel lies along each axis.
    channels : tuple of str
        Names of the channels, where they are told.
    are_labels : bool
        Whether the store says that its values are labels.
    ours : dict
        What napari-ncut wrote with it.
    """

    levels: list[Any]
    axes: str
    spacing: tuple[float, ...]
    units: tuple[str | None, ...]
    origin: tuple[float, ...] = ()
    channels: tuple[str, ...] = ()
    are_labels: bool = False
    ours: Mapping[str, Any] | None = None


def needs_zarr() -> None:
    """Raise ImportError with what to install if zarr or yaozarrs is missing."""
    try:
        import yaozarrs  # noqa: F401
        import zarr  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'Zarr needs {error.name}; install it with `pip install "napari-ncut[scale]"`.'
        ) from error


def is_zarr(path: Path) -> bool:
    """Tell whether a folder is a Zarr store, or a part of one."""
    return path.is_dir() and any(
        (path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray")
    )


def is_store(path: Path) -> bool:
    """Tell whether a path stands for an OME-Zarr: by its name, or by what is in it."""
    return is_zarr(path) or (path.is_dir() and path.suffix.lower() == ".zarr")


def name_of(path: Path) -> str:
    """Return the name of a file or a store without what says its format.

    Examples
    --------
    >>> name_of(Path("a/big.ome.zarr")), name_of(Path("a/cells.ome.tif")), name_of(Path("b.tif"))
    ('big', 'cells.ome', 'b')
    """
    return path.stem.removesuffix(".ome") if path.suffix == ".zarr" else path.stem


def images_of(path: Path) -> list[tuple[str, Path]]:
    """Return the images in a store by their names: of a plate every field of every well.

    Parameters
    ----------
    path : Path
        An image (of the name ``""``), a plate, or what bioformats2raw wrote.

    Raises
    ------
    ValueError
        If it is none of these, or nothing is in it.
    """
    _, found = _metadata(path)
    if hasattr(found, "plate"):
        images = []
        for well in found.plate.wells:
            inside = _part(path, path, well.path)
            _, fields = _metadata(inside)
            if not hasattr(fields, "well"):
                raise ValueError(f"{inside}: is no well of a plate.")
            names = [field.path for field in fields.well.images]
            images += [
                (f"{well.path}/{name}".replace("/", "_"), _part(path, inside, name))
                for name in names
            ]
    elif hasattr(found, "multiscales"):
        return [("", path)]
    else:
        series = [child for child in path.iterdir() if child.name.isdigit() and is_zarr(child)]
        images = [(child.name, child) for child in sorted(series, key=lambda p: int(p.name))]
        # The usual case: one image, whose name is that of the store.
        images = [("", images[0][1])] if len(images) == 1 else images
    if not images:
        raise ValueError(f"{path}: no image is in it.")
    return images[:MOST_MEMBERS]


def _part(store: Path, folder: Path, name: str) -> Path:
    """Return a part of a store; what leads out of it is refused."""
    part = folder / name
    if not part.resolve().is_relative_to(store.resolve()):
        raise ValueError(f"{store}: {name!r} leads out of the store.")
    return part


def _metadata(path: Path) -> tuple[Any, Any]:
    """Return the group of a store, and what its metadata say."""
    needs_zarr()
    import yaozarrs
    import zarr

    if not is_zarr(path):
        raise ValueError(f"{path}: is no Zarr store.")
    try:
        group = zarr.open_group(path, mode="r")
        attributes = dict(group.attrs)
        said = attributes.get("ome", attributes)
        try:
            return group, yaozarrs.validate_ome_object(said)
        except Exception:
            # How it is to be shown is of no use here, and is often not as it must be.
            shown = {name: value for name, value in said.items() if name not in NOT_RENDERED}
            return group, yaozarrs.validate_ome_object(shown)
    except Exception as error:
        raise _no_image(path, error) from error


def _no_image(path: Path, error: Exception) -> ValueError:
    """Return the error of a store: whatever is wrong with the files of others is one sentence."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    if "validation error" in reason:
        reason = "its metadata are not those of an image, a plate or labels"
    return ValueError(f"{path}: is no image of an OME-Zarr ({reason}).")


def open_picture(path: Path) -> Picture:
    """Return an image or labels of an OME-Zarr, lazily.

    Raises
    ------
    ValueError
        If the folder is no OME-Zarr image, or holds several.
    """
    group, found = _metadata(path)
    if not hasattr(found, "multiscales"):
        images = images_of(path)
        if len(images) > 1:
            raise ValueError(
                f"{path}: holds {len(images)} images; name one of them, as in {images[0][1]}, or "
                "do all of them by napari-ncut batch."
            )
        path = images[0][1]
        group, found = _metadata(path)
    try:
        multiscale = found.multiscales[0]
        levels = [group[dataset.path] for dataset in multiscale.datasets]
        for level in levels:
            check_array(level)
        transforms = [
            *multiscale.datasets[0].coordinateTransformations,
            *(getattr(multiscale, "coordinateTransformations", None) or ()),
        ]
        scale, origin = _placed(transforms, len(multiscale.axes))
        ours = group.attrs.get(OURS_KEY)
        omero = getattr(found, "omero", None)
        channels = [channel.label for channel in omero.channels] if omero is not None else []
        axes = "".join(axis.name[:1].lower() for axis in multiscale.axes)
        if not set(axes) <= set(LETTERS) or len(set(axes)) != len(levels[0].shape):
            raise ValueError(f"it has the axes {axes}; wanted some of t, c, z, y, x")
    except Exception as error:
        raise _no_image(path, error) from error
    return Picture(
        levels,
        axes,
        scale,
        tuple(getattr(axis, "unit", None) for axis in multiscale.axes),
        origin,
        tuple(map(str, channels)) if all(channels) else (),
        hasattr(found, "image_label") or path.parent.name == "labels",
        ours if isinstance(ours, dict) else None,
    )


def _placed(transforms: Sequence[Any], ndim: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the pixel size and the place of the first pixel, after all transforms in turn."""
    scale, origin = np.ones(ndim), np.zeros(ndim)
    for transform in transforms:
        if transform.type == "scale":
            scale *= transform.scale
            origin *= transform.scale
        elif transform.type == "translation":
            origin += transform.translation
    return tuple(scale.tolist()), tuple(origin.tolist())


def check_array(level: Any) -> None:
    """Raise ValueError unless an array holds numbers, and no codec of it runs code."""
    if not hasattr(level, "shape") or level.dtype.kind not in "biuf":
        raise ValueError("wanted an array of real numbers")
    metadata = level.metadata
    codecs = [getattr(metadata, name, None) for name in ("filters", "compressor", "codecs")]
    if "pickle" in repr(codecs).lower():
        raise ValueError("it is packed by pickle, which can run code of others")


def labels_of(path: Path, name: str) -> Picture:
    """Return labels of an image of an OME-Zarr by their name.

    Raises
    ------
    ValueError
        If there are none of this name; with the names of those there are.
    """
    folder = path / "labels" / name
    if not is_zarr(folder):
        group = path / "labels"
        there = sorted(p.name for p in group.iterdir() if is_zarr(p)) if group.is_dir() else []
        raise ValueError(
            f"{path}: has no labels called {name!r}; there are {', '.join(there) or 'none'}."
        )
    return open_picture(folder)


def read_ome_zarr(path: Path) -> Stored:
    """Return what an image or labels of an OME-Zarr hold, at full resolution.

    Raises
    ------
    ValueError
        If it is none, is damaged, or does not fit into memory.
    """
    picture = open_picture(path)
    level = picture.levels[0]
    check_fits(
        math.prod(level.shape) * level.dtype.itemsize,
        "; `napari-ncut split` does an OME-Zarr of any size, and so does napari_ncut.split_volume",
    )
    try:
        return stored_of(picture, np.asarray(level[...]))
    except Exception as error:  # Damaged chunks raise whatever their bytes lead to.
        raise ValueError(f"a part of it cannot be read ({error})") from error


def stored_of(picture: Picture, data: Any) -> Stored:
    """Return data of a picture, of any level, with what is said about them."""
    axes = "".join(LETTERS[axis] for axis in picture.axes)
    interval = None
    if "T" in axes:
        at = axes.index("T")
        interval = sizes_in.seconds(picture.spacing[at], picture.units[at])
    return Stored(
        data,
        axes,
        _pixel_size(picture),
        interval,
        {LETTERS[axis]: place for axis, place in zip(picture.axes, picture.origin, strict=True)},
        are_labels=picture.are_labels,
        are_axes_named=True,
        channels=picture.channels,
    )


def _pixel_size(picture: Picture) -> PixelSize:
    """Return what the store says about the size of the pixels; 1 without a unit says nothing."""
    told = {
        LETTERS[axis]: (size, sizes_in.unit_name(unit))
        for axis, size, unit in zip(picture.axes, picture.spacing, picture.units, strict=True)
        if axis in "zyx"
    }
    if all(size == 1.0 and unit is None for size, unit in told.values()):
        return NOTHING
    sizes = {axis: size for axis, (size, _) in told.items()}
    return sizes_in.in_one_unit(sizes, {a: unit for a, (_, unit) in told.items()}, "OME-Zarr")


def stored_recipe(path: Path) -> Any:
    """Return the recipe that a label image of an OME-Zarr was written with, or None."""
    return (open_picture(path).ours or {}).get(RECIPE)


def times_edited(ours: Any) -> int:
    """Return how often labels were changed by hand, from what napari-ncut keeps with them."""
    found = ours.get(EDITS, 0) if isinstance(ours, dict) else 0
    return found if isinstance(found, int) else 0


def is_result(path: Path) -> bool:
    """Tell whether a folder holds labels that napari-ncut wrote."""
    try:
        return open_picture(path).ours is not None
    except ValueError:
        return False
