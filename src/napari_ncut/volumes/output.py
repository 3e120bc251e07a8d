"""Where the labels of a large split go: a Zarr array, an OME-Zarr with a pyramid, or an array."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.io.atomic import already_there
from napari_ncut.io.ome_zarr import OURS_KEY, needs_zarr, times_edited
from napari_ncut.io.ome_zarr_labels import create_labels, fill_pyramid

# Sides of the chunks that are written, and how many of them make a shard.
CHUNK = {2: 512, 3: 64}
CHUNKS_A_SHARD = {2: 4, 3: 4}
# The groups of an OME-Zarr that hold its necks, and the boxes around its objects.
NECKS, OBJECTS = "necks", "objects"
ROWS_A_CHUNK = 2**16


@dataclass(frozen=True)
class Where:
    """Where the pixels of labels lie, as files tell it.

    Parameters
    ----------
    spacing : tuple of float
        Pixel size along each axis.
    unit : str, optional
        Its unit.
    translate : tuple of float, optional
        Where the first pixel lies.
    """

    spacing: tuple[float, ...]
    unit: str | None = None
    translate: tuple[float, ...] | None = None


def output_of(out: Any, shape: tuple[int, ...], where: Where) -> Output:
    """Return the output that a path or an array stands for.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or the array has another shape or can not hold labels.
    """
    if isinstance(out, (str, os.PathLike)):
        needs_zarr()
        path = Path(out)
        if path.suffix != ".zarr":
            raise ValueError(f"{path}: end the name of out in .zarr or .ome.zarr.")
        kind = OmeZarr if path.name.endswith(".ome.zarr") else PlainZarr
        return kind(path, shape, where)
    if not hasattr(out, "__setitem__") or not hasattr(out, "shape"):
        raise TypeError(f"out is of type {type(out).__name__}; wanted a path or an array.")
    if tuple(out.shape) != shape:
        raise ValueError(f"out has shape {tuple(out.shape)}, and labels {shape}.")
    if np.dtype(out.dtype).kind not in "iu" or np.dtype(out.dtype).itemsize < 4:
        raise ValueError(f"out has dtype {out.dtype}; wanted integers of 32 bits or more.")
    return Array(out, shape)


class Output(ABC):
    """Where labels go.

    Parameters
    ----------
    path : Path or None
        The folder that holds them in the end.
    shape : tuple of int
        Of the labels.
    """

    path: Path | None

    def __init__(self, path: Path | None, shape: tuple[int, ...]) -> None:
        self.path, self.shape = path, shape

    @property
    def write_side(self) -> tuple[int, ...]:
        """Side of the boxes that are written at once: whole shards."""
        ndim = len(self.shape)
        side = CHUNK[ndim] * CHUNKS_A_SHARD[ndim]
        return tuple(min(side, n) for n in self.shape)

    def mark(self) -> str | None:
        """Return the mark of what is there already."""
        return None

    def edits(self) -> int:
        """Return how often what is there was changed by hand."""
        return 0

    def is_ours(self) -> bool:
        """Tell whether what is there was made by a split."""
        return self.mark() is not None

    def check(self, *, replace: bool) -> None:
        """Raise FileExistsError if something is there that must not be replaced."""
        if self.path is not None and os.path.lexists(self.path) and not replace:
            raise FileExistsError(already_there(self.path))
        if self.edits():
            raise FileExistsError(
                f"{self.path}: was corrected by hand; choose another place, or take it away first."
            )

    @abstractmethod
    def create(self, ours: dict[str, Any], scratch: Path) -> Any:
        """Return an array to write into, with what napari-ncut keeps with it."""

    def keep(self, group: str, arrays: dict[str, NDArray[Any]]) -> None:
        """Keep arrays with the labels, in a group of their own, where there is room for them."""
        del group, arrays

    @abstractmethod
    def finish(self, monitor: Monitor) -> None:
        """Put what was written where it belongs."""

    @abstractmethod
    def open(self) -> Any:
        """Return the labels."""


class Array(Output):
    """An array of the caller."""

    def __init__(self, array: Any, shape: tuple[int, ...]) -> None:
        super().__init__(None, shape)
        self.array = array

    @property
    def write_side(self) -> tuple[int, ...]:
        """Side of the boxes that are written at once: whole shards, or whole chunks."""
        parts = getattr(self.array, "shards", None) or getattr(self.array, "chunks", None)
        if not isinstance(parts, tuple) or not all(isinstance(n, int) for n in parts):
            return super().write_side
        counts = (max(side // n, 1) for side, n in zip(super().write_side, parts, strict=True))
        return tuple(
            min(count * n, whole) for count, n, whole in zip(counts, parts, self.shape, strict=True)
        )

    def create(self, ours: dict[str, Any], scratch: Path) -> Any:
        """Return an array to write into, with what napari-ncut keeps with it."""
        return self.array

    def finish(self, monitor: Monitor) -> None:
        """Leave it: it was written into."""

    def open(self) -> Any:
        """Return the labels."""
        return self.array


class PlainZarr(Output):
    """A Zarr array of int32; its attributes hold the recipe."""

    def __init__(self, path: Path, shape: tuple[int, ...], where: Where) -> None:
        super().__init__(path, shape)
        self.folder, self.where = path, where
        self.beside = path

    def mark(self) -> str | None:
        """Return the mark of what is there already."""
        mark = self._ours().get("mark")
        return mark if isinstance(mark, str) else None

    def edits(self) -> int:
        """Return how often what is there was changed by hand."""
        return times_edited(self._ours())

    def _ours(self) -> dict[str, Any]:
        """Return what napari-ncut keeps with what is there."""
        import zarr

        try:
            attributes = zarr.open(self.folder, mode="r").attrs.get(OURS_KEY, {})
        except (OSError, ValueError, KeyError):
            return {}
        return attributes if isinstance(attributes, dict) else {}

    def create(self, ours: dict[str, Any], scratch: Path) -> Any:
        """Return an array to write into, with what napari-ncut keeps with it."""
        import zarr

        self.beside = scratch / "out"
        chunks = tuple(min(CHUNK[len(self.shape)], max(n, 1)) for n in self.shape)
        return zarr.create_array(
            self.beside,
            shape=self.shape,
            chunks=chunks,
            dtype="int32",
            overwrite=True,
            attributes={OURS_KEY: ours},
        )

    def finish(self, monitor: Monitor) -> None:
        """Put what was written where it belongs."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.beside.rename(self.folder)

    def open(self) -> Any:
        """Return the labels."""
        import zarr

        return zarr.open_array(self.folder, mode="r")


