"""The number of segments that the eigenvalues and the normalised cut suggest."""

import numpy as np
import pytest

from napari_ncut import scenes
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.model_selection import clearness, compare_counts, suggest_count
from napari_ncut.cutting.session import CutSession


def compare(mask, image=None, **kwargs):
    image = mask.astype(float) if image is None else image
    return compare_counts(CutSession(image, mask), CutSettings(), **kwargs)


def disc(shape, y, x, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def test_clearness_is_the_next_eigenvalue_over_the_price_of_a_cut():
    # N = 2: 0.5 / (0.02 / 1) / 2, N = 3: 0.6 / (0.6 / 2) / 3
    found = clearness([0, 0.01, 0.5, 0.6], [1, 2, 3], [0, 0.02, 0.6], ndim=1)
    np.testing.assert_allclose(found, [np.nan, 12.5, 2 / 3])


def test_connected_components_are_free_and_not_judged():
    found = clearness([0, 0, 0.01, 0.5, 0.6], [2, 3, 4], [0, 0.02, 0.6], ndim=1)
    np.testing.assert_allclose(found, [np.nan, 12.5, 2 / 3])


def test_nothing_is_suggested_where_no_number_stands_out():
    n = np.arange(1, 9)
    # A region without segments: eigenvalues grow as N, the price of a cut as its root.
    eigenvalues = np.arange(9.0)
    price = np.sqrt(n)
    assert suggest_count(eigenvalues, n, (n - 1) * price, ndim=2) is None
    assert suggest_count([0.0, 1.0], [1], [0.0], ndim=2) is None


@pytest.mark.parametrize(
    ("scene", "n"), [(scenes.circles(4), 4), (scenes.circles(2), 2), (scenes.spheres(), 4)]
)
def test_the_number_of_circles_and_spheres_is_suggested(scene, n):
    counts = compare(scene.mask, scene.image)
    assert counts.suggested == n
    np.testing.assert_array_equal(counts.n_segments, np.arange(1, 13))
    assert len(counts.eigenvalues) == 13
    assert (np.diff(counts.eigenvalues) >= 0).all()


def test_five_discs_in_a_row_are_five_and_a_single_disc_is_none():
    row = np.any([disc((60, 130), 30, 18 + 22 * k, 12) for k in range(5)], axis=0)
    assert compare(row).suggested == 5
    assert compare(disc((60, 60), 30, 30, 25)).suggested is None


def test_counting_begins_with_the_connected_components():
    mask = np.zeros((40, 400), bool)
    for k in range(20):
        mask |= disc(mask.shape, 20, 10 + 20 * k, 8)
    counts = compare(mask, n_more=3)
    np.testing.assert_array_equal(counts.n_segments, [20, 21, 22])
    assert counts.ncut[0] == 0
    assert (counts.eigenvalues[:20] == 0).all()
    assert (counts.eigenvalues[20:] > 0).all()


def test_an_object_of_three_pixels_is_cut_into_two_at_most():
    mask = np.zeros((3, 5), bool)
    mask[1, 1:4] = True
    counts = compare(mask)
    np.testing.assert_array_equal(counts.n_segments, [1, 2])


def test_counting_can_be_cancelled():
    scene = scenes.circles(4)
    with pytest.raises(Cancelled):
        compare(scene.mask, scene.image, monitor=Monitor(cancelled=lambda: True))
