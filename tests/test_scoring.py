"""The scores of the benchmarks, on cases worked out by hand."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

# The benchmarks are scripts, not a package.
spec = importlib.util.spec_from_file_location(
    "scoring", Path(__file__).parent / "benchmarks" / "scoring.py"
)
scoring = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scoring)

# Two objects that touch, and one alone.
TRUTH = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 0, 3, 3]])


def test_the_truth_itself_scores_1_whatever_its_numbers():
    assert scoring.scores(TRUTH, TRUTH) == (1.0, 1.0)
    assert scoring.scores(TRUTH, np.where(TRUTH > 0, 70 - 10 * TRUTH, 0)) == (1.0, 1.0)


def test_a_missed_split_costs_two_objects():
    merged = np.where(TRUTH == 2, 1, TRUTH)
    # One match (the lone object) of 3 objects and 2 found; among those that touch, none.
    assert scoring.f1(TRUTH, merged) == pytest.approx(2 / 5)
    assert scoring.touching_f1(TRUTH, merged) == 0


def test_a_split_too_many_costs_its_object():
    found = TRUTH.copy()
    found[0, 6:8] = 4
    assert scoring.f1(TRUTH, found) == pytest.approx(2 * 2 / 7)
    assert scoring.touching_f1(TRUTH, found) == pytest.approx(2 * 1 / 5)


def test_a_match_is_more_than_the_threshold_and_not_just_as_much():
    truth, found = np.ones((1, 10), int), np.zeros((1, 10), int)
    found[0, :7] = 1
    assert scoring.f1(truth, found, iou=0.7) == 0
    found[0, 7] = 1
    assert scoring.f1(truth, found, iou=0.7) == 1


def test_overlaps_are_intersection_over_union():
    found = np.array([[5, 5, 0, 0, 0, 5, 5, 5, 0, 7, 0]])
    np.testing.assert_allclose(scoring.overlaps(TRUTH, found), [[2 / 7, 0], [3 / 6, 0], [0, 1 / 2]])


def test_without_objects_that_touch_there_is_no_score_of_them():
    alone = np.where(TRUTH == 2, 0, TRUTH)
    assert scoring.f1(alone, alone) == 1
    assert np.isnan(scoring.touching_f1(alone, alone))


def test_objects_that_share_a_corner_only_do_not_touch():
    assert not scoring.crowds(np.array([[1, 0], [0, 2]])).any()
    assert scoring.crowds(np.array([[1, 2], [0, 2]])).sum() == 3


def test_missed_objects_are_told_by_their_cause():
    assert scoring.errors(TRUTH, TRUTH) == (0, 0, 0)
    assert scoring.errors(TRUTH, np.where(TRUTH == 2, 1, TRUTH)) == (2, 0, 0)
    cut = TRUTH.copy()
    cut[0, 6:8] = 4
    assert scoring.errors(TRUTH, cut) == (0, 1, 0)
    shifted = np.array([[1, 1, 0, 0, 2, 2, 2, 2, 0, 3, 3]])
    assert scoring.errors(TRUTH, shifted) == (0, 0, 1)
    assert scoring.errors(TRUTH, np.zeros_like(TRUTH)) == (0, 0, 3)
