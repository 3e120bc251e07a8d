"""Labels into OME-Zarr 0.5, with a pyramid.

The metadata are written by yaozarrs, the arrays by zarr; both are in the extra ``scale``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.core.monitor import Monitor

# The smallest level of a pyramid has no side longer than this.
SMALLEST = 256
BOX = 256


def shapes_of(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the shapes of the levels of a pyramid: each half of the one before.

    Examples
    --------
    >>> shapes_of((10, 1000, 600))
    [(10, 1000, 600), (5, 500, 300), (3, 250, 150)]
    """
    result = [tuple(shape)]
    while max(result[-1]) > SMALLEST:
        result.append(tuple(-(-n // 2) for n in result[-1]))
    return result


def create_labels(
    path: Path,
    shape: Sequence[int],
    spacing: Sequence[float],
    *,
    unit: str | None = None,
    attributes: dict[str, Any] | None = None,
    shards: tuple[int, ...] | None = None,
) -> list[Any]:
    """Create an OME-Zarr of labels, and return its empty levels.

    Parameters
    ----------
    path : Path
        The folder to make.
    shape : sequence of int
        Of the finest level: (ny, nx) or (nz, ny, nx).
    spacing : sequence of float
        Pixel size along each axis.
    unit : str, optional
        Its unit, as in "micrometer".
    attributes : dict, optional
        What else to keep with it.
    shards : tuple of int, optional
        Shape of the shards; none by default.
    """
    from yaozarrs import v05
    from yaozarrs.write.v05 import prepare_image

    names = "zyx"[-len(shape) :]
    shapes = shapes_of(shape)
    datasets = [
        v05.Dataset(
            path=str(level),
            coordinateTransformations=[
                v05.ScaleTransformation(
                    scale=[s * n / m for s, n, m in zip(spacing, shape, smaller, strict=True)]
                )
            ],
        )
        for level, smaller in enumerate(shapes)
    ]
    other: Any = {"image-label": v05.ImageLabel()}
    image = v05.LabelImage(
        multiscales=[
            v05.Multiscale(
                name=path.name,
                axes=[v05.SpaceAxis(name=name, unit=unit) for name in names],
                datasets=datasets,
            )
        ],
        **other,
    )
    _, arrays = prepare_image(
        path,
        image,
        [(smaller, "int32") for smaller in shapes],
        extra_attributes=attributes,
        chunks=tuple(min(64 if len(shape) == 3 else 512, n) for n in shape),
        shards=shards,
        writer="zarr",
        overwrite=True,
    )
    return [arrays[str(level)] for level in range(len(shapes))]


def fill_pyramid(levels: Sequence[Any], monitor: Monitor) -> None:
    """Fill all levels but the finest, each with every second pixel of the one before."""
    for finer, coarser in pairwise(levels):
        for start in np.ndindex(tuple(-(-n // BOX) for n in coarser.shape)):
            monitor.check()
            here = tuple(
                slice(k * BOX, min((k + 1) * BOX, n))
                for k, n in zip(start, coarser.shape, strict=True)
            )
            there = tuple(slice(2 * s.start, 2 * s.stop) for s in here)
            block = np.asarray(finer[there])
            coarser[here] = block[tuple(slice(None, None, 2) for _ in here)]


def add_labels(image: Path, name: str) -> None:
    """Tell an image of an OME-Zarr of labels that have been written into it."""
    import zarr

    group = zarr.open_group(image / "labels", mode="a")
    ome = dict(group.attrs.get("ome", {"version": "0.5"}))
    ome["labels"] = sorted({*ome.get("labels", []), name})
    group.attrs["ome"] = ome
