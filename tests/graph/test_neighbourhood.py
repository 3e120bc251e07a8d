"""Neighbours of pixels: the length and area of borders, from what they cross."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ncut.graph.neighbourhood import contact_factors, neighbour_offsets, neighbour_steps

sides = st.floats(-2, 2).map(lambda power: 10.0**power)


def directions(ndim, n=500):
    vectors = np.random.default_rng(0).normal(size=(n, ndim))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


@given(
    st.tuples(sides, sides, sides), st.sampled_from([(4, 5, 6), (1, 5, 6), (4, 1, 6), (4, 5, 1)])
)
def test_the_area_of_a_plane_is_the_sum_over_the_steps_that_cross_it(spacing, shape):
    steps = neighbour_steps(shape, spacing)
    axes = [axis for axis in range(3) if shape[axis] > 1]
    vectors = (steps.offsets * spacing)[:, axes]
    half = len(vectors) // 2
    crossed = np.abs(directions(len(axes)) @ vectors[half:].T) / math.prod(
        spacing[axis] for axis in axes
    )
    # The number of directions allows no better: the means are right, the worst is off by a third.
    area = crossed @ steps.areas[half:]
    assert area.mean() == pytest.approx(1.0, abs=0.06)
    assert area.min() > 0.6
    assert area.max() < 1.2


def test_steps_are_mirrored_and_stay_inside_axes_of_one_pixel():
    steps = neighbour_steps((1, 8, 9), (3.0, 2.0, 1.0))
    assert len(steps.offsets) == 8
    assert not steps.offsets[:, 0].any()
    np.testing.assert_array_equal(steps.offsets, -steps.offsets[::-1])
    np.testing.assert_array_equal(steps.areas, steps.areas[::-1])
    np.testing.assert_allclose(steps.lengths, np.hypot(*(steps.offsets[:, 1:] * (2.0, 1.0)).T))


@pytest.mark.parametrize(("shape", "count"), [((1, 1, 1), 0), ((1, 1, 7), 2), ((7, 1, 1), 2)])
def test_a_line_of_pixels_has_points_for_borders(shape, count):
    steps = neighbour_steps(shape, (2.0, 2.0, 2.0))
    np.testing.assert_array_equal(steps.areas, np.ones(count))


@pytest.mark.parametrize(
    "spacing", sorted(set(itertools.permutations((1.0, 1.0, 1e6))) | {(1e-6, 1e-3, 1.0)})
)
def test_most_oblong_pixels_have_contacts_of_finite_size(spacing):
    for ndim, connectivity in ((1, 1), (2, 1), (2, 2), (3, 1), (3, 3)):
        offsets = neighbour_offsets(ndim, connectivity)
        factors = contact_factors(offsets, spacing[:ndim], connectivity)
        assert np.isfinite(factors).all()
        assert (factors > 0).all()
