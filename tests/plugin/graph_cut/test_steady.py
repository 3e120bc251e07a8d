"""Previews that follow one another: what stays keeps its number, the rest is painted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut import scenes, split_touching, split_tree
from napari_ncut.plugin.graph_cut.steady import Shown, Step, steady


def same_objects(one, other):
    """Tell whether two label images differ in their numbers only."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(pairs[0]) == len(np.unique(one)) == len(np.unique(other))


@given(st.integers(0, 10_000))
@settings(max_examples=60)
def test_the_objects_are_those_that_are_wanted(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    wanted, before = (rng.integers(0, 1 + rng.integers(1, 12), n).astype(np.int32) for _ in "ab")
    number = steady(wanted, before, rng.uniform(1, 9, n))
    assert same_objects(number, wanted)
    assert ((number > 0) == (wanted > 0)).all()
    # What is the same as before has the same number.
    for k in np.unique(wanted[wanted > 0]):
        here = wanted == k
        old = before[here][0]
        if old > 0 and (here == (before == old)).all():
            assert (number[here] == old).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_step_leads_to_the_labels_of_the_tree(ndim):
    scene = scenes.field(20, size=150 if ndim == 2 else 60, ndim=ndim, radius=(9, 12))
    tree = split_tree(scene.mask)
    labels = tree.cut(0.0)
    shown = Shown.of(tree, labels)
    for neck in (0.9, 0.3, 1.0, 0.0, 0.6):
        wanted = tree.cut(neck)
        step = Step.between(shown, wanted)
        before = labels.copy()
        indices, values = step.changes
        labels[indices] = values
        assert same_objects(labels, wanted)
        assert (before[indices] != values).all()
        np.testing.assert_array_equal(Shown.of(tree, labels).number, step.after.number)
        shown = step.after


class TestWindow:
    @pytest.fixture
    def nuclei(self, window):
        window.viewer.open_sample("napari-ncut", "nuclei")
        widget = window.dock()
        window.set(widget, "neck", 0.5)
        window.wait_idle(widget)
        return window, widget

    def expected(self, widget):
        scene, controls = scenes.nuclei(), widget.controls
        return split_touching(scene.mask, scene.image, neck=controls.neck.value)

    def shown_on_canvas(self, layer):
        view = layer._slice.image.view
        return np.asarray(view)

    def test_unchanged_objects_keep_their_numbers_while_the_slider_moves(self, nuclei):
        window, widget = nuclei
        layer = widget.result_layer
        for neck in (0.9, 0.2, 1.0, 0.5):
            before = layer.data.copy()
            window.set(widget, "neck", neck)
            window.wait_idle(widget)
            assert widget.result_layer is layer
            expected = self.expected(widget)
            assert same_objects(layer.data, expected)
            # An object that is there before and after has one number.
            for k in np.unique(expected[expected > 0]):
                here = expected == k
                old = before[here][0]
                if ((before == old) == here).all():
                    assert (layer.data[here] == old).all()
            # The canvas shows what a full refresh would.
            partly = self.shown_on_canvas(layer).copy()
            layer.refresh()
            np.testing.assert_array_equal(partly, self.shown_on_canvas(layer))

    def test_what_is_kept_has_the_numbers_that_everybody_gets(self, nuclei):
        window, widget = nuclei
        for neck in (0.9, 0.7):
            window.set(widget, "neck", neck)
            window.wait_idle(widget)
        layer = window.run(widget)
        kept = self.expected(widget)
        np.testing.assert_array_equal(layer.data, kept)
        # Nothing that a preview painted can be undone.
        layer.undo()
        np.testing.assert_array_equal(layer.data, kept)
        # Previews after it leave it as it was, and without the tick it is back.
        for neck in (0.2, 0.3):
            window.set(widget, "neck", neck)
            window.wait_idle(widget)
        assert not np.array_equal(layer.data, kept)
        window.set(widget, "preview", False)
        window.wait_idle(widget)
        np.testing.assert_array_equal(layer.data, kept)

    def test_another_tree_is_shown_anew(self, nuclei):
        window, widget = nuclei
        window.set(widget, "neck", 0.8)
        window.wait_idle(widget)
        window.set(widget, "beta", 0.0)
        window.wait_idle(widget)
        scene = scenes.nuclei()
        np.testing.assert_array_equal(
            widget.result_layer.data, split_touching(scene.mask, scene.image, neck=0.8, beta=0.0)
        )

    def test_a_preview_that_was_painted_on_from_outside_is_not_painted_over(self, nuclei):
        window, widget = nuclei
        layer = widget.result_layer
        layer.data = np.zeros_like(layer.data)
        window.set(widget, "neck", 0.9)
        window.wait_idle(widget)
        assert same_objects(widget.result_layer.data, self.expected(widget))
