"""Measure the objects of a label image: a table with one row for each object of each frame."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import (
    as_array,
    check_is_array,
    check_same_shape,
    integer,
    label_array,
    spacing_tuple,
)
from napari_ncut.io.atomic import atomic_file
from napari_ncut.objects.properties import check_properties, properties_of
from napari_ncut.objects.review import necks_of_labels
from napari_ncut.splitting.tree import SplitTree

Frame = tuple[int, ...]
Table = dict[str, NDArray[Any]]

AXES = "zyx"
# Higher labels than this do not get a row for every number below them.
MAX_ROWS = 1_000_000


def measure(
    labels: Any,
    image: Any = None,
    *,
    spatial_ndim: int = 2,
    spacing: Sequence[float] | None = None,
    has_channels: bool = False,
    properties: Sequence[str] | str = (),
    trees: Mapping[Frame, SplitTree] | None = None,
    monitor: Monitor | None = None,
) -> Table:
    """Return a table of the objects.

    Parameters
    ----------
    labels : array_like of int
        Label image of shape (frames ..., spatial axes); 0 is the background. Arrays on disk
        (dask, zarr) are read frame by frame.
    image : array_like, optional
        Intensities of the same shape, channels last if there are any.
    spatial_ndim : int
        2: every plane is a frame; 3: every volume.
    spacing : sequence of float, optional
        Pixel size along the spatial axes.
    has_channels : bool
        Whether the last axis of the image holds channels.
    properties : sequence of str, or "all"
        What else to measure, see `napari_ncut.objects.properties`: "border", "diameter", "axes",
        "eccentricity", "solidity", "roundness", "orientation", "spread", "edge", "neighbours".
    trees : dict of SplitTree, optional
        Split tree of each frame.
    monitor : Monitor, optional
        Is told about progress, and may end the call.

    Returns
    -------
    dict of ndarray
        The columns, each with one element an object: ``frame`` (one column an axis if there are
        several), ``label``, ``area`` or ``volume``, ``centroid_y`` and so on, in the units of the
        spacing; ``mean_intensity``, one column a channel; and with a tree ``neck``, the widest
        neck that was cut to set the object apart, and ``neck_inside``, the narrowest one that was
        not: the nearer they are to the threshold, the more doubtful the object. NaN where there is
        none.

    Raises
    ------
    TypeError, ValueError
        If there is no such property, or an argument is not as described.
    Cancelled
        If the monitor says so.

    Examples
    --------
    >>> import numpy as np
    >>> table = measure(np.array([[1, 1, 0], [0, 0, 2]]), spacing=(2, 0.5))
    >>> {name: column.tolist() for name, column in table.items()}
    {'label': [1, 2], 'area': [2.0, 1.0], 'centroid_y': [0.0, 2.0], 'centroid_x': [0.25, 1.0]}
    """
    monitor = monitor or Monitor()
    chosen = check_properties(properties)
    labels = _array(labels, "labels")
    image = None if image is None else _array(image, "image")
    n_frame_axes = labels.ndim - integer(spatial_ndim, "spatial_ndim", 1, 3)
    if n_frame_axes < 0:
        raise ValueError(f"labels has {labels.ndim} axes; wanted {spatial_ndim} or more.")
    if 0 in labels.shape:
        raise ValueError(f"labels has shape {labels.shape}; wanted at least one pixel.")
    if image is not None:
        given = image.shape[:-1] if has_channels else image.shape
        check_same_shape("labels", tuple(labels.shape), tuple(given))
    sizes = spacing_tuple(spacing, spatial_ndim)
    frames = list(np.ndindex(tuple(labels.shape[:n_frame_axes])))
    parts = []
    for number, frame in enumerate(frames):
        monitor.report(number / len(frames), f"measuring frame {number + 1} of {len(frames)}")
        plane = label_array(labels[frame])
        # Where the image holds NaN or infinity, or nearly, so does what is measured there.
        with np.errstate(invalid="ignore", over="ignore"):
            part = measure_frame(
                plane,
                None if image is None else as_array(image[frame], "image"),
                sizes,
                has_channels,
                chosen,
            )
        if trees is not None:
            part |= _neck_columns(plane, part["label"], trees.get(frame))
        parts.append(_frame_columns(frame, len(part["label"])) | part)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _array(data: Any, name: str) -> Any:
    """Return an array as it is, also one on disk, and what is none as an array."""
    check_is_array(data, name)
    return data if hasattr(data, "ndim") and hasattr(data, "shape") else np.asarray(data)


def measure_frame(
    labels: NDArray[Any],
    image: NDArray[Any] | None,
    spacing: Sequence[float],
    has_channels: bool,
    chosen: Sequence[str],
) -> Table:
    """Return the table of the objects of one frame, as `measure` does."""
    properties = ["label", "area", "centroid"]
    if image is not None:
        properties.append("intensity_mean")
    numbers = None
    number_dtype = np.uint64 if labels.dtype == np.uint64 else np.int64
    if labels.size and labels.max() > MAX_ROWS:
        # scikit-image takes memory for every number up to the highest.
        numbers, labels = _counted_through(labels)
    labels = labels.astype(np.intp, copy=False)
    found: Table = regionprops_table(labels, image, properties=properties, spacing=tuple(spacing))
    if numbers is not None:
        found["label"] = numbers[found["label"]]
    axes = AXES[-labels.ndim :]
    table = {
        "label": found["label"].astype(number_dtype),
        "volume" if labels.ndim == 3 else "area": found["area"].astype(float),
    }
    for number, axis in enumerate(axes):
        table[f"centroid_{axis}"] = found[f"centroid-{number}"].astype(float)
    if image is not None and has_channels:
        for channel in range(image.shape[-1]):
            table[f"mean_intensity_{channel}"] = found[f"intensity_mean-{channel}"].astype(float)
    elif image is not None:
        table["mean_intensity"] = found["intensity_mean"].astype(float)
    if chosen:
        table |= properties_of(labels, image, spacing, chosen, has_channels=has_channels)
    return table


def _counted_through(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return labels that count from 1 without holes, and what each of them was."""
    numbers, counted = np.unique(np.maximum(labels, 0), return_inverse=True)
    if numbers[0] > 0:
        numbers, counted = np.concatenate([[0], numbers]), counted + 1
    return numbers, counted.reshape(labels.shape)


