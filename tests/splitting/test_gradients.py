"""Steps of brightness: slopes within labels, and their unit."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.gradients import Edges, find_edges, slope_within
from napari_ncut.splitting.neighbours import neighbour_steps
from napari_ncut.splitting.watershed import AREA, STEP, find_contacts

SPACING = (1.0, 1.0, 1.0)


def test_slope_of_a_plane_in_physical_units():
    _, y, x = np.indices((1, 12, 15))
    slope = slope_within(
        (3.0 * y + 4.0 * x).astype(np.float32),
        np.ones_like(x, np.int32),
        (1.0, 2.0, 1.0),
        Monitor(),
    )
    np.testing.assert_allclose(slope, np.hypot(1.5, 4.0), rtol=1e-5)


def test_slope_does_not_see_the_next_label():
    labels = np.ones((1, 6, 8), np.int32)
    labels[..., 4:] = 2
    assert not slope_within(100.0 * labels.astype(np.float32), labels, SPACING, Monitor()).any()


def test_usual_slope_follows_the_gain_of_the_image():
    rng = np.random.default_rng(0)
    labels = np.ones((1, 40, 40), np.int32)
    grey = rng.normal(size=labels.shape).astype(np.float32)
    one, ten = (
        find_edges(gain * grey, labels, labels - 1, np.full(2, 2.0), SPACING, Monitor())
        for gain in np.float32([10, 100])
    )
    np.testing.assert_allclose(ten.slope, one.slope, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.8])
def test_slope_across_a_border_is_signed_and_the_same_in_every_direction(turn):
    _, y, x = np.indices((1, 60, 60))
    along = (x - 30) * np.cos(turn) + (y - 30) * np.sin(turn)
    labels = np.ones(x.shape, np.int32)
    parts = (along > 0.1).astype(np.int32)
    tone = (2.0 * along).astype(np.float32)
    steps = neighbour_steps(labels.shape, SPACING)
    zeros, ones = np.zeros(x.shape, np.float32), np.ones(x.shape, np.float32)
    around = steps, 1, Monitor(None, None)
    for order, sign in ((parts, 1), (1 - parts, -1)):
        found = find_contacts(labels, order, ones, zeros, *around, Edges(tone, zeros, ones))
        sums = found.sums[0]
        assert sums[STEP] / sums[AREA] == pytest.approx(1.6 * sign, rel=0.1)
