"""The four circles of scikit-learn's example at growing size, against it and a watershed."""

import sys

import numpy as np
from peers import affinity, best_of, options, sklearn_clustering, table, watershed
from sklearn.metrics import adjusted_rand_score

import napari_ncut
from napari_ncut import scenes

LARGEST = 1024


def solvers(scene, quick):
    """Return a row for each of scikit-learn's solvers: name, seconds, cut, adjusted Rand index."""
    graph_time, graph = best_of(2, affinity, scene.image, scene.mask)
    truth = scene.truth[scene.mask]
    rows = []
    for solver in ("arpack", "amg", "lobpcg"):
        seconds, labels = best_of(1, sklearn_clustering, graph, 4, solver)
        if labels is None:
            rows.append((solver, graph_time + seconds, "fails", "-"))
            continue
        ncut = napari_ncut.ncut_value(graph, labels)
        rows.append((solver, graph_time + seconds, ncut, adjusted_rand_score(truth, labels)))
    return rows, graph


def main(argv):
    """Print the tables."""
    quick = options(argv).quick
    print("## Four circles\n")
    print(
        "Times in seconds, image to labels, best of 5; normalised cuts on scikit-learn's weights.\n"
    )
    rows, growth, last = [], [], None
    for size in (100, 256) if quick else (100, 512, 1024, 2048, 4096):
        scene = scenes.circles(4, size=size)
        repeats = 5 if size < 4096 else 3
        ours, labels = best_of(repeats, napari_ncut.normalized_cut, scene.image, scene.mask, 4)
        flood, _ = best_of(repeats, watershed, scene.mask)
        index = adjusted_rand_score(scene.truth[scene.mask], labels[scene.mask])
        growth.append(
            (
                size,
                int(scene.mask.sum()),
                ours,
                ours / last if last else "-",
                flood,
                ours / flood,
                index,
            )
        )
        last = ours
        if size <= LARGEST:
            found, graph = solvers(scene, quick)
            ncut = napari_ncut.ncut_value(graph, labels[scene.mask])
            right = [row[2] for row in found if isinstance(row[2], float) and row[3] > 0.85]
            best = min(right, default=np.nan)
            rows.append((size, "napari-ncut", ours, ncut, index, 1.0, ncut / best))
            for name, seconds, value, score in found:
                ratio = value / best if isinstance(value, float) else "-"
                rows.append((size, name, seconds, value, score, seconds / ours, ratio))
    table(
        (
            "side",
            "method",
            "time",
            "normalised cut",
            "adjusted Rand index",
            "time / ours",
            "cut / lowest right of scikit-learn",
        ),
        rows,
    )
    table(
        (
            "side",
            "pixels",
            "time",
            "growth",
            "watershed",
            "ours / watershed",
            "adjusted Rand index",
        ),
        growth,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
