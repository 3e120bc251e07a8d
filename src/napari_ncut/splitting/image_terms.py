"""What the image says at the border of two parts, from sums over the border and over the parts.

- *Step.* The slope of brightness across the border, summed up with its sign (see `edges`).
- *Contrast.* ``z = |m_a - m_b| / sqrt(f^2 + s^2) sqrt(n)``: the difference of the mean brightness
  of the parts in units of the deviation s within them; n is the number of patches of texture in
  the smaller part, roughly, since the means of many differ less by chance. Two parts of one object
  are equally bright: below 1, the contrast speaks against a neck.
- *Dip.* ``v = ((m_a + m_b) / 2 - m) / sqrt(f^2 + s^2)``: how much darker the border is than the
  parts. A line between two objects is, and the middle of an object is not.

All means are weighted by the half-width, because at the edge of a mask everything is dimmer. The
floor f keeps a smooth object from being certain of everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import in_order
from napari_ncut.splitting.gradients import SLOPE
from napari_ncut.splitting.half_width import Spacing, Volume
from napari_ncut.splitting.ridges import TEXTURE, patch_of_texture
from napari_ncut.splitting.watershed import AREA, LINE, STEP, TONE, WEIGHT

# How strongly each counts, for each unit of beta, and above what.
PER_STEP = 6.0
PER_CONTRAST, CONTRAST, LARGEST_CONTRAST = 0.28, 1.0, 8.0
PER_DIP, DIP = 2.0, 0.1
# Least deviation of brightness within a part, in standard deviations of the foreground.
SMOOTHEST = 0.25
# A border shorter than this proves little, in pixels.
SHORT = 11.0


@dataclass(frozen=True)
class ImageWeights:
    """How the image counts.

    Parameters
    ----------
    beta : float
        Beside the shape; 0 is not at all.
    short : float
        Length or area without evidence that every border is lengthened by.
    patch : float
        Area or volume of a patch of texture.
    """

    beta: float
    short: float
    patch: float


NO_IMAGE = ImageWeights(0.0, 1.0, 1.0)


def image_weights(beta: float, spacing: Spacing, ndim: int) -> ImageWeights:
    """Return the weights in physical units."""
    pixel = min(spacing[-2:])
    return ImageWeights(beta, SHORT * pixel ** (ndim - 1), patch_of_texture(ndim) * pixel**ndim)


def measure_tones(
    fragments: Volume,
    width: NDArray[np.float32],
    tone: NDArray[np.float32],
    n: int,
    monitor: Monitor,
) -> NDArray[np.float64]:
    """Return the sums of w, w t and w t^2 of each fragment, for half-width w and brightness t.

    Parameters
    ----------
    fragments : ndarray of int32, shape (nz, ny, nx)
        -1 is background.
    width, tone : ndarray of float32, shape (nz, ny, nx)
        Half-width and brightness.
    n : int
        Number of fragments.
    monitor : Monitor
        Asked whether to go on.

    Returns
    -------
    ndarray of float64, shape (n, 3)
    """
    tones = np.zeros((n, 3))
    flat = fragments.reshape(-1), width.reshape(-1), tone.reshape(-1)
    in_order(partial(_add_tones, *flat, tones), fragments.size, 1, monitor)
    return tones


@compiled
def _add_tones(
    fragments: NDArray[np.int32],
    width: NDArray[np.float32],
    tone: NDArray[np.float32],
    tones: NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Add some pixels to the tones of the fragments."""
    for i in range(start, stop):
        k = fragments[i]
        if k >= 0:
            weighted = np.float64(width[i]) * tone[i]
            tones[k, 0] += width[i]
            tones[k, 1] += weighted
            tones[k, 2] += weighted * tone[i]


@compiled
def image_evidence(
    border: NDArray[np.float64],
    tones_a: NDArray[np.float64],
    tones_b: NDArray[np.float64],
    volume_a: float,
    volume_b: float,
    short: float,
    patch: float,
) -> float:
    """What the image says for a neck between two parts, for each unit of beta.

    Parameters
    ----------
    border : ndarray, shape (6,)
        Sums over the border of the parts, as in `Contacts`.
    tones_a, tones_b : ndarray, shape (3,)
        As `measure_tones` gives them.
    volume_a, volume_b : float
        Area or volume of the parts.
    short, patch : float
        As in `ImageWeights`.

    Returns
    -------
    float
        Above 0 for a neck, below against one.
    """
    length = border[AREA] + short
    result = PER_STEP * max(abs(border[STEP]) / length - SLOPE, 0.0)
    if tones_a[0] <= 0.0 or tones_b[0] <= 0.0 or border[WEIGHT] <= 0.0:
        return float(result)
    mean_a, mean_b = tones_a[1] / tones_a[0], tones_b[1] / tones_b[0]
    variance_a = max(tones_a[2] / tones_a[0] - mean_a**2, 0.0)
    variance_b = max(tones_b[2] / tones_b[0] - mean_b**2, 0.0)
    deviation = np.sqrt(SMOOTHEST**2 + 0.5 * (variance_a + variance_b))
    patches = 1.0 / (1.0 / max(volume_a / patch, 1.0) + 1.0 / max(volume_b / patch, 1.0))
    contrast = abs(mean_a - mean_b) / deviation * np.sqrt(max(patches, 1.0))
    result += PER_CONTRAST * (min(contrast, LARGEST_CONTRAST) - CONTRAST)
    dip = 0.5 * (mean_a + mean_b) - border[TONE] / border[WEIGHT]
    dip *= border[AREA] / (length * deviation)
    return float(result + PER_DIP * max(dip - DIP, 0.0))


@compiled
def border_strength(border: NDArray[np.float64], short: float) -> float:
    """How far a line or a step on a border is above the least that counts; below 0, neither is."""
    length = border[AREA] + short
    line = border[LINE] / length - TEXTURE
    step = abs(border[STEP]) / length - SLOPE
    return float(max(line, step) if step > 0.0 else line)
