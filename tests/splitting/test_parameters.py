"""Tuned numbers: all in one place, all described, and none of them without effect."""

import inspect
import math
import re
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage as ndi
from tests.benchmarks.tissues import tissue
from tests.splitting.mixed import scene
from tests.splitting.test_both_ways import colony
from tests.splitting.test_holes import pinwheel, rosette

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting import fragmented, split
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.close import shape_without_holes
from napari_ncut.splitting.holes.divided import NECK
from napari_ncut.splitting.parameters import DEFAULT, SplitParameters
from napari_ncut.splitting.stray_pixels import attach_stray_pixels

ROOM = Path(split.__file__).parent
NAMES = [field.name for field in fields(SplitParameters)]

# What is no tuned number, in the files that have any: of mathematics, or a mark for "none".
OTHERS = {
    ("half_width", "WIDEST"),  # a bound of steps, reached by very oblong pixels only
    ("ridges", "MEAN_ROOT"),  # of the absolute value of a normal number
    ("spurious_maxima", "NOWHERE"),  # no disc
    ("spurious_maxima", "ROUNDING"),  # of 32 bits
    ("divided", "NECK"),  # the default setting
    ("hierarchy", "NECK"),  # the same
    ("hierarchy", "MOST"),  # a bound of beta
    ("teach", "HEAVIEST"),  # a bound of what a recipe may hold
    ("teach", "STEEP"),  # of what a person teaches, which is kept beside what is tuned
}


def test_every_parameter_is_described_and_nothing_else():
    text = inspect.getdoc(SplitParameters).partition("Parameters\n")[2]
    entries = re.findall(r"^(\w[\w, ]*) : (?:float|int)$", text, re.MULTILINE)
    described = [name for entry in entries for name in entry.split(", ")]
    assert sorted(described) == sorted(NAMES)
    for entry in re.split(r"^\w[\w, ]* : (?:float|int)$", text, flags=re.MULTILINE)[1:]:
        assert len(entry.strip()) > 15


def test_no_tuned_number_hides_in_another_file():
    hidden = set()
    for path in ROOM.rglob("[a-z]*.py"):
        if path.stem == "parameters" or "loops" in path.parts:
            continue
        name = ".".join(path.relative_to(ROOM).with_suffix("").parts)
        module = import_module(f"napari_ncut.splitting.{name}")
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, (float, np.floating)):
                defined = re.search(rf"^{name}\b.*=", path.read_text(), re.MULTILINE)
                if defined:
                    hidden.add((path.stem, name))
    assert hidden == OTHERS


def test_the_mean_root_of_a_normal_number_is_right():
    ridges = import_module("napari_ncut.splitting.image.ridges")
    exact = 2**0.25 * math.gamma(0.75) / math.sqrt(math.pi)
    assert exact == pytest.approx(ridges.MEAN_ROOT, abs=1e-3)


