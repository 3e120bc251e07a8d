"""The value of a partition, and which affinities are accepted."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from napari_ncut import ncut_value
from napari_ncut.graph.affinity import as_affinity

TWO_PAIRS = np.array([[0, 2, 1, 0], [2, 0, 0, 1], [1, 0, 0, 2], [0, 1, 2, 0]], dtype=float)


def test_the_cut_of_a_square_worked_out_by_hand():
    # Each pair has the volume 6 and two links of weight 1 leave it.
    assert ncut_value(TWO_PAIRS, [0, 0, 1, 1]) == pytest.approx(2 / 6 + 2 / 6)
    assert ncut_value(TWO_PAIRS, [0, 1, 0, 1]) == pytest.approx(4 / 6 + 4 / 6)
    assert ncut_value(TWO_PAIRS, [7, 7, 7, 7]) == 0
    assert ncut_value(TWO_PAIRS, [0, 1, 2, 3]) == pytest.approx(4)


@pytest.mark.parametrize(
    "form",
    [
        np.asarray,
        sp.csr_matrix,
        sp.csr_array,
        sp.csc_array,
        sp.coo_array,
        sp.lil_array,
        sp.dok_array,
        lambda m: sp.csr_array(m.astype(np.float32)),
        lambda m: sp.csr_array(m.astype(np.int32)),
        lambda m: m.tolist(),
    ],
)
def test_every_form_of_a_matrix_gives_the_same_value(form):
    assert ncut_value(form(TWO_PAIRS), [0, 0, 1, 1]) == pytest.approx(2 / 3)


def test_the_diagonal_does_not_count():
    assert ncut_value(TWO_PAIRS + 5 * np.eye(4), [0, 0, 1, 1]) == pytest.approx(2 / 3)


def test_duplicate_entries_add_up():
    rows, columns = np.nonzero(TWO_PAIRS)
    data = TWO_PAIRS[rows, columns] / 2
    twice = sp.coo_array((np.tile(data, 2), (np.tile(rows, 2), np.tile(columns, 2))), shape=(4, 4))
    assert ncut_value(twice, [0, 0, 1, 1]) == pytest.approx(2 / 3)


def test_a_node_without_links_adds_nothing():
    alone = sp.block_diag([TWO_PAIRS, [[0]]])
    assert ncut_value(alone, [0, 0, 1, 1, 2]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_a_common_factor_changes_nothing_even_if_it_is_extreme(factor):
    assert ncut_value(TWO_PAIRS * factor, [0, 0, 1, 1]) == pytest.approx(2 / 3)


def test_no_input_is_changed():
    matrix = sp.csr_array(TWO_PAIRS + np.eye(4))
    before = matrix.toarray()
    as_affinity(matrix)
    np.testing.assert_array_equal(matrix.toarray(), before)


def test_an_asymmetric_affinity_warns_and_is_averaged():
    lopsided = TWO_PAIRS.copy()
    lopsided[0, 1] = 4
    with pytest.warns(UserWarning, match="not symmetric"):
        found = as_affinity(lopsided)
    np.testing.assert_allclose(found.toarray(), (lopsided + lopsided.T) / 2)


def test_rounding_is_not_asymmetry():
    nearly = TWO_PAIRS.copy()
    nearly[0, 1] *= 1 + 1e-14
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_affinity(nearly)


@pytest.mark.parametrize(
    ("affinity", "error", "text"),
    [
        (np.asmatrix(TWO_PAIRS), TypeError, "np.matrix"),
        (TWO_PAIRS[:3], ValueError, r"shape \(3, 4\)"),
        (np.empty((0, 0)), ValueError, "square"),
        (np.where(TWO_PAIRS == 2, np.nan, TWO_PAIRS), ValueError, "4 NaN or infinite"),
        (np.where(TWO_PAIRS == 2, np.inf, TWO_PAIRS), ValueError, "4 NaN or infinite"),
        (-TWO_PAIRS, ValueError, "negative weights"),
        (sp.csr_array(-TWO_PAIRS), ValueError, "the lowest is -2"),
        (TWO_PAIRS * 1j, TypeError, "complex"),
        (TWO_PAIRS.astype(object), TypeError, "object"),
    ],
)
def test_bad_affinities_say_what_is_wrong(affinity, error, text):
    with pytest.raises(error, match=text):
        ncut_value(affinity, [0, 0, 1, 1])


def test_labels_of_another_length_are_an_error():
    with pytest.raises(ValueError, match=r"\(3,\).*4 nodes"):
        ncut_value(TWO_PAIRS, [0, 0, 1])
