"""What TIFF files hold beside their values: axes, pixel size, unit and the recipe.

ImageJ and OME keep them in places and units of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from numpy.typing import NDArray

RECIPE_KEY = "napari_ncut"
CHANNELS = "CS"
TIME = "T"

# Names of the micrometre in files of ImageJ and OME; the escape is ImageJ's own.
_MICROMETRE = {"um", "µm", "μm", "micron", "microns", "micrometer", "micrometre", "\\u00B5m"}
_IN_MICROMETRES = {"nm": 1e-3, "µm": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}


def read_tiff(
    path: Path,
) -> tuple[NDArray[Any], str, tuple[float, ...] | None, str | None]:
    """Return the values, axes, pixel size and unit of a TIFF, as `files.Image` takes them."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tif:
            if len(tif.series) != 1:
                raise ValueError(f"it holds {len(tif.series)} images; save the one to cut alone")
            series = tif.series[0]
            data, axes = series.asarray(), series.axes
            sizes, unit = _tiff_spacing(tif)
            photometric = tif.pages.first.photometric
    except OSError:
        raise
    except Exception as error:  # Damaged files raise whatever their bytes lead to.
        raise ValueError(f"{path}: cannot be read as TIFF ({error}).") from error
    time = [i for i, axis in enumerate(axes) if axis == TIME and data.shape[i] > 1]
    channels = [i for i, axis in enumerate(axes) if axis in CHANNELS and data.shape[i] > 1]
    spatial = [
        i
        for i, axis in enumerate(axes)
        if axis in "YX" or (axis not in CHANNELS + TIME and data.shape[i] > 1)
    ]
    if len(spatial) not in (2, 3) or len(channels) > 1 or len(time) > 1:
        raise ValueError(
            f"{path}: has shape {data.shape} with axes {axes}; wanted 2 or 3 spatial axes, and at "
            "most one of channels and one of time."
        )
    order = [*time, *spatial, *channels]
    left_out = [i for i in range(data.ndim) if i not in order]
    data = data.transpose([*left_out, *order])[(0,) * len(left_out)]
    if channels and photometric == tifffile.PHOTOMETRIC.RGB:
        data = data[..., :3]
    axes = "".join(axes[i] for i in order)
    if sizes is None:
        return data, axes, None, None
    # A stack whose first axis has no name is one along z.
    spacing = tuple(sizes.get(axis, 1.0) for axis in "ZYX"[-len(spatial) :])
    return data, axes, spacing, unit


def _tiff_spacing(tif: Any) -> tuple[dict[str, float] | None, str | None]:
    """Return the pixel size by axis letter and its unit, or None where the file has none."""
    if tif.is_ome:
        return _ome_spacing(tif.ome_metadata)
    if tif.is_imagej:
        return _imagej_spacing(tif)
    return None, None


def _ome_spacing(xml: str) -> tuple[dict[str, float] | None, str | None]:
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return None, None
    sizes, units = {}, {}
    for axis in "ZYX":
        size = pixels.get(f"PhysicalSize{axis}")
        if size is not None:
            sizes[axis] = float(size)
            units[axis] = _unit_name(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    if not sizes:
        return None, None
    if len(set(units.values())) == 1:
        return sizes, units[next(iter(units))]
    if not set(units.values()) <= set(_IN_MICROMETRES):
        raise ValueError(f"the pixel sizes have the units {', '.join(units.values())}")
    return {axis: size * _IN_MICROMETRES[units[axis]] for axis, size in sizes.items()}, "µm"


def _imagej_spacing(tif: Any) -> tuple[dict[str, float] | None, str | None]:
    metadata, tags = tif.imagej_metadata, tif.pages.first.tags
    sizes = {}
    for axis, name in (("Y", "YResolution"), ("X", "XResolution")):
        if name in tags:
            pixels, length = tags[name].value
            sizes[axis] = length / pixels if pixels and length else 1.0
    if "spacing" in metadata:
        # ImageJ writes a negative spacing for stacks from below.
        sizes["Z"] = abs(float(metadata["spacing"])) or 1.0
    unit = metadata.get("unit")
    if unit in (None, "pixel", "inch") and all(size == 1.0 for size in sizes.values()):
        return None, None
    return sizes, _unit_name(str(unit)) if unit is not None else None


def _unit_name(unit: str) -> str:
    return "µm" if unit in _MICROMETRE else unit


def imagej_options(
    sizes: Mapping[str, float], unit: str | None, recipe: str | None
) -> dict[str, Any]:
    """Return what tifffile wants for an ImageJ hyperstack of shape TZCYX and one sample."""
    metadata: dict[str, Any] = {"axes": "TZCYXS"}
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
    return options


def ome_options(sizes: Mapping[str, float], unit: str | None, recipe: str | None) -> dict[str, Any]:
    """Return what tifffile wants for an OME-TIFF of shape TZCYX."""
    metadata: dict[str, Any] = {"axes": "TZCYX"}
    for axis, size in sizes.items():
        metadata[f"PhysicalSize{axis}"] = float(size)
        metadata[f"PhysicalSize{axis}Unit"] = unit or "pixel"
    if recipe is not None:
        metadata["Description"] = json.dumps({RECIPE_KEY: json.loads(recipe)})
    return {"ome": True, "bigtiff": True, "metadata": metadata}


def stored_recipe(tif: Any) -> Any:
    """Return the recipe in an open TIFF, or None."""
    if tif.is_ome:
        description = ElementTree.fromstring(tif.ome_metadata).findtext(
            ".//{*}Image/{*}Description"
        )
        with suppress(json.JSONDecodeError):
            return json.loads(description or "{}").get(RECIPE_KEY)
        return None
    if tif.is_imagej:
        text = tif.imagej_metadata.get(RECIPE_KEY)
        return json.loads(text) if isinstance(text, str) else None
    return None
