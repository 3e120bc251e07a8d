"""Neighbours of pixels: the length and area of borders, from what they cross."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ncut.graph.neighbourhood import border_areas, contact_factors, neighbour_offsets

sides = st.floats(-2, 2).map(lambda power: 10.0**power)


def directions(ndim, n=500):
    vectors = np.random.default_rng(0).normal(size=(n, ndim))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


@given(st.lists(sides, min_size=2, max_size=3))
def test_the_area_of_a_plane_is_the_sum_over_the_steps_that_cross_it(spacing):
    ndim = len(spacing)
    sizes = np.array(spacing) / math.prod(spacing) ** (1 / ndim)
    offsets = neighbour_offsets(ndim, ndim)
    half = len(offsets) // 2
    crossed = np.abs(directions(ndim) @ (offsets[half:] * sizes).T)
    # The number of directions allows no better: the means are right, the worst is off by a third.
    area = crossed @ border_areas(offsets, sizes)[half:]
    assert area.mean() == pytest.approx(1.0, abs=0.06)
    assert area.min() > 0.6
    assert area.max() < 1.2


def test_steps_and_what_they_measure_are_mirrored():
    offsets = neighbour_offsets(3, 3)
    areas = border_areas(offsets, np.array([2.0, 1.0, 0.5]))
    np.testing.assert_array_equal(offsets, -offsets[::-1])
    np.testing.assert_array_equal(areas, areas[::-1])


def test_a_line_of_pixels_has_points_for_borders():
    np.testing.assert_array_equal(border_areas(neighbour_offsets(1, 1), np.ones(1)), 1.0)


@pytest.mark.parametrize(
    "spacing", sorted(set(itertools.permutations((1.0, 1.0, 1e6))) | {(1e-6, 1e-3, 1.0)})
)
def test_most_oblong_pixels_have_contacts_of_finite_size(spacing):
    for ndim, connectivity in ((1, 1), (2, 1), (2, 2), (3, 1), (3, 3)):
        offsets = neighbour_offsets(ndim, connectivity)
        factors = contact_factors(offsets, spacing[:ndim], connectivity)
        assert np.isfinite(factors).all()
        assert (factors > 0).all()
