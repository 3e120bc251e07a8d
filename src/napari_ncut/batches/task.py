"""What is done with one file of a batch, in this process or in another."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_ncut._version import __version__
from napari_ncut.batches.inputs import Pair
from napari_ncut.cli_run import Options, run
from napari_ncut.core.parallel import use_threads
from napari_ncut.io.files import read_image, read_labels, read_provenance
from napari_ncut.io.ome_zarr import is_store, is_zarr, open_picture, times_edited
from napari_ncut.io.ome_zarr_labels import labels_in_store
from napari_ncut.objects.measure import Table, measure
from napari_ncut.runs.foreground import Automatic
from napari_ncut.runs.recipe import Recipe

DONE, KEPT, FAILED = "done", "kept", "failed"


@dataclass(frozen=True)
class Task:
    """How the files of a batch are done.

    Parameters
    ----------
    recipe : Recipe
        Settings and dimensions.
    settings : dict
        Settings that were given beside the recipe's.
    spacing, axes, foreground, channel : str, optional
        As on the command line.
    is_volume : bool, optional
        Whether stacks are volumes.
    properties : tuple of str or None
        What is measured; None is no table.
    resume : bool
        Whether results of the same file and the same settings are kept.
    threads : int, optional
        How many each process may use.
    automatic : Automatic
        How the threshold is found, if the foreground is bright or dark.
    """

    recipe: Recipe
    settings: dict[str, Any]
    spacing: str | None = None
    axes: str | None = None
    foreground: str | None = None
    is_volume: bool | None = None
    properties: tuple[str, ...] | None = None
    resume: bool = True
    threads: int | None = None
    automatic: Automatic = field(default_factory=Automatic)
    channel: str | None = None

    def mark(self, pair: Pair) -> str:
        """Return what a result of this file and this task is known by."""
        made = replace(self, properties=None, resume=True, threads=None)
        what = {**vars(made), "recipe": self.recipe.to_dict(), "version": __version__}
        found = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode())
        for given in filter(None, (pair.path, pair.mask)):
            for path in _contents(given):
                with path.open("rb") as file:
                    found.update(hashlib.file_digest(file, "sha256").digest())
        return found.hexdigest()


@dataclass(frozen=True)
class Row:
    """What came of one file.

    Parameters
    ----------
    file, mask, output : str
        Its paths; no mask is "".
    status : str
        "done", "kept" (it was done before) or "failed".
    objects, doubtful_necks : int or None
        How many there are.
    seconds : float
        From reading to writing.
    error : str
        What went wrong.
    table : dict of ndarray or None
        A row for each object.
    """

    file: str
    mask: str
    output: str
    status: str
    objects: int | None = None
    doubtful_necks: int | None = None
    seconds: float = 0.0
    error: str = ""
    table: Table | None = field(default=None, compare=False, repr=False)


def failed(pair: Pair, error: BaseException | str, seconds: float = 0.0) -> Row:
    """Return the row of a file that could not be done."""
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}."
    elif isinstance(error, MemoryError):
        text = f"not enough memory: {error}"
    return Row(*_paths(pair), FAILED, seconds=seconds, error=" ".join(text.split()))


def _paths(pair: Pair) -> tuple[str, str, str]:
    return str(pair.path), str(pair.mask or ""), str(pair.output)


def _contents(path: Path) -> list[Path]:
    """Return the files that an image is made of: of an OME-Zarr all but those of its labels."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and file.relative_to(path).parts[0] != "labels"
    )


def do(task: Task, pair: Pair) -> Row:
    """Do one file; whatever goes wrong with it is told in its row."""
    start = time.perf_counter()
    try:
        with use_threads(task.threads) if task.threads else nullcontext():
            return _done(task, pair, start)
    except Exception as error:
        return failed(pair, error, time.perf_counter() - start)


def _done(task: Task, pair: Pair, start: float) -> Row:
    """Do one file, unless that is done."""
    if pair.is_mask_missing:
        raise FileNotFoundError(f"There is no mask {pair.mask}.")
    mark = task.mark(pair)
    before = _before(pair.output)
    if task.resume and before.get("batch") == mark:
        counts, doubtful = before.get("n_segments", []), before.get("doubtful")
        table = None if task.properties is None else _table_of(task, pair, Recipe.from_dict(before))
        seconds = time.perf_counter() - start
        return Row(*_paths(pair), KEPT, sum(counts), doubtful, seconds, table=table)
    if pair.output.exists() and "batch" not in before:
        raise FileExistsError(f"{pair.output}: exists, and no batch has made it.")
    if is_store(pair.output) and times_edited(open_picture(pair.output).ours):
        raise FileExistsError(f"{pair.output}: was corrected by hand; take it away first.")
    # Without a pattern of masks the file itself is the mask, or tells it by its brightness.
    image: Path | None = pair.path
    mask = pair.mask
    if mask is None and task.recipe.mode == "split":
        image, mask = None, pair.path
    with _place(pair) as output:
        outcome = run(_options(task, pair, output, image, mask, mark), say=lambda _: None)
    table = None
    if task.properties is not None:
        table = _measured(
            task,
            outcome.result.labels,
            None if outcome.image is None else outcome.image.image.data,
            outcome.recipe,
            outcome.result.trees,
        )
    seconds = time.perf_counter() - start
    return Row(*_paths(pair), DONE, outcome.objects, outcome.doubtful, seconds, table=table)


@contextmanager
def _place(pair: Pair) -> Iterator[Path]:
    """Give where the labels are written; those of a store are known to it when they are whole."""
    if not pair.is_in_store:
        yield pair.output
        return
    if not is_zarr(pair.path):
        raise ValueError(f"{pair.path}: is no OME-Zarr, and labels/NAME lies in one.")
    with labels_in_store(pair.path, pair.output.name) as path:
        yield path


def _options(
    task: Task, pair: Pair, output: Path, image: Path | None, mask: Path | None, mark: str
) -> Options:
    """Return what the command line would have been told."""
    return Options(
        task.recipe.mode,
        output,
        image,
        mask,
        task.settings,
        None,
        task.spacing,
        task.axes,
        task.foreground,
        task.is_volume,
        force=output.exists(),
        preset=task.recipe,
        automatic=task.automatic,
        mark=mark,
        channel=task.channel,
    )


def _before(path: Path) -> dict[str, Any]:
    """Return what an earlier result says of itself; nothing if there is none."""
    try:
        return read_provenance(path)
    except (OSError, ValueError):
        return {}


def _table_of(task: Task, pair: Pair, recipe: Recipe) -> Table:
    """Return the table of an earlier result; the necks are split again."""
    labels = read_labels(pair.output).data
    image = None
    if recipe.image is not None:
        image = read_image(pair.path, axes=task.axes, channel=recipe.channel).data
    return _measured(task, labels, image, recipe, None)


def _measured(task: Task, labels: Any, image: Any, recipe: Recipe, trees: Any) -> Table:
    return measure(
        labels,
        image,
        spatial_ndim=recipe.spatial_ndim,
        spacing=recipe.spacing,
        has_channels=recipe.has_channels and image is not None,
        properties=task.properties or (),
        trees=trees or None,
    )
