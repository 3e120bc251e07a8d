"""Graphs of ten nearest neighbours, against scikit-learn's spectral clustering as it comes."""

import sys

import numpy as np
from peers import best_of, options, sklearn_clustering, table
from sklearn import datasets
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import kneighbors_graph

import napari_ncut


def sets(quick):
    """Yield name, points, truth."""
    n = 500 if quick else 2000
    yield "two moons", *datasets.make_moons(n, noise=0.05, random_state=0)
    yield "two noisy moons", *datasets.make_moons(n, noise=0.12, random_state=0)
    yield "rings", *datasets.make_circles(n, noise=0.05, factor=0.5, random_state=0)
    yield "digits", *datasets.load_digits(return_X_y=True)
    size = 1000 if quick else 20_000
    points, truth = datasets.make_blobs(size, centers=10, cluster_std=1.5, random_state=1)
    yield f"{size} points of ten blobs", points, truth
    points, truth = datasets.make_blobs(
        size, centers=6, random_state=3, n_features=10, cluster_std=4.0
    )
    yield f"{size} points of six blobs, 10-D", points, truth


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    print("## Neighbour graphs\n")
    print("Times in seconds, graph to labels.\n")
    rows = []
    for name, points, truth in sets(quick):
        links = kneighbors_graph(points, 10)
        graph = 0.5 * (links + links.T)
        k = len(np.unique(truth))
        ours, labels = best_of(3, napari_ncut.spectral_clustering, graph, n_clusters=k)
        theirs, found = best_of(1 if len(truth) > 5000 else 3, sklearn_clustering, graph, k)
        rows.append(
            (
                name,
                k,
                ours,
                theirs / ours,
                napari_ncut.ncut_value(graph, labels),
                napari_ncut.ncut_value(graph, found),
                adjusted_rand_score(truth, labels),
                adjusted_rand_score(truth, found),
            )
        )
    table(
        (
            "graph",
            "clusters",
            "time",
            "scikit-learn / ours",
            "normalised cut",
            "of scikit-learn",
            "adjusted Rand index",
            "of scikit-learn",
        ),
        rows,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
