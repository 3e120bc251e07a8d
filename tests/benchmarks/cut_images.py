"""Whole images without a mask, against scikit-learn with amg and cluster_qr."""

import sys

import numpy as np
from peers import best_of, options, sklearn_clustering, table
from scipy import sparse

import napari_ncut


def weights(image):
    """Return scikit-learn's weights of a grey image; of channels, one weight from all of them."""
    if image.ndim == 2:
        from sklearn.feature_extraction.image import img_to_graph

        graph = img_to_graph(image.astype(float))
        graph.data = np.exp(-graph.data / graph.data.std())
        return graph
    from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values

    mask = np.ones(image.shape[:2], dtype=bool)
    pixels = pixel_neighbours(mask, 1, (1.0, 1.0))
    graph = pixel_graph(pixels, pixel_values(image, mask, whole=True), beta=0.25)
    return sparse.csr_matrix(graph.matrix())


def shrink(image, step):
    """Return every step-th pixel along the two spatial axes."""
    return image[::step, ::step]


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    from skimage import data

    print("## Whole images\n")
    print("Times in seconds, image to labels; both cuts on the weights that scikit-learn cut.\n")
    rows = []
    for name, image, k in (
        ("coins", data.coins(), 26),
        ("camera", data.camera(), 20),
        ("astronaut", data.astronaut(), 20),
    ):
        image = shrink(image, 6 if quick else 1)
        axis = 2 if image.ndim == 3 else None
        start, graph = best_of(1, weights, image)
        theirs, found = best_of(1, sklearn_clustering, graph, k, "amg", "cluster_qr")
        for beta in (0.25, scikit_beta(image)):
            ours, labels = best_of(
                3, napari_ncut.normalized_cut, image, None, k, channel_axis=axis, beta=beta
            )
            ncut = napari_ncut.ncut_value(graph, labels.ravel())
            peer = napari_ncut.ncut_value(graph, found)
            rows.append(
                (name, image.shape, k, beta, ours, (start + theirs) / ours, ncut, peer, ncut / peer)
            )
            if axis is not None:
                break
    table(
        (
            "image",
            "shape",
            "segments",
            "beta",
            "time",
            "scikit-learn / ours",
            "normalised cut",
            "of scikit-learn",
            "ours / theirs",
        ),
        rows,
    )


def scikit_beta(image):
    """Return the beta with which our weights are scikit-learn's, whose s counts the diagonal."""
    if image.ndim == 3:
        return 0.25
    from sklearn.feature_extraction.image import img_to_graph

    data = img_to_graph(image.astype(float)).data
    g = np.concatenate([np.abs(np.diff(image.astype(float), axis=a)).ravel() for a in (0, 1)])
    return float(g.std() / data.std())


if __name__ == "__main__":
    main(sys.argv[1:])
