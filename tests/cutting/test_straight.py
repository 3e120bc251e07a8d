"""Borders run straight where nothing in the image bends them, and hold where it does."""

import numpy as np
import pytest
from skimage import data
from sklearn.metrics import adjusted_rand_score
from tests.benchmarks.scoring import border_widths

from napari_ncut import CutSession, CutSettings, normalized_cut, scenes
from napari_ncut.cutting import session


@pytest.mark.parametrize("size", [100, 300])
def test_borders_of_the_circles_are_straight(size):
    found, agreement = [], []
    for seed in range(4):
        scene = scenes.circles(4, size=size, seed=seed)
        labels = normalized_cut(scene.image, scene.mask, 4)
        found += border_widths(labels)
        inside = scene.mask
        agreement.append(adjusted_rand_score(scene.truth[inside], labels[inside]))
    assert np.mean(found) < 0.12
    assert max(found) < 0.25
    assert np.mean(agreement) > 0.98


@pytest.mark.parametrize("beta", [0.25, 3, 30])
def test_a_border_that_the_image_holds_stays_where_it_is(monkeypatch, beta):
    image = data.camera()[::4, ::4]
    settings = CutSettings(n_segments=5, beta=beta)
    straight = CutSession(image).cut(settings)
    monkeypatch.setattr(session, "straightened", lambda graph, partition, *_: partition)
    assert straight.ncut <= 1.12 * CutSession(image).cut(settings).ncut
