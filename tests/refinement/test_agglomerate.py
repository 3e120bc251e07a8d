"""Merging from below: the pair whose union saves most, and borders however faint."""

import numpy as np
import pytest
import scipy.sparse as sp

from napari_ncut.graph.affinity import ncut_value
from napari_ncut.graph.pixel_graph import Graph
from napari_ncut.refinement.agglomerate import agglomerate


def graph_of(matrix):
    matrix = sp.csr_array(matrix)
    return Graph(
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.asarray(matrix.sum(axis=1)).ravel(),
    )


def slowly(matrix, k):
    """Try every union of two linked segments, and measure the whole cut of each."""
    labels = np.arange(len(matrix))
    while len(np.unique(labels)) > k:
        tried = []
        for a in np.unique(labels):
            for b in np.unique(labels[labels > a]):
                if matrix[labels == a][:, labels == b].any():
                    joined = np.where(labels == b, a, labels)
                    tried.append((ncut_value(sp.csr_array(matrix), joined), a, b))
        _, a, b = min(tried)
        labels[labels == b] = a
    return np.unique(labels, return_inverse=True)[1]


@pytest.mark.parametrize("seed", range(5))
def test_each_union_is_the_one_that_saves_most(seed):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((14, 14)) < 0.3, 1) * rng.random((14, 14))
    matrix = upper + np.diag(rng.random(13) + 0.1, 1)
    matrix = matrix + matrix.T
    np.testing.assert_array_equal(agglomerate(graph_of(matrix), 3), slowly(matrix, 3))


def test_borders_are_found_however_faint():
    rng = np.random.default_rng(0)
    matrix = np.kron(np.eye(4), np.ones((10, 10))) * (1 + rng.random((40, 40)))
    for border, faint in ((10, 1e-30), (20, 1e-14), (30, 1e-22)):
        matrix[border - 1, border] = faint
    matrix = np.triu(matrix, 1)
    matrix += matrix.T
    wanted = np.repeat(np.arange(4), 10)
    np.testing.assert_array_equal(agglomerate(graph_of(matrix), 4), wanted)
