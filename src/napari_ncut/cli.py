"""The command line: ``napari-ncut cut | split | batch | export | demo | info``.

Everything heavy is imported by the command that needs it, so that ``--help`` answers at once.
"""

import logging
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from napari_ncut._version import __version__
from napari_ncut.core.settings import CutSettings, SplitSettings


class _PlainFlags:
    """Shows flags, ``--help`` too, without ``<bool>``."""

    def get_params(self, context: Any) -> Any:
        found: Any = super().get_params(context)  # type: ignore[misc]
        for option in found:
            if getattr(option, "is_flag", False):
                option.metavar = ""
        return found


class _Command(_PlainFlags, TyperCommand):
    pass


class _Group(_PlainFlags, TyperGroup):
    pass


app = typer.Typer(
    name="napari-ncut",
    cls=_Group,
    help="Cut images into segments, and split objects that touch, by normalised graph cuts.",
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"napari-ncut {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    # The text above the list of commands is that of `app`.
    pass


# Arguments of the library as its messages name them, where they are options here.
ARGUMENT = re.compile(
    r"(?<![\w./-])"
    r"(n_segments|min_size|drop_small|drop_large|max_hole|beta|connectivity|neck|spacing|seeds|channel)"
    r"(?= is | has | holds |=)"
)
# Words of options that once were others: what is in people's scripts goes on working.
RENAMED = {"--beta": "--sensitivity"}
FORMATS = "TIFF, PNG, JPEG, BMP, NPY or OME-Zarr"

Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="The TIFF, or the .ome.zarr, to write the labels to.",
        metavar="OUT.tif",
    ),
]
Beta = Annotated[
    float,
    typer.Option(
        "--sensitivity", help="Sensitivity to edges: how much differences of intensity count."
    ),
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
Axes = Annotated[
    str | None,
    typer.Option(
        help="Names of the file's axes, one letter each, where it does not name them rightly: T "
        "time, Z depth, Y, X, C channels; as in TYX for a movie stored as slices.",
        metavar="TZYXC",
    ),
]
Channel = Annotated[
    str | None,
    typer.Option(
        help="The channel that is the image, by its name or its number from 1; by default all.",
        metavar="NAME|N",
    ),
]
Volume = Annotated[
    bool | None,
    typer.Option(
        "--volume/--planes",
        help="Do a stack as a volume, or each of its planes on its own; by default a volume.",
        show_default=False,
    ),
]
Foreground = Annotated[
    str | None,
    typer.Option(
        help="What is foreground in the mask, where its values leave a doubt: labels (each value "
        "an object), a threshold as in '>128' or '<0.5', values as in 255 or 1,3; or bright or "
        "dark: it is an image, whose mask is what is on that side of Otsu's threshold.",
        metavar="WHAT",
    ),
]
Threshold = Annotated[
    str,
    typer.Option(
        help="Of bright or dark: how its threshold is found, by otsu, li or triangle.",
        metavar="METHOD",
    ),
]
Smoothing = Annotated[
    float,
    typer.Option(
        help="Of bright or dark: smooth the image before, by a Gaussian of this standard "
        "deviation, in the units of the spacing."
    ),
]
Window = Annotated[
    float,
    typer.Option(
        help="Of bright or dark: hold each pixel against the Gaussian mean around it, of this "
        "standard deviation, so that an uneven background does not matter."
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


@app.command(cls=_Command)
def cut(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help=f"The image: {FORMATS}.", metavar="IMAGE")],
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
    axes: Axes = None,
    channel: Channel = None,
    volume: Volume = None,
    foreground: Foreground = None,
    threshold: Threshold = "otsu",
    smoothing: Smoothing = 0.0,
    window: Window = 0.0,
    like: Like = None,
    force: Force = False,
) -> None:
    """Cut an image, or what is under a mask, into N segments.

    Every frame of a time series is cut on its own.

    For example:

    * `napari-ncut cut circles.tif --mask circles_mask.tif -n 4 -o circles_labels.tif`

    * `napari-ncut cut stack.tif -n 12 --spacing 2,0.5,0.5 -o stack_labels.tif`

    * `napari-ncut cut photo.png -n 20 --sensitivity 0.5 -o photo_labels.tif --force`
    """
    from napari_ncut.cli_run import Automatic, Options, run

    _check_threshold(context, foreground)

    run(
        Options(
            "cut",
            output,
            image,
            mask,
            _given(context, CutSettings),
            seeds,
            spacing,
            axes,
            foreground,
            volume,
            like,
            force,
            automatic=Automatic(threshold, smoothing, window),
            channel=channel,
        )
    )


@app.command(cls=_Command)
def split(
    context: typer.Context,
    mask: Annotated[
        Path,
        typer.Argument(help=f"The mask or label image: {FORMATS}.", metavar="MASK"),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The TIFF, or the .ome.zarr, to write the labels to; of OME-Zarr by default "
            "labels of its own.",
            metavar="OUT.tif",
        ),
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The image under the mask: its intensities count too.")
    ] = None,
    neck: Annotated[
        float,
        typer.Option(help="How readily objects are split: 0 never, 1 at the slightest waist."),
    ] = SplitSettings.neck,
    min_size: Annotated[
        float,
        typer.Option(help="Smaller pieces, in the units of the spacing, join a neighbour."),
    ] = SplitSettings.min_size,
    max_hole: Annotated[
        float | None,
        typer.Option(
            help="Holes up to this, in the units of the spacing, are no edges of an object; by "
            "default each is judged by what is around it.",
            show_default=False,
        ),
    ] = SplitSettings.max_hole,
    drop_small: Annotated[
        float, typer.Option(help="Smaller objects, in the units of the spacing, are dropped.")
    ] = SplitSettings.drop_small,
    drop_large: Annotated[
        float | None, typer.Option(help="So are larger ones than this.", show_default=False)
    ] = SplitSettings.drop_large,
    drop_border: Annotated[
        bool,
        typer.Option("--drop-border", help="So are those that touch the border of the image."),
    ] = SplitSettings.drop_border,
    keep_labels: Annotated[
        bool | None,
        typer.Option(
            "--keep-labels/--new-labels",
            help="Labels that are not split keep their numbers; by default where the input is "
            "labels.",
            show_default=False,
        ),
    ] = None,
    beta: Beta = SplitSettings.beta,
    connectivity: Connectivity = SplitSettings.connectivity,
    spacing: Spacing = None,
    axes: Axes = None,
    channel: Channel = None,
    volume: Volume = None,
    foreground: Foreground = None,
    threshold: Threshold = "otsu",
    smoothing: Smoothing = 0.0,
    window: Window = 0.0,
    like: Like = None,
    force: Force = False,
    labels: Annotated[
        str | None,
        typer.Option(help="Of OME-Zarr: the labels to split.", metavar="NAME"),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Of OME-Zarr: what the result is called.", metavar="NAME")
    ] = "split",
    memory: Annotated[
        str, typer.Option(help="Of OME-Zarr: what the run may take.", metavar="4GB")
    ] = "4GB",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Of OME-Zarr: go on with what was interrupted."),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Of OME-Zarr: the dask scheduler that does it.", metavar="ADDRESS"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Of OME-Zarr: how many processes do it; by default one for each core, if it is "
            "large.",
            metavar="N",
            min=1,
        ),
    ] = None,
) -> None:
    """Split the touching objects of a mask or label image; nobody has to count them.

    Every frame of a time series is split on its own.

    For example:

    * `napari-ncut split nuclei_mask.png -o nuclei_labels.tif`

    * `napari-ncut split mask.tif --image nuclei.tif --neck 0.8 -o labels.tif`

    * `napari-ncut split stack_mask.tif --spacing 2,0.5,0.5 --min-size 40 -o stack_labels.tif`

    * `napari-ncut split movie_mask.tif --axes TYX -o movie_labels.tif`

    * `napari-ncut split grey.png --foreground '>128' -o labels.tif`

    * `napari-ncut split --like labels.tif other_mask.tif -o other_labels.tif`

    * `napari-ncut split big.ome.zarr --labels mask --name split --memory 4GB`
    """
    from napari_ncut.cli_run import Automatic, Options, run
    from napari_ncut.io.ome_zarr import is_store

    _check_threshold(context, foreground)
    options = Options(
        "split",
        output or Path(),
        image,
        mask,
        _given(context, SplitSettings),
        None,
        spacing,
        axes,
        foreground,
        volume,
        like,
        force,
        automatic=Automatic(threshold, smoothing, window),
        channel=channel,
    )
    if is_store(mask) or mask.suffix == ".zarr":
        from napari_ncut.cli_volume import Store, run_store

        run_store(options, output, Store(labels, name, memory, scheduler, workers, resume))
        return
    if output is None:
        raise ValueError("-o is missing; wanted the TIFF to write the labels to.")
    run(options)


