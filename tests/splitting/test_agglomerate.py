"""Merging fragments: the heap against a search through all pairs, and what the ratio says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.agglomerate import merge_fragments, neck_ratio
from napari_ncut.splitting.ellipses import ellipticity, half_chord
from napari_ncut.splitting.image_terms import ImageWeights, image_evidence
from napari_ncut.splitting.moments import measure
from napari_ncut.splitting.watershed import Contacts

LEAST = np.full(3, 1 / 12)
WEIGHTS = ImageWeights(beta=0.3, short=8.0, patch=5.0)


def moments_of(owner, n):
    """Return volume, first and second moments of the pixels of each owner."""
    ndim = sum(side > 1 for side in owner.shape)
    return measure(owner.astype(np.int32), (1.0, 1.0, 1.0), n, ndim, Monitor())


def pair(
    height=6.0,
    width=(10.0, 10.0),
    volume=(300.0, 300.0),
    shape=(1.0, 1.0, 1.0),
    chord=0.0,
    ndim=2,
    is_slope=False,
):
    return neck_ratio(height, chord, *width, *volume, *shape, 1.0, ndim, is_slope)


def test_ratio_is_the_cube_root_of_the_width_of_the_neck_over_the_mean_of_those_of_the_parts():
    assert pair(6.0, width=(10.0, 10.0)) == pytest.approx(0.6 ** (1 / 3))
    assert pair(6.0, width=(8.0, 12.0)) == pytest.approx(((6 / 8 + 6 / 12) / 2) ** (1 / 3))


def test_a_neck_is_narrower_the_more_it_falls_short_of_the_chord():
    assert pair(8.0, chord=8.0) == pair(8.0)
    assert pair(8.0, chord=10.0) == pytest.approx(0.8 * pair(8.0))
    assert pair(8.0, chord=14.0) < pair(8.0, chord=12.0)


def test_of_long_and_of_bent_parts_the_ellipse_tells_little():
    round_ones, long = pair(6.0, chord=10.0), pair(6.0, chord=10.0, volume=(3000.0, 3000.0))
    bent = pair(6.0, chord=10.0, shape=(0.5, 0.5, 0.5))
    assert round_ones < bent < pair(6.0)
    assert round_ones < long < pair(6.0)


def test_notches_alone_make_no_neck():
    assert pair(10.0, chord=20.0) >= 1


def test_a_waist_of_a_fraction_of_a_pixel_makes_no_neck():
    assert pair(9.9, chord=20.0) >= 1
    assert pair(9.0, chord=20.0) < 0.6


def test_a_shoulder_may_be_an_object_but_a_piece_of_a_slope_is_none():
    assert pair(10.0, width=(10.0, 40.0)) < 1
    assert pair(10.0, width=(10.0, 40.0), is_slope=True) >= 1
    assert pair(9.0, width=(10.0, 40.0), is_slope=True) == pair(9.0, width=(10.0, 40.0))


def test_ratio_rises_with_the_width_of_the_neck():
    ratios = [pair(height) for height in np.linspace(0.5, 9.5, 20)]
    assert (np.diff(ratios) > 0).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_shape_speaks_for_a_neck_and_against_it(ndim):
    plain = pair(8.0, ndim=ndim)
    assert pair(8.0, shape=(1.0, 1.0, 0.9), ndim=ndim) < plain
    assert pair(8.0, shape=(0.9, 0.9, 1.0), ndim=ndim) > plain


def test_shape_alone_makes_no_neck():
    assert pair(10.0, shape=(1.0, 1.0, 0.5)) >= 1


def slow_ratio(border, is_slope, a, b, peaks, moments, tones, ndim):
    half = border[1] / 2 if ndim == 2 else np.sqrt(border[1] / np.pi)
    both = moments[a] + moments[b]
    volumes, shapes = zip(
        *((m[0], ellipticity(m, LEAST, ndim)) for m in (moments[a], moments[b], both)), strict=True
    )
    chord = half_chord(moments[a], moments[b], LEAST, ndim)
    height = min(border[0], 1.3 * half)
    widths = peaks[a], peaks[b]
    shape = neck_ratio(height, chord, *widths, *volumes[:2], *shapes, 1.0, ndim, is_slope)
    facts = tones[a], tones[b], *volumes[:2], WEIGHTS.short, WEIGHTS.patch
    return shape * np.exp(-WEIGHTS.beta * image_evidence(border, *facts))


def slow_merges(contacts, hill, peaks, moments, tones, ndim):
    """Merge the pair with the highest ratio, of all pairs computed anew, again and again."""
    peaks, moments, tones = list(peaks), [*moments], [*tones]
    pairs = list(zip(contacts.low, contacts.high, strict=True))
    rows = dict(zip(pairs, contacts.sums, strict=True))
    slopes = {(a, b): hill[a] == hill[b] for a, b in pairs}
    members = {k: frozenset([k]) for k in range(len(peaks))}
    least = dict.fromkeys(members, 1.0)
    result = []
    while rows:
        facts = peaks, moments, tones, ndim
        ratios = {ends: slow_ratio(row, slopes[ends], *ends, *facts) for ends, row in rows.items()}
        a, b = max(ratios, key=ratios.get)
        least[a] = min(ratios[a, b], least[a], least[b])
        result.append((least[a], {members[a], members[b]}))
        members[a] |= members[b]
        peaks[a] = max(peaks[a], peaks[b])
        moments[a], tones[a] = moments[a] + moments[b], tones[a] + tones[b]
        old, rows = rows, {}
        old_slopes, slopes = slopes, {}
        for ends, row in old.items():
            now = tuple(a if end == b else end for end in ends)
            if now[0] == now[1]:
                continue
            new = tuple(sorted(now))
            row = row * ([1, 1, 1, 1, 1, 1] if new == now else [1, 1, 1, -1, 1, 1])
            before = rows.get(new, np.zeros(6))
            if row[0] > before[0]:
                slopes[new] = old_slopes[ends]
            rows[new] = np.append(max(before[0], row[0]), before[1:] + row[1:])
    return result


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=60)
def test_the_heap_merges_what_a_search_through_all_pairs_merges(seed, ndim):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    shape = (1, 24, 24) if ndim == 2 else (8, 10, 10)
    owner = rng.integers(0, n, shape)
    moments = moments_of(owner, n)
    peaks = rng.uniform(2, 9, n)
    weight, mean = rng.uniform(10, 100, n), rng.normal(size=n)
    tones = np.stack([weight, weight * mean, weight * (mean**2 + rng.uniform(0, 1, n))], axis=1)
    every = np.array([(a, b) for a in range(n) for b in range(a + 1, n)], np.int32)
    kept = every[rng.random(len(every)) < 0.5]
    low, high = np.ascontiguousarray(kept.T)
    hill = rng.integers(0, 3, n).astype(np.int32)
    height = peaks[kept].min(axis=1) * np.minimum(rng.uniform(0.3, 1.5, len(kept)), 1)
    height *= rng.uniform(0.998, 1, len(kept))
    area, weight = rng.uniform(1, 20, (2, len(kept)))
    line, step, tone = rng.normal(scale=5.0, size=(3, len(kept)))
    sums = np.stack([height, area, line, step, weight, tone], axis=1)
    contacts = Contacts(low, high, np.arange(len(kept)), sums)
    merges = merge_fragments(contacts, hill, peaks, moments, tones, LEAST, ndim, WEIGHTS)
    wanted = slow_merges(contacts, hill, peaks, moments, tones, ndim)
    np.testing.assert_allclose(merges.ratio, [ratio for ratio, _ in wanted])
    members = [frozenset([k]) for k in range(n)]
    for a, b, (_, parts) in zip(merges.kept, merges.gone, wanted, strict=True):
        assert {members[a], members[b]} == parts
        members[a] |= members[b]


def test_the_pass_of_two_contacts_that_become_one_is_the_higher():
    moments = moments_of(np.arange(300).reshape(1, 15, 20) % 3, 3)
    low, high = np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32)
    sums = np.zeros((3, 6))
    sums[:, 0], sums[:, 1] = (9.0, 2.0, 4.0), 20.0
    contacts = Contacts(low, high, np.arange(3), sums)
    hill, peaks, tones = np.arange(3, dtype=np.int32), np.full(3, 10.0), np.zeros((3, 3))
    merges = merge_fragments(contacts, hill, peaks, moments, tones, LEAST, 2, WEIGHTS)
    assert set(merges.contact) == {0, 2}
