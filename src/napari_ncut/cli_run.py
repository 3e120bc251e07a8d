"""A run of the command line: read, say what was understood, work, write, say what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from napari_ncut._version import __version__
from napari_ncut.cli_files import (
    File,
    Size,
    check_finite,
    check_fit,
    main_file,
    pixel_size,
    times,
    work_ndim,
)
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.io.files import (
    check_output,
    read_image,
    read_labels,
    read_provenance,
    write_labels,
)
from napari_ncut.io.mask import check_foreground
from napari_ncut.io.output import check_no_input
from napari_ncut.io.stored import check_axes
from napari_ncut.runs.foreground import Automatic as Automatic
from napari_ncut.runs.recipe import PARAMETERS, Recipe, pack
from napari_ncut.runs.recipe_schema import MODES, unknown_fields
from napari_ncut.runs.recipe_schema import settings as checked_settings
from napari_ncut.runs.review_queue import ReviewQueue
from napari_ncut.runs.stacks import Result
from napari_ncut.splitting import finish

if TYPE_CHECKING:
    from napari_ncut.core.monitor import Progress


# What may be said of the foreground of an image: Otsu's threshold, and which side of it.
SIDES = ("bright", "dark")


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Parameters
    ----------
    command : str
        ``"cut"`` or ``"split"``.
    output : Path
        The TIFF, or the OME-Zarr, to write.
    image, mask, seeds : Path, optional
        The files to read.
    settings : dict
        The settings that were given.
    spacing, axes, foreground : str, optional
        Pixel size, names of the axes, and what is foreground in the mask.
    channel : str, optional
        The channel that is the image.
    is_volume : bool, optional
        Whether ``--volume`` or ``--planes`` was given.
    like : Path, optional
        Labels whose recipe is repeated.
    force : bool
        Whether an existing output is overwritten.
    preset : Recipe, optional
        Settings to follow, in the place of those of other labels.
    automatic : Automatic
        How the threshold is found, if the foreground is bright or dark.
    mark : str, optional
        Is written with the recipe: what a batch knows its results by.
    """

    command: str
    output: Path
    image: Path | None
    mask: Path | None
    settings: dict[str, Any]
    seeds: Path | None = None
    spacing: str | None = None
    axes: str | None = None
    foreground: str | None = None
    is_volume: bool | None = None
    like: Path | None = None
    force: bool = False
    preset: Recipe | None = None
    automatic: Automatic = field(default_factory=Automatic)
    mark: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Parameters
    ----------
    objects, doubtful : int
        Number of objects or segments, and of the necks that are near to the threshold.
    seconds : float
        What the work took, without reading and writing.
    result : Result
        The labels.
    recipe : Recipe
        How they were made.
    image : File, optional
        The image, if there was one.
    """

    objects: int
    doubtful: int
    seconds: float
    result: Result
    recipe: Recipe
    image: File | None


def run(options: Options, say: Callable[[str], object] = typer.echo) -> Outcome:
    """Do what the options ask for.

    Parameters
    ----------
    options : Options
        The files and settings.
    say : callable
        Is told each line of what was understood, and the last one of what came of it.

    Raises
    ------
    ValueError, TypeError, OSError
        If it can not be done; the message names the file or the option.
    """
    check_output(options.output, force=options.force)
    check_no_input(options.output, (options.image, options.mask, options.seeds))
    recipe, image, mask = _read(options, _base(options))
    main = main_file(image, mask)
    wanted = None if options.is_volume is None else 2 + options.is_volume
    ndim = work_ndim(main, wanted, recipe.spatial_ndim)
    check_fit(image, mask, ndim)
    size = pixel_size(options.spacing, [f for f in (image, mask) if f], main.image.spatial_ndim)
    recipe = replace(
        recipe,
        image=None if image is None else str(image.path),
        mask=None if mask is None else str(mask.path),
        spatial_ndim=ndim,
        spacing=(size.sizes or (1.0,) * main.image.spatial_ndim)[-ndim:],
        has_channels=image is not None and image.image.channel_axis is not None,
        threshold=recipe.threshold if mask is None else None,
    )
    if options.foreground in SIDES and image is not None:
        automatic = options.automatic
        recipe = replace(
            recipe,
            threshold=automatic.found(image.image.data, recipe.spacing, recipe.has_channels)[1],
            dark=options.foreground == "dark",
            smoothing=automatic.smoothing,
            window=automatic.window,
        )
    given = recipe.settings
    if isinstance(given, SplitSettings) and "keep_labels" not in options.settings:
        keeps = given.keep_labels or _has_labels(mask)
        recipe = replace(recipe, settings=replace(given, keep_labels=keeps))
    for file in filter(None, (image, mask)):
        say(file.understood())
    if options.seeds is not None:
        recipe = replace(recipe, seeds=_seeds(options, main, say))
    if options.foreground in SIDES:
        side = "darker" if recipe.dark else "brighter"
        say(f"the foreground is what is {side} than {recipe.threshold:.6g}, {options.automatic}")
    say(size.understood())
    region = None if mask is None else mask.image.data
    if mask is None and image is not None and recipe.threshold is not None:
        source = recipe.source(image.image.data, None)
        region = np.zeros(source.shape, bool)
        for frame in source.frames():
            region[frame] = source.read(frame)[1]
    check_finite(image, region)
    start = time.perf_counter()
    if region is not None and not (region > 0).any():
        result = Result(np.zeros(main.shape, np.int32), {}, {}, {})
    else:
        with _progress_bar() as progress:
            result = recipe.run(
                None if image is None else image.image.data,
                region,
                monitor=Monitor(progress),
            )
    seconds = time.perf_counter() - start
    doubtful = _doubtful(recipe, result)
    _write(options, recipe, result, main, size, seconds, say, _numbers(recipe, result, region))
    return Outcome(sum(result.counts.values()), doubtful, seconds, result, recipe, image)


def _base(options: Options) -> Recipe:
    """Return the recipe to follow: that of other labels, or the defaults, with the options given.

    Raises
    ------
    ValueError
        If the other labels were made by another command.
    """
    recipe = options.preset or Recipe(MODES[options.command](), spatial_ndim=3)
    if options.like is not None:
        values = read_provenance(options.like)
        try:
            recipe = Recipe.from_dict(values).for_other_data()
        except ValueError as error:
            raise ValueError(f"{options.like}: {error}") from error
        if recipe.mode != options.command:
            raise ValueError(
                f"{options.like}: was made by {recipe.mode}, not by {options.command}."
            )
        unknown = unknown_fields(values)
        if unknown:
            names = ", ".join(unknown[:5])
            typer.echo(f"{options.like}: its recipe has unknown fields, left out: {names}")
        if recipe.parameters != PARAMETERS and recipe.mode == "split":
            typer.echo(
                f"{options.like}: was made with version {recipe.parameters} of the numbers that "
                f"splitting is tuned by, this is version {PARAMETERS}; the labels may differ"
            )
        recipe = replace(recipe, parameters=PARAMETERS, version=__version__)
    if options.axes is not None:
        check_axes(options.axes)
    text = None if options.foreground in SIDES else options.foreground
    settings = vars(recipe.settings) | options.settings
    return replace(
        recipe,
        settings=checked_settings(MODES[options.command], settings),
        axes=options.axes or recipe.axes,
        channel=options.channel or recipe.channel,
        foreground=recipe.foreground if text is None else check_foreground(text),
    )


def _read(options: Options, base: Recipe) -> tuple[Recipe, File | None, File | None]:
    """Return the recipe, the image and the mask."""
    image = mask = None
    path = options.image
    if options.foreground in SIDES:
        # The file that is split is an image, whose own brightness tells the mask.
        path = options.image or options.mask
    elif base.threshold is not None and options.image is None and options.foreground is None:
        # The foreground was what is brighter, or darker, than a threshold.
        path = options.mask
    elif options.mask is not None:
        found = read_labels(options.mask, axes=base.axes, foreground=base.foreground)
        mask = File(options.mask, found)
    if path is not None:
        image = File(path, read_image(path, axes=base.axes, channel=base.channel))
    only = mask if image is None else None
    if only is not None and base.axes is not None and len(only.shape) < len(base.axes.strip("CS")):
        raise ValueError(
            f"{only.path}: has {len(only.shape)} axes ({times(only.shape)}), and --axes "
            f"{base.axes} names more."
        )
    return replace(base, foreground=base.foreground if mask else None), image, mask


def _seeds(options: Options, main: File, say: Callable[[str], object]) -> str:
    """Return the seeds, packed."""
    assert options.seeds is not None
    seeds = File(options.seeds, read_labels(options.seeds, axes=options.axes))
    if seeds.shape != main.shape:
        raise ValueError(
            f"{seeds.path} has the shape {times(seeds.shape)} and {main.path} {times(main.shape)}; "
            "wanted seeds in every frame of it."
        )
    say(seeds.understood())
    try:
        return pack(seeds.image.data)
    except ValueError as error:
        raise ValueError(f"{seeds.path}: {error}") from error


def _write(
    options: Options,
    recipe: Recipe,
    result: Result,
    main: File,
    size: Size,
    seconds: float,
    say: Callable[[str], object],
    numbers: dict[str, list[int]],
) -> None:
    """Write the labels with their recipe, and say so in one line."""
    outcome = {
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
        "seconds": round(seconds, 4),
    }
    if numbers:
        outcome["numbers"] = numbers
    if options.mark is not None:
        outcome |= {"batch": options.mark, "doubtful": _doubtful(recipe, result)}
    write_labels(
        options.output,
        result.labels,
        spacing=size.sizes,
        unit=size.unit,
        axes=main.image.label_axes,
        interval=main.image.interval,
        translate=main.image.origin if size.sizes is not None else None,
        provenance=recipe.completed(result).to_dict() | outcome,
        force=options.force,
    )
    say(f"{options.output}: {_summary(recipe, result)}, {size.text()}, {seconds:.2f} s")


def _summary(recipe: Recipe, result: Result) -> str:
    shape = result.labels.shape
    kind = "plane" if recipe.spatial_ndim == 2 else "volume"
    extent = times(shape[-recipe.spatial_ndim :])
    thing = "segment" if recipe.mode == "cut" else "object"
    total = sum(result.counts.values())
    words = [f"{total} {thing}{'s' if total != 1 else ''}"]
    if not result.counts:
        words = [f"0 {thing}s, the mask is empty"]
    if len(shape) > recipe.spatial_ndim:
        n_frames = math.prod(shape[: -recipe.spatial_ndim])
        words.append(f"{n_frames} {kind}s of {extent}, each on its own")
    else:
        words.append(f"a {kind} of {extent}")
        words += [f"normalised cut {value:.3g}" for value in result.ncut.values()]
    if result.trees:
        n = _doubtful(recipe, result)
        gone = sum(result.dropped.values())
        if gone:
            words.append(f"{gone} object{'s' if gone != 1 else ''} dropped")
        words.append(f"{n} doubtful neck{'s' if n != 1 else ''}")
    return ", ".join(words)


def _has_labels(mask: File | None) -> bool:
    """Tell whether the input has several labels, whose numbers are to be kept."""
    if mask is None:
        return False
    inside = mask.image.data[mask.image.data > 0]
    return inside.size > 0 and bool(inside.min() != inside.max())


def _numbers(recipe: Recipe, result: Result, mask: Any) -> dict[str, list[int]]:
    """Return which new labels each label has that was split, if numbers are kept."""
    if not getattr(recipe.settings, "keep_labels", False) or not result.trees or mask is None:
        return {}
    before = np.broadcast_to(mask, result.labels.shape)
    table = finish.numbers(before, result.labels)
    found: dict[str, list[int]] = {}
    for old, new in zip(table["old"].tolist(), table["new"].tolist(), strict=True):
        if old != new:
            found.setdefault(str(old), []).append(new)
    return found


def _doubtful(recipe: Recipe, result: Result) -> int:
    """Return the number of necks that are near to the threshold."""
    if not isinstance(recipe.settings, SplitSettings):
        return 0
    return int(np.count_nonzero(ReviewQueue(result.trees, recipe.settings.neck).near))


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """Show a bar on stderr while the context lasts, if a person is looking at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = Console(stderr=True)
    bar = Progress(
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("reading", total=1.0)

        def progress(fraction: float, text: str) -> None:
            bar.update(task, completed=fraction, description=text)

        yield progress
