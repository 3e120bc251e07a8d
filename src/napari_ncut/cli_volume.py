"""The command ``napari-ncut split`` of an OME-Zarr, which need not fit into memory."""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from napari_ncut.cli_run import SIDES, Options, run
from napari_ncut.core.cluster import client_of
from napari_ncut.core.parallel import number_of_threads
from napari_ncut.core.validation import spacing_tuple
from napari_ncut.io.files import channel_number
from napari_ncut.io.ome_zarr import Picture, labels_of, open_picture
from napari_ncut.io.ome_zarr_labels import labels_in_store, tell_sources
from napari_ncut.runs.foreground import Automatic
from napari_ncut.volumes.split_volume import COUNT_KEY, split_volume
from napari_ncut.volumes.threshold import Foreground, otsu_of

# What is done by parts; all else takes the labels of the whole.
SETTINGS_BY_PARTS = {"neck", "min_size", "beta", "connectivity", "max_hole"}


# Less is done before processes have started.
LARGE = 2**26


@dataclass(frozen=True)
class Store:
    """What the command line says of an OME-Zarr.

    Parameters
    ----------
    labels : str, optional
        The labels to split.
    name : str
        What the result is called in the store, if there is no other output.
    memory : str
        What the run may take.
    scheduler : str, optional
        The dask scheduler that does it.
    workers : int, optional
        Processes that do it.
    resume : bool
        Whether an interrupted run goes on.
    """

    labels: str | None
    name: str
    memory: str
    scheduler: str | None
    workers: int | None
    resume: bool


def run_store(options: Options, output: Path | None, store: Store) -> None:
    """Split labels of an OME-Zarr, or what is bright or dark in its image.

    It is done by parts, whatever its size; a movie, and with options that take the whole, in
    memory.

    Parameters
    ----------
    options : Options
        The store is their mask.
    output : Path or None
        Another place of the result than the store itself.
    store : Store
        What else is said.

    Raises
    ------
    ValueError, TypeError, OSError
        If it can not be done; the message names the file or the option.
    """
    path = options.mask
    assert path is not None
    if not path.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if not store.name or "/" in store.name or store.name.startswith("."):
        raise ValueError(f"--name is {store.name!r}; wanted the name of a folder.")
    if store.labels is not None:
        mask = labels_of(path, store.labels)
        options = replace(
            options,
            mask=path / "labels" / store.labels,
            image=options.image or (path if _picture(path) is not None else None),
        )
    else:
        mask = open_picture(path)
    shown = output or path / "labels" / store.name
    with _place(path, output, store) as out:
        if out is None:
            return
        if _is_done_by_parts(options, mask, out):
            _by_parts(path, options, mask, out, shown, store)
        elif store.resume or store.scheduler is not None or store.workers is not None:
            raise ValueError(
                "--resume, --workers and --scheduler are of runs by parts, and this one is done as "
                "a whole: it is a movie, or an option wants the whole."
            )
        else:
            run(
                replace(options, output=out),
                say=lambda line: typer.echo(line.replace(str(out), str(shown), 1)),
            )


@contextmanager
def _place(path: Path, output: Path | None, store: Store) -> Iterator[Path | None]:
    """Give where labels go; in the store itself they are known as soon as they are whole.

    None is given if they are there already.
    """
    if output is not None:
        yield output
        return
    target = path / "labels" / store.name
    if target.exists():
        if not store.resume:
            raise FileExistsError(f"{target}: exists already; choose another --name.")
        typer.echo(f"{target}: is there already")
        yield None
        return
    with labels_in_store(path, store.name) as beside:
        yield beside


def _is_done_by_parts(options: Options, mask: Picture, out: Path) -> bool:
    """Tell whether a run can be done by parts."""
    is_movie = "t" in mask.axes and mask.levels[0].shape[mask.axes.index("t")] > 1
    others = options.like, options.axes, options.is_volume
    has_other_image = options.image is not None and options.image != _store_of(options)
    return (
        out.suffix == ".zarr"
        and not is_movie
        and not has_other_image
        and set(options.settings) <= SETTINGS_BY_PARTS
        and options.foreground in (None, *SIDES)
        and options.automatic == Automatic()
        and all(value is None for value in others)
    )


