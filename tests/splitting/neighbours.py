"""Which pixels touch, found in the slow and obvious way."""

from itertools import product

import numpy as np
from scipy import ndimage as ndi


def random_labels(seed, ndim):
    """Return a small array of labels."""
    rng = np.random.default_rng(seed)
    shape = (1,) * (3 - ndim) + tuple(rng.integers(2, 8, ndim))
    return rng.choice(3, shape, p=[0.3, 0.5, 0.2]).astype(np.int32)


def linked(labels, here, there, connectivity):
    """Tell whether two neighbours of one label touch, in the box that they span."""
    if labels[here] != labels[there]:
        return False
    low, high = np.minimum(here, there), np.maximum(here, there)
    box = labels[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] == labels[here]
    pieces = ndi.label(box, np.ones((3, 3, 3)) if connectivity > 1 else None)[0]
    return pieces[tuple(here - low)] == pieces[tuple(there - low)]


def neighbours(labels, here, connectivity):
    """Yield every neighbour that touches a pixel, and the step to it."""
    for step in product((-1, 0, 1), repeat=3):
        there = tuple(np.add(here, step))
        inside = all(0 <= i < n for i, n in zip(there, labels.shape, strict=True))
        if any(step) and inside and linked(labels, here, there, connectivity):
            yield there, step