def _frame_columns(frame: Frame, n_rows: int) -> Table:
    names = ["frame"] if len(frame) == 1 else [f"frame_{axis}" for axis in range(len(frame))]
    return {
        name: np.full(n_rows, index, np.int64) for name, index in zip(names, frame, strict=True)
    }


def _neck_columns(labels: NDArray[Any], rows: NDArray[Any], tree: SplitTree | None) -> Table:
    if tree is None:
        return {name: np.full(len(rows), np.nan) for name in ("neck", "neck_inside")}
    cut, inside = necks_of_labels(tree, labels, rows)
    return {"neck": cut, "neck_inside": inside}


def features(table: Table, frame: Frame = ()) -> Table:
    """Return the table of a frame as napari's Labels layers want it.

    napari takes row k for label k, so there is a row for every number, 0 included; where the
    numbers are too high for that, a column ``index`` names them instead.

    Parameters
    ----------
    table : dict of ndarray
        As `measure` returns it.
    frame : tuple of int
        The frame; in a movie each of them has a label 1.

    Returns
    -------
    dict of ndarray
        The columns without those of the frame.

    Examples
    --------
    >>> import numpy as np
    >>> features({"label": np.array([2]), "area": np.array([7.0])})
    {'label': array([0, 1, 2]), 'area': array([nan, nan,  7.])}
    """
    frame_columns = [name for name in table if name.startswith("frame")]
    here = np.ones(len(table["label"]), bool)
    for name, index in zip(frame_columns, frame, strict=True):
        here &= table[name] == index
    columns = {name: column[here] for name, column in table.items() if name not in frame_columns}
    rows = columns.pop("label")
    n_rows = int(rows.max(initial=0)) + 1
    if n_rows > MAX_ROWS:
        return {"index": rows, **columns}
    found = {"label": np.arange(n_rows)}
    for name, column in columns.items():
        found[name] = np.full(n_rows, np.nan)
        found[name][rows] = column
    return found


def write_csv(table: Table, path: str | os.PathLike[str], *, force: bool = True) -> None:
    """Write a table as comma-separated values, or leave the file as it was.

    There is never half a table, see `napari_ncut.io.atomic`. Missing values are empty.

    Parameters
    ----------
    table : dict of ndarray
        The columns.
    path : path-like
        The file.
    force : bool
        Overwrite an existing file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with atomic_file(path, force=force, text=True) as file:
        writer = csv.writer(file)
        writer.writerow(table)
        columns = [_texts(column) for column in table.values()]
        writer.writerows(zip(*columns, strict=True))


def write_table(table: Table, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a table as CSV or Parquet, as its name ends.

    Parameters
    ----------
    table : dict of ndarray
        The columns.
    path : path-like
        Ends in .csv or .parquet.
    force : bool
        Overwrite an existing file.

    Raises
    ------
    ValueError
        If the name ends otherwise.
    OSError
        If the file cannot be written, or is there already.
    ImportError
        If pyarrow, which writes Parquet, is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        write_csv(table, path, force=force)
    elif suffix == ".parquet":
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise ImportError(
                'Parquet needs pyarrow; install it with `pip install "napari-ncut[export]"`.'
            ) from error
        with atomic_file(path, force=force) as file:
            parquet.write_table(pyarrow.table(dict(table)), file)
    else:
        raise ValueError(f"{path}: tables are written as .csv or .parquet.")


def _texts(column: NDArray[Any]) -> list[str]:
    if column.dtype.kind != "f":
        return [str(value) for value in column]
    # The shortest text that reads back as the same number.
    return ["" if np.isnan(value) else repr(float(value)) for value in column]
