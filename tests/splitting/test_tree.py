"""The split tree: what holds for its cuts at every threshold, and what it tells of its splits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.splitting.mixed import scene

from napari_ncut import scenes, split_tree

NECKS = [0.0, 0.3, 0.6, 0.75, 0.83, 0.9, 0.95, 1.0]


def random_mask(seed, ndim=2):
    """Return a mask of ragged blobs."""
    rng = np.random.default_rng(seed)
    shape = (60, 70) if ndim == 2 else (14, 24, 26)
    noise = ndi.gaussian_filter(rng.normal(size=shape), rng.uniform(0.8, 3))
    return noise > np.quantile(noise, rng.uniform(0.3, 0.7))


@pytest.fixture(scope="module")
def field():
    return scenes.field(60, size=500)


@pytest.fixture(scope="module")
def tree(field):
    return split_tree(field.mask)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=25)
def test_a_higher_neck_only_splits_further(seed, ndim):
    tree = split_tree(random_mask(seed, ndim))
    cuts = [tree.cut(neck) for neck in NECKS]
    for coarse, fine in pairwise(cuts):
        pairs = np.unique(np.stack([coarse.ravel(), fine.ravel()]), axis=1)
        assert len(np.unique(pairs[1])) == pairs.shape[1]


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=25)
def test_no_split_has_a_higher_ratio_than_those_of_its_parts(seed, ndim):
    tree = split_tree(random_mask(seed, ndim))
    assert ((tree.ratio >= 0) & (tree.ratio <= 1)).all()
    for row, parts in enumerate(tree.parts):
        for part in parts[parts >= tree.n_fragments]:
            assert tree.ratio[row] <= tree.ratio[part - tree.n_fragments]


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.booleans())
@settings(max_examples=25)
def test_neck_0_gives_the_connected_components(seed, ndim, corners):
    mask = random_mask(seed, ndim)
    structure = np.ones((3,) * ndim) if corners else None
    pieces, count = ndi.label(mask, structure)
    tree = split_tree(mask, connectivity=ndim if corners else 1)
    found = tree.cut(0)
    assert found.max() == count
    pairs = np.unique(np.stack([pieces.ravel(), found.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(pieces))
    assert tree.n_fragments - len(tree.ratio) == count


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from([0.0, 5.0, 40.0]))
@settings(max_examples=25)
def test_labels_are_1_to_n_and_no_pixel_is_lost(seed, ndim, min_size):
    mask = random_mask(seed, ndim)
    tree = split_tree(mask)
    for neck in NECKS:
        found = tree.cut(neck, min_size)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found > 0, mask)
        np.testing.assert_array_equal(np.unique(found[mask]), np.arange(1, found.max() + 1))


def test_min_size_merges_crumbs_within_their_blob(field, tree):
    area = 1500.0
    without, found = tree.cut(1.0), tree.cut(1.0, area)
    assert np.bincount(without.ravel()).min() < area
    blobs = ndi.label(field.mask)[0]
    sizes = np.bincount(found.ravel())
    for label in np.flatnonzero(sizes < area):
        blob = np.unique(blobs[found == label])
        assert len(blob) == 1
        assert sizes[label] == (blobs == blob[0]).sum()
    # Nothing but whole pieces is merged, and no blob with another.
    assert len(np.unique(np.stack([without, found]).reshape(2, -1), axis=1)[0]) == (
        without.max() + 1
    )
    assert len(np.unique(np.stack([found, blobs]).reshape(2, -1), axis=1)[0]) == found.max() + 1


def test_a_crumb_goes_where_its_contact_is_the_widest():
    mask = np.zeros((60, 140), bool)
    y, x = np.ogrid[:60, :140]
    for column, radius in ((28, 25), (58, 10), (95, 29)):
        mask |= (y - 30) ** 2 + (x - column) ** 2 <= radius**2
    tree = split_tree(mask)
    assert tree.cut(0.95).max() == 3
    found = tree.cut(0.95, 400)
    assert found.max() == 2
    three = tree.cut(0.95)
    middle = three == three[30, 58]
    touching = {
        side: (ndi.binary_dilation(three == three[30, side]) & middle).sum() for side in (20, 110)
    }
    assert found[30, 58] == found[30, max(touching, key=touching.get)]


def test_min_size_is_in_the_units_of_the_spacing():
    scene = scenes.circles(2)
    smaller = np.bincount(scene.truth.ravel())[1:].min()
    tree = split_tree(scene.mask, spacing=0.5)
    assert tree.cut(0.83, 0.2 * smaller).max() == 2
    assert tree.cut(0.83, 0.3 * smaller).max() == 1


@pytest.mark.parametrize("neck", [0.5, 0.83, 1.0])
def test_splits_are_those_of_the_cut(field, tree, neck):
    found, splits = tree.cut(neck), tree.splits(neck)
    blobs, count = ndi.label(field.mask)
    assert len(splits) == found.max() - count
    assert (splits.ratio < neck).all()
    assert (np.diff(splits.ratio) >= 0).all()
    np.testing.assert_array_equal(splits.ratio, tree.ratio[splits.row])
    for position, sides in zip(splits.position.astype(int), splits.labels, strict=True):
        assert sides[0] != sides[1]
        blob = blobs[tuple(position)]
        assert blob > 0
        assert found[tuple(position)] > 0
        for side in sides:
            assert (blobs[found == side] == blob).all()
        # The two sides touch.
        assert (ndi.binary_dilation(found == sides[0]) & (found == sides[1])).any()


def test_the_neck_of_two_discs_is_where_they_touch():
    scene = scenes.balls((80, 140), [(40, 40), (40, 95)], [30, 28])
    splits = split_tree(scene.mask).splits(0.83)
    assert len(splits) == 1
    border = ndi.binary_dilation(scene.truth == 1) & (scene.truth == 2)
    assert np.linalg.norm(np.argwhere(border) - splits.position[0], axis=1).min() < 4


def test_a_blob_is_numbered_once_for_all_its_splits(field, tree):
    blobs = ndi.label(field.mask)[0]
    where = blobs[tuple(tree.position.astype(int).T)]
    pairs = np.unique(np.stack([where, tree.blob]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_sizes_and_contacts_are_in_the_units_of_the_spacing():
    mask = scenes.circles(4).mask
    one, two = split_tree(mask), split_tree(mask, spacing=2.0)
    assert one.sizes.sum() == mask.sum()
    np.testing.assert_allclose(two.sizes.sum(), 4 * one.sizes.sum())
    np.testing.assert_array_equal(one.fragments, two.fragments)
    np.testing.assert_allclose(two.contact_area, 2 * one.contact_area)
    np.testing.assert_allclose(two.ratio, one.ratio, atol=1e-5)


def test_decisions_stand_above_the_threshold():
    tree = split_tree(scenes.circles(2).mask)
    row = int(tree.splits(0.83).row[0])
    assert tree.cut(0.83, decisions={row: False}).max() == 1
    assert tree.cut(0.0, decisions={row: True}).max() == 2
    assert len(tree.splits(0.83, decisions={row: False})) == 0
    assert list(tree.splits(0.0, decisions={row: True}).row) == [row]


@pytest.mark.parametrize("neck", [-0.1, 1.5, np.nan])
def test_a_neck_out_of_range_is_refused(tree, neck):
    with pytest.raises(ValueError, match=r"neck is .*from 0 to 1"):
        tree.cut(neck)
    with pytest.raises(ValueError, match=r"neck is .*from 0 to 1"):
        tree.splits(neck)


def test_a_negative_min_size_is_refused(tree):
    with pytest.raises(ValueError, match=r"min_size is -1.*from 0 to"):
        tree.cut(0.5, -1)


def test_a_mask_with_nothing_in_it_has_no_splits():
    tree = split_tree(np.zeros((9, 12), bool))
    assert tree.n_fragments == len(tree.ratio) == len(tree.splits(1.0)) == 0
    assert not tree.cut(1.0).any()


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_labels_and_fragments_are_numbered_by_their_first_pixels(seed):
    labels, image = scene(seed % 40)
    tree = split_tree(labels, image)
    for found, first in ((tree.fragments, 0), (tree.cut(0.9), 1), (tree.cut(0.7, 30.0), 1)):
        inside = found[found >= first]
        _, index = np.unique(inside, return_index=True)
        np.testing.assert_array_equal(inside[np.sort(index)], np.arange(first, first + len(index)))
