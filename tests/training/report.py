"""Scores of the shipped model on generated scenes that it has not learned from, by kind.

python tests/training/report.py [N_SCENES]
"""

import sys
from pathlib import Path

import numpy as np
from scenes import BY_IMAGE, KINDS, scene

import napari_ncut

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from peers import table
from scoring import scores

FIRST = 10_000


def main(n=12):
    """Print the table."""
    rows = []
    for kind in KINDS:
        found = []
        for seed in range(FIRST, FIRST + n):
            drawn = scene(kind, seed)
            mask, spacing = drawn.truth > 0, drawn.spacing
            results = (
                napari_ncut.split_touching(mask, spacing=spacing),
                napari_ncut.split_touching(mask, drawn.image, spacing=spacing),
            )
            found.append([scores(drawn.truth, labels) for labels in results])
        mask_only, with_image = np.nanmean(found, axis=0)
        cells = [f"{f1:.3f} / {touching:.3f}" for f1, touching in (mask_only, with_image)]
        rows.append((kind, "-" if kind in BY_IMAGE else cells[0], cells[1]))
    table(("kind", "mask only", "mask and image"), rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
