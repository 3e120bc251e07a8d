"""The blob under the mouse, and what is told about it; found in a thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.cutting.explain import Blobs, Explanation, explain
from napari_ncut.objects.review import Decisions, Placed, decided_among, decided_rows
from napari_ncut.plugin.see_why.profile_plot import along
from napari_ncut.plugin.shared.model import LastRun
from napari_ncut.runs.stacks import Frame, Source, within
from napari_ncut.splitting.criterion.why import Reason
from napari_ncut.volumes.stored_result import StoredResult


@dataclass(frozen=True)
class Under:
    """The blob under the mouse: 0 and no explanation beside the objects.

    Parameters
    ----------
    made : LastRun or StoredResult
        The result.
    frame : tuple of int
        The frame of it.
    blobs : Blobs
        The blobs of the frame, or of a part of it.
    blob : int
        The one under the mouse.
    explanation : Explanation or None
        What is told of it.
    start : tuple of int
        First pixel of the frame that ``blobs`` knows.
    words : str
        What spoke for the object under the mouse, where that was found with it.
    shown : tuple of ndarray
        Some pixels of the blob in the order of its Fiedler vector, as pixels of the frame.
    labels : ndarray of int, optional
        The labels of these pixels, where they are not in memory.
    """

    made: LastRun | StoredResult
    frame: Frame
    blobs: Blobs
    blob: int
    explanation: Explanation | None
    start: tuple[int, ...]
    words: str = ""
    shown: tuple[NDArray[np.intp], ...] = ()
    labels: NDArray[Any] | None = None


def in_memory(
    last: LastRun, frame: Frame, point: tuple[int, ...], known: Under | None, monitor: Monitor
) -> Under:
    """Return what is told of the blob at a pixel of a frame."""
    source, settings = last.source, last.recipe.settings
    image, mask = read(source, frame)
    start = (0,) * len(point)
    if known is not None and known.made is last and known.frame == frame:
        blobs = known.blobs
    elif mask is None:
        assert image is not None
        blobs = Blobs(np.ones(image.shape[: source.spatial_ndim], bool))
    else:
        blobs = Blobs(mask, settings.connectivity)
    blob = blobs.at(point)
    if known is not None and blobs is known.blobs and blob == known.blob:
        return known
    if blob == 0:
        return Under(last, frame, blobs, 0, None, start)
    explanation = explain(
        blobs,
        blob,
        image,
        spacing=source.spacing,
        beta=settings.beta,
        connectivity=settings.connectivity,
        monitor=monitor,
    )
    shown = _pixels_along(explanation, start)
    return Under(last, frame, blobs, blob, explanation, start, shown=shown)


def on_disk(
    result: StoredResult,
    point: tuple[int, ...],
    neck: float,
    decisions: Decisions,
    known: Under | None,
    monitor: Monitor,
) -> Under:
    """Return what is told of the blob at a pixel of a volume on a disk, of which it alone is read.

    Parameters
    ----------
    result : StoredResult
        The result.
    point : tuple of int
        The pixel.
    neck : float
        The threshold.
    decisions : dict
        What was decided about necks, by pixels of the volume.
    known : Under, optional
        What is known of the blob before.
    monitor : Monitor
        May end the call.
    """
    found = result.blobs.at(point, monitor)
    if found is None:
        return Under(result, (), Blobs(np.zeros((1,) * len(point), bool)), 0, None, point)
    settings, local = result.blobs.settings, found.local(point)
    rows = decided_among(found.sides, decisions)
    words = object_in_words(found.placed, local, neck, rows)
    start = found.box.low
    if (
        known is not None
        and (known.made, known.start) == (result, start)
        and 0 < known.blob == known.blobs.at(local)
    ):
        return replace(known, words=words, labels=result.labels[known.shown])
    blobs = Blobs(found.mask, settings["connectivity"])
    explanation = explain(
        blobs,
        blobs.at(local),
        found.image,
        spacing=settings["spacing"],
        beta=settings["beta"],
        connectivity=settings["connectivity"],
        monitor=monitor,
    )
    shown = _pixels_along(explanation, start)
    numbers = result.labels[shown]
    return Under(result, (), blobs, blobs.at(local), explanation, start, words, shown, numbers)


def of_frame(
    last: LastRun, frame: Frame, point: tuple[int, ...], neck: float, decisions: Decisions
) -> str:
    """Return what spoke for the object at a pixel of a frame in memory, "" if nothing did."""
    tree = last.result.trees.get(frame)
    if tree is None:
        return ""
    return object_in_words(Placed.whole(tree), point, neck, decided_rows(tree, decisions))


def object_in_words(
    placed: Placed, point: tuple[int, ...], neck: float, rows: dict[int, bool]
) -> str:
    """Return what spoke for the object at a pixel of a tree, and for its border to the next."""
    tree = placed.tree
    if tree.terms is None or tree.fragments[point] < 0:
        return ""
    one, several = tree.why_object(point, neck, rows)
    text = f"<b>One object:</b> {_in_words(one, 1)}"
    if several:
        text += f"<br><b>Split off:</b> {_in_words(several, -1)}"
    return text


def _in_words(reasons: list[Reason], side: int) -> str:
    """Return reasons for one object (side 1) or several (-1); what speaks against it is named."""
    facts = [
        reason.fact if reason.weight * side > 0 else f"<i>against it:</i> {reason.fact}"
        for reason in reasons
    ]
    return "; ".join(facts) + "."


def read(source: Source, frame: Frame) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Return the image of a frame, and the part of its mask that lies in the region."""
    image, mask = source.read(frame)
    return image, mask if source.region is None else within(source.region[frame], mask)


def _pixels_along(explanation: Explanation, start: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    """Return pixels of a blob in the order of its Fiedler vector, as pixels of the frame."""
    inside = np.nonzero(~np.isnan(explanation.fiedler))
    order = np.argsort(explanation.fiedler[inside], kind="stable")
    some = order[along(len(order))]
    return tuple(
        found[some] + axis.start + low
        for found, axis, low in zip(inside, explanation.box, start, strict=True)
    )
