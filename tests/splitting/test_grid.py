"""The grid: neighbours, and what a border between two of them measures."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import find_borders
from napari_ncut.splitting.grid import Grid

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 1.0, 1.0), (1.0, 0.7, 1.2), (0.2, 0.7, 0.65)]


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_steps_are_followed_by_their_mirror_images_which_measure_the_same(spacing, ndim):
    grid = Grid(spacing, ndim)
    n = 3**ndim - 1
    assert len(np.unique(grid.offsets, axis=0)) == n == len(grid.areas) == len(grid.lengths)
    np.testing.assert_array_equal(grid.offsets, -grid.offsets[::-1])
    np.testing.assert_array_equal(grid.areas, grid.areas[::-1])
    assert (grid.areas > 0).all()
    # The second half leads forward in the flat array.
    assert (grid.offsets[n // 2 :] @ [9, 3, 1] > 0).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_exchanged_axes_measure_the_same(ndim):
    plain, exchanged = Grid((3.0, 1.3, 1.0), ndim), Grid((3.0, 1.0, 1.3), ndim)
    area = {tuple(step): area for step, area in zip(plain.offsets, plain.areas, strict=True)}
    for (z, y, x), found in zip(exchanged.offsets, exchanged.areas, strict=True):
        assert abs(found - area[z, x, y]) <= 2


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("angle", [0, 20, 45, 70, 90])
def test_the_area_of_a_straight_border_is_its_length(spacing, angle):
    size, turn = 80, np.deg2rad(angle)
    y, x = np.indices((size, size)) - size / 2 + 0.25
    y, x = y * spacing[1], x * spacing[2]
    radius = 0.4 * size * min(spacing[1:])
    labels = (np.hypot(y, x) < radius).astype(np.int32)[np.newaxis]
    side = (y * np.sin(turn) + x * np.cos(turn) > 0)[np.newaxis]
    fragments = np.where(labels > 0, side, -1).astype(np.int32)
    found = find_borders(labels, fragments, labels, Grid(spacing, 2), Monitor())
    assert found.sums[0, 0] == pytest.approx(2 * radius, rel=0.15)


@pytest.mark.parametrize(
    ("spacing", "tolerance"), [((1.0, 1.0, 1.0), 0.15), ((2.0, 1.0, 1.0), 0.3)]
)
@pytest.mark.parametrize("normal", [(1, 0, 0), (0, 0, 1), (1, 1, 1), (0, 2, 1)])
def test_the_area_of_a_plane_border_is_that_of_the_disc(spacing, tolerance, normal):
    at = (np.indices((24, 40, 40)) - np.array([12, 20, 20]).reshape(3, 1, 1, 1) + 0.25) * np.array(
        spacing
    ).reshape(3, 1, 1, 1)
    labels = (np.sqrt((at**2).sum(axis=0)) < 11).astype(np.int32)
    side = np.tensordot(normal, at, 1) > 0
    fragments = np.where(labels > 0, side, -1).astype(np.int32)
    found = find_borders(labels, fragments, labels, Grid(spacing, 3), Monitor())
    assert found.sums[0, 0] == pytest.approx(np.pi * 11**2, rel=tolerance)


def test_a_stack_of_one_plane_is_no_plane_by_its_extent_alone():
    assert Grid((1.0, 1.0, 1.0), 2).is_flat
    assert not Grid((1.0, 1.0, 1.0), 3).is_flat
    assert Grid((5.0, 1.0, 2.0), 2).finest == 1.0
    assert Grid((0.5, 1.0, 2.0), 3).finest == 0.5
    assert Grid((5.0, 1.0, 2.0), 2).volume == 2.0
    assert Grid((0.5, 1.0, 2.0), 3).pixel == 1.0
