"""Pixels are set and shown, whatever the view is of."""

import numpy as np
import pytest

from napari_ncut.plugin.shared.napari_private import set_pixels

CHANGES = [((np.array([2, 3]), np.array([4, 5])), 7), ((np.array([9]), np.array([9])), 8)]


def set_and_undone(layer):
    before = layer.data.copy()
    set_pixels(layer, CHANGES)
    wanted = before.copy()
    wanted[[2, 3], [4, 5]], wanted[9, 9] = 7, 8
    np.testing.assert_array_equal(layer.data, wanted)
    np.testing.assert_array_equal(layer._slice.image.raw, wanted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_several_changes_are_one_step(window):
    set_and_undone(window.viewer.add_labels(np.ones((12, 14), np.int32)))


@pytest.mark.parametrize("part", ["view", "slice"])
def test_a_view_of_another_shape_is_made_anew(window, part):
    layer = window.viewer.add_labels(np.ones((12, 14), np.int32))
    if part == "view":
        small = layer._slice.image.view[:1, :1]
        object.__setattr__(layer._slice.image, "view", small)
    else:
        # As napari leaves it when it is told of changes before it has sliced.
        layer._updated_slice = (slice(20, 22), slice(30, 31))
    set_and_undone(layer)


def test_what_can_not_be_set_is_not_hidden(window):
    layer = window.viewer.add_labels(np.ones((12, 14), np.int32))
    with pytest.raises(IndexError):
        set_pixels(layer, [((np.array([99]), np.array([0])), 7)])
