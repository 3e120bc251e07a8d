"""The ellipse of a part: how much of it is filled, and how wide it is."""

import math

import numpy as np
import pytest

from napari_ncut.splitting.ellipses import ellipticity, half_chord

LEAST = np.full(3, 1 / 12)


def moments_of(*masks):
    """Return volume, first and second moments of masks."""
    rows = []
    for mask in masks:
        z, y, x = np.nonzero(mask)
        products = (z * z, y * y, x * x, z * y, z * x, y * x)
        rows.append([len(z), *(p.sum() for p in (z, y, x, *products))])
    return np.array(rows, float)


def ellipse(shape, axes, turn):
    """Draw an ellipse or ellipsoid; the last two axes are turned by an angle."""
    z, y, x = (a - (n - 1) / 2 for a, n in zip(np.indices(shape), shape, strict=True))
    y, x = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    return (z / axes[0]) ** 2 + (y / axes[1]) ** 2 + (x / axes[2]) ** 2 <= 1


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2])
@pytest.mark.parametrize("axes", [(1, 20, 20), (1, 35, 9), (1, 12, 24)])
def test_ellipticity_of_an_ellipse_is_1(axes, turn):
    found = ellipticity(moments_of(ellipse((1, 80, 80), axes, turn))[0], LEAST, 2)
    assert found == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("axes", [(10, 10, 10), (6, 16, 10)])
def test_ellipticity_of_an_ellipsoid_is_1(axes):
    found = ellipticity(moments_of(ellipse((36, 36, 36), axes, 0.5))[0], LEAST, 3)
    assert found == pytest.approx(1, abs=0.02)


def test_two_discs_together_are_less_of_an_ellipse_than_one():
    one = np.pad(ellipse((1, 41, 41), (1, 20, 20), 0), ((0, 0), (0, 0), (0, 39)))
    moments = moments_of(one, one[..., ::-1])
    assert ellipticity(moments.sum(axis=0), LEAST, 2) < 0.95


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2])
def test_half_chord_is_half_of_a_cut_through_an_ellipse(share, turn):
    mask = ellipse((1, 160, 160), (1, 70, 40), turn)
    y, x = np.indices((160, 160)) - 79.5
    # A cut along the short axis, at the height that leaves a share of the ellipse above.
    along, across = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    level = np.quantile(along[mask[0]], share)
    above = mask & (along < level)
    a, b = moments_of(above, mask & ~above)
    near = mask[0] & (abs(along - level) < 1)
    found = half_chord(a, b, LEAST, 2)
    assert found == pytest.approx(np.ptp(across[near]) / 2, rel=0.1)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_half_chord_of_an_ellipsoid_has_the_area_of_the_cut(share):
    mask = ellipse((60, 60, 60), (14, 26, 20), 0.5)
    z = np.indices(mask.shape)[0] - 29.5
    plane = int(np.quantile(z[mask] + 29.5, share))
    above = mask & (z + 29.5 < plane)
    a, b = moments_of(above, mask & ~above)
    area = (mask[plane].sum() + mask[plane - 1].sum()) / 2
    assert half_chord(a, b, LEAST, 3) == pytest.approx(math.sqrt(area / math.pi), rel=0.1)


def test_parts_around_one_centre_have_no_chord():
    disc = ellipse((1, 41, 41), (1, 8, 8), 0)
    ring = ellipse((1, 41, 41), (1, 20, 20), 0) & ~disc
    assert half_chord(*moments_of(disc, ring), LEAST, 2) == 0
