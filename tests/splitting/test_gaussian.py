"""Gaussian sums along lines against slow and obvious ones."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image import smoothing
from napari_ncut.splitting.image.smoothing import mean_within
from napari_ncut.splitting.loops.gaussian import gaussian_in_rows

WEIGHTS = np.array([0.4, 0.15, 0.1, 0.05], np.float32)


def slow_sums(labels, values, weights):
    """Return the sums along a line: beyond the border it goes on mirrored, in one run."""
    n = len(labels)
    result = np.zeros(n, np.float32)
    for x in np.flatnonzero(labels):
        total = weights[0] * values[x]
        for step in (-1, 1):
            for k in range(1, len(weights)):
                at = x + step * k
                at = -at - 1 if at < 0 else 2 * n - 1 - at if at >= n else at
                if labels[at] != labels[x]:
                    break
                total += weights[k] * values[at]
        result[x] = total
    return result


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [4, 5, 19, 300])
def test_sums_are_those_of_each_run(seed, n):
    rng = np.random.default_rng(seed)
    long = np.repeat(rng.integers(0, 3, (40, n)), rng.integers(1, 9), axis=1)[:, :n]
    labels = np.ascontiguousarray(long, dtype=np.int32)
    values = rng.normal(size=labels.shape).astype(np.float32)
    wanted = [slow_sums(*line, WEIGHTS) for line in zip(labels, values, strict=True)]
    found = np.empty_like(values)
    gaussian_in_rows(labels, values, found, WEIGHTS, False, n, 0, 40)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 5), (1, 1, 1)])
def test_a_mean_reaches_no_further_than_the_image(shape):
    grid = Grid((1.0, 1.0, 1.0), 2 if shape[0] == 1 else 3)
    values = np.full(shape, 3.0, np.float32)
    means = mean_within(values, np.ones(shape, np.int32), 20.0, grid, Monitor())
    np.testing.assert_allclose(means, 3.0, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 43, 57), (3, 30, 26), (1, 9, 70)])
def test_means_do_not_depend_on_the_tiles(shape, monkeypatch):
    rng = np.random.default_rng(2)
    values = rng.normal(size=shape).astype(np.float32)
    labels = (ndi.gaussian_filter(rng.normal(size=shape), 1) > -0.1).astype(np.int32)
    labels *= 1 + (np.indices(shape)[2] > 30)
    grid = Grid((1.5, 1.0, 1.2), 2 if shape[0] == 1 else 3)
    for sigma in (0.8, 2.0, 6.0):
        whole = mean_within(values, labels, sigma, grid, Monitor())
        monkeypatch.setattr(smoothing, "SIDE", 4)
        in_tiles = mean_within(values, labels, sigma, grid, Monitor())
        monkeypatch.undo()
        np.testing.assert_array_equal(whole, in_tiles)
