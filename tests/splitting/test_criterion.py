"""The criterion: the ellipse of a part, and what width, notches, shape and image say of a pair."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.splitting.adjacency import BORDER_SUMS, NODE_SUMS
from napari_ncut.splitting.agglomerate import ellipticities
from napari_ncut.splitting.criterion import border_strength, neck_ratio
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.ridges import patch_of_texture
from napari_ncut.splitting.loops.agglomerate import half_chord, ratios
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


# The ellipse of a part


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2])
@pytest.mark.parametrize("axes", [(1, 20, 20), (1, 35, 9), (1, 12, 24)])
def test_ellipticity_of_an_ellipse_is_1(axes, turn):
    found = ellipticities(moments_of(ellipse((1, 80, 80), axes, turn)), neck_ratio(PLANE, DEFAULT))
    assert found == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("axes", [(10, 10, 10), (6, 16, 10)])
def test_ellipticity_of_an_ellipsoid_is_1(axes):
    nodes = moments_of(ellipse((36, 36, 36), axes, 0.5))
    assert ellipticities(nodes, neck_ratio(SPACE, DEFAULT)) == pytest.approx(1, abs=0.02)


def test_ellipticity_is_the_same_for_any_size_of_pixels():
    nodes = moments_of(ellipse((36, 36, 36), (6, 16, 10), 0.5))
    stretched = neck_ratio(Grid((3.0, 0.5, 0.7), 3), DEFAULT)
    np.testing.assert_allclose(
        ellipticities(nodes, stretched), ellipticities(nodes, neck_ratio(SPACE, DEFAULT))
    )


def test_two_discs_together_are_less_of_an_ellipse_than_one():
    one = np.pad(ellipse((1, 41, 41), (1, 20, 20), 0), ((0, 0), (0, 0), (0, 39)))
    nodes = moments_of(one | one[..., ::-1])
    assert ellipticities(nodes, neck_ratio(PLANE, DEFAULT)) < 0.95


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
    found = half_chord(moments_of(above, mask & ~above), neck_ratio(PLANE, DEFAULT))
    assert found == pytest.approx(np.ptp(across[near]) / 2, rel=0.1)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_half_chord_of_an_ellipsoid_has_the_area_of_the_cut(share):
    mask = ellipse((60, 60, 60), (14, 26, 20), 0.5)
    z = np.indices(mask.shape)[0]
    plane = int(np.quantile(z[mask], share))
    above = mask & (z < plane)
    area = (mask[plane].sum() + mask[plane - 1].sum()) / 2
    found = half_chord(moments_of(above, mask & ~above), neck_ratio(SPACE, DEFAULT))
    assert found == pytest.approx(math.sqrt(area / math.pi), rel=0.1)


def test_parts_around_one_centre_have_no_chord():
    disc = ellipse((1, 41, 41), (1, 8, 8), 0)
    ring = ellipse((1, 41, 41), (1, 20, 20), 0) & ~disc
    assert half_chord(moments_of(disc, ring), neck_ratio(PLANE, DEFAULT)) == 0


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


def pair(
    saddle=6.0,
    width=(10.0, 10.0),
    n=300.0,
    shapes=(1.0, 1.0, 1.0),
    chord=0.1,
    ndim=2,
    is_slope=False,
    area=1000.0,
):
    """Return the ratio of two parts by shape."""
    borders = np.zeros((1, len(BORDER_SUMS)))
    borders[0, 0] = area
    criterion = neck_ratio(PLANE if ndim == 2 else SPACE, DEFAULT)
    return ratios(
        np.array([0], np.int32),
        np.array([1], np.int32),
        np.array([saddle]),
        np.array([is_slope], np.uint8),
        borders,
        np.array(width, float),
        two_parts(n, shapes, chord, ndim),
        criterion,
    )[0]


def test_ratio_is_the_cube_root_of_the_width_of_the_neck_over_the_mean_of_those_of_the_parts():
    assert pair(6.0, width=(10.0, 10.0)) == pytest.approx(0.6 ** (1 / 3))
    assert pair(6.0, width=(8.0, 12.0)) == pytest.approx(((6 / 8 + 6 / 12) / 2) ** (1 / 3))


def test_a_neck_is_narrower_the_more_it_falls_short_of_the_chord():
    assert pair(8.0, chord=8.0) == pytest.approx(pair(8.0))
    assert pair(8.0, chord=10.0) == pytest.approx(0.8 * pair(8.0))
    assert pair(8.0, chord=14.0) < pair(8.0, chord=12.0)


def test_of_long_and_of_bent_parts_the_ellipse_tells_little():
    round_ones, long = pair(6.0, chord=10.0), pair(6.0, chord=10.0, n=3000.0)
    bent = pair(6.0, chord=10.0, shapes=(0.5, 0.5, 0.5))
    assert round_ones < bent < pair(6.0)
    assert round_ones < long < pair(6.0)


def test_notches_alone_make_no_neck():
    assert pair(10.0, chord=20.0) >= 1


def test_a_waist_of_a_fraction_of_a_pixel_makes_no_neck():
    assert pair(9.9, chord=20.0) >= 1
    assert pair(9.0, chord=20.0) < 0.6


def test_a_neck_is_hardly_wider_than_its_border_is_long():
    assert pair(8.0, area=10.0) == pytest.approx((DEFAULT.contact * 5 / 10) ** (1 / 3))
    area = math.pi * 5**2
    assert pair(8.0, area=area, ndim=3, n=4000.0) == pytest.approx(
        (DEFAULT.contact * 5 / 10) ** (1 / 3)
    )


def test_a_shoulder_may_be_an_object_but_a_piece_of_a_slope_is_none():
    assert pair(10.0, width=(10.0, 40.0)) < 1
    assert pair(10.0, width=(10.0, 40.0), is_slope=True) >= 1
    assert pair(9.0, width=(10.0, 40.0), is_slope=True) == pair(9.0, width=(10.0, 40.0))


def test_ratio_rises_with_the_width_of_the_neck():
    found = [pair(saddle) for saddle in np.linspace(0.5, 9.5, 20)]
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_shape_speaks_for_a_neck_and_against_it(ndim):
    n = 300.0 if ndim == 2 else 4000.0
    plain = pair(8.0, ndim=ndim, n=n)
    assert pair(8.0, shapes=(1.0, 1.0, 0.9), ndim=ndim, n=n) < plain
    assert pair(8.0, shapes=(0.9, 0.9, 1.0), ndim=ndim, n=n) > plain


def test_shape_alone_makes_no_neck():
    assert pair(10.0, shapes=(1.0, 1.0, 0.5)) >= 1


def slow_by_shape(saddle, width, n, shapes, chord, ndim, is_slope, area):
    """Return the ratio as the criterion's text has it."""
    length = area / 2 if ndim == 2 else math.sqrt(area / math.pi)
    saddle = min(saddle, DEFAULT.contact * length)
    narrow = min((saddle / width[0] + saddle / width[1]) / 2, 1)
    if is_slope and saddle >= (1 - DEFAULT.slope_rise) * min(width):
        narrow = 1
    notches = min(saddle / chord, 1)
    gain = min(shapes[2] / ((shapes[0] + shapes[1]) / 2), 2)
    disc = math.pi if ndim == 2 else 4 / 3 * math.pi
    held = min(disc * (width[0] ** ndim + width[1] ** ndim) / (2 * n), 1)
    weight = held * min(shapes[2], 1) ** 2
    ratio = narrow**DEFAULT.width_exponent
    ratio *= (notches * gain ** (DEFAULT.shape_exponent * ndim)) ** weight
    noise = DEFAULT.uncertainty * (1 / width[0] + 1 / width[1]) / 2
    return max(ratio, 1 - DEFAULT.deepening * (1 - narrow - noise))


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans())
@settings(max_examples=100)
def test_ratio_by_shape_is_that_of_the_text(seed, ndim, is_slope):
    rng = np.random.default_rng(seed)
    one, both = rng.uniform(0.6, 1.0), rng.uniform(0.5, 1.0)
    both = min(both, 1.9 * one)
    facts = {
        "saddle": rng.uniform(1, 12),
        "width": tuple(rng.uniform(8, 20, 2)),
        "n": rng.uniform(200, 9000),
        "shapes": (one, one, both),
        "chord": rng.uniform(1, 20),
        "ndim": ndim,
        "is_slope": is_slope,
        "area": rng.uniform(2, 300),
    }
    assert pair(**facts) == pytest.approx(min(slow_by_shape(**facts), 1e6), rel=1e-6)


