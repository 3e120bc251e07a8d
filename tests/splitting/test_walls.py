"""Tissues whose cells only the lines of an image tell apart."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage as ndi
from tests.benchmarks.tissues import tissue
from tests.splitting.mixed import are_same_objects, assert_same_labels, scene

import napari_ncut
from napari_ncut import image_statistics, split_touching
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.splitting import fragmented, split
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image import walls
from napari_ncut.splitting.image.smoothing import mean_within, noise_left
from napari_ncut.splitting.parameters import DEFAULT


def share_matched(truth, found):
    """Return the share of true cells that have a found one with an IoU of .7."""
    count = 0
    for k, box in enumerate(ndi.find_objects(truth), start=1):
        one = truth[box] == k
        other = np.bincount(found[box][one]).argmax()
        both = (one & (found[box] == other)).sum()
        count += both > 0.7 * (one.sum() + (found == other).sum() - both)
    return count / truth.max()


def without_tissues(monkeypatch):
    """Let nothing be a tissue."""
    for module in (split, fragmented):
        monkeypatch.setattr(module, "DEFAULT", replace(DEFAULT, wall_cells=10**6))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("seed", [203, 204, 205])
def test_cells_with_walls_are_told_apart(seed, ndim, monkeypatch):
    drawn = tissue(seed, ndim)
    mask = drawn.truth > 0
    settings = {"spacing": drawn.spacing}
    found = split_touching(mask, drawn.image, **settings)
    np.testing.assert_array_equal(found > 0, mask)
    assert share_matched(drawn.truth, found) >= 0.75
    without_tissues(monkeypatch)
    before = split_touching(mask, drawn.image, **settings)
    assert share_matched(drawn.truth, before) <= 0.5


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_block_of_cells_is_the_same_with_dark_walls_and_with_bright_ones(ndim):
    drawn = tissue(201, ndim)
    block = np.ones(drawn.truth.shape, bool)
    bright = split_touching(block, drawn.image, spacing=drawn.spacing)
    assert bright.max() >= 10
    dark = split_touching(block, -drawn.image, spacing=drawn.spacing)
    np.testing.assert_array_equal(bright, dark)


def organ():
    """Return a tissue with background around it, and its image."""
    drawn = next(t for seed in range(220, 300) if (t := tissue(seed, 2)).truth.min() == 0)
    return np.pad(drawn.truth, 8), np.pad(drawn.image, 8)


def test_what_lies_around_a_tissue_changes_nothing_in_it():
    truth, image = organ()
    statistics = image_statistics(image, truth > 0)
    alone = split_touching(truth > 0, image, statistics=statistics)
    assert share_matched(truth, alone) >= 0.85
    labels, picture = scene(3)
    mask = np.zeros((500, 700), bool)
    values = np.random.default_rng(0).normal(size=mask.shape)
    at = slice(150, 150 + len(truth)), slice(301, 301 + len(truth))
    mask[at], values[at] = truth > 0, image
    side = slice(2, 2 + labels.shape[0]), slice(5, 5 + labels.shape[1])
    mask[side], values[side] = labels > 0, picture
    beside = split_touching(mask, values, statistics=statistics)
    assert_same_labels(beside[at], alone)


def test_two_tissues_that_are_different_are_each_divided():
    one, other = organ(), tissue(200, 2)
    inverted = other.image.max() - other.image
    truth = np.concatenate([one[0], np.pad(other.truth, ((8, 8), (8, 8)))], axis=1)
    image = np.concatenate([one[1], np.pad(inverted, ((8, 8), (8, 8)))], axis=1)
    half = one[0].shape[1]
    found = split_touching(truth > 0, image)
    assert share_matched(one[0], found[:, :half]) >= 0.85
    assert share_matched(truth[:, half:], found[:, half:]) >= 0.85


def test_a_tissue_that_is_turned_or_mirrored_has_the_same_cells():
    truth, image = organ()
    found = split_touching(truth > 0, image)
    for turn in (np.fliplr, np.flipud, np.rot90, np.transpose):
        turned = split_touching(turn(truth) > 0, turn(image))
        assert share_matched(turn(found), turned) >= 0.97


@pytest.mark.parametrize("seed", range(6))
def test_nuclei_and_noise_are_no_tissue(seed, monkeypatch):
    labels, image = scene(seed)
    block = np.ones((120, 130), bool)
    noise = np.random.default_rng(seed).normal(size=block.shape)
    texture = ndi.gaussian_filter(noise, 2.0)
    wanted = [split_touching(labels, image), *(split_touching(block, v) for v in (noise, texture))]
    without_tissues(monkeypatch)
    found = [split_touching(labels, image), *(split_touching(block, v) for v in (noise, texture))]
    for one, other in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_brightness_and_contrast_change_no_cell():
    drawn = tissue(203, 2)
    found = split_touching(drawn.truth > 0, drawn.image)
    other = split_touching(drawn.truth > 0, 4096 + 512 * drawn.image.astype(float))
    assert are_same_objects(other, found)


def test_cells_are_merged_at_a_lower_neck():
    drawn = tissue(203, 2)
    tree = napari_ncut.split_tree(drawn.truth > 0, drawn.image)
    counts = [int(tree.cut(neck).max()) for neck in (0.0, 0.3, 0.74, 1.0)]
    assert counts == sorted(counts)
    assert counts[0] <= 3
    assert counts[-1] >= counts[2] > 10


def test_a_wall_is_a_dark_line_and_noise_is_none():
    grid = Grid((1.0, 1.0, 1.0), 2)
    labels = np.ones((1, 80, 200), np.int32)
    labels[:, :, 100:] = 2
    grey = np.random.default_rng(0).normal(size=labels.shape)
    grey[:, :, 100:] *= 0.05
    grey[:, :, 49:52] -= 5
    grey[:, :, 149:152] -= 0.25
    evidence = walls.walls(grey.astype(np.float32), labels, grid, DEFAULT, Monitor())[0][0]
    # Each blob has its own noise.
    assert (evidence[:, 50] > 1).all()
    assert (evidence[:, 150] > 1).all()
    for noise in (evidence[:, :30], evidence[:, 65:95], evidence[:, 105:130], evidence[:, 165:]):
        assert (noise > 1).mean() < 0.01


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 1.0, 0.7)])
def test_the_noise_that_means_leave_is_right(spacing):
    grid = Grid(spacing, 3)
    noise = np.random.default_rng(1).normal(size=(40, 60, 60)).astype(np.float32)
    labels = np.ones(noise.shape, np.int32)
    near, far = 1.0, 2.0
    means = [mean_within(noise, labels, sigma, grid, Monitor()) for sigma in (near, far)]
    inner = (slice(4, -4), slice(9, -9), slice(9, -9))
    assert noise_left(near, far, grid) == pytest.approx(np.std((means[0] - means[1])[inner]), 0.05)
    assert noise_left(0.0, near, grid) == pytest.approx(np.std((noise - means[0])[inner]), 0.05)


def test_looking_for_cells_can_be_cancelled(monkeypatch):
    drawn = tissue(201, 2)
    asked = []
    inner = walls.oversegment

    def begun(*arguments):
        asked.append(True)
        return inner(*arguments)

    monkeypatch.setattr(walls, "oversegment", begun)
    with pytest.raises(Cancelled):
        split_touching(drawn.truth > 0, drawn.image, cancelled=lambda: bool(asked))
