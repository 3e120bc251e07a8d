"""What the command line reads: files as its options say, and what was understood of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.validation import spacing_tuple
from napari_ncut.io.files import Image
from napari_ncut.io.pixel_size import SAME


@dataclass(frozen=True)
class File:
    """A file that was read.

    Parameters
    ----------
    path : Path
        Where it is.
    image : Image
        What is in it.
    """

    path: Path
    image: Image

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without channels."""
        return tuple(self.image.data.shape[: len(self.image.label_axes)])

    def understood(self) -> str:
        """Return in one line what was understood of it."""
        image = self.image
        parts = [image.text or "an image", f"{times(image.data.shape)} ({image.axes})"]
        parts.append(str(image.data.dtype))
        if len(image.label_axes) > 2 and not image.are_axes_named:
            parts.append("the file does not name its axes, --axes does")
        return f"{self.path}: {', '.join(parts)}"


@dataclass(frozen=True)
class Size:
    """The pixel size of a run.

    Parameters
    ----------
    sizes : tuple of float, optional
        Along the spatial axes of the files; None where it is not known.
    unit : str, optional
        Their unit.
    source : str
        Where they come from.
    note : str
        What else there is to know.
    """

    sizes: tuple[float, ...] | None
    unit: str | None = None
    source: str = ""
    note: str = ""

    def text(self) -> str:
        """Return the pixel size and its source in words."""
        if self.sizes is None:
            return "pixel size not known, 1 along every axis"
        numbers = " x ".join(f"{size:.6g}" for size in self.sizes)
        unit = f" {self.unit}" if self.unit else ""
        return f"pixel size {numbers}{unit} ({self.source})"

    def understood(self) -> str:
        """Return the line that says it before the work."""
        advice = "" if self.sizes is not None else "; --spacing tells it"
        return self.text() + advice + (f"; {self.note}" if self.note else "")


def times(shape: Sequence[int]) -> str:
    """Return a shape in words."""
    return " x ".join(map(str, shape))


def main_file(image: File | None, mask: File | None) -> File:
    """Return the file whose axes are those of the result.

    Raises
    ------
    ValueError
        If both name them, and in another way.
    """
    if image is None or mask is None:
        found = image or mask
        assert found is not None
        return found
    first, second = image.image, mask.image
    if first.label_axes == second.label_axes or len(first.label_axes) != len(second.label_axes):
        return image
    if first.are_axes_named and second.are_axes_named:
        raise ValueError(
            f"{image.path} has the axes {first.label_axes} and {mask.path} the axes "
            f"{second.label_axes}; say which with --axes."
        )
    return image if first.are_axes_named else mask


def work_ndim(main: File, wanted: int | None, usual: int) -> int:
    """Return 2 where planes are done each on its own, 3 for volumes.

    Parameters
    ----------
    main : File
        The data.
    wanted : int or None
        What ``--planes`` or ``--volume`` say.
    usual : int
        What is done without them, where the data have depth.
    """
    there = main.image.spatial_ndim
    if wanted is None:
        return min(usual, there)
    if wanted > there:
        name = "time" if "T" in main.image.axes else "depth"
        raise ValueError(
            f"{main.path}: has the axes {main.image.axes}, of which none is depth, so that there "
            "is no volume" + ("; if T is depth, pass --axes ZYX." if name == "time" else ".")
        )
    return wanted


def pixel_size(text: str | None, files: Sequence[File], ndim: int) -> Size:
    """Return the pixel size that is told: by ``--spacing``, or else by a file.

    Parameters
    ----------
    text : str or None
        What ``--spacing`` says.
    files : sequence of File
        Those that may tell it.
    ndim : int
        Number of spatial axes of the files.

    Raises
    ------
    ValueError
        If it is no pixel size, or files tell another, or something that can not be used.
    """
    telling = [file for file in files if file.image.spacing is not None]
    # First those that tell all axes.
    telling.sort(key=lambda file: (len(file.image.spacing or ()) < ndim, bool(file.image.note)))
    if text is not None:
        try:
            sizes = [float(word) for word in text.split(",")]
        except ValueError:
            raise ValueError(
                f"--spacing is {text[:60]!r}; wanted one number an axis, as in 2,0.5,0.5."
            ) from None
        told = spacing_tuple(sizes[0] if len(sizes) == 1 else sizes, ndim)
        unit = telling[0].image.unit if telling else None
        return Size(told, unit, "--spacing")
    if not telling:
        for file in files:
            if file.image.is_doubtful:
                raise ValueError(
                    f"{file.path}: of the pixel size {file.image.note}; pass --spacing, one number "
                    "an axis, as in 2,0.5,0.5."
                )
        notes = [f"{file.path}: {file.image.note}" for file in files if file.image.note]
        return Size(None, note="; ".join(notes))
    for file in telling[1:]:
        _check_agreement(telling[0], file)
    first = telling[0].image
    assert first.spacing is not None
    sizes = list(first.spacing)
    if len(sizes) < ndim:
        raise ValueError(
            f"{telling[0].path}: tells the pixel size of {len(sizes)} axes, and there are {ndim}; "
            "pass --spacing, one number an axis, as in 2,0.5,0.5."
        )
    source = f"{telling[0].path}, {first.source}"
    return Size(tuple(sizes[-ndim:]), first.unit, source, first.note)


def _check_agreement(one: File, other: File) -> None:
    """Raise ValueError if two files tell different pixel sizes; what is guessed does not count."""
    first, second = one.image, other.image
    assert first.spacing is not None
    assert second.spacing is not None
    n = 2 if first.note or second.note else min(len(first.spacing), len(second.spacing))
    pairs = zip(first.spacing[-n:], second.spacing[-n:], strict=True)
    if first.unit != second.unit or any(max(a, b) > (1 + SAME) * min(a, b) for a, b in pairs):
        sizes = [
            f"{file.path} says {' x '.join(f'{s:.6g}' for s in file.image.spacing or ())} "
            f"{file.image.unit or ''}".rstrip()
            for file in (one, other)
        ]
        raise ValueError(
            f"The pixel sizes differ: {', '.join(sizes)}; pass --spacing, one number an axis."
        )


def check_fit(image: File | None, mask: File | None, ndim: int) -> None:
    """Raise ValueError unless a mask is that of an image, or of every frame of it."""
    if image is None or mask is None or image.shape == mask.shape:
        return
    a, b = image.shape, mask.shape
    if len(b) >= ndim and a[-len(b) :] == b:
        return
    if len(a) != len(b):
        raise ValueError(
            f"{image.path} has {len(a)} axes ({times(a)}, {image.image.axes}) and {mask.path} has "
            f"{len(b)} ({times(b)}). If one of them holds channels, name the axes, as in --axes "
            "CYX; --planes does the planes of a stack each on its own."
        )
    raise ValueError(
        f"{mask.path} has the shape {times(b)} and {image.path} {times(a)}; crop or resample one."
    )


def check_finite(image: File | None, mask: NDArray[Any] | None) -> None:
    """Raise ValueError that names the file if an image holds NaN or infinity where it is cut."""
    if image is None or image.image.data.dtype.kind != "f":
        return
    bad = ~np.isfinite(image.image.data)
    if image.image.channel_axis is not None:
        bad = bad.any(axis=-1)
    if mask is not None:
        bad &= mask > 0
    n_bad = int(np.count_nonzero(bad))
    if n_bad:
        raise ValueError(
            f"{image.path}: holds NaN or infinity at {n_bad} of the pixels to cut; leave them out "
            "of the mask, or replace them."
        )
