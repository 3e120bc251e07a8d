"""The command line: ``napari-ncut cut | split | demo | info``.

Everything heavy is imported by the command that needs it, so that ``--help`` answers at once.
"""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_ncut.settings import CutSettings, SplitSettings

if TYPE_CHECKING:
    from napari_ncut.files import Image
    from napari_ncut.monitor import Progress
    from napari_ncut.stacks import Result, Source

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
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")]


@app.command()
def cut(
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
    force: Force = False,
) -> None:
    """Cut an image, or what is under a mask, into N segments.

    Every frame of a time series is cut on its own.

    For example:

    * `napari-ncut cut circles.tif --mask circles_mask.tif -n 4 -o circles_labels.tif`

    * `napari-ncut cut stack.tif -n 12 --spacing 2,0.5,0.5 -o stack_labels.tif`

    * `napari-ncut cut photo.png -n 20 --beta 0.5 -o photo_labels.tif --force`
    """
    from napari_ncut.files import check_output, read_image, read_labels
    from napari_ncut.stacks import Source

    check_output(output, force=force)
    picture = read_image(image)
    region = None if mask is None else read_labels(mask)
    source = Source(
        picture.data,
        None if region is None else region.data,
        picture.spatial_ndim,
        _spacing(spacing, picture),
        has_channels=picture.channel_axis is not None,
    )
    settings = CutSettings(n_segments, beta, connectivity, min_size)
    _run(source, settings, picture, output, force, {"image": image, "mask": mask, "seeds": seeds})


@app.command()
def split(
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
    force: Force = False,
) -> None:
    """Split the touching objects of a mask or label image; nobody has to count them.

    Every frame of a time series is split on its own.

    For example:

    * `napari-ncut split nuclei_mask.png -o nuclei_labels.tif`

    * `napari-ncut split mask.tif --image nuclei.tif --neck 0.8 -o labels.tif`

    * `napari-ncut split stack_mask.tif --spacing 2,0.5,0.5 --min-size 40 -o stack_labels.tif`
    """
    from napari_ncut.files import check_output, read_image, read_labels
    from napari_ncut.stacks import Source

    check_output(output, force=force)
    objects = read_labels(mask)
    picture = None if image is None else read_image(image)
    # Either file may be the one that names the axes or knows the pixel size.
    told = objects if objects.spacing or picture is None else picture
    source = Source(
        None if picture is None else picture.data,
        objects.data,
        objects.spatial_ndim,
        _spacing(spacing, told),
        has_channels=picture is not None and picture.channel_axis is not None,
    )
    settings = SplitSettings(neck, min_size, beta, connectivity)
    _run(source, settings, told, output, force, {"mask": mask, "image": image})


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


def _spacing(text: str | None, image: "Image") -> tuple[float, ...]:
    from napari_ncut.checks import spacing_tuple

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
    source: "Source",
    settings: CutSettings | SplitSettings,
    told: "Image",
    output: Path,
    force: bool,
    files: dict[str, Path | None],
) -> None:
    """Cut or split, write the labels with their recipe, and say so in one line."""
    from dataclasses import asdict

    from napari_ncut import __version__
    from napari_ncut.files import write_labels

    start = time.perf_counter()
    with _progress_bar() as progress:
        result = _labels(source, settings, files.get("seeds"), progress)
    seconds = time.perf_counter() - start
    provenance = {
        "version": __version__,
        "mode": "cut" if isinstance(settings, CutSettings) else "split",
        "settings": asdict(settings),
        **{role: None if path is None else str(path) for role, path in files.items()},
        "spatial_ndim": source.spatial_ndim,
        "spacing": list(source.spacing),
        "n_segments": list(result.counts.values()),
        "ncut": list(result.ncut.values()),
        "seconds": round(seconds, 4),
    }
    write_labels(
        output,
        result.labels,
        spacing=source.spacing,
        unit=told.unit,
        axes="T" * (result.labels.ndim - source.spatial_ndim) + "ZYX"[-source.spatial_ndim :],
        provenance=provenance,
        force=force,
    )
    typer.echo(f"{output}: {_summary(source, result)}, {seconds:.2f} s")


def _labels(
    source: "Source",
    settings: CutSettings | SplitSettings,
    seeds: Path | None,
    progress: "Progress",
) -> "Result":
    from napari_ncut.files import read_labels
    from napari_ncut.monitor import Monitor
    from napari_ncut.session import CutSession
    from napari_ncut.stacks import Result, StackSession

    if seeds is None or not isinstance(settings, CutSettings):
        return StackSession().run(source, settings, monitor=Monitor(progress))
    if source.frames() != [()]:
        raise ValueError("--seeds works on one frame; save the frame to cut as a file of its own.")
    image, mask = source.read(())
    session = CutSession(
        image,
        None if mask is None else mask > 0,
        spacing=source.spacing,
        channel_axis=-1 if source.has_channels else None,
    )
    done = session.cut(settings, seeds=read_labels(seeds).data, progress=progress)
    return Result(done.labels, {(): int(done.labels.max())}, {(): done.ncut}, {})


def _summary(source: "Source", result: "Result") -> str:
    kind = "plane" if source.spatial_ndim == 2 else "volume"
    size = " x ".join(map(str, source.shape[-source.spatial_ndim :]))
    total = sum(result.counts.values())
    words = [f"{total} segment{'s' if total != 1 else ''}"]
    if len(source.frames()) > 1:
        words.append(f"{len(source.frames())} {kind}s of {size}, each on its own")
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
