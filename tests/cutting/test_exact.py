"""The multilevel cut against the exact pipeline: eigenvectors of the full graph, no hierarchy."""

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage as ndi
import scipy.sparse as sp
from sklearn import datasets
from sklearn.neighbors import kneighbors_graph

from napari_ncut import ncut_value, normalized_cut, scenes, spectral_clustering
from napari_ncut.core.blas import one_blas_thread
from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values
from napari_ncut.spectral.eigenvectors import Spectrum
from napari_ncut.spectral.rounding import METHODS, readings


def exact_cut(matrix, k):
    """Return the lowest normalised cut that any method reads from LAPACK's eigenvectors."""
    matrix = sp.csr_array(matrix)
    root = np.sqrt(matrix.sum(axis=1))
    normal = np.eye(len(root)) - matrix.toarray() / np.outer(root, root)
    with one_blas_thread():
        values, vectors = scipy.linalg.eigh(normal, subset_by_index=(0, k - 1))
        found = readings(Spectrum(values, vectors, root), k, k, METHODS, seed=0)
    return min(ncut_value(matrix, labels) for labels in found)


def noise_image():
    image = np.random.default_rng(0).normal(size=(20, 30))
    return image, np.ones(image.shape, dtype=bool)


def step_image():
    image = np.zeros((25, 45))
    image[:, 17:] = 1
    return image, np.ones(image.shape, dtype=bool)


def picture(scene):
    return scene.image, scene.mask


@pytest.mark.parametrize(
    ("image", "k"),
    [
        (picture(scenes.circles(4, size=50)), 4),
        (picture(scenes.circles(4, size=50)), 9),
        (picture(scenes.unequal(size=60)), 4),
        (picture(scenes.spheres(size=20)), 4),
        (noise_image(), 2),
        (noise_image(), 5),
        (noise_image(), 40),
        (step_image(), 2),
    ],
    ids=["circles", "more", "unequal", "spheres", "noise2", "noise5", "noise40", "step"],
)
def test_the_cut_of_an_image_is_no_higher_than_the_exact_one(image, k):
    image, mask = image
    pixels = pixel_neighbours(mask, 1, (1.0,) * mask.ndim)
    matrix = pixel_graph(pixels, pixel_values(image, mask), 0.25).matrix()
    found = ncut_value(matrix, normalized_cut(image, mask, k)[mask])
    assert found <= 1.01 * exact_cut(matrix, k)


def neighbours(points):
    graph = kneighbors_graph(points, 10, include_self=False)
    return sp.csr_array(0.5 * (graph + graph.T))


@pytest.mark.parametrize(
    ("points", "k"),
    [
        (datasets.make_moons(400, noise=0.1, random_state=0)[0], 2),
        (datasets.make_blobs(400, centers=5, cluster_std=2.5, random_state=1)[0], 5),
        (datasets.load_digits().data[:400], 10),
        (np.random.default_rng(3).random((400, 2)), 7),
    ],
    ids=["moons", "blobs", "digits", "square"],
)
def test_the_cut_of_a_neighbour_graph_is_no_higher_than_the_exact_one(points, k):
    matrix = neighbours(points)
    found = ncut_value(matrix, spectral_clustering(matrix, n_clusters=k))
    assert found <= 1.01 * exact_cut(matrix, k)


@pytest.mark.parametrize(("offset", "k"), [(1e-6, 5), (1e-6, 10), (1e-3, 10)])
def test_a_cut_is_no_higher_than_the_exact_one_where_links_differ_a_million_times(offset, k):
    # Blobs of even brightness, whose borders are a million times fainter than what is inside.
    rng = np.random.default_rng(1)
    image = ndi.zoom(rng.integers(0, 5, (6, 8)).astype(float), 6, order=1)
    mask = np.ones(image.shape, dtype=bool)
    graph = pixel_graph(pixel_neighbours(mask, 1, (1, 1)), pixel_values(image, mask), 10)
    matrix = graph.matrix()
    matrix.data += offset
    found = ncut_value(matrix, spectral_clustering(matrix, n_clusters=k))
    assert found <= 1.01 * exact_cut(matrix, k)


@pytest.mark.parametrize("beta", [3, 10, 30])
@pytest.mark.parametrize("k", [2, 5])
def test_the_cut_of_strong_contrasts_is_no_higher_than_the_exact_one(beta, k):
    image = ndi.gaussian_filter(np.random.default_rng(4).normal(size=(40, 50)), 1)
    mask = np.ones(image.shape, dtype=bool)
    pixels = pixel_neighbours(mask, 1, (1.0, 1.0))
    matrix = pixel_graph(pixels, pixel_values(image, mask), beta).matrix()
    found = ncut_value(matrix, normalized_cut(image, mask, k, beta=beta)[mask])
    assert found <= 1.01 * exact_cut(matrix, k)
