"""What 20 true answers about one scene teach for others of its kind: F1 of touching objects.

python tests/training/teach.py [N_SCENES]
"""

import sys
from pathlib import Path

import numpy as np
from scenes import BY_IMAGE, KINDS, scene

from napari_ncut import SplitSettings, split_tree
from napari_ncut.objects.review import necks
from napari_ncut.runs.teaching import lesson

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from peers import table
from scoring import scores

FIRST, ANSWERS = 30_000, 20
NECK = SplitSettings().neck


def answers(tree, truth):
    """Return true answers about the necks that are most in doubt."""
    rows = np.argsort(np.abs(tree.ratio - NECK), kind="stable")[:ANSWERS]
    sides = necks(tree)[rows]
    of_side = truth.reshape(-1)[sides]
    cut = of_side[:, 0] != of_side[:, 1]
    return {(): {tuple(pair): bool(value) for pair, value in zip(sides.tolist(), cut, strict=True)}}


def tree_of(drawn, *, with_image):
    """Return the split tree of a scene."""
    image = drawn.image if with_image else None
    return split_tree(drawn.truth > 0, image, spacing=drawn.spacing)


def main(n=5):
    """Print the table."""
    rows, gains = [], []
    for kind in KINDS:
        with_image = kind in BY_IMAGE
        first = scene(kind, FIRST)
        tree = tree_of(first, with_image=with_image)
        found = lesson({(): tree}, answers(tree, first.truth), NECK)
        if found is None:
            continue
        before, after = [], []
        for seed in range(FIRST + 1, FIRST + 1 + n):
            other = scene(kind, seed)
            tree = tree_of(other, with_image=with_image)
            before.append(scores(other.truth, tree.cut(NECK))[1])
            after.append(scores(other.truth, tree.taught(found.weights).cut(NECK))[1])
        gains.append(np.nanmean(after) - np.nanmean(before))
        right = f"{found.right_before} to {found.right_after} of {found.n_answers}"
        rows.append((kind, right, float(np.nanmean(before)), float(np.nanmean(after))))
    table(("kind", "answers that are right", "others before", "others after"), rows)
    print(f"Median gain {np.median(gains):+.4f}, worst {np.min(gains):+.4f}.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
