"""The labels of an object hang on nothing but the object: not on where it is, or beside what.

What is *exactly the same* is so up to the numbers of the labels; *the same objects* are equal in
number, and nine tenths of each.
"""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.splitting.mixed import MARGIN, are_same_objects, assert_same_labels, scene

from napari_ncut import image_statistics, split_touching
from napari_ncut.core.parallel import use_threads

# A few dozen in each run of the tests, and as many as the profile says when it is asked for more.
DEFAULT = settings.get_profile("default").max_examples
FEW = settings(max_examples=max(settings().max_examples * 12 // DEFAULT, 12))

seeds = st.integers(0, 1_000_000)
KINDS = [(2, None), (2, (1.7, 1.0)), (3, None), (3, (2.5, 1, 1))]
kinds = st.sampled_from(KINDS)


def split(labels, image, spacing, statistics=None):
    """Split by shape and, if there is an image, by what it shows, given the whole's statistics."""
    return split_touching(labels, image, spacing=spacing, statistics=statistics)


def case(seed, kind, *, with_image, labelled=False):
    """Return a scene, its pixel size, the statistics of its image, and how it is split."""
    ndim, spacing = kind
    labels, image = scene(seed, ndim, spacing=spacing, labelled=labelled)
    if not with_image:
        image = None
    statistics = None if image is None else image_statistics(image, labels)
    return labels, image, spacing, statistics, split(labels, image, spacing, statistics)


def embedded(labels, image, shape, at, seed):
    """Return labels and image somewhere in a larger array, whose background is noise."""
    box = tuple(slice(a, a + n) for a, n in zip(at, labels.shape, strict=True))
    large = np.zeros(shape, labels.dtype)
    large[box] = labels
    if image is None:
        return large, None, box
    around = np.random.default_rng(seed).normal(50, 30, shape).astype(image.dtype)
    around[box] = image
    return large, around, box


# Exactly the same


@given(seeds, kinds, st.booleans(), st.booleans())
@FEW
def test_wherever_the_objects_lie_in_an_array(seed, kind, with_image, labelled):
    labels, image, spacing, statistics, wanted = case(
        seed, kind, with_image=with_image, labelled=labelled
    )
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 70 if labels.ndim == 2 else 20, labels.ndim)
    shape = at + labels.shape + rng.integers(0, 70 if labels.ndim == 2 else 20, labels.ndim)
    large, around, box = embedded(labels, image, shape, at, seed)
    assert_same_labels(split(large, around, spacing, statistics)[box], wanted)


@given(seeds, kinds, st.booleans())
@FEW
def test_when_the_background_around_them_is_cropped(seed, kind, with_image):
    labels, image, spacing, statistics, wanted = case(seed, kind, with_image=with_image)
    rng = np.random.default_rng(seed)
    # One pixel of background at least is left on every side: it is an edge, the border is none.
    cut = rng.integers(0, MARGIN, (labels.ndim, 2))
    box = tuple(slice(a, n - b) for (a, b), n in zip(cut, labels.shape, strict=True))
    crop = np.ascontiguousarray(image[box]) if with_image else None
    found = split(np.ascontiguousarray(labels[box]), crop, spacing, statistics)
    assert_same_labels(found, wanted[box])


@pytest.mark.parametrize("with_image", [False, True])
@pytest.mark.parametrize("at", [(0, 0), (5, 131_073), (12, 299_000)])
def test_in_an_array_that_is_very_wide(at, with_image):
    labels, image, spacing, statistics, wanted = case(7, (2, None), with_image=with_image)
    large, around, box = embedded(labels, image, (90, 300_000), at, 7)
    assert_same_labels(split(large, around, spacing, statistics)[box], wanted)


def test_at_the_end_of_a_million_pixels():
    labels, _, spacing, _, wanted = case(3, (2, None), with_image=False)
    large, _, box = embedded(labels, None, (80, 1_000_000), (2, 999_900), 3)
    assert_same_labels(split(large, None, spacing)[box], wanted)


@given(seeds, kinds, st.booleans(), st.booleans())
@FEW
def test_whatever_else_there_is_two_pixels_away(seed, kind, with_image, labelled):
    labels, image, spacing, statistics, wanted = case(seed, kind, with_image=with_image)
    others, other_image = scene(seed + 1, labels.ndim, spacing=spacing)
    near = np.zeros(labels.shape, bool)
    pixels = np.argwhere(labels > 0)
    for step in np.ndindex(*(3,) * labels.ndim):
        near[tuple((pixels + np.array(step) - 1).T)] = True
    added = (others > 0) & ~near
    more = labels + added * (5 if labelled else 1)
    if with_image:
        image = np.where(labels > 0, image, other_image)
    found = split(more, image, spacing, statistics)
    assert_same_labels(np.where(labels > 0, found, 0), wanted)


@given(seeds, kinds, st.booleans(), st.integers(2, 9))
@FEW
def test_for_any_number_of_threads(seed, kind, with_image, threads):
    labels, image, spacing, statistics, wanted = case(seed, kind, with_image=with_image)
    with use_threads(threads):
        many = split(labels, image, spacing, statistics)
    with use_threads(1):
        np.testing.assert_array_equal(split(labels, image, spacing, statistics), many)
    np.testing.assert_array_equal(wanted, many)


@pytest.mark.parametrize("with_image", [False, True])
def test_for_any_number_of_threads_when_there_are_many_chunks(with_image):
    labels, image, spacing, statistics, _ = case(5, (2, None), with_image=with_image)
    large = np.tile(labels, (8, 12))
    image = np.tile(image, (8, 12)) if with_image else None
    results = []
    for threads in (1, 2, 7):
        with use_threads(threads):
            results.append(split(large, image, spacing, statistics))
    for found in results[1:]:
        np.testing.assert_array_equal(found, results[0])


PROCESS = """
import sys
import numpy as np
from napari_ncut import image_statistics, split_touching
data = np.load(sys.argv[1])
found = [split_touching(data["labels"]), split_touching(data["labels"], data["image"])]
np.save(sys.argv[2], found)
"""


def test_from_process_to_process(tmp_path):
    labels, image = scene(11)
    np.savez(tmp_path / "scene.npz", labels=labels, image=image)
    results = []
    for number in range(2):
        name = str(tmp_path / f"{number}.npy")
        arguments = [sys.executable, "-c", PROCESS, str(tmp_path / "scene.npz"), name]
        subprocess.run(arguments, check=True)
        results.append(np.load(name))
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(
        results[0], [split_touching(labels), split_touching(labels, image)]
    )


@given(seeds, st.booleans())
@FEW
def test_with_channels_too(seed, labelled):
    labels, image = scene(seed, labelled=labelled)
    rng = np.random.default_rng(seed)
    channels = np.stack([image, 0.3 * image + rng.normal(0, 9, image.shape), -image], axis=-1)
    statistics = image_statistics(channels, labels, channel_axis=-1)
    wanted = split_touching(labels, channels, channel_axis=-1, statistics=statistics)
    at = rng.integers(0, 40, 2)
    large, _, box = embedded(labels, None, at + labels.shape + 9, at, seed)
    around = rng.normal(50, 30, (*large.shape, 3))
    around[box] = channels
    found = split_touching(large, around, channel_axis=-1, statistics=statistics)
    assert_same_labels(found[box], wanted)


# The same objects

# What is done, what undoes it, and which axes change places.
VIEWS = {
    "upside down": (lambda a: a[..., ::-1, :], lambda a: a[..., ::-1, :], None),
    "left for right": (lambda a: a[..., ::-1], lambda a: a[..., ::-1], None),
    "front to back": (lambda a: a[::-1], lambda a: a[::-1], None),
    "a quarter": (lambda a: np.rot90(a, 1, (-2, -1)), lambda a: np.rot90(a, 3, (-2, -1)), (-2, -1)),
    "half": (lambda a: np.rot90(a, 2, (-2, -1)), lambda a: np.rot90(a, 2, (-2, -1)), None),
    "three quarters": (
        lambda a: np.rot90(a, 3, (-2, -1)),
        lambda a: np.rot90(a, 1, (-2, -1)),
        (-2, -1),
    ),
    "transposed": (lambda a: a.swapaxes(-2, -1), lambda a: a.swapaxes(-2, -1), (-2, -1)),
    "depth for width": (lambda a: a.swapaxes(0, -1), lambda a: a.swapaxes(0, -1), (0, -1)),
}


@pytest.mark.parametrize("with_image", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_objects_turned_or_seen_in_a_mirror(kind, with_image):
    # Pixels that lie exactly between two parts go to another one, and seldom that decides.
    differ = [
        (seed, view)
        for seed, view in enumerate([*VIEWS] * 3)
        if not _is_the_same(view, *case(seed, kind, with_image=with_image))
    ]
    assert len(differ) <= 1, differ


def _is_the_same(view, labels, image, spacing, statistics, wanted):
    """Tell whether a scene has the same objects in a view."""
    turn, back, exchanged = VIEWS[view]
    if spacing is not None and exchanged is not None:
        sizes = list(spacing)
        a, b = exchanged
        sizes[a], sizes[b] = sizes[b], sizes[a]
        spacing = tuple(sizes)
    turned = None if image is None else np.ascontiguousarray(turn(image))
    found = split(np.ascontiguousarray(turn(labels)), turned, spacing, statistics)
    return are_same_objects(back(found), wanted)
