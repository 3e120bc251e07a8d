"""Objects as GeoJSON for QuPath: one feature an object and plane, with its measurements."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_ncut.exports.outlines import Piece, Ring, outlines
from napari_ncut.exports.planes import planes
from napari_ncut.io.atomic import atomic_file


def write_geojson(
    path: str | os.PathLike[str],
    labels: Any,
    table: Mapping[str, Any] | None = None,
    *,
    axes: str | None = None,
    force: bool = False,
) -> int:
    """Write objects as GeoJSON that QuPath imports as detections.

    The outlines run along the edges of the pixels, in pixels, holes and separate pieces included.

    Parameters
    ----------
    path : path
        The file to write.
    labels : array_like of int, shape (ny, nx) with axes T and Z before them, if there are any
        0 is background.
    table : mapping of arrays, optional
        As `measure` returns it: its numbers become measurements.
    axes : str, optional
        One letter an axis; YX, ZYX or TZYX by default.
    force : bool
        Overwrite an existing file.

    Returns
    -------
    int
        How many features were written.

    Raises
    ------
    ValueError, TypeError
        If these are no labels.
    OSError
        If the file can not be written, or is there already.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((20, 20), int)
    >>> labels[2:8, 3:9] = 1
    >>> write_geojson("objects.geojson", labels)  # doctest: +SKIP
    1
    """
    found = planes(labels, axes)
    rows = _rows(table or {}, found.axes)
    features = []
    for where, plane in found:
        for label, pieces in outlines(plane):
            measurements = rows.get((*_frame(where, rows), label), {})
            features.append(_feature(label, pieces, where, measurements))
    text = json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=False)
    with atomic_file(path, force=force, text=True) as file:
        file.write(text)
    return len(features)


def _rows(table: Mapping[str, Any], axes: str) -> dict[tuple[int, ...], dict[str, float]]:
    """Return the finite numbers of each object, by its frame and label."""
    frames = [name for name in table if name == "frame" or name.startswith("frame_")]
    names = [name for name in table if name not in (*frames, "label")]
    result = {}
    for row in range(len(table.get("label", ()))):
        key = tuple(int(table[name][row]) for name in (*frames, "label"))
        values = {name: float(table[name][row]) for name in names}
        result[key] = {name: value for name, value in values.items() if math.isfinite(value)}
    return result


def _frame(where: dict[str, int], rows: Mapping[tuple[int, ...], Any]) -> tuple[int, ...]:
    """Return the frame of a plane as the table counts: a volume's planes are of one frame."""
    n = len(next(iter(rows))) - 1 if rows else 0
    return tuple(where.values())[:n]


def _feature(
    label: int, pieces: list[Piece], where: dict[str, int], measurements: dict[str, float]
) -> dict[str, Any]:
    """Return an object as a feature."""
    polygons = [[_closed(ring) for ring in piece] for piece in pieces]
    one = len(polygons) == 1
    return {
        "type": "Feature",
        "id": _identity(label, where),
        "geometry": {
            "type": "Polygon" if one else "MultiPolygon",
            "coordinates": polygons[0] if one else polygons,
            "plane": {"c": -1, "z": where.get("Z", 0), "t": where.get("T", 0)},
        },
        "properties": {
            "objectType": "detection",
            "name": str(label),
            "label": label,
            "measurements": measurements,
        },
    }


def _closed(ring: Ring) -> list[list[int]]:
    """Return a ring with its first corner repeated, as GeoJSON wants it, counter-clockwise."""
    corners: list[list[int]] = np.concatenate([ring, ring[:1]])[::-1].tolist()
    return corners


def _identity(label: int, where: dict[str, int]) -> str:
    """Return an identifier of the form that QuPath wants, the same for the same object."""
    text = f"{where.get('T', 0):08x}{where.get('Z', 0):08x}{label:016x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
