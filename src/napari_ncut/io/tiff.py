"""What TIFF files hold: values, axes, pixel size, and the recipe of labels.

ImageJ, OME and tifffile keep what they say in places of their own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.memory import gigabytes, total_memory
from napari_ncut.io import pixel_size as sizes_in
from napari_ncut.io.pixel_size import NOTHING, PixelSize
from napari_ncut.io.stored import CHANNELS, Stored

RECIPE_KEY = "napari_ncut"
# Labels without a recipe are marked, too.
LABELS_KEY = "napari_ncut_labels"
PLACE_KEY = "napari_ncut_translate"
# How many bytes of pixels a byte of a file can hold, by the kind of compression: none (but planes
# may be missing), LZW, deflate (two numbers), PackBits; and others, such as Zstandard, which pack
# what is empty far more.
MOST_PACKED = {1: 64, 5: 4100, 8: 1100, 32946: 1100, 32773: 64}
MOST_BY_OTHERS = 50_000
# Less than this does no harm.
SMALL = 2**26
OPAQUE = (1, 2)  # kinds of extra samples that say how opaque a pixel is


def read_tiff(path: Path) -> Stored:
    """Return what a TIFF holds.

    Raises
    ------
    ValueError
        If it is damaged, or holds several images.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as tif:
            if len(tif.series) != 1:
                raise ValueError(f"it holds {len(tif.series)} images; save the one to cut alone")
            series = tif.series[0]
            _check_claim(series, path)
            return _stored(tif, series.asarray(), series.axes)
    except Exception as error:  # Damaged files raise whatever their bytes lead to.
        # Only errors of the system name the file.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        said = str(error) or "not enough memory"
        raise ValueError(f"it cannot be read as TIFF ({said})") from error


def _check_claim(series: Any, path: Path) -> None:
    """Raise ValueError if an image is said to be larger than its file, or the memory, can hold.

    Nothing is allocated before: damaged tags may claim any size.
    """
    claimed = math.prod(series.shape) * series.dtype.itemsize
    # Of OME-TIFF in several files this is one of them.
    there = math.inf if series.is_multifile else path.stat().st_size
    known = int(series.keyframe.compression) in MOST_PACKED
    most = MOST_PACKED[int(series.keyframe.compression)] if known else MOST_BY_OTHERS
    if claimed > most * there + SMALL or claimed > total_memory():
        raise ValueError(
            f"it claims to hold {gigabytes(claimed)} of pixels, in a file of {there} bytes"
        )
    if series.dataoffset is None:
        longest = max((max(p.databytecounts, default=0) for p in series.pages if p), default=0)
        if longest > there:
            raise ValueError(f"a part of it claims {longest} bytes, in a file of {there}")


def _stored(tif: Any, data: NDArray[Any], axes: str) -> Stored:
    import tifffile

    page = tif.pages.first
    size, interval = _pixel_size(tif)
    is_rgb = page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
    alpha = None
    if "S" in axes:
        n_samples = data.shape[axes.index("S")]
        kinds = [int(kind) for kind in page.extrasamples]
        if kinds and kinds[0] in OPAQUE and n_samples == page.samplesperpixel:
            at = n_samples - len(kinds)
        else:
            # Without a word about it, the fourth sample of colours is what it mostly is.
            at = 3 if is_rgb and n_samples == 4 else n_samples
        if at < n_samples:
            samples = np.moveaxis(data, axes.index("S"), -1)
            alpha, data = samples[..., at], samples[..., :at]
            axes = axes.replace("S", "") + "S"
            if at == 1:
                data, axes = data[..., 0], axes[:-1]
    palette = None
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        # Sixteen bits a colour; some programs fill eight of them.
        colours = np.asarray(page.colormap).T
        palette = (colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)
    named = [axis for axis in axes if axis not in CHANNELS + "YX"]
    return Stored(
        data,
        axes,
        size,
        interval,
        _origin(tif, size),
        is_inverted=_is_inverted(tif),
        palette=palette,
        alpha=alpha,
        has_colours=is_rgb and "S" in axes,
        is_lossy=bool(page.compression == tifffile.COMPRESSION.JPEG),
        are_labels=is_ours(tif),
        are_axes_named=all(axis in "TZ" for axis in named),
        channels=_channels(tif),
    )


def _channels(tif: Any) -> tuple[str, ...]:
    """Return the names of the channels, where OME tells all of them."""
    if not tif.is_ome:
        return ()
    pixels = ElementTree.fromstring(tif.ome_metadata).find(".//{*}Pixels")
    found = [] if pixels is None else [c.get("Name") for c in pixels.findall("{*}Channel")]
    return tuple(map(str, found)) if all(found) else ()


def _is_inverted(tif: Any) -> bool:
    """Return whether low values are shown bright: by the format, or by ImageJ's look-up table."""
    import tifffile

    if tif.pages.first.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        return True
    tables = (tif.imagej_metadata or {}).get("LUTs") if tif.is_imagej else None
    if tables is None:
        return False
    # The metadata of a single channel is a table, of more of them a list.
    table = np.asarray(tables[0] if isinstance(tables, (list, tuple)) else tables, int)
    return bool(table.ndim == 2 and (table[:, 0] > table[:, -1]).all())


