"""Scenes of ellipses, rods and labels that touch, and how two results of them are compared."""

import numpy as np
from scipy import ndimage as ndi

# Nothing lies so near to the border of a scene.
MARGIN = 3


def scene(seed, ndim=2, *, spacing=None, labelled=False):
    """Return labels and an image of objects that touch, cover and cross each other.

    Objects are round in physical units. Where they are labelled, some of those that touch have
    different labels.
    """
    rng = np.random.default_rng(seed)
    spacing = np.ones(ndim) if spacing is None else np.array(spacing)
    extent = np.array([76.0, 84.0]) if ndim == 2 else np.array([30.0, 40.0, 44.0])
    shape = tuple((extent / spacing).astype(int))
    at = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1) * spacing
    labels, image = np.zeros(shape, np.int32), np.zeros(shape)
    for _ in range(rng.integers(4, 12)):
        centre = rng.uniform(0.15, 0.85, ndim) * extent
        turn = np.linalg.qr(rng.normal(size=(ndim, ndim)))[0]
        axes = rng.uniform(4, 13, ndim) if ndim == 2 else rng.uniform(3.5, 8, ndim)
        along = (at - centre) @ turn
        apart = ((along / axes) ** 2).sum(axis=-1)
        if rng.random() < 0.2:
            apart = abs(along / np.append(axes[:1], [3.0] * (ndim - 1))).max(axis=-1) ** 2
        inside = apart < 1
        labels[inside] = rng.integers(1, 4) if labelled else 1
        image[inside] = rng.uniform(60, 200) * (1 - 0.3 * apart[inside])
    labels[rng.random(shape) < rng.choice([0, 0.002])] = 0
    inner = np.zeros(shape, bool)
    inner[(slice(MARGIN, -MARGIN),) * ndim] = True
    labels[~inner] = 0
    image = ndi.gaussian_filter(image, 1) + rng.normal(0, 4, shape)
    return labels, image.astype(np.float32)


def numbered(labels):
    """Return labels numbered in the order of their first pixels."""
    values, first, number = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(np.where(values == 0, -1, first))
    rank = np.empty(len(values), int)
    rank[order] = np.arange(len(values)) + (0 if (labels == 0).any() else 1)
    return rank[number].reshape(labels.shape)


def assert_same_labels(found, wanted):
    """Check that two results are the same up to the numbers of the labels."""
    np.testing.assert_array_equal(numbered(found), numbered(wanted))


def are_same_objects(found, wanted):
    """Tell whether the numbers are equal, and each object is nine tenths the same."""
    if found.max() != wanted.max():
        return False
    for label in range(1, wanted.max() + 1):
        own = wanted == label
        other = found == np.bincount(found[own]).argmax()
        if (own & other).sum() < 0.9 * (own | other).sum():
            return False
    return True
