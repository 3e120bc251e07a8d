"""Islands: what lies in a hole changes nothing of what is around it."""

import numpy as np
import pytest
from scipy import ndimage as ndi
from tests.benchmarks.dirt import round_holes
from tests.benchmarks.scoring import overlaps
from tests.splitting.mixed import assert_same_labels

from napari_ncut import scenes, split_touching, split_tree, split_volume
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.islands import find_islands, without

PLANE = Grid((1.0, 1.0, 1.0), 2)


def ball(shape, centre, radius):
    """Return a disc or a ball."""
    at = np.indices(shape).reshape(len(shape), -1).T - centre
    return (np.hypot.reduce(at, axis=1) <= radius).reshape(shape)


def two_nuclei(ndim, hole=6):
    """Return two balls that touch, the first with a hole, and what may lie in the hole."""
    shape = (60, 60, 110)[3 - ndim :]
    middle = (30, 30)[3 - ndim :]
    first, second = (ball(shape, (*middle, x), 20) for x in (30, 66))
    inside = ball(shape, (*middle, 29), hole)
    return (first | second) & ~inside, ball(shape, (*middle, 29), hole / 3)


@pytest.mark.parametrize("label", [1, 7])
@pytest.mark.parametrize("with_image", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_a_nucleus_is_whole_with_a_speck_in_its_hole(ndim, with_image, label):
    mask, speck = two_nuclei(ndim)
    image = np.where(mask, 200.0, 90.0) + np.random.default_rng(0).normal(0, 9, mask.shape)
    image = image if with_image else None
    wanted = split_touching(mask.astype(np.int32), image)
    assert wanted.max() == 2
    found = split_touching(mask + label * speck, image)
    assert found.max() == 3
    assert len(np.unique(found[speck])) == 1
    if not with_image:
        assert_same_labels(np.where(mask, found, 0), wanted)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_pixel_that_hangs_by_a_corner_in_a_hole_does_not_open_it(ndim):
    mask, _ = two_nuclei(ndim)
    wanted = split_touching(mask)
    # In the hole, without a face in common with what is around it.
    hole = ~mask & ball(mask.shape, (*(30, 30)[3 - ndim :], 29), 7)
    free = hole & ~ndi.binary_dilation(mask)
    over_corners = ndi.binary_dilation(mask, ndi.generate_binary_structure(ndim, ndim))
    pixel = tuple(np.argwhere(free & over_corners)[0])
    mask[pixel] = True
    found = split_touching(mask)
    assert (wanted.max(), found.max()) == (2, 3)
    assert (found == found[pixel]).sum() == 1
    found[pixel] = 0
    assert_same_labels(found, wanted)


def test_nuclei_with_holes_that_overlap_are_whole():
    """Between two round holes that overlap, single pixels hang by a corner."""
    n_right = n = 0
    for seed in range(8):
        scene = scenes.field(60, size=420, radius=(14, 20), seed=seed)
        mask = round_holes(scene, np.random.default_rng(seed))
        table = overlaps(np.where(mask, scene.truth, 0), split_touching(mask))
        n_right += np.count_nonzero(table > 0.7)
        n += int(scene.truth.max())
    assert n_right >= 0.95 * n


def test_objects_in_a_ring_are_split_as_they_are_alone():
    shape = (200, 200)
    ring = ball(shape, (100, 100), 95) & ~ball(shape, (100, 100), 85)
    pair = ball(shape, (100, 80), 20) | ball(shape, (100, 114), 18)
    pair &= ~ball(shape, (100, 80), 5)
    nested = ball(shape, (100, 80), 2)
    alone = split_tree(pair)
    both = split_tree(ring | pair | nested)
    assert_same_labels(np.where(pair, both.cut(0.5), 0), alone.cut(0.5))
    found, wanted = both.splits(0.5), alone.splits(0.5)
    place = wanted.position[0].tolist()
    row = found.position.tolist().index(place)
    assert found.ratio[row] == wanted.ratio[0]
    inside = found.labels[row]
    assert set(inside.tolist()) == set(np.unique(both.cut(0.5)[pair]).tolist())


def test_a_volume_read_in_parts_has_the_same_islands(tmp_path):
    mask, speck = two_nuclei(3)
    labels = np.tile((mask | speck).astype(np.int32), (3, 3, 2))
    result = split_volume(labels, out=tmp_path / "out.zarr", memory="64MB")
    np.testing.assert_array_equal(result, split_touching(labels))


def test_what_lies_in_a_gap_between_two_blobs_is_an_island_of_their_clump():
    labels = np.zeros((1, 30, 30), np.int32)
    labels[0, 3:25, 3:14], labels[0, 3:25, 14:25] = 1, 2
    labels[0, 8:20, 8:20] = 0
    labels[0, 12:14, 12:14] = 1
    islands, _ = find_islands(labels, PLANE, Monitor())
    assert [mask.sum() for mask in islands.masks] == [4]
    assert (without(labels, islands) == 0)[0, 8:20, 8:20].all()
    assert islands.values(labels).max() == 1


def test_most_images_have_no_islands():
    islands, holes = find_islands(np.zeros((1, 9, 9), np.int32), PLANE, Monitor())
    assert (islands, len(holes)) == (None, 0)
    mask, _ = two_nuclei(2)
    islands, holes = find_islands(mask[np.newaxis].astype(np.int32), PLANE, Monitor())
    assert (islands, len(holes)) == (None, 1)
