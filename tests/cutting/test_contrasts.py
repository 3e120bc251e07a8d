"""Photographs with weak and with strong contrasts, against what scikit-learn finds."""

import warnings

import numpy as np
import pytest
from skimage import data, filters, transform
from sklearn.cluster import SpectralClustering
from sklearn.feature_extraction.image import img_to_graph

from napari_ncut import ncut_value, spectral_clustering


def photograph(name):
    image = filters.gaussian(getattr(data, name)(), 4)
    return transform.resize(image, (48, 60))


@pytest.mark.parametrize("name", ["coins", "camera"])
@pytest.mark.parametrize("beta", [0.1, 1, 5, 10, 30])
@pytest.mark.parametrize("k", [2, 5, 10])
def test_no_cut_is_higher_than_the_best_of_scikit_learn(name, beta, k):
    graph = img_to_graph(photograph(name))
    graph.data = np.exp(-beta * graph.data / graph.data.std()) + 1e-6
    graph = graph.tocsr()
    ours = ncut_value(graph, spectral_clustering(graph, n_clusters=k))
    theirs = []
    for rounding in ("kmeans", "discretize", "cluster_qr"):
        clustering = SpectralClustering(
            k, affinity="precomputed", assign_labels=rounding, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = clustering.fit_predict(graph)
        if len(np.unique(labels)) == k:
            theirs.append(ncut_value(graph, labels))
    assert ours <= 1.001 * min(theirs, default=np.inf)
