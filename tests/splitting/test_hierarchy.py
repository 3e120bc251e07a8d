"""The hierarchy: the best partition at every penalty, and what is learned about a node."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.splitting.test_agglomerate import PLANE, random_graph

from napari_ncut import scenes, split_touching, split_tree
from napari_ncut.splitting.criterion import nodes as terms
from napari_ncut.splitting.criterion.hierarchy import NECK, hierarchy
from napari_ncut.splitting.criterion.model import model, neck_ratios
from napari_ncut.splitting.criterion.pairs import IMAGE
from napari_ncut.splitting.loops.partition import critical_penalties
from napari_ncut.splitting.parameters import DEFAULT, VERSION


def random_tree(seed, n):
    """Return parts of a random tree over n leaves, and scores of its nodes."""
    rng = np.random.default_rng(seed)
    left, parts = list(range(n)), []
    while len(left) > 1 and rng.random() < 0.95:
        a, b = rng.choice(len(left), 2, replace=False)
        parts.append((left[a], left[b]))
        left = [node for node in left if node not in parts[-1]] + [n + len(parts) - 1]
    scores = np.round(rng.random(n + len(parts)), 2)
    return np.array(parts, np.int32).reshape(-1, 2), scores


def partitions(node, n, parts):
    """Yield every choice of nodes below a node that holds each leaf once."""
    yield (node,)
    if node >= n:
        for one in partitions(parts[node - n, 0], n, parts):
            for other in partitions(parts[node - n, 1], n, parts):
                yield one + other


@given(st.integers(0, 10_000), st.integers(1, 7))
@settings(max_examples=100)
def test_critical_penalties_give_the_best_partition_at_every_penalty(seed, n):
    parts, scores = random_tree(seed, n)
    critical = critical_penalties(scores, parts)
    inside = set(parts.ravel().tolist())
    for root in set(range(n + len(parts))) - inside:
        for penalty in np.linspace(-1.003, 1.997, 25):
            best = max(sum(scores[k] - penalty for k in c) for c in partitions(root, n, parts))
            chosen, todo = [], [root]
            while todo:
                node = todo.pop()
                if node >= n and critical[node - n] > penalty:
                    todo += parts[node - n].tolist()
                else:
                    chosen.append(node)
            assert sum(scores[k] - penalty for k in chosen) == pytest.approx(best)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_no_ratio_is_above_those_within(seed):
    found = hierarchy(random_graph(seed, 2, n=30), PLANE, DEFAULT, model(), 0.25)
    n = len(found.terms) - len(found.parts)
    assert ((found.ratio >= 0) & (found.ratio <= 1)).all()
    for row, ends in enumerate(found.parts):
        for node in ends:
            assert node < n or found.ratio[row] <= found.ratio[node - n]


def test_penalties_become_ratios_with_the_default_at_the_default():
    given_ = np.array([-1.0, model().penalty, 2.0])
    np.testing.assert_allclose(neck_ratios(given_, model().penalty, NECK), [1, NECK, 0])


def test_a_fragment_has_no_division_and_a_blob_no_join():
    graph = random_graph(3, 2, n=20)
    found = hierarchy(graph, PLANE, DEFAULT, model(), 0.25)
    named = dict(zip(terms.NAMES, found.terms.T, strict=True))
    assert np.isnan(named["division_neck"][: graph.n]).all()
    assert not np.isnan(named["division_neck"][graph.n :]).any()
    roots = np.setdiff1d(np.arange(len(found.terms)), found.parts)
    assert np.isnan(named["join_neck"][roots]).all()
    assert np.isnan(named["other_size"][roots]).all()
    assert (named["share"][roots] == 1).all()
    assert named["fragments"][roots].sum() == graph.n


def test_without_beta_the_image_changes_nothing_and_its_weight_is_bounded():
    graph = random_graph(5, 2, n=30)
    blind = replace(graph, nodes=graph.nodes.copy())
    blind.nodes[:, 10:] = 0
    one, other = (hierarchy(blind, PLANE, DEFAULT, model(), beta) for beta in (0.0, 1e6))
    np.testing.assert_array_equal(one.ratio, other.ratio)
    strong = [hierarchy(graph, PLANE, DEFAULT, model(), beta).ratio for beta in (1.0, 1e6)]
    np.testing.assert_array_equal(*strong)


def test_contributions_add_up_to_the_log_odds():
    found = hierarchy(random_graph(1, 2, n=30), PLANE, DEFAULT, model(), 0.25)
    node = model().node
    start = node.value[node.root].sum()
    for row in found.terms[::7]:
        total = start + node.contributions(row).sum()
        assert total == pytest.approx(node.log_odds(row[np.newaxis])[0], abs=1e-9)


def test_terms_are_as_many_as_the_model_knows():
    assert model().node.term.max() < len(terms.NAMES)
    assert model().pair.term.max() < len(terms.PAIR)
    assert set(IMAGE) < set(terms.PAIR)


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=f"no model of version 999; there are .*{VERSION}"):
        model(999)


def test_saved_models_are_the_same_bytes_and_the_same_model(tmp_path):
    for name in "ab":
        model().save(tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["pair_value"], model().pair.value)


def test_objects_of_a_hierarchy_are_those_of_the_tree():
    scene = scenes.circles(4)
    assert split_touching(scene.mask).max() == split_tree(scene.mask).cut(NECK).max() == 4
