"""Four touching spheres in a volume, against scikit-learn's amg solver and a watershed."""

import sys

from peers import affinity, best_of, options, sklearn_clustering, table, watershed
from sklearn.metrics import adjusted_rand_score

import napari_ncut
from napari_ncut import scenes


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    print("## Four spheres\n")
    print("Times in seconds, volume to labels; normalised cuts on scikit-learn's weights.\n")
    rows = []
    for size in (32,) if quick else (64, 96, 192):
        scene = scenes.spheres(size=size)
        truth = scene.truth[scene.mask]
        repeats = 5 if size < 192 else 3
        ours, labels = best_of(repeats, napari_ncut.normalized_cut, scene.image, scene.mask, 4)
        flood, flooded = best_of(repeats, watershed, scene.mask)
        index = adjusted_rand_score(truth, labels[scene.mask])
        row = [size, int(scene.mask.sum()), ours, index, ours / flood]
        row += [adjusted_rand_score(truth, flooded[scene.mask])]
        if size <= 96:
            start, graph = best_of(1, affinity, scene.image, scene.mask)
            for solver in ("amg",):
                seconds, found = best_of(1, sklearn_clustering, graph, 4, solver)
                row += [
                    (start + seconds) / ours,
                    napari_ncut.ncut_value(graph, labels[scene.mask]),
                    napari_ncut.ncut_value(graph, found),
                    adjusted_rand_score(truth, found),
                ]
        else:
            row += ["-"] * 4
        rows.append(row)
    table(
        (
            "side",
            "voxels",
            "time",
            "adjusted Rand index",
            "ours / watershed",
            "its index",
            "amg / ours",
            "normalised cut",
            "cut of amg",
            "index of amg",
        ),
        rows,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