# What the image says

SHORT, PATCH = DEFAULT.short_border, patch_of_texture(2, DEFAULT)
BETA = 0.5


def border(area=30.0, step=0.0, brightness=0.0, ridge=0.0):
    """Return the sums over a border with these means."""
    return np.array([area, area * ridge, area * step, area, area * brightness])


def part(mean=0.0, deviation=0.0):
    """Return the sums over a part, each pixel weighing the same."""
    return 100.0 * np.array([1.0, mean, mean**2 + deviation**2])


def compared(sums, criterion, one=None, other=None, n=PATCH):
    """Return the ratio of two parts of n pixels."""
    nodes = two_parts(n, (1.0, 1.0, 1.0), 0.1, 2)
    nodes[0, 10:], nodes[1, 10:] = (
        part() if one is None else one,
        part() if other is None else other,
    )
    return ratios(
        np.array([0], np.int32),
        np.array([1], np.int32),
        np.array([6.0]),
        np.array([0], np.uint8),
        np.array([sums]),
        np.array([10.0, 10.0]),
        nodes,
        criterion,
    )[0]


def evidence(sums, one=None, other=None, n=PATCH, parameters=DEFAULT):
    """Return what the image says for a neck, for each unit of beta."""
    with_image = compared(sums, neck_ratio(PLANE, parameters, BETA), one, other, n)
    without = compared(sums, neck_ratio(PLANE, parameters), one, other, n)
    return -math.log(with_image / without) / BETA


