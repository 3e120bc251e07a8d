"""Why: every term has words, and the reasons are those of the model."""

import numpy as np
import pytest

from napari_ncut import scenes, split_tree
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.criterion.nodes import NAMES
from napari_ncut.splitting.criterion.why import Reason


def test_every_term_has_words():
    for name in NAMES:
        assert "0.5" in Reason(name, 0.5, 1.0).text or "{" not in Reason(name, 0.5, 1.0).text
        assert Reason(name, 0.5, -1.0).text.endswith("(for several)")


def test_two_circles_are_several_for_reasons():
    tree = split_tree(scenes.circles(2).mask)
    found = tree.why(0, n=len(NAMES))
    weights = [abs(reason.weight) for reason in found]
    assert weights == sorted(weights, reverse=True)
    assert sum(reason.weight for reason in found) < 0
    terms = tree.terms[tree.n_fragments]
    total = model().node.value[model().node.root].sum() + model().node.contributions(terms).sum()
    assert total == pytest.approx(model().node.log_odds(terms[np.newaxis])[0])


def test_terms_are_those_of_the_nodes():
    scene = scenes.nuclei()
    tree = split_tree(scene.mask, scene.image)
    assert len(tree.terms) == tree.n_fragments + len(tree.ratio)
    share = tree.terms[:, NAMES.index("fragments")]
    assert (share[: tree.n_fragments] == 1).all()
    sums = np.concatenate([np.ones(tree.n_fragments), np.zeros(len(tree.parts))])
    for row, parts in enumerate(tree.parts):
        sums[tree.n_fragments + row] = sums[parts].sum()
    np.testing.assert_array_equal(share, sums)


@pytest.mark.parametrize("row", [-1, 1])
def test_a_row_that_is_not_there_is_told(row):
    with pytest.raises(IndexError, match="1 splits to explain"):
        split_tree(scenes.circles(2).mask).why(row)


def test_an_object_is_explained_by_the_node_that_it_is():
    scene = scenes.circles(4)
    tree = split_tree(scene.mask)
    labels = tree.cut(0.74)
    for label in range(1, labels.max() + 1):
        pixel = tuple(np.argwhere(labels == label)[0].tolist())
        one, several = tree.why_object(pixel, 0.74)
        # Its log-odds are what its terms add up to, and a constant.
        assert len(one) == len(several) == 3
        assert sum(reason.weight for reason in one) > 0 > sum(r.weight for r in several)
    # Nothing was split: the whole blob is the object.
    one, several = tree.why_object(pixel, 0.0)
    assert several == []
    root = set(range(len(tree.ratio))) - set((tree.parts - tree.n_fragments).ravel().tolist())
    assert one == tree.why(root.pop())


def test_a_decision_changes_which_object_is_explained():
    tree = split_tree(scenes.circles(2).mask)
    pixel = tuple(np.argwhere(tree.cut(0.74) == 1)[0].tolist())
    row = int(tree.ratio.argmin())
    assert tree.why_object(pixel, 0.74)[1] == tree.why(row)
    assert tree.why_object(pixel, 0.74, {row: False})[0] == tree.why(row)


@pytest.mark.parametrize("pixel", [(0, 0), (1000, 0), (-1, 0), (50,)])
def test_beside_the_objects_there_is_nothing_to_explain(pixel):
    with pytest.raises(IndexError, match="there is no object to explain"):
        split_tree(scenes.circles(2).mask).why_object(pixel, 0.74)
