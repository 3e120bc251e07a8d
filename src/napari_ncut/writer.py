"""Labels out of napari: File > Save as TIFF with pixel size and recipe, and for other programs.

No Qt is needed. What a file can not hold is said, and nothing is written then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_ncut.exports.geojson import write_geojson
from napari_ncut.exports.imagej import write_imagej
from napari_ncut.io.files import write_labels
from napari_ncut.io.tiff import RECIPE_KEY
from napari_ncut.objects.measure import measure
from napari_ncut.runs.recipe import Recipe, difference, unpack

# Units as files spell them.
UNITS = {"micrometer": "µm", "angstrom": "Å", "inch": "in"}
PIXEL = "pixel"


def write(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a Labels layer; napari has asked whether to overwrite.

    Parameters
    ----------
    path : str
        Ends in .tif or .tiff; .ome.zarr; .zip (ImageJ's regions) or .geojson (QuPath).
    data : array_like of int
        The labels.
    attributes : mapping
        What napari knows of the layer: scale, units, axis labels, place, metadata.

    Returns
    -------
    list of str
        The files that were written.

    Raises
    ------
    ValueError
        If the labels can not be written so.
    OSError
        If the file can not be written.
    """
    labels = np.asarray(data[0] if attributes.get("multiscale") else data)
    axes = _axes(labels.ndim, attributes)
    n = len(axes.lstrip("T"))
    sizes = [float(value) for value in attributes.get("scale", ())][-n:]
    unit = _unit(attributes)
    spacing = None if unit is None and all(size == 1.0 for size in sizes) else sizes
    if path.endswith(".zip"):
        write_imagej(path, labels, axes=axes, force=True)
    elif path.endswith(".geojson"):
        table = measure(labels, spatial_ndim=n, spacing=sizes or None, properties="all")
        write_geojson(path, labels, table, axes=axes, force=True)
    else:
        translate = [float(value) for value in attributes.get("translate", ())][-n:]
        write_labels(
            path,
            labels,
            spacing=spacing,
            unit=unit,
            axes=axes,
            interval=_interval(axes, attributes),
            translate=translate if any(translate) else None,
            provenance=_recipe(labels, attributes.get("metadata", {})),
            force=True,
        )
    return [path]


def _axes(ndim: int, attributes: Mapping[str, Any]) -> str:
    """Return a letter for each axis: three of them are a movie where they are called so."""
    names = [str(name).lower() for name in attributes.get("axis_labels", ())]
    if ndim not in (2, 3, 4):
        raise ValueError(f"labels has {ndim} axes; wanted 2 to 4: time, z, y, x.")
    if ndim == 3 and names and names[0] in ("t", "time"):
        return "TYX"
    return "TZYX"[-ndim:]


def _unit(attributes: Mapping[str, Any]) -> str | None:
    """Return the unit of the last axis, unless it is the pixel."""
    units = [str(unit) for unit in attributes.get("units") or ()]
    if not units or units[-1] == PIXEL:
        return None
    return UNITS.get(units[-1], units[-1])


def _interval(axes: str, attributes: Mapping[str, Any]) -> float | None:
    """Return the seconds between frames, where the layer tells them."""
    units = [str(unit) for unit in attributes.get("units") or ()]
    if not axes.startswith("T") or not units or units[0] != "second":
        return None
    return float(attributes["scale"][0])


def _recipe(labels: Any, metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the recipe of a result, with what was corrected by hand; None of other labels."""
    record = metadata.get(RECIPE_KEY)
    if not isinstance(record, dict):
        return None
    try:
        corrections = None
        if record.get("automatic") is not None:
            corrections = difference(unpack(record["automatic"], labels.shape), labels)
        return Recipe.from_dict(record | {"corrections": corrections}).to_dict()
    except ValueError:  # The labels were cropped since, or are of something else.
        return None
