"""What the image says at a border: steps, contrast and dips."""

import numpy as np
import pytest

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.image_terms import (
    DIP,
    PER_CONTRAST,
    PER_DIP,
    PER_STEP,
    SMOOTHEST,
    border_strength,
    image_evidence,
    image_weights,
    measure_tones,
)
from napari_ncut.splitting.watershed import AREA, LINE, STEP, TONE, WEIGHT

SHORT, PATCH = 10.0, 50.0


def border(area=30.0, step=0.0, tone=0.0, line=0.0):
    """Return the sums over a border with these means."""
    sums = np.zeros(6)
    sums[[AREA, LINE, STEP, WEIGHT, TONE]] = area, area * line, area * step, area, area * tone
    return sums


def part(mean=0.0, deviation=0.0):
    """Return the sums over a part."""
    return 100.0 * np.array([1.0, mean, mean**2 + deviation**2])


def evidence(sums, a, b, volume=PATCH):
    return image_evidence(sums, a, b, volume, volume, SHORT, PATCH)


def test_parts_that_are_equally_bright_speak_against_a_neck_and_the_others_for_one():
    assert evidence(border(), part(), part()) == pytest.approx(-PER_CONTRAST)
    found = [evidence(border(), part(-m), part(m)) for m in np.linspace(0, 1, 20)]
    assert found[0] < 0 < found[-1]
    assert (np.diff(found) >= 0).all()


def test_contrast_is_measured_in_deviations_within_the_parts():
    smooth = evidence(border(), part(-0.5), part(0.5))
    rough = evidence(border(), part(-0.5, 1.0), part(0.5, 1.0))
    assert smooth == pytest.approx(PER_CONTRAST * (1 / SMOOTHEST - 1))
    assert rough == pytest.approx(PER_CONTRAST * (1 / np.hypot(1, SMOOTHEST) - 1))


def test_the_same_contrast_proves_more_between_large_parts():
    parts = part(-0.2, 1.0), part(0.2, 1.0)
    large = evidence(border(), *parts, volume=40 * PATCH)
    assert large > 0 > evidence(border(), *parts)


def test_a_dark_border_is_a_neck_and_a_bright_one_is_nothing():
    dark, as_bright, bright = (evidence(border(tone=t), part(), part()) for t in (-1.0, 0.0, 1.0))
    assert dark > 0
    assert as_bright == bright
    share = 30 / (30 + SHORT)
    assert dark - bright == pytest.approx(PER_DIP * (share / SMOOTHEST - DIP))


def test_a_short_border_proves_less():
    long, short = (evidence(border(area, tone=-1.0), part(), part()) for area in (100.0, 4.0))
    assert long > short


def test_a_step_counts_whichever_side_is_bright():
    up, flat, down = (evidence(border(step=s), part(), part()) for s in (2.0, 0.2, -2.0))
    assert up == down
    assert flat == evidence(border(), part(), part())
    assert up - flat == pytest.approx(PER_STEP * (2.0 * 30 / 40 - 0.48))


def test_without_an_image_nothing_is_said():
    nothing = np.zeros(3)
    assert evidence(np.zeros(6), nothing, nothing) == 0


def test_a_line_or_a_step_is_a_border_by_the_image_alone():
    assert border_strength(border(line=2.0), SHORT) == pytest.approx(2.0 * 0.75 - 1)
    assert border_strength(border(step=-2.0), SHORT) == pytest.approx(2.0 * 0.75 - 0.48)
    assert border_strength(border(line=0.5, step=0.5), SHORT) < 0


def test_tones_are_weighted_by_the_half_width():
    rng = np.random.default_rng(0)
    fragments = rng.integers(-1, 4, (3, 40, 50)).astype(np.int32)
    width, tone = rng.random((2, *fragments.shape)).astype(np.float32)
    found = measure_tones(fragments, width, tone, 4, Monitor())
    for k in range(4):
        w, t = width[fragments == k], tone[fragments == k]
        np.testing.assert_allclose(found[k], [w.sum(), (w * t).sum(), (w * t * t).sum()], rtol=1e-5)


def test_weights_are_in_physical_units():
    plain, fine = (image_weights(0.5, (3.0, p, p), 3) for p in (1.0, 0.5))
    assert plain.short / fine.short == pytest.approx(4)
    assert plain.patch / fine.patch == pytest.approx(8)
