"""Harm: how well each kind of scenes is split by a model that has learned from all others.

    python tests/training/leave_out.py FOLDER

Beside it, the formula from which training starts, and a model that has learned from other scenes of
the kind, too. F1 at IoU 0.7 of scenes that none of them has seen, from their fragments.

    python tests/training/leave_out.py FOLDER --terms OTHERS

How much each group of terms gives: what is lost without it, on other photographs and on scenes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from report import FIRST as FIRST_UNSEEN
from samples import LEARNED, REAL, Sample, photographs, samples, samples_of
from train import FIRST, are_objects, train

from napari_ncut.splitting.criterion.hierarchy import NECK, hierarchy
from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.criterion.pairs import IMAGE
from napari_ncut.splitting.parameters import DEFAULT

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from peers import table

# Of each kind: fewer than are trained on for the package, so that it ends within the hour.
SCENES = 40
UNSEEN = 20
MODELS = ("formula", "left out", "learned")
# What is said of each part of a pair, of both together, and of a part by itself.
OF_PARTS = ("least_{}", "most_{}", "both_{}", "{}")
# Terms that say the same in other words; the likeness is of three of them.
GROUPS = {
    "neck": (
        *("neck", "neck_to_narrower", "neck_to_wider"),
        *("border_to_widths", "border_to_neck", "slope", "likeness"),
    ),
    "notches": ("notches", "border_to_chord", "likeness"),
    "shape": (
        *("gain", "likeness"),
        *(f.format(of) for of in ("ellipticity", "elongation", "fill") for f in OF_PARTS),
    ),
    "sizes": ("sizes", "widths", "distance", "fragments", "share", "width", "size"),
    "image": IMAGE,
}


def f1(sample: Sample, model: Model) -> float:
    """Return the F1 of a sample's objects, counted in the pixels of its fragments."""
    found = hierarchy(sample.graph, sample.grid, DEFAULT, model)
    _, node = found.objects(NECK)
    n_objects = sample.truth.shape[1] - 1
    return 2 * float(are_objects(sample, found)[node].sum()) / (len(node) + n_objects)


def row(kind: str, unseen: Sequence[Sample], models: Sequence[Model]) -> list[str]:
    """Return a row of the table: the mean F1 of each model, by the mask and with the image."""
    cells = [kind]
    for wanted in (False, True):
        seen = [sample for sample in unseen if sample.has_image == wanted]
        for model in models:
            scores = [f1(sample, model) for sample in seen]
            cells.append(f"{np.mean(scores):.3f}" if scores else "-")
    return cells


def harm_without_terms(learned: Sequence[Sample], others: Path, n_unseen: int) -> None:
    """Print what each group of terms gives."""
    unseen = list(photographs(others))
    for kind in LEARNED:
        unseen += samples_of(kind, n_unseen, FIRST_UNSEEN)
    rows = []
    for name, hidden in {"none": (), **GROUPS}.items():
        model = train(learned, {}, frozenset(hidden))
        scores = [(sample.name[0], sample.has_image, f1(sample, model)) for sample in unseen]
        cells = [name]
        for kinds in ((REAL,), LEARNED):
            for wanted in (False, True):
                of = [s for kind, has_image, s in scores if kind in kinds and has_image == wanted]
                cells.append(f"{np.mean(of):.3f}")
        rows.append(cells)
        sys.stderr.write(" ".join(cells) + "\n")
    columns = [f"{what}, {by}" for what in (REAL, "scenes") for by in ("mask", "image")]
    table(("without", *columns), rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=SCENES, help="of each kind")
    parser.add_argument("--unseen", type=int, default=UNSEEN, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=LEARNED, default=LEARNED, metavar="KIND")
    parser.add_argument(
        "--terms",
        type=Path,
        metavar="OTHERS",
        help="leave out terms, not kinds; scored on a folder of other photographs, too",
    )
    chosen = parser.parse_args(argv)
    learned = list(samples(chosen.folder, chosen.scenes))
    if chosen.terms:
        harm_without_terms(learned, chosen.terms, chosen.unseen)
        return
    with_all = train(learned, {})
    rows = []
    for kind in chosen.kinds:
        without = train([sample for sample in learned if sample.name[0] != kind], {})
        unseen = list(samples_of(kind, chosen.unseen, FIRST_UNSEEN))
        rows.append(row(kind, unseen, (FIRST, without, with_all)))
        sys.stderr.write(" ".join(rows[-1]) + "\n")
    seen = ("mask", "mask and image")
    table(("kind", *(f"{name}, {of}" for of in seen for name in MODELS)), rows)


if __name__ == "__main__":
    main()
