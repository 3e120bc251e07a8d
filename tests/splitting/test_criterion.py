"""The criterion: the ellipse of a part, and what width, notches, shape and image say of a pair."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.splitting.adjacency import BORDER_SUMS, NODE_SUMS
from napari_ncut.splitting.agglomerate import ellipticities
from napari_ncut.splitting.criterion.pairs import IMAGE, PAIR, SHAPE, numbers
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.ridges import patch_of_texture
from napari_ncut.splitting.loops.agglomerate import terms_of_pairs
from napari_ncut.splitting.parameters import DEFAULT

PLANE, SPACE = Grid((1.0, 1.0, 1.0), 2), Grid((1.0, 1.0, 1.0), 3)
LEAST = 1 / 12


def moments_of(*masks):
    """Return the sums over masks that a graph holds, without an image."""
    rows = []
    for mask in masks:
        z, y, x = np.nonzero(mask)
        products = (z * z, y * y, x * x, z * y, z * x, y * x)
        rows.append([len(z), *(p.sum() for p in (z, y, x, *products)), 0, 0, 0])
    return np.array(rows, float)


def ellipse(shape, axes, turn):
    """Draw an ellipse or ellipsoid; the last two axes are turned by an angle."""
    z, y, x = (a - (n - 1) / 2 for a, n in zip(np.indices(shape), shape, strict=True))
    y, x = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    return (z / axes[0]) ** 2 + (y / axes[1]) ** 2 + (x / axes[2]) ** 2 <= 1


def terms(nodes, grid, saddle=6.0, width=(10.0, 10.0), sums=(1.0, 0, 0, 0, 0), is_slope=False):
    """Return the terms of two parts under their names."""
    found = terms_of_pairs(
        np.array([0], np.int32),
        np.array([1], np.int32),
        (
            np.array([saddle]),
            np.array([is_slope], np.uint8),
            np.array([sums], float),
            np.array(width, float),
            nodes,
            numbers(grid, DEFAULT),
        ),
    )
    return dict(zip(PAIR, found[0].tolist(), strict=True))


def half_chord(nodes, grid):
    """Return the half chord of the ellipse of two parts."""
    area = 20.0
    half = area / 2 if grid.is_flat else math.sqrt(area / math.pi)
    return half / terms(nodes, grid, sums=(area, 0, 0, 0, 0))["border_to_chord"]


# The ellipse of a part


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2])
@pytest.mark.parametrize("axes", [(1, 20, 20), (1, 35, 9), (1, 12, 24)])
def test_ellipticity_of_an_ellipse_is_1(axes, turn):
    found = ellipticities(moments_of(ellipse((1, 80, 80), axes, turn)), numbers(PLANE, DEFAULT))
    assert found == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("axes", [(10, 10, 10), (6, 16, 10)])
def test_ellipticity_of_an_ellipsoid_is_1(axes):
    nodes = moments_of(ellipse((36, 36, 36), axes, 0.5))
    assert ellipticities(nodes, numbers(SPACE, DEFAULT)) == pytest.approx(1, abs=0.02)


def test_ellipticity_is_the_same_for_any_size_of_pixels():
    nodes = moments_of(ellipse((36, 36, 36), (6, 16, 10), 0.5))
    stretched = numbers(Grid((3.0, 0.5, 0.7), 3), DEFAULT)
    np.testing.assert_allclose(
        ellipticities(nodes, stretched), ellipticities(nodes, numbers(SPACE, DEFAULT))
    )


def test_two_discs_together_are_less_of_an_ellipse_than_one():
    one = np.pad(ellipse((1, 41, 41), (1, 20, 20), 0), ((0, 0), (0, 0), (0, 39)))
    nodes = moments_of(one | one[..., ::-1])
    assert ellipticities(nodes, numbers(PLANE, DEFAULT)) < 0.95


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2])
def test_half_chord_is_half_of_a_cut_through_an_ellipse(share, turn):
    mask = ellipse((1, 160, 160), (1, 70, 40), turn)
    y, x = np.indices((160, 160)) - 79.5
    # A cut along the short axis, at the height that leaves a share of the ellipse above.
    along, across = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    level = np.quantile(along[mask[0]], share)
    above = mask & (along < level)
    near = mask[0] & (abs(along - level) < 1)
    found = half_chord(moments_of(above, mask & ~above), PLANE)
    assert found == pytest.approx(np.ptp(across[near]) / 2, rel=0.1)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_half_chord_of_an_ellipsoid_has_the_area_of_the_cut(share):
    mask = ellipse((60, 60, 60), (14, 26, 20), 0.5)
    z = np.indices(mask.shape)[0]
    plane = int(np.quantile(z[mask], share))
    above = mask & (z < plane)
    area = (mask[plane].sum() + mask[plane - 1].sum()) / 2
    found = half_chord(moments_of(above, mask & ~above), SPACE)
    assert found == pytest.approx(math.sqrt(area / math.pi), rel=0.1)


def test_parts_around_one_centre_have_no_chord():
    disc = ellipse((1, 41, 41), (1, 8, 8), 0)
    ring = ellipse((1, 41, 41), (1, 20, 20), 0) & ~disc
    assert terms(moments_of(disc, ring), PLANE)["border_to_chord"] == 10
    assert terms(moments_of(disc, ring), PLANE)["notches"] == 1


# What the shape says


def two_parts(n, shapes, chord, ndim):
    """Return the sums over two parts of n pixels, with these ellipticities and this half chord.

    Both have the same covariance, and lie so far apart along x that together they have the third
    ellipticity.
    """
    constant = 4 * math.pi if ndim == 2 else 4 / 3 * math.pi * 5**1.5
    side = chord**2 / (4 if ndim == 2 else 5)
    # Of n / (constant sqrt(det)), the determinant is side^(d-1) along.
    along = (n / (constant * shapes[0])) ** 2 / side ** (ndim - 1)
    both = (2 * n / (constant * shapes[2])) ** 2 / side ** (ndim - 1)
    apart = math.sqrt(max(both - along, 0))
    rows = np.zeros((2, len(NODE_SUMS)))
    for row, x in zip(rows, (-apart, apart), strict=True):
        row[:4] = n, 0, 0, n * x
        row[4:7] = n * np.array([side - LEAST, side - LEAST, along - LEAST + x * x])
    return rows


@pytest.mark.parametrize("ndim", [2, 3])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=60)
def test_terms_of_shape_are_those_of_the_text(seed, ndim):
    rng = np.random.default_rng(seed)
    grid, ball = (PLANE, math.pi) if ndim == 2 else (SPACE, 4 / 3 * math.pi)
    one = rng.uniform(0.6, 1.0)
    both = min(rng.uniform(0.5, 1.0), 1.9 * one)
    n, chord, saddle, area = rng.uniform((200, 3, 1, 2), (9000, 20, 8, 100))
    width = rng.uniform(8, 20, 2)
    found = terms(
        two_parts(n, (one, one, both), chord, ndim), grid, saddle, width, (area, 0, 0, 0, 0)
    )
    half = area / 2 if ndim == 2 else math.sqrt(area / math.pi)
    narrow, wide = sorted(width)
    neck = min((saddle / narrow + saddle / wide) / 2, 1)
    wanted = {
        "neck": neck,
        "neck_to_narrower": saddle / narrow,
        "neck_to_wider": saddle / wide,
        "border_to_widths": min((half / narrow + half / wide) / 2, 10),
        "notches": min(saddle / chord, 1),
        "border_to_chord": min(half / chord, 10),
        "gain": both / one,
        "sizes": 1,
        "widths": narrow / wide,
        "border_to_neck": half / saddle,
        "least_ellipticity": one,
        "most_ellipticity": one,
        "least_fill": ball * narrow**ndim / n,
        "most_fill": ball * wide**ndim / n,
        "both_ellipticity": both,
        "both_fill": ball * wide**ndim / (2 * n),
        "slope": 0,
        "likeness": neck ** (1 / 3) * min(saddle / chord, 1) * min(both / one, 2) ** (2 * ndim),
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-4), name
    assert all(math.isnan(found[name]) for name in IMAGE)


def test_elongation_of_a_circle_is_1_and_grows_with_length():
    round_one, long = ellipse((1, 80, 80), (1, 20, 20), 0), ellipse((1, 80, 80), (1, 36, 9), 0.4)
    found = terms(moments_of(round_one, long), PLANE)
    assert found["least_elongation"] == pytest.approx(1, abs=0.01)
    assert found["most_elongation"] == pytest.approx((36 / 9 + 9 / 36) / 2, rel=0.02)


@pytest.mark.parametrize("grid", [PLANE, SPACE])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_terms_are_the_same_whichever_part_is_the_first_and_at_any_magnification(seed, grid):
    rng = np.random.default_rng(seed)
    one, other = (ellipse((24, 40, 60), rng.uniform(6, 12, 3), rng.uniform(0, 3)) for _ in "ab")
    one, other = np.roll(one, 12, axis=2), np.roll(other, -12, axis=2)
    nodes = moments_of(one & ~other, other)
    nodes[:, 10:] = rng.uniform(1, 2, (2, 3))
    nodes[:, 12] += 10
    sums, width = rng.uniform(1, 9, len(BORDER_SUMS)), rng.uniform(4, 9, 2)
    found = terms(nodes, grid, 3.0, width, sums)
    assert terms(nodes[::-1].copy(), grid, 3.0, width[::-1], sums) == found
    larger = Grid(tuple(4.0 * np.array(grid.spacing)), grid.ndim)
    sums *= 4.0 ** (grid.ndim - 1)
    assert terms(nodes, larger, 12.0, 4 * width, sums) == pytest.approx(found, rel=1e-5)


# What the image says

SHORT, PATCH = DEFAULT.short_border, patch_of_texture(2, DEFAULT)


def border(area=30.0, step=0.0, brightness=0.0, ridge=0.0):
    """Return the sums over a border with these means."""
    return np.array([area, area * ridge, area * step, area, area * brightness])


def part(mean=0.0, deviation=0.0):
    """Return the sums over a part, each pixel weighing the same."""
    return 100.0 * np.array([1.0, mean, mean**2 + deviation**2])


def seen(sums, one=None, other=None, n=PATCH):
    """Return the terms of two parts of n pixels."""
    nodes = two_parts(n, (1.0, 1.0, 1.0), 0.1, 2)
    nodes[0, 10:] = part() if one is None else one
    nodes[1, 10:] = part() if other is None else other
    return terms(nodes, PLANE, sums=sums)


def test_contrast_is_measured_in_deviations_within_the_parts():
    smooth = seen(border(), part(-0.5), part(0.5))
    rough = seen(border(), part(-0.5, 1.0), part(0.5, 1.0))
    assert smooth["difference"] == rough["difference"] == 1
    assert smooth["contrast"] == pytest.approx(1 / DEFAULT.smoothest)
    assert rough["contrast"] == pytest.approx(1 / np.hypot(1, DEFAULT.smoothest))


def test_the_same_contrast_proves_more_between_large_parts():
    parts = part(-0.2, 1.0), part(0.2, 1.0)
    small, large = seen(border(), *parts), seen(border(), *parts, n=40 * PATCH)
    assert large["contrast"] == small["contrast"]
    factor = math.sqrt(20)
    assert large["contrast_to_texture"] == pytest.approx(factor * small["contrast_to_texture"])


def test_a_dark_border_is_a_dip_and_a_bright_one_the_contrary():
    dark, bright = (seen(border(brightness=t)) for t in (-1.0, 1.0))
    assert dark["dip"] == -bright["dip"] == pytest.approx(1 / DEFAULT.smoothest)
    assert dark["dip_by_length"] == pytest.approx(dark["dip"] * 30 / (30 + SHORT))
    uneven = seen(border(brightness=-1.0), part(-1.0), part(1.0))
    assert uneven["dip"] > uneven["dip_below_both"] == 0


def test_a_short_border_proves_less():
    for name in ("step", "ridge", "dip_by_length"):
        long, short = (seen(border(a, 1.0, -1.0, 1.0))[name] for a in (100.0, 20.0))
        assert long > short


def test_a_step_counts_whichever_side_is_bright():
    assert seen(border(step=2.0)) == seen(border(step=-2.0))
    assert seen(border(step=2.0))["step"] == pytest.approx(2.0 * 30 / (30 + SHORT))


def test_without_an_image_its_terms_do_not_exist():
    nothing = np.zeros(3)
    found = seen(np.array([30.0, 0, 0, 0, 0]), nothing, nothing)
    assert {name for name, value in found.items() if math.isnan(value)} == set(IMAGE)
    assert not any(math.isnan(found[name]) for name in SHAPE)


@pytest.mark.parametrize("ndim", [2, 3])
def test_lengths_of_parameters_are_in_finest_pixels(ndim):
    plain, fine = (numbers(Grid((3.0, p, p), ndim), DEFAULT) for p in (1.0, 0.5))
    short, patch = 4, 5
    assert plain[short] / fine[short] == pytest.approx(2 ** (ndim - 1))
    assert plain[patch] / fine[patch] == pytest.approx(2**ndim)
