"""What is wrong with masks as people have them; tests use it, too."""

import numpy as np
from scipy import ndimage as ndi


def texture(rng, shape, sigma):
    """Return smooth noise with a deviation of 1."""
    noise = ndi.gaussian_filter(rng.normal(size=shape), sigma)
    return noise / noise.std()


def clean(scene, rng):
    """Leave the mask as it is."""
    return scene.mask


def round_holes(scene, rng):
    """Punch one to three holes of radius 4 to 5.5 into every nucleus."""
    mask = scene.mask.copy()
    y, x = np.indices(mask.shape)
    for label in range(1, scene.truth.max() + 1):
        depth = ndi.distance_transform_edt(np.pad(scene.truth == label, 1))[1:-1, 1:-1]
        for _ in range(rng.integers(1, 4)):
            radius = rng.uniform(4, 5.5)
            places = np.argwhere(depth > radius + 2)
            if len(places):
                at = places[rng.integers(len(places))]
                mask[np.hypot(y - at[0], x - at[1]) <= radius] = False
    return mask


def small_ragged_holes(scene, rng):
    """Take away what a threshold misses in a fine texture."""
    return scene.mask & (texture(rng, scene.mask.shape, 1.2) < 1.6)


def large_ragged_holes(scene, rng):
    """Take away what a threshold misses in a coarse texture, but for the rim."""
    dark = texture(rng, scene.mask.shape, 2.5) > 1.3
    return scene.mask & ~(dark & (ndi.distance_transform_edt(scene.mask) > 1))


def missing_pixels(scene, rng):
    """Take away 2 % of the pixels."""
    return scene.mask & (rng.random(scene.mask.shape) > 0.02)


def rough_edges(scene, rng):
    """Shift the edge by a pixel, in the mean."""
    inside = ndi.distance_transform_edt(scene.mask) - ndi.distance_transform_edt(~scene.mask)
    return inside + texture(rng, scene.mask.shape, 1.0) > 0


def dark_lines(scene, rng):
    """Take away six rows."""
    mask = scene.mask.copy()
    mask[rng.integers(0, len(mask), 6)] = False
    return mask


def noisy_threshold(scene, rng):
    """Threshold a blurred and noisy image."""
    image = ndi.gaussian_filter(scene.mask.astype(float), 1.5) + rng.normal(
        0, 0.18, scene.mask.shape
    )
    return ndi.gaussian_filter(image, 0.7) > 0.5


DIRT = (
    clean,
    round_holes,
    small_ragged_holes,
    large_ragged_holes,
    missing_pixels,
    rough_edges,
    dark_lines,
    noisy_threshold,
)
