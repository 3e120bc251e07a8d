"""Many segments by cutting in two again and again."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_ncut import normalized_cut, scenes
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.cutting.recursive import divide
from napari_ncut.graph.coarsen import build_hierarchy
from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values


def graph_of(scene):
    pixels = pixel_neighbours(scene.mask, 1, (1.0, 1.0))
    return pixel_graph(pixels, pixel_values(scene.image, scene.mask), 0.25)


def test_four_parts_of_four_circles_are_the_circles():
    scene = scenes.circles(4)
    labels = divide(graph_of(scene), 4)
    assert adjusted_rand_score(scene.truth[scene.mask], labels) > 0.9


@pytest.mark.parametrize("k", [1, 2, 7, 50, "n"])
def test_there_are_k_parts_and_none_is_empty(k):
    graph = build_hierarchy(graph_of(scenes.circles(4))).graphs[2]
    k = graph.n if k == "n" else k
    np.testing.assert_array_equal(np.unique(divide(graph, k)), np.arange(k))


def test_dividing_can_be_cancelled():
    asked = iter([False] * 5 + [True] * 100)
    with pytest.raises(Cancelled):
        divide(graph_of(scenes.circles(4)), 50, Monitor(None, lambda: next(asked)))


def test_many_segments_are_as_many_as_wanted():
    labels = normalized_cut(scenes.circles(4, size=200).image, None, 150)
    np.testing.assert_array_equal(np.unique(labels), np.arange(1, 151))


def test_many_segments_are_shared_over_components_by_their_size():
    mask = np.ones((60, 91), dtype=bool)
    mask[:, 30] = False
    image = np.random.default_rng(0).normal(size=mask.shape)
    labels = normalized_cut(image, mask, 90)
    assert len(np.unique(labels[:, :30])) == pytest.approx(30, abs=9)
    assert labels.max() == 90