def test_parts_that_are_equally_bright_speak_against_a_neck_and_the_others_for_one():
    assert evidence(border()) == pytest.approx(-DEFAULT.per_contrast)
    found = [evidence(border(), part(-m), part(m)) for m in np.linspace(0, 1, 20)]
    assert found[0] < 0 < found[-1]
    assert (np.diff(found) >= -1e-7).all()
    assert found[-1] == pytest.approx(DEFAULT.per_contrast * (DEFAULT.contrast_limit - 1))


def test_contrast_is_measured_in_deviations_within_the_parts():
    smooth = evidence(border(), part(-0.5), part(0.5))
    rough = evidence(border(), part(-0.5, 1.0), part(0.5, 1.0))
    least = DEFAULT.smoothest
    assert smooth == pytest.approx(DEFAULT.per_contrast * (1 / least - 1), rel=1e-6)
    assert rough == pytest.approx(DEFAULT.per_contrast * (1 / np.hypot(1, least) - 1), rel=1e-6)


def test_the_same_contrast_proves_more_between_large_parts():
    parts = part(-0.2, 1.0), part(0.2, 1.0)
    assert evidence(border(), *parts, n=40 * PATCH) > 0 > evidence(border(), *parts)


def test_a_dark_border_is_a_neck_and_a_bright_one_is_nothing():
    dark, as_bright, bright = (evidence(border(brightness=t)) for t in (-1.0, 0.0, 1.0))
    assert dark > 0
    assert as_bright == bright
    share = 30 / (30 + SHORT)
    wanted = DEFAULT.per_dip * (share / DEFAULT.smoothest - DEFAULT.dip)
    assert dark - bright == pytest.approx(wanted, rel=1e-6)


def test_a_short_border_proves_less():
    long, short = (evidence(border(area, brightness=-1.0)) for area in (100.0, 20.0))
    assert long > short


def test_a_step_counts_whichever_side_is_bright():
    up, flat, down = (evidence(border(step=s)) for s in (2.0, 0.2, -2.0))
    assert up == down
    assert flat == evidence(border())
    wanted = DEFAULT.per_step * (2.0 * 30 / (30 + SHORT) - DEFAULT.step)
    assert up - flat == pytest.approx(wanted, rel=1e-6)


def test_without_an_image_nothing_is_said():
    nothing = np.zeros(3)
    assert evidence(np.array([30.0, 0, 0, 0, 0]), nothing, nothing) == 0


def test_a_ridge_or_a_step_is_a_border_by_the_image_alone():
    criterion = border_strength(PLANE, DEFAULT)
    share, step = 30 / (30 + SHORT), DEFAULT.step * DEFAULT.step_inside
    ridge = compared(border(ridge=2.0), criterion)
    assert ridge == pytest.approx(-(2.0 * share - DEFAULT.ridge), abs=1e-8)
    for sign in (-1, 1):
        found = compared(border(step=2.0 * sign), criterion)
        assert found == pytest.approx(-(2.0 * share - step), abs=1e-8)
    assert compared(border(ridge=0.5, step=0.5), criterion) > 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_lengths_of_parameters_are_in_finest_pixels(ndim):
    plain, fine = (neck_ratio(Grid((3.0, p, p), ndim), DEFAULT, BETA) for p in (1.0, 0.5))
    short, patch = 13, 14
    assert plain[short] / fine[short] == pytest.approx(2 ** (ndim - 1))
    assert plain[patch] / fine[patch] == pytest.approx(2**ndim)


def test_every_number_of_the_criterion_is_handed_on():
    numbers = neck_ratio(PLANE, DEFAULT, BETA)
    for name in (
        "width_exponent",
        "shape_exponent",
        "slope_rise",
        "deepening",
        "uncertainty",
        "contact",
        "short_border",
        "per_step",
        "step",
        "per_contrast",
        "contrast",
        "contrast_limit",
        "per_dip",
        "dip",
        "smoothest",
        "ridge",
    ):
        changed = replace(DEFAULT, **{name: getattr(DEFAULT, name) * 2 + 1})
        assert (neck_ratio(PLANE, changed, BETA) != numbers).sum() == 1
