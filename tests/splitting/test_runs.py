"""Connected components as runs, against those of SciPy."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import use_threads
from napari_ncut.splitting.holes.runs import numbered_components, runs_in_rows, runs_of


@pytest.mark.parametrize("shape", [(1, 300, 400), (20, 60, 70), (1, 1, 9), (3, 0, 5), (2, 4, 0)])
@pytest.mark.parametrize("over_corners", [False, True])
def test_components_are_those_of_scipy(shape, over_corners):
    labels = np.random.default_rng(0).integers(0, 3, shape).astype(np.int32)
    over = np.ones((3, 3, 3)) if over_corners else None
    with use_threads(3):
        found, runs = numbered_components(labels, over_corners, Monitor())
    wanted = np.zeros(shape, int)
    for label in (1, 2):
        wanted += ndi.label(labels == label, over)[0] + wanted.max(initial=0) * (labels == label)
    # The same pieces, by another number: in the order of their first pixels.
    assert len(np.unique(np.stack([found, wanted]).reshape(2, -1), axis=1).T) == len(
        np.unique(wanted)
    )
    first = np.unique(found[found > 0], return_index=True)
    np.testing.assert_array_equal(first[0], np.arange(1, len(first[0]) + 1))
    assert (np.diff(first[1]) > 0).all()
    painted = np.zeros((shape[0] * shape[1], shape[2]), np.int32)
    for row, start, stop, number in runs:
        painted[row, start:stop] = number
    np.testing.assert_array_equal(painted.reshape(shape), found)


def test_runs_of_background_fill_what_no_label_does():
    labels = np.random.default_rng(1).integers(0, 2, (2, 50, 60)).astype(np.int32)
    runs, first = runs_in_rows(labels, True, Monitor())
    covered = np.zeros((100, 60), bool)
    for row, start, stop, one in runs:
        assert one == 1
        covered[row, start:stop] = True
    np.testing.assert_array_equal(covered.reshape(labels.shape), labels == 0)
    np.testing.assert_array_equal(np.diff(first), np.bincount(runs[:, 0], minlength=100))
    united, _ = runs_of(labels, True, True, Monitor())
    assert len(np.unique(united[:, 3])) == ndi.label(labels == 0, np.ones((3, 3, 3)))[1]
