"""When a component is divided on its finest graph: where blocks of pixels hide a border."""

import numpy as np
import pytest
from skimage import data, filters, transform

from napari_ncut import normalized_cut, scenes
from napari_ncut.cutting import multilevel


@pytest.fixture
def divided(monkeypatch):
    """Return a list that takes the nodes of each graph that is divided."""
    sizes = []

    def divide(graph, *others):
        sizes.append(graph.n)
        return original(graph, *others)

    original = multilevel.divide
    monkeypatch.setattr(multilevel, "divide", divide)
    return sizes


@pytest.mark.parametrize("scene", [scenes.circles(4), scenes.spheres(size=40)])
def test_pixels_are_not_divided_where_their_blocks_come_to_the_same_cut(scene, divided):
    normalized_cut(scene.image, scene.mask, 4)
    assert 0 < max(divided) < scene.mask.sum() / 2


def test_pixels_are_divided_where_their_blocks_hide_a_border(divided, monkeypatch):
    image = transform.resize(filters.gaussian(data.coins(), 1), (110, 130))
    labels = normalized_cut(image, n_segments=10, beta=1)
    assert max(divided) == image.size
    monkeypatch.setattr(multilevel.MultilevelCut, "_may_hide", lambda *_: True)
    np.testing.assert_array_equal(labels, normalized_cut(image, n_segments=10, beta=1))
