"""What the answers of a review teach."""

import time
from dataclasses import replace

import numpy as np
import pytest

from napari_ncut import Recipe, SplitSettings, scenes, split_touching, split_tree
from napari_ncut.objects.review import necks
from napari_ncut.runs.stacks import Source, StackSession
from napari_ncut.runs.teaching import FEWEST, error_rate, lesson
from napari_ncut.splitting.criterion.teach import N_WEIGHTS, PRIOR, learned

NECK = SplitSettings().neck


@pytest.fixture(scope="module")
def tree():
    scene = scenes.field(600, size=760, seed=1, radius=(4, 14))
    return split_tree(scene.mask, scene.image)


def answers(tree, rows, cut):
    """Return decisions about rows, as a review makes them."""
    sides = necks(tree)
    return {(): {tuple(sides[row].tolist()): cut for row in rows}}


def doubtful(tree, n):
    return np.argsort(np.abs(tree.ratio - NECK))[:n]


def test_without_weights_a_tree_is_what_it_was(tree):
    assert tree.taught(()) is tree
    same = tree.taught(np.zeros(N_WEIGHTS))
    np.testing.assert_array_equal(same.ratio, tree.ratio)


@pytest.mark.parametrize("cut", [True, False])
def test_who_cuts_all_that_is_in_doubt_gets_more_objects_and_who_joins_it_gets_fewer(tree, cut):
    found = lesson({(): tree}, answers(tree, doubtful(tree, 20), cut), NECK)
    assert found.n_answers == 20
    assert found.right_after >= found.right_before
    before, after = tree.cut(NECK).max(), tree.taught(found.weights).cut(NECK).max()
    assert (after > before) if cut else (after <= before)
    assert {change.is_cut for change in found.changes} <= {cut}


def test_the_changes_are_those_of_the_necks(tree):
    given = answers(tree, doubtful(tree, 12), False)
    found = lesson({(): tree}, given, NECK)
    before, after = tree.ratio < NECK, tree.taught(found.weights).ratio < NECK
    rows = np.setdiff1d(np.flatnonzero(before != after), doubtful(tree, 12))
    assert len(rows) > 0
    assert [change.row for change in found.changes] == rows.tolist()
    assert f"would change {len(rows)} of {len(tree.ratio)} necks" in found.text
    again = lesson({(): tree}, given, NECK, found.weights)
    assert again.weights == found.weights
    assert again.changes == []


def test_answers_that_agree_with_the_criterion_change_little(tree):
    rows = np.argsort(-np.abs(tree.ratio - NECK))[:20]
    sides = necks(tree)
    agreed = {(): {tuple(sides[k].tolist()): bool(tree.ratio[k] < NECK) for k in rows}}
    found = lesson({(): tree}, agreed, NECK)
    assert found.right_before == found.right_after == 20
    assert len(found.changes) <= 0.05 * len(tree.ratio)


def test_answers_that_contradict_each_other_teach_nothing(tree):
    rows = doubtful(tree, 20)
    sides = necks(tree)[rows[np.argsort(tree.ratio[rows])]]
    mixed = {(): {tuple(pair.tolist()): k % 2 == 0 for k, pair in enumerate(sides)}}
    found = lesson({(): tree}, mixed, NECK)
    assert not found.is_clear
    assert not np.any(found.weights)
    assert found.changes == []
    assert "nothing to learn" in found.text


def test_too_few_answers_teach_nothing(tree):
    few = answers(tree, doubtful(tree, FEWEST - 1), True)
    assert lesson({(): tree}, few, NECK) is None


def test_the_weights_are_those_of_a_regression_with_a_prior():
    rng = np.random.default_rng(0)
    numbers, known = rng.normal(size=(30, N_WEIGHTS)), rng.normal(size=30)
    joined = rng.random(30) < 0.5
    weights = learned(numbers, known, joined)

    def cost(w):
        odds = known + numbers @ w
        return (np.logaddexp(0, odds) - joined * odds).sum() + 0.5 * ((w / PRIOR) ** 2).sum()

    for direction in np.eye(N_WEIGHTS):
        for step in (-0.01, 0.01):
            assert cost(weights) < cost(weights + step * direction)
    assert not learned(numbers[:0], known[:0], joined[:0]).any()


def test_taught_weights_are_settings_that_a_recipe_keeps(tree):
    scene = scenes.field(600, size=760, seed=1, radius=(4, 14))
    found = lesson({(): tree}, answers(tree, doubtful(tree, 20), True), NECK)
    recipe = Recipe(SplitSettings(taught=found.weights))
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    labels = again.run(scene.image, scene.mask).labels
    wanted = tree.taught(found.weights).cut(NECK)
    np.testing.assert_array_equal(labels, wanted)
    np.testing.assert_array_equal(
        split_touching(scene.mask, scene.image, taught=found.weights), wanted
    )


def test_a_session_gives_the_same_tree_for_the_same_weights():
    scene = scenes.circles(4)
    source = Source(None, scene.mask, 2, (1.0, 1.0))
    session, taught = StackSession(), (0.5,) * N_WEIGHTS
    first = session.run(source, SplitSettings(taught=taught))
    assert session.run(source, SplitSettings(taught=taught)).trees[()] is first.trees[()]
    plain = session.run(source, SplitSettings())
    assert plain.trees[()] is not first.trees[()]


@pytest.mark.parametrize(
    "value", [[1.0], "weights", [float("nan")] * N_WEIGHTS, [1e9] * N_WEIGHTS, {"a": 1}]
)
def test_what_are_no_weights_is_refused(value):
    data = Recipe(SplitSettings()).to_dict()
    data["settings"]["taught"] = value
    with pytest.raises(ValueError, match="taught"):
        Recipe.from_dict(data)


def test_weights_of_a_wrong_number_are_refused(tree):
    with pytest.raises(ValueError, match="taught weights"):
        tree.taught([1.0, 2.0])


def test_trees_without_terms_can_not_be_taught(tree):
    with pytest.raises(ValueError, match="judged by"):
        replace(tree, terms=None).taught(np.ones(N_WEIGHTS))


@pytest.mark.parametrize(("wrong", "n"), [(0, 5), (5, 5), (2, 10), (30, 200)])
def test_the_rate_of_errors_lies_in_its_interval(wrong, n):
    share, low, high = error_rate(wrong, n)
    assert share == wrong / n
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    rng = np.random.default_rng(0)
    inside = [
        low_ - 1e-12 <= share <= high_ + 1e-12
        for k in rng.binomial(n, share, 500)
        for _, low_, high_ in [error_rate(int(k), n)]
    ]
    assert np.mean(inside) > 0.9


def test_nothing_asked_tells_nothing():
    share, low, high = error_rate(0, 0)
    assert np.isnan(share)
    assert (low, high) == (0, 1)


def test_a_lesson_is_learned_in_a_moment(tree):
    decisions = answers(tree, doubtful(tree, 20), True)
    lesson({(): tree}, decisions, NECK)
    start = time.process_time()
    lesson({(): tree}, decisions, NECK)
    assert time.process_time() - start < 1
