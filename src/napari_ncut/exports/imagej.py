"""Objects as regions of interest of ImageJ and Fiji: a ZIP for its ROI Manager."""

from __future__ import annotations

import io
import os
import zipfile
from typing import Any

import numpy as np

from napari_ncut.exports.outlines import Piece, outlines
from napari_ncut.exports.planes import planes
from napari_ncut.io.atomic import atomic_file

MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
# ImageJ holds corners in 16 bits.
LARGEST = 2**15 - 1


def write_imagej(
    path: str | os.PathLike[str], labels: Any, *, axes: str | None = None, force: bool = False
) -> int:
    """Write objects as ImageJ's regions of interest, one for each object and plane.

    The outlines run along the edges of the pixels, holes and separate pieces included, so that a
    region has exactly the pixels of its object. Each is named by its label, and knows its plane.

    Parameters
    ----------
    path : path
        The ZIP to write.
    labels : array_like of int, shape (ny, nx) with axes T and Z before them, if there are any
        0 is background.
    axes : str, optional
        One letter an axis; YX, ZYX or TZYX by default.
    force : bool
        Overwrite an existing file.

    Returns
    -------
    int
        How many regions were written.

    Raises
    ------
    ValueError
        If the labels are too large for ImageJ, or none.
    OSError
        If the file can not be written, or is there already.
    ImportError
        If roifile is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((20, 20), int)
    >>> labels[2:8, 3:9] = 1
    >>> write_imagej("objects.zip", labels)  # doctest: +SKIP
    1
    """
    try:
        import roifile  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'ImageJ\'s regions need roifile; install it with `pip install "napari-ncut[export]"`.'
        ) from error
    found = planes(labels, axes)
    if max(found.shape) > LARGEST:
        raise ValueError(f"labels has a side of {max(found.shape)} pixels; ImageJ has {LARGEST}.")
    count = 0
    with atomic_file(path, force=force) as file, zipfile.ZipFile(file, "w") as archive:
        for where, plane in found:
            for label, pieces in outlines(plane):
                name = "-".join(f"{number:04d}" for number in (*where.values(), label))
                # A fixed date: the same labels give the same file.
                entry = zipfile.ZipInfo(f"{name}.roi", (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, _roi(name, pieces, where), zipfile.ZIP_DEFLATED)
                count += 1
    return count


def _roi(name: str, pieces: list[Piece], where: dict[str, int]) -> bytes:
    """Return one region as bytes."""
    import roifile

    rings = [ring for piece in pieces for ring in piece]
    if len(rings) == 1:
        roi = roifile.ImagejRoi.frompoints(rings[0], name=name)
        roi.roitype = roifile.ROI_TYPE.POLYGON
    else:
        corners = np.concatenate(rings)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        path: list[float] = []
        for ring in rings:
            path += [MOVE, *ring[0].tolist()]
            for corner in ring[1:].tolist():
                path += [LINE, *corner]
            path.append(CLOSE)
        roi = roifile.ImagejRoi(
            roitype=roifile.ROI_TYPE.RECT,
            name=name,
            top=int(top),
            left=int(left),
            bottom=int(bottom),
            right=int(right),
            multi_coordinates=np.array(path, np.float32),
            shape_roi_size=len(path),
        )
    # ImageJ counts from 1, and 0 is every plane.
    if len(where) == 1:
        roi.position = next(iter(where.values())) + 1
    roi.z_position = where.get("Z", -1) + 1
    roi.t_position = where.get("T", -1) + 1
    buffer = io.BytesIO()
    buffer.write(roi.tobytes())
    return buffer.getvalue()
