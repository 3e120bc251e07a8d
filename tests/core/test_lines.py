"""Lines across the rows of an array: copied into rows, worked at there, and copied back."""

import itertools

import numpy as np
import pytest
from tests.uncompiled import Both

from napari_ncut.core import parallel
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import across_rows

SHAPES = ((1, 5, 1), (3, 7, 10), (2, 300, 33), (4, 1, 2))


def add_up(added, sums, factor, n, start, stop):
    """Write the running sums of rows."""
    sums[start:stop, :n] = factor * np.cumsum(added[start:stop, :n], axis=1)


@pytest.mark.parametrize(("shape", "axis"), [*itertools.product(SHAPES, (0, 1)), ((2, 0, 3), 1)])
@pytest.mark.parametrize(("copied", "most"), [(1, 1 << 20), (1 << 16, 1 << 20), (1, 1)])
def test_a_loop_along_rows_is_one_across_them(shape, axis, copied, most, monkeypatch):
    monkeypatch.setattr(parallel, "COPIED", copied)
    monkeypatch.setattr(parallel, "MOST_COPIED", most)
    added = np.random.default_rng(0).integers(0, 9, shape).astype(np.float32)
    sums = np.zeros(shape, np.int32)
    across_rows(add_up, (added, sums), (2,), 1, axis, 1e5, Monitor())
    np.testing.assert_array_equal(sums, 2 * np.cumsum(added, axis=axis))


def test_only_the_lines_that_are_asked_for_are_changed():
    ones, sums = np.ones((2, 3, 4), np.int32), np.zeros((2, 3, 4), np.int32)
    parallel._along_middle(add_up, 2, 1, ones, sums, 1, 2, 5)
    changed = sums.swapaxes(1, 2).reshape(8, 3).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(changed), [2, 3, 4])


def test_compiled_loops_and_their_sources_give_the_same():
    lines = Both("core", "lines")
    array = np.random.default_rng(0).integers(0, 99, (2, 6, 5)).astype(np.int32)
    rows = np.zeros((7, 8), np.int32)
    lines.copy_lines(array, rows, False, 2, 9)
    back = np.zeros_like(array)
    lines.copy_lines(back, rows, True, 2, 9)
    flat, found = (a.swapaxes(1, 2).reshape(10, 6) for a in (array, back))
    np.testing.assert_array_equal(found[2:9], flat[2:9])
    assert not found[[0, 1, 9]].any()
    assert lines.called == lines.public()
