"""The objects of labels that need not fit into memory are measured, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import check_same_shape, spacing_tuple
from napari_ncut.objects.measure import AXES, Table, measure_frame
from napari_ncut.objects.properties import check_properties
from napari_ncut.volumes.boxes import Box, read
from napari_ncut.volumes.object_boxes import ObjectBoxes, object_boxes
from napari_ncut.volumes.stored_labels import StoredLabels
from napari_ncut.volumes.tasks import grouped

# Pixels that are measured at once.
AT_ONCE = 2**24
# The highest number that is looked up in a table.
MOST_IN_TABLE = 2**24


def measure_parts(
    labels: Any,
    image: Any = None,
    *,
    spacing: Sequence[float] | None = None,
    has_channels: bool = False,
    properties: Sequence[str] | str = (),
    monitor: Monitor | None = None,
) -> Table:
    """Return a table of the objects of one plane or volume, as `objects.measure` does.

    Each object is measured as a whole, and its pixels are read once, but for those that lie beside
    others.

    Parameters
    ----------
    labels : array of NumPy, dask or Zarr, or StoredLabels, shape (ny, nx) or (nz, ny, nx)
        Label image; 0 is the background.
    image : array, optional
        Intensities of the same shape, channels last if there are any.
    spacing, has_channels, properties, monitor
        As in `objects.measure`.

    Examples
    --------
    >>> table = measure_parts(np.array([[1, 1, 0], [0, 0, 7]]), spacing=(2, 0.5))
    >>> {name: column.tolist() for name, column in table.items()}
    {'label': [1, 7], 'area': [2.0, 1.0], 'centroid_y': [0.0, 2.0], 'centroid_x': [0.25, 1.0]}
    """
    monitor = monitor or Monitor()
    chosen, sizes = check_properties(properties), spacing_tuple(spacing, labels.ndim)
    if image is not None:
        given = tuple(image.shape[:-1] if has_channels else image.shape)
        check_same_shape("labels", tuple(labels.shape), given)
    found = _boxes(labels, monitor.part(0.0, 0.3))
    groups = grouped(found.low, found.high, tuple(labels.shape), AT_ONCE)
    parts = []
    for k, (box, rows) in enumerate(groups):
        monitor.report(0.3 + 0.7 * k / len(groups), "measuring")
        part = _measure(
            labels, image, box, found.numbers[rows], sizes, chosen, has_channels=has_channels
        )
        parts.append(part)
    if not parts:
        nothing = np.zeros((1,) * labels.ndim, np.intp)
        values = None if image is None else np.zeros((1,) * image.ndim, image.dtype)
        return measure_frame(nothing, values, sizes, has_channels, chosen)
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(table["label"], kind="stable")
    return {name: column[order] for name, column in table.items()}


def _boxes(labels: Any, monitor: Monitor) -> ObjectBoxes:
    if isinstance(labels, StoredLabels):
        return labels.boxes((None,) * labels.ndim, monitor)
    return object_boxes(labels, monitor)


def _measure(
    labels: Any,
    image: Any,
    box: Box,
    wanted: NDArray[np.int64],
    spacing: tuple[float, ...],
    chosen: tuple[str, ...],
    *,
    has_channels: bool,
) -> Table:
    """Return the rows of the wanted objects, ascending, of which all of each lies in a box."""
    values = read(labels, box)
    # Of neighbours what lies beside the wanted ones counts, too; it gets no row.
    numbers = np.unique(values[values > 0]) if "neighbours" in chosen else wanted
    local, numbers = _counted(values, numbers), np.concatenate([[0], numbers])
    with np.errstate(invalid="ignore", over="ignore"):
        part = measure_frame(
            local,
            None if image is None else read(image, box),
            spacing,
            has_channels,
            chosen,
        )
    part["label"] = numbers[part["label"]].astype(np.int64)
    # An object that was taken away since its box was found has no row.
    kept = np.isin(part["label"], wanted)
    part = {name: column[kept] for name, column in part.items()}
    for axis, low, size in zip(AXES[-labels.ndim :], box.low, spacing, strict=True):
        part[f"centroid_{axis}"] += low * size
    return part


def _counted(values: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.intp]:
    """Return labels as their places among numbers, ascending, from 1; all others as 0.

    What is measured takes memory for every number that there could be.
    """
    highest = int(values.max(initial=0))
    if highest <= MOST_IN_TABLE and values.min(initial=0) >= 0:
        table = np.zeros(highest + 1, np.intp)
        known = numbers[numbers <= highest]
        table[known] = np.arange(1, len(known) + 1)
        return np.asarray(table[values])
    place = np.searchsorted(numbers, values).clip(max=len(numbers) - 1)
    return np.where(numbers[place] == values, place + 1, 0)
