"""The sample data open from the menu, each an image with its mask and its truth."""

import numpy as np
import pytest
from scipy import ndimage as ndi


@pytest.mark.parametrize(
    ("key", "n_objects"),
    [
        ("circles4", 4),
        ("circles2", 2),
        ("unequal", 4),
        ("spheres", 4),
        ("field", 200),
        ("nuclei", 67),
    ],
)
def test_sample_is_an_image_with_its_mask_and_truth(window, key, n_objects):
    window.viewer.open_sample("napari-ncut", key)
    image, mask = window.viewer.layers
    assert (image.name, mask.name) == (key, f"{key} mask")
    truth = image.metadata["truth"]
    assert truth.shape == image.data.shape == mask.data.shape
    assert len(np.unique(truth)) - 1 == n_objects
    assert np.array_equal(mask.data > 0, truth > 0)


@pytest.mark.parametrize("key", ["circles4", "circles2", "unequal", "spheres"])
def test_the_objects_of_a_small_scene_touch(window, key):
    window.viewer.open_sample("napari-ncut", key)
    assert ndi.label(window.viewer.layers[1].data)[1] == 1


def test_the_real_sample_says_where_it_comes_from(window):
    window.viewer.open_sample("napari-ncut", "nuclei")
    source = window.viewer.layers[0].metadata["source"]
    assert "BBBC038" in source
    assert "CC0" in source