def _pixel_size(tif: Any) -> tuple[PixelSize, float | None]:
    """Return what is said about the pixel size, and the seconds between frames."""
    tags = tif.pages.first.tags
    if tif.is_ome:
        xml = tif.ome_metadata
        return sizes_in.ome_pixel_size(xml), sizes_in.ome_interval(xml)
    if tif.is_imagej:
        metadata = tif.imagej_metadata
        interval = sizes_in.seconds(metadata.get("finterval"), metadata.get("tunit", "s"))
        return sizes_in.imagej_pixel_size(metadata, tags), interval
    described = tif.shaped_metadata if tif.is_shaped else None
    if described:
        found = sizes_in.json_pixel_size(described[0], tags)
        interval = sizes_in.seconds(described[0].get("finterval"), "s")
        if found.sizes or found.note:
            return found, interval
    sizes, unit = sizes_in.resolution(tags)
    if not unit:
        return NOTHING, None
    return sizes_in.printed_pixel_size(sizes, unit, "resolution of the TIFF"), None


def _origin(tif: Any, size: PixelSize) -> dict[str, float]:
    """Return where the first pixel lies, by axis letter."""
    said = _ome_description(tif) if tif.is_ome else tif.imagej_metadata if tif.is_imagej else {}
    with suppress(ValueError, TypeError, RecursionError):
        place = (said or {}).get(PLACE_KEY)
        place = json.loads(place) if isinstance(place, str) else place
        if place:
            numbers = [sizes_in.finite(number) or 0.0 for number in place][-3:]
            return dict(zip("ZYX"[-len(numbers) :], numbers, strict=True))
    if tif.is_ome and size.unit == "µm":
        return sizes_in.ome_origin(tif.ome_metadata)
    if tif.is_imagej:
        return sizes_in.imagej_origin(tif.imagej_metadata, size.sizes)
    return {}


def imagej_options(
    sizes: Mapping[str, float],
    unit: str | None,
    interval: float | None,
    place: Mapping[str, float],
    recipe: str | None,
) -> dict[str, Any]:
    """Return what tifffile wants for an ImageJ hyperstack of shape TZCYX and one sample."""
    metadata: dict[str, Any] = {"axes": "TZCYXS", LABELS_KEY: "yes"}
    options: dict[str, Any] = {"imagej": True, "metadata": metadata}
    if recipe is not None:
        metadata[RECIPE_KEY] = recipe
    if sizes:
        # ImageJ's header is ASCII.
        name = "micron" if unit == "µm" else unit or "pixel"
        metadata["unit"] = name.encode("ascii", "backslashreplace").decode()
        options |= {"resolution": (1 / sizes["X"], 1 / sizes["Y"]), "resolutionunit": "NONE"}
    if "Z" in sizes:
        metadata["spacing"] = float(sizes["Z"])
    if interval is not None:
        metadata |= {"finterval": float(interval), "tunit": "sec"}
    if place:
        metadata[PLACE_KEY] = json.dumps(list(place.values()))
        for axis, size in sizes.items():
            metadata[f"{axis.lower()}origin"] = -place[axis] / size
    return options


def ome_options(
    sizes: Mapping[str, float],
    unit: str | None,
    interval: float | None,
    place: Mapping[str, float],
    recipe: str | None,
) -> dict[str, Any]:
    """Return what tifffile wants for an OME-TIFF of shape TZCYX."""
    metadata: dict[str, Any] = {"axes": "TZCYX"}
    for axis, size in sizes.items():
        metadata[f"PhysicalSize{axis}"] = float(size)
        metadata[f"PhysicalSize{axis}Unit"] = unit or "pixel"
    if interval is not None:
        metadata |= {"TimeIncrement": float(interval), "TimeIncrementUnit": "s"}
    ours: dict[str, Any] = {LABELS_KEY: "yes"}
    if place:
        ours[PLACE_KEY] = list(place.values())
    if recipe is not None:
        ours[RECIPE_KEY] = json.loads(recipe)
    metadata["Description"] = json.dumps(ours)
    return {"ome": True, "bigtiff": True, "metadata": metadata}


def _ome_description(tif: Any) -> dict[str, Any]:
    """Return the JSON in the description of an OME-TIFF, or nothing."""
    text = ElementTree.fromstring(tif.ome_metadata).findtext(".//{*}Image/{*}Description")
    with suppress(ValueError, RecursionError):
        found = json.loads(text or "{}")
        return found if isinstance(found, dict) else {}
    return {}


def is_ours(tif: Any) -> bool:
    """Return whether an open TIFF holds labels that napari-ncut wrote."""
    found = _ome_description(tif) if tif.is_ome else tif.imagej_metadata if tif.is_imagej else {}
    return bool({LABELS_KEY, RECIPE_KEY} & set(found or {}))


def stored_recipe(tif: Any) -> Any:
    """Return the recipe in an open TIFF, or None."""
    if tif.is_ome:
        return _ome_description(tif).get(RECIPE_KEY)
    if tif.is_imagej:
        # Read here: before 2026, tifffile leaves out lines with a second "=".
        for line in tif.pages[0].description.splitlines():
            key, _, text = line.partition("=")
            if key == RECIPE_KEY:
                return json.loads(text)
    return None
