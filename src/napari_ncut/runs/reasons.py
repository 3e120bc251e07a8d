"""Why objects of a result are one each, and what was split several: in words, for metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.review import Decisions, decided_rows
from napari_ncut.runs.stacks import Frame, Result
from napari_ncut.splitting.tree import SplitTree

# So many of each are told for a frame, those nearest to the threshold: a word costs time, too.
MOST = 1000


def reasons_of(
    result: Result,
    neck: float,
    min_size: float,
    decisions: Mapping[Frame, Decisions],
    monitor: Monitor,
) -> list[dict[str, Any]]:
    """Return the reasons for the objects and the splits of each frame, in plain values.

    Parameters
    ----------
    result : Result
        Of splitting.
    neck, min_size : float
        What it was split with.
    decisions : mapping
        What a review decided in each frame.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    list of dict
        For each frame its index ``frame``; ``objects``, three sentences by label; and ``splits``,
        each with its ``ratio``, its ``position`` in pixels, its ``labels``, and ``why``.
    """
    found = []
    for frame, tree in result.trees.items():
        monitor.check()
        if tree.terms is not None:
            decided = decided_rows(tree, decisions.get(frame, {}))
            labels = result.labels[frame]
            found.append({"frame": list(frame), **_of_frame(tree, labels, neck, min_size, decided)})
    return found


def _of_frame(
    tree: SplitTree,
    labels: NDArray[np.int32],
    neck: float,
    min_size: float,
    decided: Mapping[int, bool],
) -> dict[str, Any]:
    """Return the objects and the splits of a frame with their reasons."""
    splits = tree.splits(neck, min_size, decided)
    nearest = np.argsort(np.abs(splits.ratio - neck), kind="stable")[:MOST]
    # Of the labels as the tree has them, those that are shown: some are dropped, or keep numbers.
    shown = _labels_of_fragments(tree, labels)
    own = tree.labels_of_fragments(neck, min_size, decided)
    number = np.zeros(int(own.max(initial=0)) + 1, np.int64)
    number[own] = shown
    told = [
        {
            "ratio": float(splits.ratio[k]),
            "position": splits.position[k].tolist(),
            "labels": number[splits.labels[k]].tolist(),
            "why": [reason.text for reason in tree.why(int(splits.row[k]))],
        }
        for k in nearest.tolist()
    ]
    beside = dict.fromkeys(label for split in told for label in split["labels"] if label)
    fragment = np.zeros(int(shown.max(initial=0)) + 1, np.int64)
    fragment[shown[::-1]] = np.arange(len(shown))[::-1]
    every = dict.fromkeys(np.unique(shown[shown > 0]).tolist())
    nodes = tree.nodes(neck, decided)
    objects = {
        str(label): [reason.text for reason in tree.why_node(int(nodes[fragment[label]]))]
        for label in list(beside | every)[:MOST]
    }
    return {"objects": objects, "splits": told}


def _labels_of_fragments(tree: SplitTree, labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the label that each fragment is shown with."""
    shown = np.zeros(tree.n_fragments + 1, np.int32)
    shown[tree.fragments.reshape(-1)] = labels.reshape(-1)
    return shown[:-1]