def _store_of(options: Options) -> Path | None:
    """Return the image that the labels are of, if they lie in it."""
    mask = options.mask
    return mask.parent.parent if mask is not None and mask.parent.name == "labels" else None


def _by_parts(
    path: Path, options: Options, mask: Picture, out: Path, shown: Path, store: Store
) -> None:
    """Split by parts, and say what came of it."""
    image = None if options.image is None else open_picture(options.image)
    sizes = _spacing(options.spacing, mask)
    if options.foreground in SIDES:
        image = image or mask
        picture = _spatial(image, path, options.channel)
        if picture.ndim > len(sizes):
            raise ValueError(
                f"{path}: has {picture.shape[-1]} channels"
                + (f", called {', '.join(image.channels)}" if image.channels else "")
                + "; say which is bright or dark with --channel."
            )
        value = otsu_of(picture)
        data: Any = Foreground(picture, value, options.foreground == "dark")
    else:
        picture = None if image is None else _spatial(image, path, options.channel)
        data = _spatial(mask, path, None)
        if data.ndim > len(sizes):
            raise ValueError(
                f"{path}: has {data.shape[-1]} channels, as an image has; wanted a mask or labels. "
                "--labels takes those of an image, --foreground bright or dark makes a mask of it."
            )
    typer.echo(f"{path}: {' x '.join(map(str, data.shape))}, {data.dtype}")
    if options.foreground in SIDES:
        side = "darker" if options.foreground == "dark" else "brighter"
        typer.echo(f"the foreground is what is {side} than {value:.6g}, Otsu's threshold")
    spatial = [k for k, axis in enumerate(mask.axes) if axis in "zyx"]
    units = {mask.units[k] for k in spatial}
    # Of a size that is told the unit is not.
    unit = units.pop() if len(units) == 1 and options.spacing is None else None
    typer.echo(f"pixel size {' x '.join(f'{s:.6g}' for s in sizes)} {unit or ''}".rstrip())
    start = time.perf_counter()
    with ExitStack() as stack:
        client = None
        if store.scheduler is not None:
            client = stack.enter_context(client_of(store.scheduler))
        found = split_volume(
            data,
            picture,
            out=out,
            memory=store.memory,
            spacing=sizes,
            channel_axis=-1 if picture is not None and picture.ndim > len(sizes) else None,
            client=client,
            workers=store.workers or (number_of_threads() if math.prod(data.shape) > LARGE else 1),
            resume=store.resume,
            unit=unit,
            translate=[mask.origin[k] for k in spatial],
            **options.settings,
        )
    if out.name.endswith(".ome.zarr"):
        image_path = None if picture is None else str(options.image or path)
        tell_sources(out, image_path, None if options.foreground in SIDES else str(options.mask))
    n = found.attrs[COUNT_KEY]
    typer.echo(f"{shown}: {n} objects, {time.perf_counter() - start:.2f} s")


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


def _spatial(picture: Picture, path: Path, channel: str | None) -> Any:
    """Return the finest level with its spatial axes, and its channels last if there are several."""
    import dask.array as da

    level = picture.levels[0]
    axes = picture.axes
    n = level.shape[axes.index("c")] if "c" in axes else 1
    try:
        number = None if channel is None else channel_number(channel, n, picture.channels)
    except ValueError as error:
        raise ValueError(f"{path}: {error}.") from error
    if all(axis in "zyx" for axis in axes):
        return level
    if "t" in axes and level.shape[axes.index("t")] != 1:
        raise ValueError(f"{path}: has several frames, and its labels have one.")
    chosen = {"t": 0, "c": 0 if n == 1 else number}
    index = tuple(
        chosen.get(axis) if chosen.get(axis) is not None else slice(None) for axis in axes
    )
    array = da.from_zarr(level)[index]
    if n == 1 or number is not None:
        return array
    left = [axis for axis in axes if axis != "t"]
    return da.moveaxis(array, left.index("c"), -1)
