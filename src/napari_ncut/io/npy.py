"""Arrays in NPY files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from napari_ncut.io.stored import Stored


def read_npy(path: Path, *, has_named_axes: bool = False) -> Stored:
    """Return what an NPY file holds.

    The last axis is taken for colours if it has length 3 or 4 and all others are longer than 30,
    as napari does.

    Parameters
    ----------
    path : Path
        The file.
    has_named_axes : bool
        Whether the axes are named later; then any number of them will do.

    Raises
    ------
    ValueError
        If it is damaged, or holds something else than numbers.
    """
    check_header(path)
    data = np.load(path, allow_pickle=False)
    is_colour = (
        data.ndim in (3, 4) and data.shape[-1] in (3, 4) and all(n > 30 for n in data.shape[:-1])
    )
    if has_named_axes:
        return Stored(data, "?" * (data.ndim - 2) + "YX")
    n_spatial = data.ndim - is_colour
    if n_spatial not in (2, 3):
        raise ValueError(
            f"it has shape {data.shape}; wanted 2 or 3 spatial axes. Name them with --axes, as in "
            "TZYX"
        )
    axes = "ZYX"[-n_spatial:]
    if not is_colour:
        return Stored(data, axes)
    alpha = data[..., 3] if data.shape[-1] == 4 else None
    return Stored(data[..., :3], axes + "S", alpha=alpha, has_colours=True)


def check_header(path: Path) -> None:
    """Raise ValueError unless the header is that of numbers, and the file as long as it says.

    Nothing is allocated before: a header may claim any size.
    """
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise ValueError("it is an archive of arrays; save the one to cut as .npy")
        file.seek(0)
        try:
            major, _ = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if major == 1
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
        except Exception as error:  # What Python's parser raises for the bytes of a damaged header.
            raise ValueError(
                f"it cannot be read as an NPY array of numbers ({type(error).__name__}: {error})"
            ) from error
        if dtype.hasobject:
            raise ValueError("it cannot be read as an NPY array of numbers: it holds objects")
        if dtype.kind not in "biufc":
            kind = {"M": "dates", "m": "durations", "V": "records"}.get(dtype.kind, "text")
            raise ValueError(f"it holds {kind} (dtype {dtype}); wanted numbers")
        start = file.tell()
        if any(n < 1 for n in shape):
            raise ValueError(f"it has shape {shape}: there is no pixel in it")
        if path.stat().st_size - start < math.prod(shape) * dtype.itemsize:
            raise ValueError(
                f"it cannot be read as an NPY array of numbers: it is cut off, shorter than its "
                f"shape {str(shape)[:60]} says"
            )
