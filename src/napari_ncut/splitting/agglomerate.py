"""Merging fragments, surest pair first: the split tree from its leaves to its roots.

What speaks for a neck between two parts a and b that touch:

- *Width.* ``N = (s / f_a + s / f_b) / 2``, the half-width s at the pass over those of the parts
  (the largest in each). This is the normalised cut, cut/vol(a) + cut/vol(b), with widths for
  volumes: 1 is no neck, 0 is two parts on a thread.
- *Notches.* ``q = s / c``, at most 1: c is half the chord that the ellipse with the second moments
  of both parts has where it is cut into volumes like theirs. A cut through an ellipse is as wide as
  its chord; notches in the outline make it less.
- *Shape.* ``r = e(a + b) / e(a, b)``: e is the volume of a part over that of the ellipse with the
  same second moments, 1 for any ellipse and less for whatever is not one; e(a, b) the mean of both
  parts. Two discs that touch are each an ellipse, together they are not; the halves of a nucleus
  gain when they are put together. e is the same under any stretching.
- *Image.* What it says at the border and in the parts (see `borders`).

The neck ratio of the pair is ``N^(1/3) (q r^(2 d))^w exp(-beta image)`` in d dimensions. Of a
long or bent part the ellipse tells little: w is the share of both parts that their widest discs
fill, times e(a + b)^2.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled
from napari_ncut.splitting.ellipses import ellipticity, half_chord
from napari_ncut.splitting.image_terms import ImageWeights, border_strength, image_evidence
from napari_ncut.splitting.watershed import AREA, HEIGHT, STEP, Contacts

# Exponents of N, and of r for each dimension.
WIDTH, SHAPE = 1 / 3, 2.0
# Within a hill, a rise over the pass by less than this share of the width is noise.
NOISE = 0.003
# Notches and shape may deepen a neck that the width shows, up to this many times, but not make one.
DEEPENING = 15.0
# The half-width is uncertain by so much, in pixels.
UNCERTAIN = 0.15
# The neck is not wider than its border is long (half-widths of small objects are large by a third).
CONTACT = 1.3


@dataclass(frozen=True)
class Merges:
    """The merges of fragments, in their order.

    Parameters
    ----------
    kept, gone : ndarray of int32, shape (n,)
        Fragments that stand for the two parts; ``kept`` stands for both from then on.
    ratio : ndarray of float64, shape (n,)
        Neck ratio from 0 to 1, never above those of the merges within.
    contact : ndarray of int32, shape (n,)
        Row of the contact whose pass is the neck.
    """

    kept: NDArray[np.int32]
    gone: NDArray[np.int32]
    ratio: NDArray[np.float64]
    contact: NDArray[np.int32]


def merge_fragments(
    contacts: Contacts,
    hill: NDArray[np.int32],
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    tones: NDArray[np.float64],
    least_moment: NDArray[np.float64],
    ndim: int,
    image: ImageWeights,
    use_shape: bool = True,
) -> Merges:
    """Merge all fragments that are connected.

    Parameters
    ----------
    contacts : Contacts
        Borders between fragments.
    hill : ndarray of int32, shape (n,)
        Hill of the half-width that each fragment is a part of.
    peaks : ndarray, shape (n,)
        Half-width of each fragment.
    moments : ndarray, shape (n, 10)
        Volume, sums of z, y, x and of zz, yy, xx, zy, zx, yx, each times a pixel's volume.
    tones : ndarray, shape (n, 3)
        As `borders.measure_tones` gives them.
    least_moment : ndarray, shape (3,)
        Variance of a pixel along the axes, so that a line of pixels has a volume.
    ndim : int
        Number of axes longer than one pixel, 2 or 3.
    image : ImageWeights
        How the evidence of the image counts.
    use_shape : bool
        False: the lines and steps of the image alone; the ratio is then minus what the border
        shows above the least that counts.
    """
    kept, gone, ratio, contact = _merge(
        contacts.low,
        contacts.high,
        contacts.sums.copy(),
        hill[contacts.low] == hill[contacts.high],
        peaks.copy(),
        moments.copy(),
        tones.copy(),
        least_moment,
        float(np.sqrt(12.0 * least_moment[-2:].min())),
        ndim,
        np.array([image.beta, image.short, image.patch]),
        use_shape,
    )
    return Merges(kept, gone, ratio, contact)


@compiled
def neck_ratio(
    height: float,
    chord: float,
    width_a: float,
    width_b: float,
    volume_a: float,
    volume_b: float,
    shape_a: float,
    shape_b: float,
    shape_both: float,
    pixel: float,
    ndim: int,
    is_slope: bool,
) -> float:
    """Neck ratio of two parts by shape, about 0 to 1; above 1 they are one beyond doubt.

    On a slope, between two parts of one hill, there is no neck before the half-width rises again.
    """
    narrow = 0.5 * (1.0 / width_a + 1.0 / width_b)
    width = min(height * narrow, 1.0)
    if is_slope and height >= (1.0 - NOISE) * min(width_a, width_b):
        width = 1.0
    volume = volume_a + volume_b
    filled = np.pi * (width_a**2 + width_b**2)
    if ndim == 3:
        filled = 4.0 / 3.0 * np.pi * (width_a**3 + width_b**3)
    weight = min(filled / volume, 1.0) * min(shape_both, 1.0) ** 2
    gain = shape_both * volume / (volume_a * shape_a + volume_b * shape_b)
    notches = height / chord if height < chord else 1.0
    ratio = width**WIDTH * (notches * min(gain, 2.0) ** (SHAPE * ndim)) ** weight
    least = 1.0 - DEEPENING * (1.0 - width - UNCERTAIN * pixel * narrow)
    return float(max(ratio, least))


@compiled
def _ratio_of(
    border: NDArray[np.float64],
    is_slope: bool,
    a: int,
    b: int,
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    tones: NDArray[np.float64],
    shapes: NDArray[np.float64],
    least_moment: NDArray[np.float64],
    pixel: float,
    ndim: int,
    image: NDArray[np.float64],
    use_shape: bool,
) -> float:
    """Neck ratio of the parts a and b across a border."""
    beta, short, patch = image
    if not use_shape:
        return -border_strength(border, short)
    half = 0.5 * border[AREA] if ndim == 2 else np.sqrt(border[AREA] / np.pi)
    ratio: float = neck_ratio(
        min(border[HEIGHT], CONTACT * half),
        half_chord(moments[a], moments[b], least_moment, ndim),
        peaks[a],
        peaks[b],
        moments[a, 0],
        moments[b, 0],
        shapes[a],
        shapes[b],
        ellipticity(moments[a] + moments[b], least_moment, ndim),
        pixel,
        ndim,
        is_slope,
    )
    if beta > 0.0:
        seen = image_evidence(
            border, tones[a], tones[b], moments[a, 0], moments[b, 0], short, patch
        )
        ratio *= np.exp(-beta * seen)
    return ratio


@compiled
def _merge(
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    borders: NDArray[np.float64],
    is_slope: NDArray[np.bool_],
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    tones: NDArray[np.float64],
    least_moment: NDArray[np.float64],
    pixel: float,
    ndim: int,
    image: NDArray[np.float64],
    use_shape: bool,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Merge along a heap of contacts; a contact's age tells whether its entry is still true."""
    n, m = len(peaks), len(low)
    ends = np.empty((m, 2), np.int64)
    neck = np.arange(m)
    age = np.zeros(m, np.int64)
    # The contacts of a part are a linked list over half-edges: contact i is 2 i and 2 i + 1.
    head = np.full(n, -1, np.int64)
    tail = np.full(n, -1, np.int64)
    following = np.full(2 * m, -1, np.int64)
    degree = np.zeros(n, np.int64)
    for i in range(m):
        for side in range(2):
            part = low[i] if side == 0 else high[i]
            ends[i, side] = part
            half = 2 * i + side
            if head[part] == -1:
                head[part] = half
            else:
                following[tail[part]] = half
            tail[part] = half
            degree[part] += 1
    shapes = np.empty(n)
    for part in range(n):
        shapes[part] = ellipticity(moments[part], least_moment, ndim)
    facts = least_moment, pixel, ndim, image, use_shape
    heap = [(0.0, 0, 0) for _ in range(0)]
    for i in range(m):
        a, b = ends[i, 0], ends[i, 1]
        ratio = _ratio_of(borders[i], is_slope[i], a, b, peaks, moments, tones, shapes, *facts)
        heap.append((-ratio, i, 0))
    heapq.heapify(heap)
    kept = np.empty(max(n - 1, 0), np.int32)
    gone = np.empty(max(n - 1, 0), np.int32)
    ratios = np.empty(max(n - 1, 0), np.float64)
    contact = np.empty(max(n - 1, 0), np.int32)
    least = np.full(n, 1.0 if use_shape else np.inf)
    by_other = np.full(n, -1, np.int64)
    count = 0
    while len(heap):
        negative, i, born = heapq.heappop(heap)
        if age[i] != born:
            continue
        a, b = ends[i, 0], ends[i, 1]
        if degree[a] < degree[b]:
            a, b = b, a
        least[a] = min(-negative, least[a], least[b])
        kept[count], gone[count], ratios[count], contact[count] = a, b, least[a], neck[i]
        count += 1
        age[i] = -1
        peaks[a] = max(peaks[a], peaks[b])
        moments[a] += moments[b]
        tones[a] += tones[b]
        shapes[a] = ellipticity(moments[a], least_moment, ndim)
        # Both lists become one; of two contacts with the same neighbour, one takes in the other.
        following[tail[a]] = head[b]
        tail[a] = tail[b]
        half, before = head[a], -1
        degree[a] = 0
        while half != -1:
            j = half // 2
            after = following[half]
            other = -1
            if age[j] >= 0:
                side = half % 2
                ends[j, side] = a
                other = ends[j, 1 - side]
                twin = by_other[other]
                if twin == -1:
                    by_other[other] = j
                else:
                    if borders[j, HEIGHT] > borders[twin, HEIGHT]:
                        borders[twin, HEIGHT] = borders[j, HEIGHT]
                        is_slope[twin] = is_slope[j]
                        neck[twin] = neck[j]
                    if ends[twin, side] != a:
                        borders[j, STEP] *= -1.0
                    borders[twin, AREA:] += borders[j, AREA:]
                    age[j] = -1
                    degree[other] -= 1
                    other = -1
            if other == -1:
                if before == -1:
                    head[a] = after
                else:
                    following[before] = after
            else:
                before = half
                degree[a] += 1
            half = after
        tail[a] = before
        half = head[a]
        while half != -1:
            j = half // 2
            other = ends[j, 1 - half % 2]
            by_other[other] = -1
            age[j] += 1
            ratio = _ratio_of(
                borders[j], is_slope[j], a, other, peaks, moments, tones, shapes, *facts
            )
            heapq.heappush(heap, (-ratio, j, age[j]))
            half = following[half]
    return kept[:count], gone[:count], ratios[:count], contact[:count]
