"""What the image says for and against a neck."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.monitor import Monitor
from napari_ncut.widths import Spacing, Volume, smoothed


def border_evidence(
    channels: NDArray[Any], labels: Volume, spacing: Spacing, beta: float, monitor: Monitor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the evidence of each pixel for a border, and the landscape to climb."""
    mask = labels > 0
    grey = np.asarray(channels, np.float32).mean(axis=-1)
    if (~mask).any() and grey[mask].mean() < grey[~mask].mean():
        grey = -grey
    spread = grey[mask].std() if mask.any() else 1.0
    if not spread > 0:
        return np.zeros(labels.shape, np.float32), np.ones(labels.shape, np.float32)
    grey = (grey - grey[mask].mean()) / spread
    grey = np.ascontiguousarray(grey, np.float32)
    pixel = min(spacing[-2:])
    ones = np.ones(labels.shape, np.float32)
    near = smoothed(grey, labels, pixel, spacing, monitor) / np.maximum(
        smoothed(ones, labels, pixel, spacing, monitor), 1e-6
    )
    far = smoothed(grey, labels, 3 * pixel, spacing, monitor) / np.maximum(
        smoothed(ones, labels, 3 * pixel, spacing, monitor), 1e-6
    )
    valley = np.clip(far - near, 0, None)
    return (beta * valley).astype(np.float32), np.exp(-4 * beta * valley).astype(np.float32)
