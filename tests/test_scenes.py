"""The scenes are those of the example, at any size, and their truth is true."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_ncut import scenes


def example_circles(n, length=100):
    """Draw the circles as scikit-learn's example does."""
    x, y = np.indices((length, length))
    circles = [(28, 24, 16), (40, 50, 14), (67, 58, 15), (24, 70, 14)][:n]
    return [(x - a) ** 2 + (y - b) ** 2 < r**2 for a, b, r in circles]


@pytest.mark.parametrize("n", [2, 4])
def test_circles_are_those_of_the_example(n):
    scene = scenes.circles(n)
    drawn = example_circles(n)
    np.testing.assert_array_equal(scene.mask, np.any(drawn, axis=0))
    for label, circle in enumerate(drawn, start=1):
        assert not (scene.truth[~circle] == label).any()
    assert abs((scene.image - scene.mask - 1).std() - 0.2) < 0.01


@pytest.mark.parametrize("size", [50, 200, 333])
def test_circles_keep_their_shape_at_any_size(size):
    small, large = scenes.circles(4), scenes.circles(4, size=size)
    assert large.truth.shape == (size, size)
    for label in range(1, 5):
        share = (large.truth == label).mean() / (small.truth == label).mean()
        assert 0.95 < share < 1.05


def test_the_border_between_two_balls_is_straight():
    scene = scenes.balls((40, 60), [(20, 20), (20, 40)], [15, 15], noise=0)
    assert (scene.truth[:, :30] != 2).all()
    assert (scene.truth[:, 31:] != 1).all()


@pytest.mark.parametrize("scene", [scenes.unequal(), scenes.spheres(), scenes.circles(4)])
def test_the_objects_touch(scene):
    assert scene.truth.max() == 4
    assert ndi.label(scene.mask)[1] == 1


def test_unequal_is_very_unequal():
    sizes = np.bincount(scenes.unequal().truth.ravel())[1:]
    assert sizes.max() > 50 * sizes.min()


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_field_holds_the_objects_asked_for_and_most_of_them_touch(ndim):
    scene = scenes.field(40, size=600 if ndim == 2 else 200, ndim=ndim)
    assert len(np.unique(scene.truth)) == 41
    assert ndi.label(scene.mask)[1] < 25


def test_the_same_seed_gives_the_same_scene():
    np.testing.assert_array_equal(scenes.field(20, seed=3).image, scenes.field(20, seed=3).image)
    assert (scenes.field(20, seed=3).truth != scenes.field(20, seed=4).truth).any()


def test_nuclei_are_real_and_touch():
    scene = scenes.nuclei()
    assert scene.image.shape == scene.truth.shape == (256, 320)
    assert scene.truth.max() == 67
    assert ndi.label(scene.mask)[1] == 41


def test_more_circles_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="n is 5; the example has circles 1 to 4"):
        scenes.circles(5)
