"""Mirror images and transposed images are cut exactly alike."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_ncut
from napari_ncut import scenes
from napari_ncut.cutting.orientation import Orientation, canonical_orientation


def mirror_images(ndim):
    """Yield every order of the axes with every choice of flips."""
    for axes in itertools.permutations(range(ndim)):
        for flipped in itertools.product((False, True), repeat=ndim):
            yield Orientation(axes, flipped)


def same_partition(a, b):
    """Tell whether two label images differ at most in the numbers of their labels."""
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(pairs[0]) == len(np.unique(a)) == len(np.unique(b))


def random_case(seed):
    """Return image, mask or None, spacing, seeds of 2-D or 3-D."""
    rng = np.random.default_rng(seed)
    ndim = int(rng.integers(2, 4))
    shape = tuple(rng.integers(5, 30 if ndim == 2 else 10, size=ndim))
    image = rng.random(shape)
    spacing = tuple(rng.choice([1.0, 2.0], size=ndim))
    mask = None
    if rng.random() < 0.6:
        mask = rng.random(shape) < 0.8
    seeds = np.zeros(shape, dtype=int)
    inside = np.argwhere(np.ones(shape, bool) if mask is None else mask)
    for label, place in enumerate(rng.permutation(inside)[:3]):
        seeds[tuple(place)] = label + 1
    return image, mask, spacing, seeds


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_all_mirror_images_are_seen_alike(seed):
    image, mask, spacing, _ = random_case(seed)
    mask = np.ones(image.shape, bool) if mask is None else mask
    seen = canonical_orientation(image, mask, spacing).turned_copy(image)
    for view in mirror_images(image.ndim):
        turned = view.turned(image), view.turned(mask)
        sizes = [spacing[axis] for axis in view.axes]
        orientation = canonical_orientation(*turned, sizes)
        np.testing.assert_array_equal(orientation.turned_copy(turned[0]), seen)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.booleans())
def test_mirror_images_are_cut_alike(seed, seeded):
    image, mask, spacing, seeds = random_case(seed)
    session = napari_ncut.CutSession(image, mask, spacing=spacing)
    count = 4 + _components(mask, image.shape)
    wanted = napari_ncut.CutSettings(n_segments=min(count, session.n_pixels), connectivity=1)
    cut = session.cut(wanted, seeds=seeds if seeded else None)
    for view in list(mirror_images(image.ndim))[1::3]:
        other = napari_ncut.CutSession(
            view.turned(image),
            None if mask is None else view.turned(mask),
            spacing=[spacing[axis] for axis in view.axes],
        )
        marks = view.turned(seeds) if seeded else None
        found = other.cut(wanted, seeds=marks)
        assert found.ncut == cut.ncut
        if seeded:
            np.testing.assert_array_equal(found.labels > 3, view.turned(cut.labels > 3))
        assert same_partition(found.labels, view.turned(cut.labels))


def _components(mask, shape):
    from scipy import ndimage as ndi

    return ndi.label(np.ones(shape) if mask is None else mask)[1]


@pytest.mark.parametrize("channels", [1, 3])
def test_mirror_images_of_a_picture_are_cut_alike(channels):
    from skimage import data

    picture = data.astronaut()[::6, ::5, :channels].astype(float)
    cut = napari_ncut.normalized_cut(picture, n_segments=6, channel_axis=-1)
    for view in mirror_images(2):
        found = napari_ncut.normalized_cut(view.turned(picture), n_segments=6, channel_axis=-1)
        assert same_partition(found, view.turned(cut))


def test_labels_are_numbered_as_they_appear_in_the_image_as_given():
    scene = scenes.circles(4)
    for view in mirror_images(2):
        labels = napari_ncut.normalized_cut(view.turned(scene.image), view.turned(scene.mask), 4)
        first = np.unique(labels[labels > 0], return_index=True)[1]
        assert (np.diff(first) > 0).all()


def test_the_fiedler_vector_is_turned_back():
    scene = scenes.circles(2)
    settings_ = napari_ncut.CutSettings()
    vector = napari_ncut.CutSession(scene.image, scene.mask).fiedler(settings_)
    for view in mirror_images(2):
        session = napari_ncut.CutSession(view.turned(scene.image), view.turned(scene.mask))
        np.testing.assert_array_equal(session.fiedler(settings_), view.turned(vector))


@pytest.mark.parametrize("shape", [(7,), (130, 70), (1, 200), (3, 90, 66)])
def test_a_turned_copy_is_the_turned_view(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    for view in mirror_images(len(shape)):
        copy = view.turned_copy(array)
        np.testing.assert_array_equal(copy, view.turned(array))
        assert copy.flags.c_contiguous
        assert copy.flags.writeable
        assert not np.shares_memory(copy, array)
