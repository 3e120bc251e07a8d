"""Every compiled loop of splitting does what its source does uncompiled."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from tests.splitting.test_criterion import two_parts
from tests.uncompiled import Both

import napari_ncut
from napari_ncut import split_tree
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import use_threads
from napari_ncut.splitting.adjacency import BORDER_SUMS
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.criterion.nodes import NAMES
from napari_ncut.splitting.criterion.pairs import numbers
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.runs import numbered_components
from napari_ncut.splitting.parameters import DEFAULT

ROOM = Path(napari_ncut.__file__).parent / "splitting"
IDEAS = sorted(path.stem for path in (ROOM / "loops").glob("[a-z]*.py"))


def small_scene(seed, ndim, spread):
    """Return a few discs that touch, with pinholes and a rough edge, and an image."""
    rng = np.random.default_rng(seed)
    shape = (26, 30) if ndim == 2 else (7, 13, 14)
    at = np.stack(np.indices(shape), axis=-1)
    labels = np.zeros(shape, np.int32)
    for _ in range(4):
        centre = rng.uniform(0.2, 0.8, ndim) * shape
        radius = rng.uniform(4, 8) if ndim == 2 else rng.uniform(2, 4)
        labels[np.linalg.norm(at - centre, axis=-1) < radius] = rng.integers(1, 1 + spread)
    labels[rng.random(shape) < 0.03] = 0
    return labels, labels + rng.normal(size=shape)


@pytest.fixture
def both(monkeypatch):
    """Run all loops of splitting both ways, wherever they are called."""
    loops = {idea: Both("splitting", idea) for idea in IDEAS}
    twins = {loops[idea].compiled: loops[idea] for idea in IDEAS}
    for path in [*ROOM.glob("[a-z]*.py"), *ROOM.glob("[ich]*/[a-z]*.py")]:
        name = ".".join(path.relative_to(ROOM).with_suffix("").parts)
        module = import_module(f"napari_ncut.splitting.{name}")
        for name, value in list(vars(module).items()):
            if not name.startswith("__") and getattr(value, "__name__", "").startswith(
                "napari_ncut.splitting.loops."
            ):
                monkeypatch.setattr(module, name, twins[value])
    return loops


def test_compiled_loops_and_their_sources_give_the_same(both):
    with use_threads(1):
        for seed, (ndim, spread, connectivity) in enumerate(
            [(2, 1, 1), (2, 2, 2), (2, 1, 1), (3, 1, 1), (3, 2, 3)]
        ):
            labels, image = small_scene(seed, ndim, spread)
            spacing = (1.5, 1.0, 0.8)[:ndim]
            for channels in (None, image):
                tree = split_tree(labels, channels, spacing=spacing, connectivity=connectivity)
                tree.cut(0.9, 20.0)
    # No call of these belongs to a run.
    nodes = two_parts(300.0, (0.9, 0.9, 0.8), 5.0, 2)
    both["agglomerate"].terms_of_pairs(
        np.array([0], np.int32),
        np.array([1], np.int32),
        (
            np.array([6.0]),
            np.array([0], np.uint8),
            np.ones((1, len(BORDER_SUMS))),
            np.array([9.0, 8.0]),
            nodes,
            numbers(Grid((1.0, 1.0, 1.0), 2), DEFAULT),
        ),
    )
    model().node.contributions(np.full(len(NAMES), 0.5, np.float32))
    numbered_components(small_scene(0, 2, 2)[0][np.newaxis], True, Monitor())
    for loops in both.values():
        assert loops.called == loops.public()


def test_every_file_of_loops_is_compiled():
    for idea in IDEAS:
        module = import_module(f"napari_ncut.splitting.loops.{idea}")
        assert not module.__file__.endswith(".py")