@app.command(cls=_Command)
def batch(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Files, OME-Zarr, plates of them, folders, or patterns as in 'data/*.tif'.",
            metavar="INPUT...",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the results.", metavar="OUTPUT")
    ],
    like: Like = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Settings that were saved: a name, or a file.", metavar="NAME"),
    ] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            help="What the mask of an image is called, as in {name}_mask.tif, or labels/NAME for "
            "labels in an OME-Zarr; without it the files are masks.",
            metavar="PATTERN",
        ),
    ] = None,
    foreground: Annotated[
        str | None,
        typer.Option(
            help="bright or dark: the files are images, and their masks what is on that side of "
            "Otsu's threshold. Or what is foreground in the masks, as in '>128'.",
            metavar="bright|dark|WHAT",
        ),
    ] = None,
    threshold: Threshold = "otsu",
    smoothing: Smoothing = 0.0,
    window: Window = 0.0,
    workers: Annotated[
        int | None, typer.Option(help="Processes; by default one for each core.", metavar="N")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Do the files on the workers of a dask scheduler.", metavar="ADDRESS"),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume",
            help="Keep results of the same files and settings, or not.",
        ),
    ] = True,
    table: Annotated[
        Path | None,
        typer.Option(help="A table of all objects of all files.", metavar="TABLE.csv"),
    ] = None,
    properties: Annotated[
        str, typer.Option("--measure", help="What the table holds; see export.", metavar="NAMES")
    ] = "all",
    form: Annotated[
        str, typer.Option("--format", help="Of the results.", metavar="tif|ome-zarr|labels/NAME")
    ] = "tif",
    neck: Annotated[float, typer.Option(help="As of split.")] = SplitSettings.neck,
    n_segments: Annotated[
        int, typer.Option("-n", "--n-segments", help="As of cut.")
    ] = CutSettings.n_segments,
    min_size: Annotated[float, typer.Option(help="As of split and cut.")] = SplitSettings.min_size,
    max_hole: Annotated[
        float | None, typer.Option(help="As of split.", show_default=False)
    ] = SplitSettings.max_hole,
    drop_small: Annotated[float, typer.Option(help="As of split.")] = SplitSettings.drop_small,
    drop_large: Annotated[
        float | None, typer.Option(help="As of split.", show_default=False)
    ] = SplitSettings.drop_large,
    drop_border: Annotated[
        bool, typer.Option("--drop-border", help="As of split.")
    ] = SplitSettings.drop_border,
    beta: Beta = SplitSettings.beta,
    connectivity: Connectivity = SplitSettings.connectivity,
    spacing: Spacing = None,
    axes: Axes = None,
    channel: Channel = None,
    volume: Volume = None,
) -> None:
    """Split, or cut, all files of folders; a broken file stops nothing and shows in the report.

    A second start does only what is missing or has changed. The exit code is 3 if a file failed.

    For example:

    * `napari-ncut batch masks -o results`

    * `napari-ncut batch nuclei --mask '{name}_mask.tif' -o results --table objects.csv`

    * `napari-ncut batch 'plate/*.tif' --foreground bright --like tuned_labels.tif -o results`

    * `napari-ncut batch plate.ome.zarr --channel DAPI --foreground bright -o results`
    """
    from napari_ncut.cli_batch import run_batch

    given = _given(context, CutSettings) | _given(context, SplitSettings)
    _check_threshold(context, foreground)
    code = run_batch(
        inputs,
        output,
        given,
        like=like,
        preset=preset,
        mask=mask,
        foreground=foreground,
        threshold=threshold,
        smoothing=smoothing,
        window=window,
        workers=workers,
        scheduler=scheduler,
        resume=resume,
        table=table,
        properties=properties,
        spacing=spacing,
        axes=axes,
        volume=volume,
        channel=channel,
        format=form,
    )
    raise typer.Exit(code)


