"""The command ``napari-ncut batch``: a folder, with a line for each file and one for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from napari_ncut.batches.batch import batch
from napari_ncut.batches.task import DONE, FAILED, KEPT, Row
from napari_ncut.core.parallel import number_of_threads

# Done, but for some files.
PARTLY = 3


def run_batch(
    inputs: list[str],
    output: Path,
    settings: dict[str, Any],
    *,
    workers: int | None,
    table: Path | None,
    properties: str,
    **options: Any,
) -> int:
    """Do a batch, and return the exit code: 0, or 3 if a file failed."""
    wanted = {"all": "all", "none": ()}.get(
        properties, tuple(name.strip() for name in properties.split(","))
    )
    report = batch(
        inputs,
        output,
        workers=number_of_threads() if workers is None else workers,
        table=table,
        properties=wanted,
        on_row=_say,
        **options,
        **settings,
    )
    if report.left:
        names = ", ".join(path.name for path in report.left[:5])
        more = f" and {len(report.left) - 5} more" if len(report.left) > 5 else ""
        typer.echo(f"left out, as results of earlier runs: {names}{more}")
    rows = report.rows
    count = {status: sum(row.status == status for row in rows) for status in (DONE, KEPT, FAILED)}
    objects = sum(row.objects or 0 for row in rows)
    doubtful = sum(row.doubtful_necks or 0 for row in rows)
    words = [f"{count[DONE]} done", f"{count[KEPT]} kept", f"{count[FAILED]} failed"]
    words += [f"{objects} objects", f"{doubtful} doubtful necks"]
    typer.echo(f"{report.path}: {', '.join(words)}" + (f"; {table}" if table else ""))
    return PARTLY if count[FAILED] else 0


def _say(row: Row) -> None:
    """Say what came of a file."""
    if row.status == FAILED:
        typer.echo(f"{row.file}: FAILED, {row.error}")
        return
    source = f" with {row.mask}" if row.mask else ""
    objects = f"{row.objects} object{'s' if row.objects != 1 else ''}"
    kept = ", kept" if row.status == KEPT else f", {row.seconds:.2f} s"
    typer.echo(f"{row.file}{source}: {objects}, {row.doubtful_necks} doubtful{kept}")
