"""Images of objects: brightness, texture, lines where they meet, light, blur and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

# Brightness of a line where objects meet, over that of the objects.
LINES = (0.4, 0.7, 0.85, 1.3, 1.8)
PLAIN_LINES = (0.2, 0.4, 0.7, 1.6, 3.0, 6.0)


def picture(rng, truth, spacing, lines=0.6, grain=1.0) -> NDArray[np.float32]:
    """Return an image of objects: brightness, texture, lines where they meet, blur and noise."""
    n, scale = int(truth.max()), 1 / np.array(spacing)
    least = rng.uniform(0.3, 1.0) * grain
    level = np.concatenate([[0.05], rng.uniform(least, 1.0, n)])
    image = level[truth]
    texture = ndi.gaussian_filter(rng.normal(size=truth.shape), rng.uniform(1, 4) * scale)
    image *= np.clip(1 + rng.choice([0.05, 0.2, 0.4]) * grain * texture / texture.std(), 0.2, None)
    if rng.random() < lines:
        high, low = (
            ndi.maximum_filter(truth, 3),
            ndi.minimum_filter(np.where(truth, truth, n + 1), 3),
        )
        line = (truth > 0) & (high != low) & (low <= n)
        image = np.where(line, image * rng.choice(LINES if lines < 0.8 else PLAIN_LINES), image)
    image = ndi.gaussian_filter(image, rng.uniform(0.5, 1.8) * scale)
    image += rng.choice([0.01, 0.04, 0.1]) * grain * rng.normal(size=truth.shape)
    return (image if rng.random() < 0.8 else 1 - image).astype(np.float32)


def lit(rng, truth, spacing) -> NDArray[np.float32]:
    """Return an image of objects whose brightness changes slowly, over each or over all of them."""
    image = 0.05 + np.zeros(truth.shape)
    common = rng.normal(size=truth.ndim), rng.uniform(0, 0.9)
    together = rng.random() < 0.4
    texture = ndi.gaussian_filter(rng.normal(size=truth.shape), rng.uniform(1, 4) / spacing)
    for label, box in enumerate(ndi.find_objects(truth), 1):
        points = np.argwhere(truth[box] == label)
        away = (points - points.mean(axis=0)) * spacing
        way, steep = common if together else (rng.normal(size=truth.ndim), rng.uniform(0, 0.9))
        along = away @ way
        far = np.linalg.norm(away, axis=1)
        slope = 1 + steep * along / max(np.abs(along).max(), 1e-9)
        dome = 1 - rng.uniform(0, 0.5) * (far / max(far.max(), 1e-9)) ** 2
        image[box][truth[box] == label] = rng.uniform(0.5, 1.0) * slope * dome
    image *= np.clip(1 + rng.choice([0, 0.02, 0.1]) * texture / texture.std(), 0.2, None)
    if rng.random() < 0.7:
        image = ndi.gaussian_filter(image, rng.uniform(0.5, 1.8) / np.array(spacing))
    image += rng.choice([0.002, 0.01, 0.04]) * rng.normal(size=truth.shape)
    return (image if rng.random() < 0.8 else 1 - image).astype(np.float32)
