"""Batches: many files, each on its own, with one report and one table."""

from __future__ import annotations

import csv
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.batches.inputs import Pair, pairs
from napari_ncut.batches.task import FAILED, Row, Task, do, failed
from napari_ncut.core.cluster import check_workers, client_of
from napari_ncut.core.monitor import Cancelled, IsCancelled, Progress
from napari_ncut.core.parallel import number_of_threads
from napari_ncut.io.atomic import atomic_file
from napari_ncut.io.files import read_provenance
from napari_ncut.objects.measure import Table, write_table
from napari_ncut.objects.properties import check_properties
from napari_ncut.runs.foreground import Automatic
from napari_ncut.runs.presets import Presets, read_preset
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.recipe_schema import MODES
from napari_ncut.runs.recipe_schema import settings as checked_settings

REPORT = "report.csv"
SIDES = ("bright", "dark")
# How often a batch looks whether it is to end, in seconds.
PAUSE = 0.1


@dataclass(frozen=True)
class Report:
    """What came of a batch.

    Parameters
    ----------
    rows : list of Row
        One for each file, in their order.
    left : list of Path
        Files of the folders that were of no use.
    path : Path
        Where the report was written, as CSV.
    """

    rows: list[Row]
    left: list[Path]
    path: Path

    @property
    def failed(self) -> list[Row]:
        """The rows of files that could not be done."""
        return [row for row in self.rows if row.status == FAILED]

    def __repr__(self) -> str:
        return f"<Report of {len(self.rows)} files, {len(self.failed)} failed: {self.path}>"


def batch(
    inputs: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    mask: str | None = None,
    foreground: str | None = None,
    threshold: str = "otsu",
    smoothing: float = 0.0,
    window: float = 0.0,
    like: str | os.PathLike[str] | None = None,
    preset: str | os.PathLike[str] | Recipe | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    resume: bool = True,
    table: str | os.PathLike[str] | None = None,
    properties: Sequence[str] | str = "all",
    spacing: str | None = None,
    axes: str | None = None,
    volume: bool | None = None,
    channel: str | int | None = None,
    format: str = "tif",
    on_row: Callable[[Row], object] | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
    **settings: Any,
) -> Report:
    """Split, or cut, all files of folders, and write a report.

    Parameters
    ----------
    inputs : path, or sequence of path
        Files, OME-Zarr (of a plate every field of every well), folders of them, and patterns as
        in ``"data/*.tif"``.
    output : path
        The folder of the results, ``NAME_labels.tif``, and of ``report.csv``; it is made.
    mask : str, optional
        Pattern of the masks, as in ``"{name}_mask.tif"``, or ``"labels/NAME"`` for the labels of
        this name in each OME-Zarr. Without it the files are masks.
    foreground : str, optional
        ``"bright"`` or ``"dark"``: the files are images, and their masks what is on that side of
        a threshold. Or what is foreground in the masks, as on the command line.
    threshold, smoothing, window
        How this threshold is found: ``method``, ``smoothing`` and ``window`` of `foreground`.
    like, preset : path, optional
        A result, or a preset (by its name or file, or as a `Recipe`), whose settings are followed.
    workers : int
        Processes. With more than one a script needs ``if __name__ == "__main__":``.
    scheduler : str, optional
        Address of a dask scheduler whose workers do the files, instead.
    resume : bool
        Whether results of the same files and settings are kept.
    table : path, optional
        A table of all objects of all files, CSV or Parquet.
    properties : sequence of str, or "all"
        What the table measures, see `measure`.
    spacing, axes : str, optional
        As on the command line.
    volume : bool, optional
        Whether stacks are volumes, or planes each on its own.
    channel : str or int, optional
        The channel that is the image, by its name or its number from 1.
    format : str
        Format of the results, ``"tif"`` or ``"ome-zarr"``; or ``"labels/NAME"`` for labels of this
        name in each OME-Zarr, in the place of files in ``output``.
    on_row : callable, optional
        Is told each row as soon as it is there.
    progress, cancelled : callable, optional
        As in `split_touching`; a cancelled batch leaves what is done, and can be resumed.
    **settings
        Settings of `split_touching`, or of `normalized_cut` if ``like`` or ``preset`` is a cut.

    Returns
    -------
    Report
        A row for each file; those that could not be done say why.

    Raises
    ------
    ValueError, TypeError, OSError
        If the batch as a whole makes no sense. What is wrong with one file stands in its row.
    napari_ncut.Cancelled
        If ``cancelled`` answered True.

    Examples
    --------
    >>> import napari_ncut
    >>> report = napari_ncut.batch("nuclei", "results", mask="{name}_mask.tif")  # doctest: +SKIP
    """
    given = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    folder = Path(output)
    if mask is not None and foreground in SIDES:
        raise ValueError("mask and foreground both tell the masks; pass one of them.")
    recipe = _recipe(like, preset)
    kind = MODES[recipe.mode]
    chosen, left = pairs([Path(path) for path in given], folder, mask, format)
    task = Task(
        recipe,
        {name: getattr(_checked(kind, recipe, settings), name) for name in settings},
        spacing,
        axes,
        foreground,
        volume,
        None if table is None else check_properties(properties),
        resume,
        max(number_of_threads() // workers, 1) if workers > 1 else None,
        Automatic(threshold, smoothing, window),
        None if channel is None else str(channel),
    )
    if table is not None and Path(table).suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"{table}: tables are written as .csv or .parquet.")
    if workers < 1:
        raise ValueError(f"workers is {workers}; wanted 1 or more.")
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[int, Row] = {}
    for number, row in _rows(task, chosen, workers, scheduler, cancelled):
        rows[number] = row
        if on_row is not None:
            on_row(row)
        if progress is not None:
            progress(len(rows) / len(chosen), f"{len(rows)} of {len(chosen)} files")
    report = Report([rows[number] for number in range(len(chosen))], left, folder / REPORT)
    _write_report(report)
    if table is not None:
        write_table(_table(report.rows), table, force=True)
    return report


