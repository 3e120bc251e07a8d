"""Labels into OME-Zarr, with a pyramid: 0.5, and 0.4 within an image of 0.4.

The metadata are written by yaozarrs, the arrays by zarr; both are in the extra ``scale``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.io.atomic import atomic_folder
from napari_ncut.io.ome_zarr import OURS_KEY, RECIPE

# The smallest level of a pyramid has no side longer than this.
SMALLEST = 256
BOX = 256
# Units by the names that OME-Zarr has for them.
UNITS: dict[str, str | None] = {
    "pm": "picometer",
    "Å": "angstrom",
    "nm": "nanometer",
    "µm": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "in": "inch",
    "pixel": None,
}


def shapes_of(shape: Sequence[int], n_frames: int = 0) -> list[tuple[int, ...]]:
    """Return the shapes of the levels of a pyramid: each half of the one before.

    Parameters
    ----------
    shape : sequence of int
        Of the finest level.
    n_frames : int
        How many axes of time come first; they stay as they are.

    Examples
    --------
    >>> shapes_of((10, 1000, 600))
    [(10, 1000, 600), (5, 500, 300), (3, 250, 150)]
    """
    result = [tuple(shape)]
    while max(result[-1][n_frames:]) > SMALLEST:
        last = result[-1]
        result.append((*last[:n_frames], *(-(-n // 2) for n in last[n_frames:])))
    return result


def create_labels(
    path: Path,
    shape: Sequence[int],
    spacing: Sequence[float],
    *,
    unit: str | None = None,
    interval: float | None = None,
    translate: Sequence[float] | None = None,
    attributes: dict[str, Any] | None = None,
    shards: tuple[int, ...] | None = None,
) -> list[Any]:
    """Create an OME-Zarr of labels, and return its empty levels.

    Parameters
    ----------
    path : Path
        The folder to make.
    shape : sequence of int
        Of the finest level: space, after time if there is one axis more than ``spacing`` has.
    spacing : sequence of float
        Pixel size along each spatial axis.
    unit : str, optional
        Its unit, as in "micrometer" or "µm".
    interval : float, optional
        Seconds between two frames.
    translate : sequence of float, optional
        Where the first pixel lies along the spatial axes.
    attributes : dict, optional
        What else to keep with it.
    shards : tuple of int, optional
        Shape of the shards; none by default, nor in 0.4.
    """
    from yaozarrs import v04, v05
    from yaozarrs.write.v05 import prepare_image

    is_old = is_in_old_store(path)
    models: Any = v04 if is_old else v05
    n_frames = len(shape) - len(spacing)
    name = UNITS.get(unit or "", unit)
    axes: list[Any] = [models.TimeAxis(name="t", unit="second" if interval else None)][:n_frames]
    axes += [models.SpaceAxis(name=letter, unit=name) for letter in "zyx"[-len(spacing) :]]
    shapes = shapes_of(shape, n_frames)
    sizes = [interval or 1.0] * n_frames + [float(size) for size in spacing]
    place = [0.0] * n_frames + [float(number) for number in translate or [0.0] * len(spacing)]
    datasets = []
    for level, smaller in enumerate(shapes):
        if level:
            # Every second pixel is kept, and the first of them where it was.
            steps = steps_of(shapes[level - 1], smaller)
            sizes = [size * step for size, step in zip(sizes, steps, strict=True)]
        transforms: list[Any] = [models.ScaleTransformation(scale=sizes)]
        if any(place):
            transforms.append(models.TranslationTransformation(translation=place))
        datasets.append(models.Dataset(path=str(level), coordinateTransformations=transforms))
    other: Any = {"image-label": models.ImageLabel()}
    image = models.LabelImage(
        multiscales=[models.Multiscale(name=path.name, axes=axes, datasets=datasets)],
        **other,
    )
    side = 64 if len(spacing) == 3 else 512
    chunks = (1,) * n_frames + tuple(max(min(side, n), 1) for n in shape[n_frames:])
    if is_old:
        return _create_old(path, image, shapes, chunks, attributes or {})
    _, arrays = prepare_image(
        path,
        image,
        [(smaller, "int32") for smaller in shapes],
        extra_attributes=attributes,
        chunks=chunks,
        shards=shards,
        writer="zarr",
        overwrite=True,
    )
    return [arrays[str(level)] for level in range(len(shapes))]


def is_in_old_store(path: Path) -> bool:
    """Tell whether a folder lies among the labels of an image of OME-Zarr 0.4."""
    return any(
        folder.name == "labels" and (folder.parent / ".zgroup").is_file() for folder in path.parents
    )


def _create_old(
    path: Path,
    image: Any,
    shapes: Sequence[tuple[int, ...]],
    chunks: tuple[int, ...],
    attributes: dict[str, Any],
) -> list[Any]:
    """Return the empty levels of new labels of version 0.4, which knows no shards."""
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs.update(image.model_dump(mode="json", by_alias=True, exclude_none=True) | attributes)
    return [
        group.create_array(
            str(level),
            shape=shape,
            dtype="int32",
            chunks=tuple(max(min(a, b), 1) for a, b in zip(chunks, shape, strict=True)),
            chunk_key_encoding={"name": "v2", "separator": "/"},
        )
        for level, shape in enumerate(shapes)
    ]


def steps_of(finer: Sequence[int], coarser: Sequence[int]) -> tuple[int, ...]:
    """Return how many pixels of a level one of the next stands for along each axis: 1 or 2."""
    return tuple(1 if n == m else 2 for n, m in zip(finer, coarser, strict=True))


def fill_pyramid(levels: Sequence[Any], monitor: Monitor) -> None:
    """Fill all levels but the finest, each with every second pixel of the one before."""
    for finer, coarser in pairwise(levels):
        steps = steps_of(finer.shape, coarser.shape)
        # Of four axes the first is time.
        sides = (1,) * (coarser.ndim - 3) + (BOX,) * min(coarser.ndim, 3)
        counts = [-(-n // side) for n, side in zip(coarser.shape, sides, strict=True)]
        for start in np.ndindex(*counts):
            monitor.check()
            here = tuple(
                slice(k * side, min((k + 1) * side, n))
                for k, side, n in zip(start, sides, coarser.shape, strict=True)
            )
            there = tuple(
                slice(step * s.start, step * s.stop) for step, s in zip(steps, here, strict=True)
            )
            block = np.asarray(finer[there])
            coarser[here] = block[tuple(slice(None, None, step) for step in steps)]


def write_ome_zarr(
    path: Path,
    labels: NDArray[Any],
    spacing: Sequence[float],
    *,
    unit: str | None = None,
    interval: float | None = None,
    translate: Sequence[float] | None = None,
    provenance: Mapping[str, Any] | None = None,
    force: bool = False,
) -> None:
    """Write labels as an OME-Zarr with a pyramid and their recipe: all of it, or nothing.

    Parameters
    ----------
    path : Path
        The folder to make.
    labels : ndarray of int
        0 to 2**31 - 1; time comes first.
    spacing : sequence of float
        Pixel size along the spatial axes.
    unit, interval, translate, provenance
        As in `write_labels`.
    force : bool
        Overwrite labels that napari-ncut wrote.
    """
    ours: dict[str, Any] = {} if provenance is None else {RECIPE: dict(provenance)}
    with atomic_folder(path, force=force) as folder:
        levels = create_labels(
            folder,
            labels.shape,
            spacing,
            unit=unit,
            interval=interval,
            translate=translate,
            attributes={OURS_KEY: ours},
        )
        levels[0][...] = labels.astype(np.int32)
        fill_pyramid(levels, Monitor())


@contextmanager
def labels_in_store(image: Path, name: str) -> Iterator[Path]:
    """Give a place for labels of an image, which come into the image when they are whole.

    Parameters
    ----------
    image : Path
        An image of an OME-Zarr.
    name : str
        What the labels are called in it; others of this name are replaced.
    """
    folder = image / "labels"
    target, beside = folder / name, folder / f"{name}.ome.zarr"
    is_new = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        yield beside
        with atomic_folder(target, force=True) as place:
            beside.rename(place)
        add_labels(image, name)
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()


def add_labels(image: Path, name: str) -> None:
    """Tell an image of an OME-Zarr of labels that have been written into it."""
    import zarr

    is_old = is_in_old_store(image / "labels" / name)
    group = zarr.open_group(image / "labels", mode="a", zarr_format=2 if is_old else 3)
    ome: Any = dict(group.attrs if is_old else group.attrs.get("ome", {"version": "0.5"}))
    ome["labels"] = sorted({*ome.get("labels", []), name})
    group.attrs.update(ome if is_old else {"ome": ome})


def tell_sources(path: Path, image: str | None, mask: str | None) -> None:
    """Note in the recipe of labels in a store what they were made of."""
    import zarr

    group = zarr.open_group(path, mode="r+")
    ours: Any = dict(group.attrs[OURS_KEY])
    sources = {"image": image, "mask": mask}
    group.attrs[OURS_KEY] = ours | {RECIPE: ours[RECIPE] | sources}
