"""The command ``napari-ncut split`` of an OME-Zarr, which need not fit into memory."""

from __future__ import annotations

import errno
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import typer

from napari_ncut.core.validation import spacing_tuple
from napari_ncut.io.ome_zarr import Picture, labels_of, open_picture
from napari_ncut.io.ome_zarr_labels import add_labels
from napari_ncut.volumes.split_volume import split_volume
from napari_ncut.volumes.threshold import Foreground, otsu_of

SIDES = ("bright", "dark")


def run_volume(
    path: Path,
    output: Path | None,
    labels: str | None,
    name: str,
    memory: str,
    spacing: str | None,
    foreground: str | None,
    scheduler: str | None,
    settings: dict[str, Any],
    *,
    resume: bool,
) -> None:
    """Split labels of an OME-Zarr, or what is bright or dark in its image.

    Raises
    ------
    ValueError, TypeError, OSError
        If it can not be done; the message names the file or the option.
    """
    if not path.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if not name or "/" in name or name.startswith("."):
        raise ValueError(f"--name is {name!r}; wanted the name of a folder.")
    missing = sorted(set(settings) - {"neck", "min_size", "beta", "connectivity", "max_hole"})
    if missing:
        option = "--" + missing[0].replace("_", "-")
        raise ValueError(f"{option} is not done with an OME-Zarr; drop objects from the result.")
    image = _picture(path) if labels is not None or foreground is not None else None
    if labels is not None:
        mask = labels_of(path, labels)
    elif foreground is not None and foreground not in SIDES:
        raise ValueError(f"--foreground is {foreground!r}; of an OME-Zarr wanted bright or dark.")
    else:
        mask = open_picture(path)
    sizes = _spacing(spacing, mask)
    if "t" in mask.axes and mask.levels[0].shape[mask.axes.index("t")] > 1:
        raise ValueError(f"{path}: is a movie; split its frames one at a time.")
    data = _spatial(mask, "labels")
    picture = None if image is None else _spatial(image, "image")
    typer.echo(f"{path}: {' x '.join(map(str, data.shape))}, {data.dtype}")
    if foreground in SIDES:
        picture = data if picture is None else picture
        value = otsu_of(picture)
        data = Foreground(picture, value, foreground == "dark")
        side = "darker" if foreground == "dark" else "brighter"
        typer.echo(f"the foreground is what is {side} than {value:.6g}, Otsu's threshold")
    units = [unit for unit in mask.units if unit]
    typer.echo(f"pixel size {' x '.join(f'{s:.6g}' for s in sizes)} {units[-1] if units else ''}")
    out = output or path / "labels" / f"{name}.ome.zarr"
    target = path / "labels" / name
    if output is None and target.exists() and not resume:
        raise FileExistsError(f"{target}: exists already; choose another --name.")
    if output is not None and not output.name.endswith(".ome.zarr"):
        raise ValueError(f"{output}: end the name of -o in .ome.zarr.")
    start = time.perf_counter()
    with ExitStack() as stack:
        client = None
        if scheduler is not None:
            from distributed import Client

            try:
                client = stack.enter_context(Client(scheduler, timeout="10s"))
            except (OSError, TimeoutError, ValueError) as error:
                raise ValueError(f"{scheduler}: no dask scheduler answers there.") from error
        if output is None and target.exists():
            typer.echo(f"{target}: is there already")
            return
        found = split_volume(
            data,
            picture,
            out=out,
            memory=memory,
            spacing=sizes,
            client=client,
            resume=resume,
            **settings,
        )
    n = int(found.attrs.get("n", 0)) or _highest(found)
    if output is None:
        out.rename(target)
        add_labels(path, name)
        out = target
    typer.echo(f"{out}: {n} objects, {time.perf_counter() - start:.2f} s")


def _picture(path: Path) -> Picture | None:
    """Return the image of a store, if there is one beside its labels."""
    try:
        return open_picture(path)
    except ValueError:
        return None


def _spacing(text: str | None, mask: Picture) -> tuple[float, ...]:
    """Return the pixel size along the spatial axes."""
    axes = [k for k, axis in enumerate(mask.axes) if axis in "zyx"]
    if text is None:
        return tuple(mask.spacing[k] for k in axes)
    try:
        sizes = [float(word) for word in text.split(",")]
    except ValueError:
        raise ValueError(f"--spacing is {text[:60]!r}; wanted one number an axis.") from None
    return spacing_tuple(sizes[0] if len(sizes) == 1 else sizes, len(axes))


def _spatial(picture: Picture, what: str) -> Any:
    """Return the finest level without axes of time and channels that have one element."""
    import dask.array as da

    level = picture.levels[0]
    axes = picture.axes
    others = [k for k, axis in enumerate(axes) if axis not in "zyx"]
    if not others:
        return level
    for k in others:
        if level.shape[k] != 1:
            raise ValueError(f"The {what} has {level.shape[k]} elements along {axes[k]}; wanted 1.")
    return da.from_zarr(level)[tuple(0 if k in others else slice(None) for k in range(len(axes)))]


def _highest(labels: Any) -> int:
    """Return the highest label, a part at a time."""
    step = max(2**26 // max(int(np.prod(labels.shape[1:])), 1), 1)
    return max(
        (int(labels[k : k + step].max(initial=0)) for k in range(0, labels.shape[0], step)),
        default=0,
    )
