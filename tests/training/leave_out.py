"""Harm: how well each kind of scenes is split by a model that has learned from all others.

    python tests/training/leave_out.py FOLDER

Beside it, the formula from which training starts, and a model that has learned from other scenes of
the kind, too. F1 at IoU 0.7 of scenes that none of them has seen, from their fragments.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from samples import Sample, samples
from scenes import FOR_HOLES, KINDS
from train import FIRST, IOU, train

from napari_ncut.splitting.adjacency import NODE_SUMS
from napari_ncut.splitting.criterion.hierarchy import NECK, hierarchy
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.parameters import DEFAULT

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from peers import table

# Of each kind: fewer than are trained on for the package, so that it ends within the hour.
SCENES = 40
UNSEEN, FIRST_UNSEEN = 20, 10_000
WEIGHT = NODE_SUMS.index("w")
MODELS = ("formula", "left out", "learned")


def objects_of(sample: Sample, model: Model) -> NDArray[np.int64]:
    """Return the object of each fragment at the default threshold, from 0."""
    if len(sample.graph.low) == 0:
        return np.arange(sample.graph.n)
    beta = model.beta if has_image(sample) else 0.0
    found = hierarchy(sample.graph, sample.grid, DEFAULT, model, beta)
    return found.objects(NECK)[0].astype(np.int64)


def f1(sample: Sample, model: Model) -> float:
    """Return the F1 of a sample's objects, counted in the pixels of its fragments."""
    objects = objects_of(sample, model)
    both = np.zeros((int(objects.max()) + 1, sample.truth.shape[1]))
    np.add.at(both, objects, sample.truth)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    right = (both / np.maximum(union, 1))[:, 1:] > IOU
    return 2 * float(right.sum()) / max(sum(right.shape), 1)


def has_image(sample: Sample) -> bool:
    """Tell whether a sample was seen with its image."""
    return bool(sample.graph.nodes[:, WEIGHT].any())


def row(kind: str, unseen: Sequence[Sample], models: Sequence[Model]) -> list[str]:
    """Return a row of the table: the mean F1 of each model, by the mask and with the image."""
    cells = [kind]
    for wanted in (False, True):
        seen = [sample for sample in unseen if has_image(sample) == wanted]
        for model in models:
            scores = [f1(sample, model) for sample in seen]
            cells.append(f"{np.mean(scores):.3f}" if scores else "-")
    return cells


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=SCENES, help="of each kind")
    parser.add_argument("--unseen", type=int, default=UNSEEN, help="of each kind")
    kinds = [kind for kind in KINDS if kind not in FOR_HOLES]
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds, metavar="KIND")
    chosen = parser.parse_args(argv)
    learned = list(samples(chosen.folder, chosen.scenes))
    of_scenes = list(samples(chosen.folder, chosen.unseen, FIRST_UNSEEN))
    with_all = train(learned, {})
    rows = []
    for kind in chosen.kinds:
        without = train([sample for sample in learned if sample.name[0] != kind], {})
        unseen = [sample for sample in of_scenes if sample.name[0] == kind]
        rows.append(row(kind, unseen, (FIRST, without, with_all)))
        sys.stderr.write(" ".join(rows[-1]) + "\n")
    seen = ("mask", "mask and image")
    table(("kind", *(f"{name}, {of}" for of in seen for name in MODELS)), rows)


if __name__ == "__main__":
    main()