def _recipe(like: Any, preset: Any) -> Recipe:
    """Return the recipe to follow."""
    if like is not None and preset is not None:
        raise ValueError("like and preset both tell the settings; pass one of them.")
    if like is not None:
        try:
            return Recipe.from_dict(read_provenance(like)).for_other_data()
        except ValueError as error:
            raise ValueError(f"{like}: {error}") from error
    if preset is None:
        return Recipe(MODES["split"](), spatial_ndim=3)
    if isinstance(preset, Recipe):
        return preset
    if Path(preset).suffix == ".json":
        return read_preset(preset)
    return Presets().load(str(preset))


def _checked(kind: type, recipe: Recipe, settings: dict[str, Any]) -> Any:
    """Return the settings, or raise an error that names what is none."""
    known = [field.name for field in fields(kind)]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise TypeError(f"{unknown[0]} is no setting; wanted some of {', '.join(known)}.")
    return checked_settings(kind, vars(recipe.settings) | settings)


def _rows(
    task: Task,
    chosen: Sequence[Pair],
    workers: int,
    scheduler: str | None,
    cancelled: IsCancelled | None,
) -> Iterator[tuple[int, Row]]:
    """Yield the number and the row of each file, as they are done."""
    if scheduler is not None:
        yield from _on_cluster(task, chosen, scheduler, cancelled)
    elif workers == 1 or len(chosen) == 1:
        for number, pair in enumerate(chosen):
            _check(cancelled)
            yield number, do(task, pair)
    else:
        yield from _in_processes(task, chosen, min(workers, len(chosen)), cancelled)


def _check(cancelled: IsCancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled


def _in_processes(
    task: Task, chosen: Sequence[Pair], workers: int, cancelled: IsCancelled | None
) -> Iterator[tuple[int, Row]]:
    """Do files in several processes; one that is killed costs the files it was at, tried twice."""
    waiting = list(range(len(chosen)))[::-1]
    tried = [0] * len(chosen)
    context = multiprocessing.get_context("spawn")
    while waiting:
        # After a crash one at a time, so that the file that does it is known.
        together = 1 if any(tried[number] for number in waiting) else workers
        pool = ProcessPoolExecutor(together, mp_context=context)
        running: dict[Future[Row], int] = {}
        try:
            while waiting or running:
                while waiting and len(running) < together:
                    # It stays in the list until it is taken: the pool may have broken already.
                    running[pool.submit(do, task, chosen[waiting[-1]])] = waiting[-1]
                    waiting.pop()
                done, _ = wait(running, PAUSE, FIRST_COMPLETED)
                _check(cancelled)
                for future in done:
                    number = running[future]
                    row = future.result()
                    del running[future]
                    yield number, row
                is_known = not running and not any(tried[number] for number in waiting)
                if together < workers and is_known:
                    break
        except BrokenProcessPool:
            for number in running.values():
                tried[number] += 1
                if tried[number] < 2 or together > 1:
                    waiting.append(number)
                else:
                    yield number, failed(chosen[number], "its process was killed, or crashed.")
            running.clear()
        finally:
            pool.shutdown(wait=not running, cancel_futures=True)
            for process in multiprocessing.active_children() if running else ():
                process.terminate()


def _on_cluster(
    task: Task, chosen: Sequence[Pair], address: str, cancelled: IsCancelled | None
) -> Iterator[tuple[int, Row]]:
    """Do files on the workers of a dask scheduler."""
    with client_of(address) as client:
        from distributed import as_completed

        check_workers(client)
        futures = {
            client.submit(do, task, pair, pure=False): number for number, pair in enumerate(chosen)
        }
        try:
            for future in as_completed(futures):
                _check(cancelled)
                number = futures[future]
                if future.status == "finished":
                    yield number, future.result()
                else:
                    yield number, failed(chosen[number], future.exception())
        finally:
            client.cancel(list(futures))


def _write_report(report: Report) -> None:
    """Write the report as CSV."""
    names = [field.name for field in fields(Row) if field.name != "table"]
    with atomic_file(report.path, force=True, text=True) as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in report.rows:
            values = [getattr(row, name) for name in names]
            writer.writerow(["" if value is None else _shown(value) for value in values])


def _shown(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _table(rows: Sequence[Row]) -> Table:
    """Return the tables of all files as one; columns that a file lacks are empty there."""
    parts = [(row.file, row.table) for row in rows if row.table is not None]
    names = list(dict.fromkeys(name for _, table in parts for name in table))
    sizes = [len(table["label"]) for _, table in parts]
    files = [name for (name, _), size in zip(parts, sizes, strict=True) for _ in range(size)]
    result: Table = {"file": np.array(files, dtype=str)}
    for name in names:
        columns = [
            table.get(name, np.full(size, np.nan))
            for (_, table), size in zip(parts, sizes, strict=True)
        ]
        result[name] = np.concatenate(columns)
    return result