class OmeZarr(PlainZarr):
    """An OME-Zarr 0.5 of labels, with a pyramid."""

    def create(self, ours: dict[str, Any], scratch: Path) -> Any:
        """Return an array to write into, with what napari-ncut keeps with it."""
        self.beside = scratch / "out"
        if self.beside.exists():
            shutil.rmtree(self.beside)
        self.levels = create_labels(
            self.beside,
            self.shape,
            self.where.spacing,
            unit=self.where.unit,
            translate=self.where.translate,
            attributes={OURS_KEY: ours},
        )
        return self.levels[0]

    def keep(self, group: str, arrays: dict[str, NDArray[Any]]) -> None:
        """Keep arrays with the labels, in a group of their own."""
        import zarr

        made = zarr.open_group(self.beside, mode="r+").create_group(group)
        for name, array in arrays.items():
            chunks = (max(min(len(array), ROWS_A_CHUNK), 1), *array.shape[1:])
            made.create_array(name, data=array, chunks=chunks)

    def finish(self, monitor: Monitor) -> None:
        """Put what was written where it belongs."""
        fill_pyramid(self.levels, monitor)
        super().finish(monitor)

    def open(self) -> Any:
        """Return the labels."""
        import zarr

        return zarr.open_array(self.folder / "0", mode="r")
