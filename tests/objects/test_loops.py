"""Compiled loops over label images give what their source gives as plain Python."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut.objects import flood as module
from napari_ncut.objects.flood import flood
from napari_ncut.objects.loops import pixels


def comb(teeth):
    """Return a row with teeth below it, of which more wait than the stack begins with."""
    labels = np.zeros((3, 2 * teeth), np.uint8)
    labels[0] = 1
    labels[1:, ::2] = 1
    return labels


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint32, np.int64, ">i4", "f4"])
@pytest.mark.parametrize("shape", [(13, 17), (4, 5, 6)])
def test_flood(monkeypatch, uncompiled, shape, dtype):
    labels = (np.random.default_rng(0).random(shape) < 0.65).astype(dtype)
    start = tuple(np.argwhere(labels)[0])
    compiled = flood(labels, start)
    numbers = ndi.label(labels.astype(int))[0]
    (box,) = ndi.find_objects((numbers == numbers[start]).astype(int))
    assert compiled[0] == tuple(axis.start for axis in box)
    np.testing.assert_array_equal(compiled[1], (numbers == numbers[start])[box])
    monkeypatch.setattr(module, "loops", uncompiled(pixels))
    plain = flood(labels, start)
    assert plain[0] == compiled[0]
    np.testing.assert_array_equal(plain[1], compiled[1])


def test_a_flood_with_many_branches(monkeypatch, uncompiled):
    labels = comb(1100)
    corner, mask = flood(labels, (2, 0))
    assert corner == (0, 0)
    np.testing.assert_array_equal(mask, labels > 0)
    monkeypatch.setattr(module, "loops", uncompiled(pixels))
    np.testing.assert_array_equal(flood(labels, (2, 0))[1], mask)


def test_a_flood_of_a_part_that_is_not_in_one_piece_in_memory():
    labels = np.ones((6, 7, 8), np.int32)[::2, :, ::-3]
    labels.setflags(write=False)
    np.testing.assert_array_equal(flood(labels, (1, 1, 1))[1], np.ones((3, 7, 3), bool))


def test_middle_pixels(uncompiled):
    fragments = np.random.default_rng(0).integers(-1, 6, 200).astype(np.int32)

    def middle(loops):
        found = np.empty(6, np.int64)
        loops.middle_pixels(fragments, np.zeros(6, np.int64), found)
        return found

    wanted = [
        where[len(where) // 2] for where in (np.flatnonzero(fragments == k) for k in range(6))
    ]
    np.testing.assert_array_equal(middle(pixels), wanted)
    np.testing.assert_array_equal(middle(uncompiled(pixels)), wanted)
