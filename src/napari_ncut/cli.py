"""The command line: ``napari-ncut cut | split | demo | info``.

Everything heavy is imported by the command that needs it, so that ``--help`` answers at once.
"""

import logging
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_ncut.core.settings import CutSettings, SplitSettings

if TYPE_CHECKING:
    from napari_ncut.core.monitor import Progress
    from napari_ncut.io.files import Image
    from napari_ncut.runs.recipe import Recipe
    from napari_ncut.runs.stacks import Result

app = typer.Typer(
    name="napari-ncut",
    help="Cut images into segments, and split objects that touch, by normalised graph cuts.",
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Output = Annotated[
    Path, typer.Option("-o", "--output", help="The TIFF to write the labels to.", metavar="OUT.tif")
]
Beta = Annotated[
    float, typer.Option(help="Edge sensitivity: how much differences of intensity count.")
]
Connectivity = Annotated[
    int, typer.Option(help="1: pixels that share a face are linked; 2 (3 in volumes): corners too.")
]
Spacing = Annotated[
    str | None,
    typer.Option(
        help="Pixel size along the axes, as in 2,0.5,0.5; without it that of the file, or 1.",
        metavar="Z,Y,X",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(
        help="Repeat what made these labels; options that are given go before it.",
        metavar="RESULT.tif",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")]


@app.command()
def cut(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The image: TIFF, PNG or NPY.", metavar="IMAGE")],
    output: Output,
    n_segments: Annotated[
        int, typer.Option("-n", "--n-segments", help="Number of segments.")
    ] = CutSettings.n_segments,
    mask: Annotated[
        Path | None, typer.Option(help="Cut only where this mask or label image is not 0.")
    ] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(help="Label image with marks in the objects; replaces the number."),
    ] = None,
    beta: Beta = CutSettings.beta,
    connectivity: Connectivity = CutSettings.connectivity,
    min_size: Annotated[
        float,
        typer.Option(help="Smaller components, in the units of the spacing, do not count."),
    ] = CutSettings.min_size,
    spacing: Spacing = None,
    like: Like = None,
    force: Force = False,
) -> None:
    """Cut an image, or what is under a mask, into N segments.

    Every frame of a time series is cut on its own.

    For example:

    * `napari-ncut cut circles.tif --mask circles_mask.tif -n 4 -o circles_labels.tif`

    * `napari-ncut cut stack.tif -n 12 --spacing 2,0.5,0.5 -o stack_labels.tif`

    * `napari-ncut cut photo.png -n 20 --beta 0.5 -o photo_labels.tif --force`
    """
    from napari_ncut.core.validation import check_same_shape
    from napari_ncut.io.files import check_output, read_image, read_labels
    from napari_ncut.runs.recipe import pack

    check_output(output, force=force)
    base = _base(context, like)
    picture = read_image(image)
    region = None if mask is None else read_labels(mask)
    recipe = _recipe(base, picture, spacing, image, mask, picture)
    if seeds is not None:
        marks = read_labels(seeds).data
        check_same_shape("--seeds", marks.shape, picture.data.shape[: len(picture.label_axes)])
        recipe = replace(recipe, seeds=pack(marks))
    _run(recipe, picture, region, picture, spacing, output, force)


@app.command()
def split(
    context: typer.Context,
    mask: Annotated[
        Path, typer.Argument(help="The mask or label image: TIFF, PNG or NPY.", metavar="MASK")
    ],
    output: Output,
    image: Annotated[
        Path | None, typer.Option(help="The image under the mask: its intensities count too.")
    ] = None,
    neck: Annotated[
        float,
        typer.Option(
            help="Split where a neck is narrower than this part of the objects it joins, 0 to 1."
        ),
    ] = SplitSettings.neck,
    min_size: Annotated[
        float,
        typer.Option(help="Smaller pieces, in the units of the spacing, join a neighbour."),
    ] = SplitSettings.min_size,
    beta: Beta = SplitSettings.beta,
    connectivity: Connectivity = SplitSettings.connectivity,
    spacing: Spacing = None,
    like: Like = None,
    force: Force = False,
) -> None:
    """Split the touching objects of a mask or label image; nobody has to count them.

    Every frame of a time series is split on its own.

    For example:

    * `napari-ncut split nuclei_mask.png -o nuclei_labels.tif`

    * `napari-ncut split mask.tif --image nuclei.tif --neck 0.8 -o labels.tif`

    * `napari-ncut split stack_mask.tif --spacing 2,0.5,0.5 --min-size 40 -o stack_labels.tif`

    * `napari-ncut split --like labels.tif other_mask.tif -o other_labels.tif`
    """
    from napari_ncut.io.files import check_output, read_image, read_labels

    check_output(output, force=force)
    base = _base(context, like)
    if base.threshold is not None and image is None:
        # The foreground was what is brighter, or darker, than a threshold.
        whole = read_image(mask)
        recipe = _recipe(base, whole, spacing, mask, None, whole)
        _run(recipe, whole, None, whole, spacing, output, force)
        return
    objects = read_labels(mask)
    picture = None if image is None else read_image(image)
    # Either file may be the one that knows the pixel size.
    told = objects if objects.spacing or picture is None else picture
    recipe = replace(_recipe(base, told, spacing, image, mask, picture), threshold=None)
    _run(recipe, picture, objects, told, spacing, output, force)


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for the labels and pictures of a demo without display.")
    ] = Path("napari-ncut-demo"),
    headless: Annotated[
        bool, typer.Option("--headless", help="The program clicks by itself, writes, and leaves.")
    ] = False,
) -> None:
    """Open napari with four touching circles and the widget, ready to cut.

    Without a display, or with `--headless`, the program itself drives the window: it cuts the
    circles and a picture of real nuclei, and writes labels and pictures of the window.

    For example:

    * `napari-ncut demo`

    * `napari-ncut demo --headless --out build/demo`
    """
    try:
        from napari_ncut.plugin.demo import run_demo
    except ImportError as error:
        raise ValueError(
            f"The demo needs napari with Qt ({error}); install it with "
            '`pip install "napari-ncut[all]"`.'
        ) from error
    run_demo(out, headless=headless)


@app.command()
def info() -> None:
    """Print versions and platform, for bug reports."""
    from napari_ncut.about import installation

    for name, value in installation().items():
        typer.echo(f"{name:<14} {value}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``napari-ncut``; by default those of the process.

    Returns
    -------
    int
        The exit code: 0 done, 2 for bad input or files, 130 if interrupted. What is wrong is one
        line on stderr.
    """
    # Damaged files are told of by our own line.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command = typer.main.get_command(app)
    try:
        code = command.main(words, prog_name="napari-ncut", standalone_mode=False) or 0
    except typer.TyperException as error:
        return _fail(error.format_message().rstrip(".") + ". See napari-ncut --help.")
    except (ValueError, TypeError) as error:
        return _fail(str(error))
    except MemoryError as error:
        return _fail(f"not enough memory: {error}")
    except OSError as error:
        if error.filename is None or error.strerror is None:
            return _fail(str(error))
        return _fail(f"{error.filename}: {error.strerror}.")
    if code == 130:
        _fail("interrupted; nothing was written.")
    return int(code)


def _fail(message: str) -> int:
    print("napari-ncut: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return 2


def _base(context: typer.Context, like: Path | None) -> "Recipe":
    """Return the recipe to follow: that of other labels, or the defaults, with the options given.

    Raises
    ------
    ValueError
        If the other labels were made by another command.
    """
    from napari_ncut.io.files import read_provenance
    from napari_ncut.runs.recipe import Recipe
    from napari_ncut.runs.recipe_schema import MODES

    command = str(context.info_name)
    recipe = Recipe(MODES[command](), spatial_ndim=3)
    if like is not None:
        recipe = Recipe.from_dict(read_provenance(like)).for_other_data()
        if recipe.mode != command:
            raise ValueError(f"{like}: was made by {recipe.mode}, not by {command}.")
    given = {
        field.name: context.params[field.name]
        for field in fields(recipe.settings)
        if field.name in context.params and _is_given(context, field.name)
    }
    return replace(recipe, settings=replace(recipe.settings, **given))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _recipe(
    base: "Recipe",
    told: "Image",
    spacing: str | None,
    image: Path | None,
    mask: Path | None,
    picture: "Image | None",
) -> "Recipe":
    """Return the recipe with what the files and the command line tell."""
    sizes = _spacing(spacing, told)
    # A stack that was cut plane by plane before is cut so again.
    ndim = min(base.spatial_ndim, told.spatial_ndim)
    return replace(
        base,
        image=None if image is None else str(image),
        mask=None if mask is None else str(mask),
        spatial_ndim=ndim,
        spacing=sizes[-ndim:],
        has_channels=picture is not None and picture.channel_axis is not None,
    )


def _spacing(text: str | None, image: "Image") -> tuple[float, ...]:
    from napari_ncut.core.validation import spacing_tuple

    if text is None:
        return image.spacing or (1.0,) * image.spatial_ndim
    try:
        sizes = [float(word) for word in text.split(",")]
    except ValueError:
        raise ValueError(
            f"--spacing is {text!r}; wanted one number an axis, as in 2,0.5,0.5."
        ) from None
    return spacing_tuple(sizes[0] if len(sizes) == 1 else sizes, image.spatial_ndim)


def _run(
    recipe: "Recipe",
    picture: "Image | None",
    mask: "Image | None",
    told: "Image",
    spacing: str | None,
    output: Path,
    force: bool,
) -> None:
    """Follow the recipe, write the labels with it, and say so in one line."""
    from napari_ncut.core.monitor import Monitor
    from napari_ncut.io.files import write_labels

    start = time.perf_counter()
    with _progress_bar() as progress:
        result = recipe.run(
            None if picture is None else picture.data,
            None if mask is None else mask.data,
            monitor=Monitor(progress),
        )
    seconds = time.perf_counter() - start
    outcome = {
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
        "seconds": round(seconds, 4),
    }
    write_labels(
        output,
        result.labels,
        spacing=_spacing(spacing, told),
        unit=told.unit,
        axes=told.label_axes,
        provenance=recipe.to_dict() | outcome,
        force=force,
    )
    typer.echo(f"{output}: {_summary(recipe, result)}, {seconds:.2f} s")


def _summary(recipe: "Recipe", result: "Result") -> str:
    shape = result.labels.shape
    kind = "plane" if recipe.spatial_ndim == 2 else "volume"
    size = " x ".join(map(str, shape[-recipe.spatial_ndim :]))
    total = sum(result.counts.values())
    words = [f"{total} segment{'s' if total != 1 else ''}"]
    if len(shape) > recipe.spatial_ndim:
        n_frames = math.prod(shape[: -recipe.spatial_ndim])
        words.append(f"{n_frames} {kind}s of {size}, each on its own")
    else:
        words.append(f"a {kind} of {size}")
        words += [f"normalised cut {value:.3g}" for value in result.ncut.values()]
    return ", ".join(words)


@contextmanager
def _progress_bar() -> Iterator["Progress"]:
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
