"""OME-Zarr: images and labels read (0.4 and 0.5), labels written with a pyramid (0.5).

The metadata are read and written by yaozarrs, the arrays by zarr; both are in the extra ``scale``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.core.monitor import Monitor

# The smallest level of a pyramid has no side longer than this.
SMALLEST = 256
BOX = 256


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
    """

    levels: list[Any]
    axes: str
    spacing: tuple[float, ...]
    units: tuple[str | None, ...]


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
    """Tell whether a folder is a Zarr store."""
    return path.is_dir() and any(
        (path / name).exists() for name in ("zarr.json", ".zgroup", ".zarray")
    )


def open_picture(path: Path) -> Picture:
    """Return an image or labels of an OME-Zarr, lazily.

    Raises
    ------
    ValueError
        If the folder is no OME-Zarr image.
    """
    needs_zarr()
    import yaozarrs
    import zarr

    if not is_zarr(path):
        raise ValueError(f"{path}: is no Zarr store.")
    try:
        group = zarr.open_group(path, mode="r")
        attributes = dict(group.attrs)
        found: Any = yaozarrs.validate_ome_object(attributes.get("ome", attributes))
        multiscale = found.multiscales[0]
        levels = [group[dataset.path] for dataset in multiscale.datasets]
    except Exception as error:
        # Whatever is wrong with the files of others is one sentence.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{path}: is no image of an OME-Zarr ({reason[0][:200]}).") from error
    scale = next(
        t.scale for t in multiscale.datasets[0].coordinateTransformations if t.type == "scale"
    )
    return Picture(
        levels,
        "".join(axis.name[:1].lower() for axis in multiscale.axes),
        tuple(map(float, scale)),
        tuple(getattr(axis, "unit", None) for axis in multiscale.axes),
    )


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
