"""The four circles of scikit-learn's example at growing size, against it and a watershed."""

import sys

import numpy as np
from peers import affinity, best_of, options, sklearn_clustering, table, watershed
from scoring import border_widths
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


def straightness(quick):
    """Return rows: side, method, mean and greatest width of borders, mean index, time over ours."""
    rows = []
    for size in (100,) if quick else (100, 300, 900):
        seconds_of_ours = None
        for name, options_ in (("napari-ncut", {}), ("with corners", {"connectivity": 2})):
            widths, indices, times = [], [], []
            for seed in range(4):
                scene = scenes.circles(4, size=size, seed=seed)
                arguments = napari_ncut.normalized_cut, scene.image, scene.mask, 4
                seconds, labels = best_of(3, *arguments, **options_)
                widths += border_widths(labels)
                indices.append(adjusted_rand_score(scene.truth[scene.mask], labels[scene.mask]))
                times.append(seconds)
            seconds_of_ours = seconds_of_ours or sum(times)
            ratio = sum(times) / seconds_of_ours
            rows.append((size, name, np.mean(widths), max(widths), np.mean(indices), ratio))
    return rows


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
    print("\nHow bent borders are, over four noises: 0 is straight, an L some .4.\n")
    table(
        ("side", "method", "mean", "greatest", "adjusted Rand index", "time / ours"),
        straightness(quick),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
