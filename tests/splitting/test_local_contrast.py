"""The relief of the half-width against a slow and obvious one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.splitting.local_contrast import SHARPNESS, SMALLEST, relief


def slow_relief(width, spacing):
    """Sum up the share of every pixel in the box around every other."""
    ndim = 3 if width.shape[0] > 1 else 2
    result = np.zeros(width.shape)
    for here in zip(*np.nonzero(width), strict=True):
        weight = np.ones(width.shape)
        for axis, size in enumerate(spacing):
            if ndim == 2 and axis == 0:
                continue
            reach = max(width[here] / (np.sqrt(ndim) * size) - 0.5, SMALLEST)
            at = np.arange(width.shape[axis])
            covered = np.minimum(at + 0.5, here[axis] + reach) - np.maximum(
                at - 0.5, here[axis] - reach
            )
            weight *= np.expand_dims(
                np.clip(covered, 0, 1), tuple(k for k in range(3) if k != axis)
            )
        mean = (weight * width).sum() / weight.sum()
        result[here] = max(width[here] + SHARPNESS * (width[here] - mean), 1e-3 * width[here])
    return result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=40)
def test_the_relief_is_what_the_half_width_has_more_than_the_mean_over_a_box(seed, ndim):
    rng = np.random.default_rng(seed)
    shape = (1,) * (3 - ndim) + tuple(rng.integers(1, 9, ndim))
    width = (rng.uniform(0.3, 6, shape) * (rng.random(shape) < 0.8)).astype(np.float32)
    spacing = tuple(rng.uniform(0.4, 3, 3))
    np.testing.assert_allclose(
        relief(width, spacing, Monitor()), slow_relief(width, spacing), rtol=1e-4, atol=1e-5
    )


def test_a_run_that_is_cancelled_ends():
    with pytest.raises(Cancelled):
        relief(np.ones((1, 9, 9), np.float32), (1.0,) * 3, Monitor(cancelled=lambda: True))
