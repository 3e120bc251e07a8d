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

# One scene varies too much: several are each answered, and what they teach is tried on many others.
FIRST, LESSONS, ANSWERS = 30_000, 3, 20
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


def touching(drawn, tree):
    """Return the F1 of touching objects."""
    return scores(drawn.truth, tree.cut(NECK))[1]


def main(n=10):
    """Print the table."""
    rows, gains = [], []
    for kind in KINDS:
        with_image = kind in BY_IMAGE
        drawn = [scene(kind, seed) for seed in range(FIRST, FIRST + LESSONS + n)]
        seen = [(one, tree_of(one, with_image=with_image)) for one in drawn]
        others = seen[LESSONS:]
        before = np.nanmean([touching(*one) for one in others])
        right, after = np.zeros(3, int), []
        for first, tree in seen[:LESSONS]:
            found = lesson({(): tree}, answers(tree, first.truth), NECK)
            if found is None:
                continue
            right += found.right_before, found.right_after, found.n_answers
            taught = [(one, tree.taught(found.weights)) for one, tree in others]
            after.append(np.nanmean([touching(*one) for one in taught]))
        if after:
            gains.append(np.mean(after) - before)
            told = "{} to {} of {}".format(*right)
            rows.append((kind, told, float(before), float(np.mean(after))))
    table(("kind", "answers that are right", "others before", "others after"), rows)
    print(f"Gain: mean {np.mean(gains):+.4f}, median {np.median(gains):+.4f}, ", end="")
    print(f"worst {np.min(gains):+.4f}, of {len(gains)} kinds.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
