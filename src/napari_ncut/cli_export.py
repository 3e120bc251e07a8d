"""The command ``napari-ncut export``: the objects of labels for other programs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer

from napari_ncut.cli_files import File, check_fit, pixel_size, work_ndim
from napari_ncut.exports.geojson import write_geojson
from napari_ncut.exports.imagej import write_imagej
from napari_ncut.io.atomic import already_there
from napari_ncut.io.files import read_image, read_labels
from napari_ncut.objects.measure import Table, measure, write_table
from napari_ncut.objects.properties import check_properties

ENDINGS = {"imagej": (".zip",), "qupath": (".geojson", ".json"), "table": (".csv", ".parquet")}


@dataclass(frozen=True)
class Outputs:
    """The files to write.

    Parameters
    ----------
    imagej, qupath, table : Path, optional
        Those that were asked for.
    """

    imagej: Path | None
    qupath: Path | None
    table: Path | None

    def check(self, *, force: bool) -> None:
        """Raise unless all can be written; to be asked before the work."""
        asked = {name: path for name, path in vars(self).items() if path is not None}
        if not asked:
            raise ValueError("Nothing to write; pass --imagej, --qupath or --table.")
        for name, path in asked.items():
            endings = ENDINGS[name]
            if path.suffix.lower() not in endings:
                raise ValueError(f"{path}: end the name of --{name} in {' or '.join(endings)}.")
            if not path.parent.is_dir():
                raise FileNotFoundError(f"{path}: the folder {path.parent} does not exist.")
            if path.is_dir():
                raise IsADirectoryError(f"{path}: is a folder; name a file in it.")
            if os.path.lexists(path) and not force:
                raise FileExistsError(already_there(path))


def run_export(
    path: Path,
    outputs: Outputs,
    image_path: Path | None,
    names: str,
    spacing: str | None,
    axes: str | None,
    is_volume: bool | None,
    channel: str | None,
    *,
    force: bool,
) -> None:
    """Write the objects of a label image.

    Raises
    ------
    ValueError, TypeError, OSError
        If it can not be done; the message names the file or the option.
    """
    outputs.check(force=force)
    wanted = {"all": "all", "none": ()}.get(names, tuple(n.strip() for n in names.split(",")))
    chosen = check_properties(wanted)
    labels = File(path, read_labels(path, axes=axes))
    image = (
        None
        if image_path is None
        else File(image_path, read_image(image_path, axes=axes, channel=channel))
    )
    there = labels.image.spatial_ndim
    ndim = work_ndim(labels, None if is_volume is None else 2 + is_volume, there)
    check_fit(image, labels, ndim)
    size = pixel_size(spacing, [file for file in (labels, image) if file], there)
    for file in filter(None, (labels, image)):
        typer.echo(file.understood())
    typer.echo(size.understood())
    data, label_axes = labels.image.data, labels.image.label_axes
    table: Table = measure(
        data,
        None if image is None else image.image.data,
        spatial_ndim=ndim,
        spacing=(size.sizes or (1.0,) * there)[-ndim:],
        has_channels=image is not None and image.image.channel_axis is not None,
        properties=chosen,
    )
    n = len(table["label"])
    done = []
    if outputs.imagej is not None:
        count = write_imagej(outputs.imagej, data, axes=label_axes, force=force)
        done.append(f"{outputs.imagej} ({count} regions)")
    if outputs.qupath is not None:
        count = write_geojson(outputs.qupath, data, table, axes=label_axes, force=force)
        done.append(f"{outputs.qupath} ({count} features)")
    if outputs.table is not None:
        write_table(table, outputs.table, force=force)
        done.append(f"{outputs.table} ({len(table)} columns)")
    unique = len(np.unique(table["label"]))
    frames = f" in {n} rows" if unique != n else ""
    typer.echo(f"{', '.join(done)}: {unique} object{'s' if unique != 1 else ''}{frames}")
