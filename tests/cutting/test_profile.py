"""The cut profile, against truths worked out by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array

from napari_ncut.cutting.profile import cut_profile, deepest_valley


def graph(edges, n):
    i, j, w = np.array(edges, float).reshape(-1, 3).T
    ends = np.r_[i, j].astype(int), np.r_[j, i].astype(int)
    return coo_array((np.r_[w, w], ends), shape=(n, n)).tocsr()


def grid(mask):
    """Return the graph of the pixels of a mask that share a face, all weights 1."""
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(mask.sum())
    edges = []
    for a, b in ((number[:-1], number[1:]), (number[:, :-1], number[:, 1:])):
        both = (a >= 0) & (b >= 0)
        edges += [(i, j, 1) for i, j in zip(a[both], b[both], strict=True)]
    return graph(edges, mask.sum())


def test_a_chain_is_cut_once_wherever_it_is_cut():
    chain = graph([(k, k + 1, 1) for k in range(9)], 10)
    profile = cut_profile(chain, np.arange(10))
    np.testing.assert_array_equal(profile, np.ones(9))
    assert deepest_valley(profile) is None


def test_the_order_of_the_values_counts_and_not_that_of_the_nodes():
    chain = graph([(2, 0, 3.0), (0, 1, 5.0)], 3)  # 2 - 0 - 1
    np.testing.assert_array_equal(cut_profile(chain, [0.5, 0.9, -1.0]), [3.0, 5.0])


def test_the_diagonal_does_not_count():
    chain = graph([(0, 1, 1), (1, 2, 1)], 3)
    chain.setdiag(7.0)
    np.testing.assert_array_equal(cut_profile(chain, [0, 1, 2]), [1.0, 1.0])


@given(
    st.integers(2, 9).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(
                st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(1, 5)),
                max_size=20,
            ),
            st.permutations(range(n)),
        )
    )
)
def test_the_profile_is_the_cut_at_every_position(drawn):
    n, edges, values = drawn
    edges = [edge for edge in edges if edge[0] != edge[1]]
    affinity = graph(edges, n)
    dense = affinity.toarray()
    order = np.argsort(values)
    expected = [dense[np.ix_(order[:k], order[k:])].sum() for k in range(1, n)]
    np.testing.assert_allclose(cut_profile(affinity, values), expected, atol=1e-12)


def test_two_squares_and_a_bridge_have_their_valley_at_the_bridge():
    mask = np.zeros((10, 23), bool)
    mask[:, :10] = mask[:, 13:] = True
    mask[4:6, 10:13] = True
    _, x = np.nonzero(mask)
    profile = cut_profile(grid(mask), x)
    # Between two columns of a square 10 edges are cut, along the bridge 2.
    assert profile[10 - 1] == 10
    np.testing.assert_array_equal(profile[[100 - 1, 102 - 1, 104 - 1, 106 - 1]], [2, 2, 2, 2])
    valley = deepest_valley(profile)
    assert 100 <= valley.position <= 106
    assert valley.cut == 2
    # Half-way through a column one edge more is cut than at its end: 11.
    assert valley.ratio == 2 / 11
    assert valley.left < 100
    assert valley.right > 106


def test_a_valley_is_compared_with_the_lower_of_its_hills():
    profile = np.array([1.0, 4.0, 2.0, 8.0, 3.0])
    valley = deepest_valley(profile, smallest_part=0.0)
    assert (valley.position, valley.ratio, valley.left, valley.right) == (3, 2 / 4, 2, 4)


def test_an_end_is_not_a_part():
    profile = np.concatenate([[3.0, 1.0], np.full(96, 4.0), [2.0]])
    assert deepest_valley(profile, smallest_part=0.0).position == 2
    assert deepest_valley(profile, smallest_part=0.05) is None


def test_two_parts_that_do_not_touch_have_a_valley_of_ratio_0():
    pairs = graph([(0, 1, 1), (2, 3, 1)], 4)
    valley = deepest_valley(cut_profile(pairs, [0, 1, 2, 3]), smallest_part=0.0)
    assert (valley.position, valley.ratio) == (2, 0.0)


def test_objects_of_a_few_pixels_have_no_valley():
    for n in (1, 2, 3):
        assert deepest_valley(np.ones(n - 1)) is None