def observed(labels, image, parameters, spacing=None):
    """Return all that a run makes: the fragments, the merges and their ratios."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (split, fragmented):
            patch.setattr(module, "DEFAULT", parameters)
        tree = split.split_tree(labels, image, spacing=spacing)
    return [tree.fragments, tree.ratio, tree.beside, strays(parameters), closed(parameters)]


def closed(parameters):
    """Return a disc with a hole of a pixel, closed or not."""
    disc = np.hypot(*np.mgrid[-20:21, -20:21]) <= 18
    disc[20, 20] = False
    labels = disc.astype(np.int32)[np.newaxis]
    grid = Grid((1.0, 1.0, 1.0), 2)
    return shape_without_holes(labels, grid, parameters, model(), Monitor()).labels


def strays(parameters):
    """Return two fragments, of which one has lost a piece in the other, and that a pixel in it."""
    fragments = np.zeros((1, 12, 40), np.int32)
    fragments[:, :, 30:] = 1
    fragments[:, 3:7, 5:8] = 1
    fragments[:, 4, 6] = 0
    labels = np.ones_like(fragments)
    attach_stray_pixels(labels, fragments, Grid((1.0, 1.0, 1.0), 2), parameters, Monitor())
    return fragments


def is_same(one, other):
    """Tell whether two runs made the same."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def cases():
    """Yield scenes in which one number or another counts."""
    for seed in range(4):
        labels, image = scene(seed)
        yield labels, image, None
    holes = pinwheel().astype(np.int32)
    holes[60, 41] = holes[20, 49] = 0
    holes[60:62, 49] = 0
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 28
    disc[30, 30] = disc[30, 31] = disc[40, 40] = False
    disc[22, 40] = disc[22, 41] = False
    holes = np.pad(holes, ((0, 0), (0, 70)))
    holes[10:71, 95:156] = disc
    yield holes, None, None
    # Nuclei with holes that touch, and rings of discs around gaps.
    together = np.zeros((150, 320), bool)
    for n, x in ((3, 0), (5, 90), (8, 180)):
        one = rosette(n, 12)
        together[: one.shape[0], x : x + one.shape[1]] |= one
    together[90:130, 20:60] = np.hypot(*np.mgrid[-20:20, -20:20]) <= 19
    for y, x in ((105, 35), (112, 45), (118, 32)):
        together[y - 2 : y + 3, x - 2 : x + 3] = False
    together[85:145, 200:280] |= np.hypot(*np.mgrid[-30:30, -40:40]) <= 26
    together[107:123, 232:248] = False
    yield together.astype(np.int32), None, None
    # Rods in a colony, whose gaps are filled at first.
    for seed in (1, 6):
        truth, image = colony(seed, 5, 3)
        yield (truth > 0).astype(np.int32), image, None
    # Cells of a tissue, with walls.
    for seed in (203, 204):
        image = tissue(seed, 2).image[:120, :120]
        yield np.ones(image.shape, np.int32), image, None
    # Objects darker than around them.
    labels, image = scene(1)
    yield labels, -image, None
    # Flat objects, whose rim does not tell that they are dark, with a bright line through them.
    flat = np.zeros((60, 120), np.int32)
    flat[10:50, 10:110] = 1
    image = flat * -100.0 + np.random.default_rng(0).normal(size=flat.shape)
    image[:, 58:62] += 50
    yield flat, image, None
    y, x = np.mgrid[:150, :150] - 75
    turns = np.deg2rad([10, 130, 250])
    around = [np.hypot(y - 32 * np.sin(a), x - 32 * np.cos(a)) for a in turns]
    yield (np.min(around, axis=0) <= 36).astype(np.int32), None, None
    labels, image = scene(1, 3, spacing=(2.0, 1.0, 1.0))
    yield labels, image, (2.0, 1.0, 1.0)
    ball = np.sqrt((np.mgrid[-15:16, -15:16, -15:16] ** 2).sum(axis=0)) <= 14
    texture = ndi.gaussian_filter(np.random.default_rng(0).normal(size=ball.shape), 1.5)
    yield ball.astype(np.int32), texture / texture.std(), None


@pytest.fixture(scope="module")
def runs():
    found = []
    for labels, image, spacing in cases():
        found.append((labels, image, spacing, observed(labels, image, DEFAULT, spacing)))
    return found


def changed(name):
    """Yield parameters with one of them much larger, and much smaller."""
    value = getattr(DEFAULT, name)
    for factor in (4, 0.1, 40):
        new = type(value)(round(value * factor)) if isinstance(value, int) else value * factor
        if new != value:
            yield replace(DEFAULT, **{name: new})


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_changes_something(name, runs):
    assert any(
        not is_same(observed(labels, image, parameters, spacing), wanted)
        for labels, image, spacing, wanted in runs
        for parameters in changed(name)
    )


def test_the_same_parameters_give_the_same(runs):
    for labels, image, spacing, wanted in runs:
        assert is_same(observed(labels, image, replace(DEFAULT), spacing), wanted)


def test_limits_are_in_order():
    assert DEFAULT.finest_smoothing < DEFAULT.coarsest_smoothing
    assert DEFAULT.near < DEFAULT.far
    assert 0 < DEFAULT.hole_inside < 1
    assert 0 < DEFAULT.hole_certainty < 1
    assert split.DEFAULTS.neck == NECK
