"""Pixels to a weighted graph: neighbours, weights, geometry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.feature_extraction.image import img_to_graph

from napari_ncut import scenes
from napari_ncut.graph import pixel_graph as gr
from napari_ncut.graph.neighbourhood import contact_factors, neighbour_offsets

masks = hnp.arrays(
    bool, st.one_of(hnp.array_shapes(min_dims=1, max_dims=3, max_side=6)), elements=st.booleans()
)


def slow_neighbours(mask, connectivity):
    """Return the set of pairs of neighbouring pixels, by looking at all pairs."""
    places = np.argwhere(mask)
    apart = np.abs(places[:, None] - places[None])
    near = (apart.max(axis=2) == 1) & (apart.sum(axis=2) <= connectivity)
    return set(map(tuple, np.argwhere(near)))


def weighted(image, mask, beta=0.25, connectivity=1, spacing=None, **options):
    pixels = gr.pixel_neighbours(mask, connectivity, spacing or (1.0,) * mask.ndim)
    return gr.pixel_graph(pixels, gr.pixel_values(image, mask), beta, **options)


@given(masks, st.booleans())
@settings(max_examples=60, deadline=None)
def test_neighbours_are_those_of_a_slow_search(mask, full):
    connectivity = mask.ndim if full else 1
    pixels = gr.pixel_neighbours(mask, connectivity, (1.0,) * mask.ndim)
    rows = np.repeat(np.arange(len(pixels.cells)), np.diff(pixels.indptr))
    found = list(zip(rows, pixels.indices, strict=True))
    assert set(found) == slow_neighbours(mask, connectivity)
    assert len(found) == len(set(found))


def test_neighbours_do_not_depend_on_the_slabs(monkeypatch):
    mask = np.random.default_rng(0).random((13, 17, 11)) < 0.7
    whole = gr.pixel_neighbours(mask, 3, (1.0, 1.0, 1.0))
    monkeypatch.setattr(gr, "SLAB", 7)
    parts = gr.pixel_neighbours(mask, 3, (1.0, 1.0, 1.0))
    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_array_equal(whole.indptr, parts.indptr)
    np.testing.assert_array_equal(whole.cells, parts.cells)


@pytest.mark.parametrize("n", [2, 4])
def test_weights_with_their_scale_are_those_of_scikit_learn(n):
    scene = scenes.circles(n)
    theirs = img_to_graph(scene.image, mask=scene.mask)
    scale = theirs.data.std()
    theirs.data = np.exp(-theirs.data / scale)
    theirs.setdiag(0)
    ours = weighted(scene.image, scene.mask, beta=1.0, scale=scale).matrix()
    assert abs(ours - theirs).max() <= 1e-12
    assert ours.nnz == (theirs != 0).sum()


def test_weights_with_their_scale_are_those_of_scikit_learn_in_a_volume():
    scene = scenes.spheres(size=24)
    theirs = img_to_graph(scene.image, mask=scene.mask)
    scale = theirs.data.std()
    theirs.data = np.exp(-theirs.data / scale)
    theirs.setdiag(0)
    ours = weighted(scene.image, scene.mask, beta=1.0, scale=scale).matrix()
    assert abs(ours - theirs).max() <= 1e-12


def test_scale_is_the_deviation_over_the_edges_and_not_the_diagonal():
    image = np.random.default_rng(0).random((9, 8)) * 5 + 100
    mask = np.random.default_rng(1).random((9, 8)) < 0.8
    pixels = gr.pixel_neighbours(mask, 1, (1.0, 1.0))
    values = image[mask]
    edges = slow_neighbours(mask, 1)
    g = np.array([abs(values[a] - values[b]) for a, b in edges])
    assert gr.difference_scale(pixels, values[:, None]) == pytest.approx(g.std(), rel=1e-12)


def test_channels_give_one_weight_from_the_norm_of_their_differences():
    image = np.array([[[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]]])
    graph = weighted(image, np.ones((1, 3), bool), beta=1.0, scale=5.0)
    np.testing.assert_allclose(graph.matrix().toarray()[0, 1], np.exp(-1.0))
    np.testing.assert_allclose(graph.matrix().toarray()[1, 2], 1.0)


@pytest.mark.parametrize("image", [np.full(9, 3.7), np.arange(9) * 0.1, np.arange(9) * 1e300])
def test_weights_are_the_geometry_where_all_differences_are_equal(image):
    graph = weighted(image, np.ones(9, bool))
    np.testing.assert_array_equal(graph.weights, 1.0)


def test_a_link_is_never_zero():
    image = np.zeros((30, 30))
    image[3, 3] = 1e6
    graph = weighted(image, np.ones((30, 30), bool), beta=1e6, dtype=np.float32)
    assert graph.weights.min() > 0


def test_a_link_between_the_most_oblong_pixels_is_never_zero():
    image = np.random.default_rng(0).random((4, 5, 6))
    for spacing in ((1e6, 1.0, 1.0), (1.0, 1e3, 1e6)):
        for connectivity in (1, 3):
            graph = weighted(image, image >= 0, 1e6, connectivity, spacing, dtype=np.float32)
            assert np.isfinite(graph.weights).all()
            assert graph.weights.min() > 0


def test_differences_too_small_to_be_squared_do_not_count():
    image = np.zeros((3, 8))
    image[0] = 1e50
    image[2, ::2] = 1e-310
    graph = weighted(image, image != 1, beta=1e6)
    mask = np.ones((3, 8), bool)
    mask[1] = False
    apart = weighted(image, mask, beta=1e6)
    assert np.isfinite(graph.weights).all()
    np.testing.assert_array_equal(apart.weights, 1.0)


def test_volumes_are_the_sums_of_the_rows():
    scene = scenes.circles(2)
    graph = weighted(scene.image, scene.mask)
    np.testing.assert_allclose(graph.volumes, graph.matrix().sum(axis=1), rtol=1e-13)


def test_huge_and_tiny_intensities_give_the_same_weights_as_usual_ones():
    scene = scenes.circles(2)
    usual = weighted(scene.image, scene.mask).weights
    for gain in (2.0**900, 2.0**-900):
        np.testing.assert_array_equal(weighted(scene.image * gain, scene.mask).weights, usual)


def test_face_contacts_are_area_over_distance():
    offsets = neighbour_offsets(3, 1)
    factors = contact_factors(offsets, (4.0, 1.0, 1.0), 1)
    by_axis = {int(np.flatnonzero(o)[0]): f for o, f in zip(offsets, factors, strict=True)}
    # Area 1 over distance 4 against area 4 over distance 1.
    assert by_axis[1] / by_axis[0] == pytest.approx(16)
    np.testing.assert_allclose(contact_factors(offsets, (0.3, 0.3, 0.3), 1), 1.0)


def test_corner_contacts_are_those_of_boykov_and_kolmogorov():
    offsets = neighbour_offsets(2, 2)
    factors = contact_factors(offsets, (1.0, 1.0), 2)
    diagonal = np.abs(offsets).sum(axis=1) == 2
    np.testing.assert_allclose(factors[~diagonal], np.pi / 8)
    np.testing.assert_allclose(factors[diagonal], np.pi / 8 / np.sqrt(2))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0)])
def test_the_cut_of_a_disc_is_its_circumference(spacing):
    y, x = np.mgrid[:120, :120].astype(float)
    y, x = (y - 59.5) * spacing[0], (x - 59.5) * spacing[1]
    disc = (y**2 + x**2 < 40**2).ravel()
    graph = weighted(np.zeros((120, 120)), np.ones((120, 120), bool), 0.25, 2, spacing)
    cut = graph.matrix()[disc][:, ~disc].sum()
    size = np.sqrt(spacing[0] * spacing[1])
    assert cut * size == pytest.approx(2 * np.pi * 40, rel=0.05)


def test_the_cut_of_a_ball_is_its_surface():
    grid = (np.mgrid[:40, :40, :40] - 19.5) ** 2
    ball = (grid.sum(axis=0) < 15**2).ravel()
    graph = weighted(np.zeros((40,) * 3), np.ones((40,) * 3, bool), 0.25, 3)
    cut = graph.matrix()[ball][:, ~ball].sum()
    assert cut == pytest.approx(4 * np.pi * 15**2, rel=0.06)


def test_an_axis_that_is_too_long_is_an_error():
    with pytest.raises(ValueError, match="an axis may have"):
        gr.pixel_neighbours(np.ones(gr.AXIS + 1, bool), 1, (1.0,))
