"""Merging fragments: the heap against a search through all pairs, and what the ratio says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.evidence import ImageWeights
from napari_ncut.fragments import Contacts
from napari_ncut.merging import ellipticity, half_chord, merge_fragments, neck_ratio

LEAST = np.full(3, 1 / 12)
WEIGHTS = ImageWeights(strength=3.0, texture=0.2, short=8.0, step=2.0, slope=0.1)


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


def pair(
    height=6.0,
    image=0.0,
    width=(10.0, 10.0),
    volume=(300.0, 300.0),
    shape=(1.0, 1.0, 1.0),
    chord=0.0,
):
    return neck_ratio(height, chord, image, *width, *volume, *shape, 2)


def test_ratio_is_the_root_of_the_mean_of_the_width_of_the_neck_over_those_of_the_parts():
    assert pair(6.0, width=(10.0, 10.0)) == pytest.approx(math.sqrt(0.6))
    assert pair(6.0, width=(8.0, 12.0)) == pytest.approx(math.sqrt((6 / 8 + 6 / 12) / 2))


def test_a_neck_is_narrower_the_more_it_falls_short_of_the_chord():
    assert pair(8.0, chord=8.0) == pair(8.0)
    assert pair(8.0, chord=10.0) == pytest.approx(0.8)
    assert pair(8.0, chord=14.0) < pair(8.0, chord=12.0)


def test_notches_alone_make_no_neck():
    assert pair(10.0, chord=20.0) == pytest.approx(1)


def test_the_slightest_rise_is_noise():
    assert pair(9.99, width=(10.0, 40.0)) == pytest.approx(1)


def test_ratio_rises_with_the_width_of_the_neck_and_falls_with_the_image():
    ratios = [pair(height) for height in np.linspace(0.5, 9.5, 20)]
    assert (np.diff(ratios) > 0).all()
    seen = [pair(8.0, image) for image in np.linspace(0, 2, 20)]
    assert (np.diff(seen) < 0).all()


def test_shape_speaks_for_a_neck_and_against_it():
    assert pair(8.0, shape=(1.0, 1.0, 0.9)) < pair(8.0) < pair(8.0, shape=(0.9, 0.9, 1.0))


def test_shape_alone_makes_no_neck():
    assert pair(10.0, shape=(1.0, 1.0, 0.5)) == pytest.approx(1)


def slow_ratio(row, a, b, peaks, moments, ndim):
    height, area, evidence, step = row
    half = area / 2 if ndim == 2 else math.sqrt(area / math.pi)
    seen = evidence / (area + WEIGHTS.short)
    slope = abs(step) / (area + WEIGHTS.short)
    image = WEIGHTS.strength * max(seen - WEIGHTS.texture, 0)
    image += WEIGHTS.step * max(slope - WEIGHTS.slope, 0)
    both = moments[a] + moments[b]
    volumes, shapes = zip(
        *((m[0], ellipticity(m, LEAST, ndim)) for m in (moments[a], moments[b], both)), strict=True
    )
    widths = peaks[a], peaks[b]
    chord = half_chord(moments[a], moments[b], LEAST, ndim)
    return neck_ratio(min(height, 1.3 * half), chord, image, *widths, *volumes[:2], *shapes, ndim)


def slow_merges(contacts, peaks, moments, ndim):
    """Merge the pair with the highest ratio, of all pairs computed anew, again and again."""
    peaks, moments = list(peaks), [m.copy() for m in moments]
    rows = {
        (a, b): row
        for a, b, *row in zip(
            contacts.low, contacts.high, contacts.height, contacts.area, contacts.evidence,
            contacts.step, strict=True,
        )
    }  # fmt: skip
    members = {k: frozenset([k]) for k in range(len(peaks))}
    least = dict.fromkeys(members, 1.0)
    result = []
    while rows:
        ratios = {pair: slow_ratio(row, *pair, peaks, moments, ndim) for pair, row in rows.items()}
        a, b = max(ratios, key=ratios.get)
        least[a] = min(ratios[a, b], least[a], least[b])
        result.append((least[a], {members[a], members[b]}))
        members[a] |= members[b]
        peaks[a] = max(peaks[a], peaks[b])
        moments[a] = moments[a] + moments[b]
        old, rows = rows, {}
        for ends, (height, area, seen, step) in old.items():
            now = tuple(a if end == b else end for end in ends)
            if now[0] == now[1]:
                continue
            new = tuple(sorted(now))
            step = step if new == now else -step
            before = rows.get(new, (0.0, 0.0, 0.0, 0.0))
            sums = zip(before[1:], (area, seen, step), strict=True)
            rows[new] = max(before[0], height), *(x + y for x, y in sums)
    return result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=60)
def test_the_heap_merges_what_a_search_through_all_pairs_merges(seed, ndim):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    shape = (1, 24, 24) if ndim == 2 else (8, 10, 10)
    owner = rng.integers(0, n, shape)
    moments = moments_of(*(owner == k for k in range(n)))
    peaks = rng.uniform(2, 9, n)
    every = np.array([(a, b) for a in range(n) for b in range(a + 1, n)], np.int32)
    kept = every[rng.random(len(every)) < 0.5]
    low, high = np.ascontiguousarray(kept.T)
    height = peaks[kept].min(axis=1) * rng.uniform(0.3, 1, len(kept))
    area, seen = rng.uniform(1, 20, len(kept)), rng.normal(size=len(kept))
    step = rng.normal(scale=5.0, size=len(kept))
    contacts = Contacts(low, high, height, np.arange(len(kept)), area, seen, step)
    merges = merge_fragments(contacts, peaks, moments, LEAST, ndim, WEIGHTS)
    wanted = slow_merges(contacts, peaks, moments, ndim)
    np.testing.assert_allclose(merges.ratio, [ratio for ratio, _ in wanted])
    members = [frozenset([k]) for k in range(n)]
    for a, b, (_, parts) in zip(merges.kept, merges.gone, wanted, strict=True):
        assert {members[a], members[b]} == parts
        members[a] |= members[b]


def test_the_pass_of_two_contacts_that_become_one_is_the_higher():
    moments = moments_of(*(np.arange(300).reshape(1, 15, 20) % 3 == k for k in range(3)))
    low, high = np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32)
    contacts = Contacts(
        low, high, np.array([9.0, 2.0, 4.0]), np.arange(3), np.full(3, 20.0), *np.zeros((2, 3))
    )
    merges = merge_fragments(contacts, np.full(3, 10.0), moments, LEAST, 2, WEIGHTS)
    assert set(merges.contact) == {0, 2}
