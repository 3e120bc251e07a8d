"""Splitting masks as people have them: with holes, missing pixels, rough edges, cracks."""

import sys

import numpy as np
from dirt import DIRT
from peers import h_maxima_watershed, options, table
from scipy import ndimage as ndi
from scoring import f1

import napari_ncut
from napari_ncut import scenes

SEEDS = 8
# Apart from those that tests use.
FIRST = 200
# Specks below this are dropped; everybody does.
SPECK = 30


def without_specks(labels):
    """Drop what is smaller than a speck."""
    small = np.bincount(labels.reshape(-1)) < SPECK
    return np.where(small[labels], 0, labels)


def main(argv):
    """Print the table."""
    seeds = range(FIRST, FIRST + (1 if options(argv).quick else SEEDS))
    print("## Splitting dirty masks\n")
    print(
        f"60 nuclei that touch, {len(seeds)} scenes; mean F1 at IoU 0.7, each mask within itself, "
        f"specks below {SPECK} pixels dropped. All by the mask alone, with the defaults. *Filled*: "
        "all holes are filled before, gaps between nuclei too.\n"
    )
    rows = []
    for dirt in DIRT:
        found = []
        for seed in seeds:
            scene = scenes.field(60, size=420, radius=(12, 20), seed=seed)
            mask = dirt(scene, np.random.default_rng(seed))
            truth = np.where(mask, scene.truth, 0)
            filled = ndi.binary_fill_holes(mask)
            results = (
                napari_ncut.split_touching(mask),
                napari_ncut.split_touching(mask, max_hole=mask.size),
                h_maxima_watershed(mask),
                h_maxima_watershed(filled) * mask,
            )
            found.append([f1(truth, without_specks(labels * (truth > 0))) for labels in results])
        rows.append((dirt.__name__.replace("_", " "), *(f"{v:.3f}" for v in np.mean(found, 0))))
    table(("mask", "napari-ncut", "filled", "watershed, h-maxima", "filled"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
