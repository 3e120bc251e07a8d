"""OME-Zarr (0.4 and 0.5): images, labels and plates, read lazily.

The metadata are read by yaozarrs, the arrays by zarr; both are in the extra ``scale``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
