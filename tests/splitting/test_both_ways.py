"""Holes of a dense colony: filled one by one, and opened again where that makes surer objects."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut import split_touching
from napari_ncut.splitting import fragmented, split
from napari_ncut.splitting.parameters import DEFAULT


def colony(seed, rows, columns, length=40, width=13, over=1.5):
    """Return rods in rows that touch, with gaps between them, and an image with lines between."""
    rng = np.random.default_rng(seed)
    shape = rows * (width - over) + 2 * width + 20, columns * (length - over) + 2 * width + 40
    y, x = np.mgrid[: int(shape[0]), : int(shape[1])].astype(float)
    truth, nearest = np.zeros(y.shape, int), np.full(y.shape, np.inf)
    for k, (row, column) in enumerate(np.ndindex(rows, columns), start=1):
        at = np.array([row * (width - over), column * (length - over) + (row % 2) * length * 0.4])
        at += width + 10 + np.array([0, length / 2]) + rng.uniform(-0.75, 0.75, 2)
        turn = rng.uniform(-0.06, 0.06)
        along = (x - at[1]) * np.cos(turn) + (y - at[0]) * np.sin(turn)
        across = (y - at[0]) * np.cos(turn) - (x - at[1]) * np.sin(turn)
        beyond = np.maximum(np.abs(along) - (length - width) / 2, 0)
        far = np.hypot(beyond, across) - width / 2
        truth[(far <= 0) & (far < nearest)] = k
        nearest = np.minimum(nearest, far)
    border = ndi.grey_dilation(truth, 3) != ndi.grey_erosion(truth, 3)
    image = np.where(truth > 0, np.where(border, 55.0, 100.0), 10.0)
    return truth, ndi.gaussian_filter(image, 0.8) + rng.normal(0, 3, truth.shape)


def matched(truth, found):
    """Return how many true objects have a found one with an IoU of .7."""
    count = 0
    for k in range(1, truth.max() + 1):
        one = truth == k
        other = found == np.bincount(found[one]).argmax()
        count += (one & other).sum() > 0.7 * (one | other).sum()
    return count


def split_with(doubt, monkeypatch, *given):
    """Return objects with another `hole_doubt`: 2 opens nothing again. Nothing is a tissue."""
    parameters = replace(DEFAULT, hole_doubt=doubt, wall_cells=10**6)
    for module in (split, fragmented):
        monkeypatch.setattr(module, "DEFAULT", parameters)
    return split_touching(*given)


@pytest.mark.parametrize(("seed", "rows"), [(3, 5), (2, 6)])
def test_gaps_between_rods_that_look_like_holes_are_opened_again(seed, rows, monkeypatch):
    truth, image = colony(seed, rows, 3)
    opened = matched(truth, split_with(DEFAULT.hole_doubt, monkeypatch, truth > 0, image))
    assert opened >= 12
    assert matched(truth, split_with(2.0, monkeypatch, truth > 0, image)) <= opened - 5


def test_a_nucleus_with_holes_stays_one_whatever_lies_beside_it():
    disc = np.hypot(*np.mgrid[-20:21, -20:21]) <= 19
    disc[17:22, 12:17] = disc[22:27, 24:29] = False
    rods, image = colony(2, 6, 3)
    mask = np.pad(rods > 0, ((0, 45), (0, 0)))
    mask[-43:-2, 10:51] = disc
    grey = np.pad(image, ((0, 45), (0, 0)), constant_values=10.0)
    grey[-43:-2, 10:51][disc] = 100.0
    for picture in (None, grey):
        found = split_touching(mask, picture)
        assert len(np.unique(found[-43:-2, 10:51][disc])) == 1


@pytest.mark.parametrize("with_image", [False, True])
def test_blobs_are_judged_each_on_its_own(with_image):
    """What stands in one blob changes nothing in another."""
    one, first = colony(6, 5, 3)
    other, second = colony(4, 5, 3)
    gap = np.zeros((4, one.shape[1]))
    both = np.concatenate([one, gap, other]) > 0
    image = np.concatenate([first, gap + 10, second])
    given = (image, split.image_statistics(image, both)) if with_image else (None, None)
    together = split_touching(both, given[0], statistics=given[1])
    alone = split_touching(one > 0, first if with_image else None, statistics=given[1])
    part = together[: len(one)]
    pairs = np.unique(np.stack([part.ravel(), alone.ravel()]), axis=1)
    assert pairs.shape[1] == alone.max() + 1