@app.command(cls=_Command)
def export(
    labels: Annotated[Path, typer.Argument(help=f"The label image: {FORMATS}.", metavar="LABELS")],
    imagej: Annotated[
        Path | None,
        typer.Option(help="Regions of interest for ImageJ's ROI Manager.", metavar="OUT.zip"),
    ] = None,
    qupath: Annotated[
        Path | None,
        typer.Option(help="GeoJSON that QuPath imports, with measurements.", metavar="OUT.geojson"),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="A table of the objects, as CSV or Parquet.", metavar="OUT.csv|OUT.parquet"
        ),
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The image under the labels: its intensities are measured.")
    ] = None,
    properties: Annotated[
        str,
        typer.Option(
            "--measure",
            help="What to measure beside size, place and mean intensity: all, none, or some of "
            "border, diameter, axes, eccentricity, solidity, roundness, orientation, spread, edge, "
            "neighbours.",
            metavar="NAMES",
        ),
    ] = "all",
    spacing: Spacing = None,
    axes: Axes = None,
    channel: Channel = None,
    volume: Volume = None,
    force: Force = False,
) -> None:
    """Write the objects of labels for other programs: ImageJ, QuPath, tables.

    Outlines run along the edges of the pixels: read back, they give the same labels.

    For example:

    * `napari-ncut export nuclei_labels.tif --table nuclei.csv`

    * `napari-ncut export nuclei_labels.tif --imagej nuclei.zip --qupath nuclei.geojson`

    * `napari-ncut export labels.tif --image nuclei.tif --table nuclei.parquet --measure axes`
    """
    from napari_ncut.cli_export import Outputs, run_export

    outputs = Outputs(imagej, qupath, table)
    run_export(labels, outputs, image, properties, spacing, axes, volume, channel, force=force)


