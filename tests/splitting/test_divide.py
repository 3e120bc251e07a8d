"""Basins divided where the image shows a border."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import BORDER_SUMS, NODE_SUMS
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.image.divide import divide
from napari_ncut.splitting.oversegment import Fragments, oversegment
from napari_ncut.splitting.parameters import DEFAULT

PLANE = Grid((1.0, 1.0, 1.0), 2)


def rod():
    """Return a rod with round ends, one basin by shape, and its columns."""
    y, x = np.mgrid[:60, :140]
    mask = np.hypot(np.maximum(abs(x - 70) - 35, 0), y - 30) <= 18
    return mask.astype(np.int32)[np.newaxis], x[np.newaxis]


def divided(labels, grey, beta=0.5):
    """Return the fragments by shape, those with the image, and their graph."""
    squared = squared_distance(labels, PLANE, Monitor())
    width = half_width(labels, squared, PLANE, DEFAULT, Monitor())
    fragments = oversegment(labels, width, squared, PLANE, DEFAULT, Monitor())
    grey = grey.astype(np.float32)
    given = width, grey, labels, beta, PLANE, DEFAULT, Monitor()
    used = replace(fragments, number=fragments.number.copy())
    found = divide(used, labels, *given)
    return fragments, Fragments(found.number, found.graph.n), found.graph


def noise_on(grey, labels, seed=0):
    """Return the image with a little noise."""
    return grey + 0.1 * np.random.default_rng(seed).normal(size=labels.shape)


@pytest.mark.parametrize("kind", ["line", "step"])
def test_a_line_or_a_step_divides_a_basin(kind):
    labels, x = rod()
    grey = np.where(abs(x - 70) <= 1, -3.0, 0.0) if kind == "line" else np.where(x > 70, 2.0, -2.0)
    grey = ndi.gaussian_filter(grey, (0, 1, 1))
    by_shape, found, _ = divided(labels, noise_on(grey, labels))
    assert found.n > by_shape.n
    np.testing.assert_array_equal(found.number >= 0, labels > 0)
    np.testing.assert_array_equal(np.unique(found.number[labels > 0]), np.arange(found.n))
    # Hardly a fragment lies on both sides.
    left = np.bincount(found.number[(labels > 0) & (x < 69)], minlength=found.n)
    right = np.bincount(found.number[(labels > 0) & (x > 71)], minlength=found.n)
    assert np.minimum(left, right).sum() < 0.05 * labels.sum()


@pytest.mark.parametrize("seed", range(3))
def test_noise_divides_nothing(seed):
    labels, _ = rod()
    grey = np.random.default_rng(seed).normal(size=labels.shape)
    by_shape, found, _ = divided(labels, grey)
    assert found.n == by_shape.n


def test_a_flat_image_leaves_the_fragments_as_they_are():
    labels, _ = rod()
    by_shape, found, graph = divided(labels, np.zeros(labels.shape))
    assert found.n == by_shape.n
    assert not graph.borders[:, [BORDER_SUMS.index(name) for name in ("ridge", "step", "wt")]].any()
    assert not graph.nodes[:, NODE_SUMS.index("wt")].any()


def test_borders_between_basins_stay_whatever_the_image_shows():
    y, x = np.mgrid[:60, :120]
    mask = (np.hypot(y - 30, x - 40) <= 24) | (np.hypot(y - 30, x - 80) <= 24)
    labels = mask.astype(np.int32)[np.newaxis]
    bright = np.exp(-(((x - 60) / 6.0) ** 2))[np.newaxis]
    by_shape, found, graph = divided(labels, noise_on(bright, labels))
    assert by_shape.n == 2
    assert found.n >= 2
    for k in range(found.n):
        own = found.number == k
        assert len(np.unique(by_shape.number[own])) == 1
    assert len(set(graph.basin)) == 2


def test_every_fragment_knows_its_basin():
    labels, x = rod()
    labels = np.concatenate([labels, np.zeros_like(labels), 2 * labels], axis=1)
    x = np.concatenate([x] * 3, axis=1)
    grey = ndi.gaussian_filter(np.where(abs(x - 70) <= 1, -3.0, 0.0), (0, 1, 1))
    by_shape, found, graph = divided(labels, noise_on(grey, labels))
    assert by_shape.n < found.n
    assert len(graph.basin) == found.n
    for k, basin in enumerate(graph.basin):
        owners = np.unique(by_shape.number[found.number == k])
        assert len(owners) == 1
        # Basins are numbered from 1 there, whatever is counted is which belong together.
        same = graph.basin == basin
        assert len(np.unique(by_shape.number[np.isin(found.number, np.flatnonzero(same))])) == 1
