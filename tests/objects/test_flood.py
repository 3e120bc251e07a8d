"""The connected piece around a pixel, against SciPy's labelling of the whole image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.objects.flood import flood


def slow_and_obvious(labels, point):
    pieces, _ = ndi.label(labels == labels[point])
    box = ndi.find_objects((pieces == pieces[point]).astype(int))[0]
    return tuple(s.start for s in box), pieces[box] == pieces[point]


@pytest.mark.parametrize("shape", [(17, 23), (7, 9, 11)])
@given(seed=st.integers(0, 2**32 - 1))
def test_piece_is_that_of_scipy(shape, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, shape).astype(np.int32)
    point = tuple(int(rng.integers(n)) for n in shape)
    corner, mask = flood(labels, point)
    expected_corner, expected = slow_and_obvious(labels, point)
    assert corner == expected_corner
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64])
def test_any_integers_and_views_serve(dtype):
    labels = np.zeros((20, 30), dtype)
    labels[4:9, 3:14] = 5
    for view, point in ((labels, (5, 5)), (labels.T, (5, 5)), (labels[::2], (3, 5))):
        corner, mask = flood(view, point)
        expected_corner, expected = slow_and_obvious(view, point)
        assert corner == expected_corner
        np.testing.assert_array_equal(mask, expected)


def test_a_labyrinth_longer_than_the_first_stack():
    labels = np.ones((301, 301), np.uint8)
    labels[1::4, :-1] = 0
    labels[3::4, 1:] = 0
    corner, mask = flood(labels, (0, 0))
    assert corner == (0, 0)
    np.testing.assert_array_equal(mask, labels == 1)