@app.command(cls=_Command)
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for the labels and pictures of a demo without display.")
    ] = Path("napari-ncut-demo"),
    headless: Annotated[
        bool,
        typer.Option("--headless", help="The program clicks by itself, writes, and leaves."),
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


@app.command(cls=_Command)
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
        The exit code: 0 done, 2 for bad input or files, 3 if files of a batch failed, 130 if
        interrupted. What is wrong is one
        line on stderr.
    """
    # Damaged files are told of by our own line.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    words = [_renamed(word) for word in words]
    command: Any = typer.main.get_command(app)
    try:
        with warnings.catch_warnings():
            # What other packages have to say to programmers is of no use to who types.
            warnings.simplefilter("ignore")
            code = command.main(words, prog_name="napari-ncut", standalone_mode=False) or 0
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        at_hand = "napari-ncut" if context is None else context.command_path
        message = re.sub(r"(?<=\w|['\"])$", ".", error.format_message())
        return _fail(f"{message} See {at_hand} --help.")
    except (ValueError, TypeError, ImportError) as error:
        return _fail(in_words_of_options(str(error)))
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


def _given(context: typer.Context, kind: type) -> dict[str, Any]:
    """Return the settings of a kind that were given on the command line."""
    return {
        field.name: context.params[field.name]
        for field in fields(kind)
        if field.name in context.params and _is_given(context, field.name)
    }


def _check_threshold(context: typer.Context, foreground: str | None) -> None:
    """Raise ValueError if it is told how a threshold is found, and there is none to be found."""
    for name in ("threshold", "smoothing", "window"):
        if foreground not in ("bright", "dark") and _is_given(context, name):
            raise ValueError(f"--{name} is for --foreground bright or dark; pass one of them.")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def in_words_of_options(message: str) -> str:
    """Return a message of the library with the names of the options in the place of arguments."""
    return ARGUMENT.sub(lambda found: _renamed("--" + found[0].replace("_", "-")), message)


def _renamed(word: str) -> str:
    """Return a word of the command line with the name that its option has now."""
    option, equals, value = word.partition("=")
    return RENAMED.get(option, option) + equals + value
