"""Holes: which there are, which lie inside one object, and which are gaps between several."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.benchmarks.dirt import missing_pixels, small_ragged_holes
from tests.benchmarks.scoring import overlaps

from napari_ncut import split_touching, split_volume
from napari_ncut.core.monitor import Monitor
from napari_ncut.scenes import field
from napari_ncut.splitting.adjacency import adjacency
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.close import shape_without_holes
from napari_ncut.splitting.holes.divided import divided
from napari_ncut.splitting.holes.holes import find_holes
from napari_ncut.splitting.holes.shape import changed, shape_of
from napari_ncut.splitting.holes.tiles import mosaic
from napari_ncut.splitting.parameters import DEFAULT

PLANE = Grid((1.0, 1.0, 1.0), 2)


def disc(radius, size=None):
    """Return a disc in the middle of a picture."""
    half = size or radius + 4
    return np.hypot(*np.mgrid[-half : half + 1, -half : half + 1]) <= radius


def pinwheel():
    """Return four rods around a gap of one pixel."""
    mask = np.zeros((90, 90), bool)
    mask[38:45, 10:46] = mask[45:81, 38:45] = True
    mask[10:46, 46:53] = mask[46:53, 45:81] = True
    mask[45, 45] = False
    return mask


def rosette(n, radius=14):
    """Return n discs in a ring around a gap."""
    far = 0.95 * radius / np.sin(np.pi / n)
    half = int(far + radius + 4)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    turns = np.arange(n) * 2 * np.pi / n + 0.2
    return np.any([np.hypot(y - far * np.sin(t), x - far * np.cos(t)) <= radius for t in turns], 0)


def closed(mask):
    """Return the mask with its holes filled, but for gaps; what is filled is known."""
    labels = mask.astype(np.int32)[np.newaxis]
    shape = shape_without_holes(labels.copy(), PLANE, DEFAULT, model(), Monitor())
    given = shape.labels.copy()
    shape.write_in_holes(0, given)
    np.testing.assert_array_equal(given, labels)
    return shape.labels[0] > 0


@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.sampled_from([1, 3]))
def test_holes_are_the_components_of_the_background_inside_a_blob(seed, ndim, connectivity):
    rng = np.random.default_rng(seed)
    shape = (1, 12, 13) if ndim == 2 else (6, 7, 8)
    labels = 1 + (np.indices(shape)[2] > rng.integers(3, 12)).astype(np.int32)
    labels[rng.random(shape) < rng.uniform(0, 0.3)] = 0
    grid = Grid((1.0, 1.0, 1.0), ndim, connectivity)
    holes = find_holes(labels, grid, Monitor())
    index, hole = holes.pixels(shape[2])
    found = {(holes.label[k], frozenset(index[hole == k].tolist())) for k in range(len(holes))}
    assert (np.bincount(hole, minlength=len(holes)) == holes.size).all()
    wanted = set()
    background, n = ndi.label(labels == 0, np.ones((3, 3, 3)))
    structure = ndi.generate_binary_structure(3, connectivity)
    blobs = ndi.label(labels == 1, structure)[0]
    second = ndi.label(labels == 2, structure)[0]
    blobs[second > 0] = second[second > 0] + blobs.max()
    for k in range(1, n + 1):
        one = background == k
        grown = ndi.binary_dilation(one, np.ones((3, 3, 3)))
        inside = ndi.binary_erosion(np.ones(shape[3 - ndim :], bool)).reshape(shape)
        beside = np.unique(blobs[grown & ~one])
        if len(beside) == 1 and inside[one].all():
            label = labels[grown & ~one][0]
            wanted.add((label, frozenset(np.flatnonzero(one).tolist())))
    assert found == wanted


def test_holes_are_found_in_stacks_that_lie_open_at_their_ends_only_where_they_are_closed():
    labels = np.ones((5, 9, 9), np.int32)
    labels[2, 4, 4] = 0
    labels[:, 2, 2] = 0
    holes = find_holes(labels, Grid((1.0, 1.0, 1.0), 3), Monitor())
    assert holes.size.tolist() == [1]


@pytest.mark.parametrize("size", [1.4, 2.5, 4.0, 6.0])
def test_a_hole_in_an_object_does_not_divide_it(size):
    mask = disc(20)
    y, x = np.indices(mask.shape)
    for at in ((0, 0), (4, -5), (-9, 3)):
        holed = mask & (np.hypot(y - 24 - at[0], x - 24 - at[1]) > size)
        found = split_touching(holed)
        assert found.max() == 1
        np.testing.assert_array_equal(found > 0, holed)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 8])
def test_a_gap_between_objects_is_no_hole_in_one(n):
    assert split_touching(rosette(n)).max() == n


@pytest.mark.parametrize(
    ("size", "least"), [((1.3, 1.8), 0.95), ((2.0, 4.0), 0.95), ((4.0, 7.0), 0.9)]
)
def test_nuclei_with_holes_are_found_as_if_they_had_none(size, least):
    scene = field(60, size=640, radius=(16, 26), seed=3)
    rng = np.random.default_rng(0)
    mask, truth = scene.mask.copy(), scene.truth
    for label, box in enumerate(ndi.find_objects(truth), 1):
        depth = ndi.distance_transform_edt(np.pad(truth[box] == label, 1))[1:-1, 1:-1]
        for _ in range(rng.integers(1, 4)):
            radius = rng.uniform(*size)
            places = np.argwhere(depth > radius + 2.5)
            if len(places):
                y, x = np.indices(depth.shape)
                at = places[rng.integers(len(places))]
                mask[box][np.hypot(y - at[0], x - at[1]) <= radius] = False
    whole, found = split_touching(scene.mask), split_touching(mask)

    def matched(labels):
        n = 0
        for label, box in enumerate(ndi.find_objects(truth), 1):
            inside = (truth[box] == label) & mask[box]
            one = np.bincount(labels[box][inside])[1:]
            if one.size:
                best = one.argmax() + 1
                union = inside.sum() + ((labels == best) & mask).sum() - one.max()
                n += one.max() > 0.7 * union
        return n

    assert matched(found) >= least * matched(whole)


def test_max_hole_says_which_holes_are_no_edges():
    mask = rosette(6)
    assert split_touching(mask, max_hole=0).max() == 6
    assert split_touching(mask, max_hole=1e6).max() != 6
    holed = disc(20) & ~np.pad(disc(4, 4), 20)
    assert split_touching(holed, max_hole=100).max() == 1
    np.testing.assert_array_equal(split_touching(holed, max_hole=100) > 0, holed)
    # In the units of the spacing.
    fine = split_touching(mask, max_hole=1e6 / 4, spacing=0.5)
    np.testing.assert_array_equal(fine, split_touching(mask, max_hole=1e6))


@pytest.mark.parametrize("value", [-1, "big", np.nan])
def test_what_is_no_size_of_a_hole_is_refused(value):
    with pytest.raises((TypeError, ValueError), match="max_hole"):
        split_touching(disc(9), max_hole=value)


@pytest.mark.parametrize("max_hole", [None, 1e6])
def test_what_a_ring_encloses_stays_apart_from_it_and_is_the_same_by_blocks(max_hole):
    ring = disc(40, 44) & ~disc(28, 44)
    mask = ring | disc(12, 44)
    found = split_touching(mask, max_hole=max_hole)
    assert len(np.unique(found[disc(12, 44)])) == 1
    assert not np.isin(found[44, 44], found[ring])
    out = np.zeros(mask.shape, np.int32)
    split_volume(mask, out=out, max_hole=max_hole, memory="20MB")
    np.testing.assert_array_equal(out, found)


def test_a_gap_as_small_as_a_pinhole_is_opened_again_and_a_pinhole_is_not():
    both = np.zeros((100, 200), bool)
    both[5:95, 100:190] = pinwheel()
    both[10:91, 5:86] = np.hypot(*np.mgrid[-40:41, -40:41]) <= 40
    both[50, 45] = False
    found = closed(both)
    assert found[50, 45]
    assert not found[50, 145]


@pytest.mark.parametrize("mask", [pinwheel(), rosette(5), disc(20) & ~np.pad(disc(4, 4), 20)])
def test_the_same_holes_are_gaps_whatever_lies_beside_the_blob(mask):
    wanted = closed(mask)
    ny, nx = mask.shape
    beside = np.zeros((ny + 30, nx + 130), bool)
    beside[15 : 15 + ny, 20 : 20 + nx] = mask
    beside[20:50, nx + 30 : nx + 120] = True
    np.testing.assert_array_equal(closed(beside)[15 : 15 + ny, 20 : 20 + nx], wanted)


def test_a_disc_with_pinholes_is_split_no_more_than_one_without_and_they_stay_background():
    whole = np.hypot(*np.mgrid[-40:41, -40:41]) <= 36
    strewn = np.random.default_rng(0).random(whole.shape) < 0.004
    mask = whole & ~strewn
    found = split_touching(mask)
    assert found.max() == split_touching(whole).max() == 1
    np.testing.assert_array_equal(found > 0, mask)


def test_a_mask_without_holes_is_not_copied():
    labels = np.ones((1, 9, 9), np.int32)
    assert shape_without_holes(labels, PLANE, DEFAULT, model(), Monitor()).labels is labels


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_shape_whose_holes_are_changed_is_that_of_the_new_labels(ndim):
    scene = field(12, size=150 if ndim == 2 else 56, radius=(8, 14), ndim=ndim)
    labels = scene.mask.astype(np.int32).reshape((1,) * (3 - ndim) + scene.mask.shape)
    middle = tuple(n // 2 for n in labels.shape)
    labels[middle[0], 5:-5:9, 5:-5:9] = 0
    grid = Grid((1.0, 1.0, 1.0), ndim)
    holes = find_holes(labels, grid, Monitor())
    assert len(holes) > 3
    shape = shape_of(labels, grid, DEFAULT, Monitor())
    found = divided(shape, grid, DEFAULT, model(), Monitor())
    hole, fragment = holes.around(shape.fragments.number, 0).T
    blob = np.zeros(len(holes), np.int32)
    blob[hole] = found.blob[fragment]
    index, number = holes.pixels(labels.shape[2])
    filled = labels.copy()
    holes.fill(filled)
    arguments = grid, DEFAULT, Monitor()
    before = replace(shape, labels=filled)
    new = changed(before, found.graph, found.blob, index, blob[number], *arguments)
    wanted = shape_of(filled, *arguments)
    np.testing.assert_array_equal(new.width, wanted.width)
    n = new.fragments.n
    graph = adjacency(filled, new.fragments.number, n, new.width, grid, Monitor())
    for name, column in vars(graph).items():
        if name != "basin":
            np.testing.assert_array_equal(getattr(new.graph, name), column, name)
    assert len(np.unique(new.graph.basin)) == n
    np.testing.assert_array_equal(
        np.unique(
            np.stack([new.fragments.number, wanted.fragments.number]).reshape(2, -1), axis=1
        ).shape[1],
        wanted.fragments.n + 1,
    )


@given(st.integers(0, 1000), st.sampled_from([2, 3]))
def test_a_mosaic_holds_each_mask_as_a_label_and_none_touches_another(seed, ndim):
    rng = np.random.default_rng(seed)
    tiles = []
    for _ in range(rng.integers(1, 20)):
        shape = (1 if ndim == 2 else rng.integers(1, 6), *rng.integers(1, 12, 2))
        tiles.append(rng.random(shape) < 0.7)
    volume, boxes = mosaic(tiles)
    for k, (tile, box) in enumerate(zip(tiles, boxes, strict=True), start=1):
        np.testing.assert_array_equal(volume[box], np.where(tile, k, 0))
    assert np.count_nonzero(volume) == sum(map(np.count_nonzero, tiles))
    structure = np.ones((3, 3, 3))
    grown = ndi.grey_dilation(volume, footprint=structure)
    least = ndi.grey_erosion(np.where(volume, volume, 10**6), footprint=structure)
    assert ((grown == least) | (volume == 0)).all()
    if ndim == 2:
        assert volume.shape[0] == 1


@pytest.mark.parametrize(
    ("dirt", "share", "pieces"), [(missing_pixels, 0.92, 1.15), (small_ragged_holes, 0.78, 1.4)]
)
def test_many_holes_do_not_shatter_nuclei(dirt, share, pieces):
    n = right = found = 0
    for seed in range(50, 58):
        scene = field(60, size=420, radius=(12, 20), seed=seed)
        mask = dirt(scene, np.random.default_rng(seed))
        labels = split_touching(mask, drop_small=30)
        right += np.count_nonzero(overlaps(np.where(mask, scene.truth, 0), labels) > 0.7)
        n, found = n + int(scene.truth.max()), found + int(labels.max())
    assert right >= share * n
    assert found <= pieces * n


def test_what_holes_have_shattered_is_found_among_gaps():
    """Of three discs around a gap, one is shattered by holes: these are closed, the gap is not."""
    mask = rosette(3, radius=20)
    gap = ndi.binary_fill_holes(mask) & ~mask
    assert gap.any()
    depth = ndi.distance_transform_edt(mask)
    middle = np.argwhere(depth == depth.max())[0]
    y, x = np.indices(mask.shape)
    holes = np.zeros_like(mask)
    for turn in np.arange(5) * 2 * np.pi / 5:
        centre = middle + 9 * np.array([np.sin(turn), np.cos(turn)])
        holes |= np.hypot(y - centre[0], x - centre[1]) <= 3.5
    result = closed(mask & ~holes)
    assert result[holes].all()
    assert not result[gap].any()
    assert split_touching(mask & ~holes).max() == 3
