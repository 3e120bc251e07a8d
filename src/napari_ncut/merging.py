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
- *Image.* The mean over the border of what the image says there (see `evidence`).

The neck ratio of the pair is ``sqrt(N q^w) r^(6 w) exp(-image)``, where w is the share of both
parts that their widest discs fill: of a long or bent part the ellipse tells little.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.compiled import compiled
from napari_ncut.evidence import ImageWeights
from napari_ncut.fragments import Contacts

# How strongly shape counts beside width: the exponent of r for parts that are filled by a disc.
SHAPE = 6.0
# Notches and shape may deepen a neck that the width shows, up to this many times, but not make one.
DEEPENING = 4.0
# A rise over the pass by less than this share of the width is noise.
NOISE = 0.003
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
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
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
    peaks : ndarray, shape (n,)
        Half-width of each fragment.
    moments : ndarray, shape (n, 10)
        Volume, sums of z, y, x and of zz, yy, xx, zy, zx, yx, each times a pixel's volume.
    least_moment : ndarray, shape (3,)
        Variance of a pixel along the axes, so that a line of pixels has a volume.
    ndim : int
        Number of axes longer than one pixel, 2 or 3.
    image : ImageWeights
        How the evidence of the image counts.
    use_shape : bool
        False: the image alone; the ratio is then minus what the border shows above the least that
        counts.
    """
    kept, gone, ratio, contact = _merge(
        contacts.low,
        contacts.high,
        contacts.height,
        contacts.area,
        contacts.evidence,
        contacts.step,
        np.array([image.strength, image.texture, image.short, image.step, image.slope]),
        use_shape,
        peaks.copy(),
        moments.copy(),
        least_moment,
        ndim,
    )
    return Merges(kept, gone, ratio, contact)


@compiled
def covariance(
    moments: NDArray[np.float64], least_moment: NDArray[np.float64]
) -> tuple[float, float, float, float, float, float]:
    """Covariances zz, yy, xx, zy, zx, yx of the pixels of a part."""
    volume = moments[0]
    z, y, x = moments[1] / volume, moments[2] / volume, moments[3] / volume
    return (
        moments[4] / volume - z * z + least_moment[0],
        moments[5] / volume - y * y + least_moment[1],
        moments[6] / volume - x * x + least_moment[2],
        moments[7] / volume - z * y,
        moments[8] / volume - z * x,
        moments[9] / volume - y * x,
    )


@compiled
def ellipticity(
    moments: NDArray[np.float64], least_moment: NDArray[np.float64], ndim: int
) -> float:
    """Volume over that of the ellipse with the same second moments: 1 for an ellipse."""
    zz, yy, xx, zy, zx, yx = covariance(moments, least_moment)
    if ndim == 2:
        return float(moments[0] / (4.0 * np.pi * np.sqrt(yy * xx - yx * yx)))
    spread = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
    return float(moments[0] / (4.0 / 3.0 * np.pi * 5.0**1.5 * np.sqrt(spread)))


@compiled
def half_chord(
    a: NDArray[np.float64], b: NDArray[np.float64], least_moment: NDArray[np.float64], ndim: int
) -> float:
    """Half-width at which the ellipse of two parts is cut into their volumes.

    A plane that cuts an ellipse with covariance C into caps whose centroids are d apart has the
    normal C^-1 d. Beside the cut in halves, that into volumes v_a and v_b is narrower by
    (4 v_a v_b / (v_a + v_b)^2)^(1/3), in volumes ^(1/4): right to 8 % however unequal they are.

    Parameters
    ----------
    a, b : ndarray, shape (10,)
        Moments of the parts.
    least_moment : ndarray, shape (3,)
        Variance of a pixel along the axes.
    ndim : int
        2 or 3.

    Returns
    -------
    float
        In volumes, the radius of the disc that has the area of the cut; 0 if the centroids are one.
    """
    zz, yy, xx, zy, zx, yx = covariance(a + b, least_moment)
    dz, dy, dx = a[1] / a[0] - b[1] / b[0], a[2] / a[0] - b[2] / b[0], a[3] / a[0] - b[3] / b[0]
    balance = 4.0 * a[0] * b[0] / (a[0] + b[0]) ** 2
    # The normal times the determinant: the adjugate of C, times d.
    if ndim == 2:
        nz, ny, nx = 0.0, xx * dy - yx * dx, yy * dx - yx * dy
        spread = yy * xx - yx * yx
    else:
        c_zz, c_zy, c_zx = yy * xx - yx * yx, zx * yx - zy * xx, zy * yx - zx * yy
        c_yy, c_yx, c_xx = zz * xx - zx * zx, zy * zx - zz * yx, zz * yy - zy * zy
        nz = c_zz * dz + c_zy * dy + c_zx * dx
        ny = c_zy * dz + c_yy * dy + c_yx * dx
        nx = c_zx * dz + c_yx * dy + c_xx * dx
        spread = zz * c_zz + zy * c_zy + zx * c_zx
    along = zz * nz * nz + yy * ny * ny + xx * nx * nx
    along += 2.0 * (zy * nz * ny + zx * nz * nx + yx * ny * nx)
    if along <= 0.0:
        return 0.0
    section = np.sqrt(spread * (nz * nz + ny * ny + nx * nx) / along)
    if ndim == 2:
        return float(2.0 * section * np.cbrt(balance))
    return float(np.sqrt(5.0 * section * np.sqrt(balance)))


@compiled
def neck_ratio(
    height: float,
    chord: float,
    image: float,
    width_a: float,
    width_b: float,
    volume_a: float,
    volume_b: float,
    shape_a: float,
    shape_b: float,
    shape_both: float,
    ndim: int,
) -> float:
    """Neck ratio of two parts, about 0 to 1; above 1 they are one object beyond doubt."""
    width = min(0.5 * (height / width_a + height / width_b), 1.0)
    if height >= (1.0 - NOISE) * min(width_a, width_b):
        width = 1.0
    volume = volume_a + volume_b
    filled = np.pi * (width_a**2 + width_b**2)
    if ndim == 3:
        filled = 4.0 / 3.0 * np.pi * (width_a**3 + width_b**3)
    share = min(filled / volume, 1.0)
    gain = shape_both * volume / (volume_a * shape_a + volume_b * shape_b)
    shape = min(gain, 2.0) ** SHAPE if gain > 1.0 else gain ** (SHAPE * share)
    if height < chord:
        shape *= (height / chord) ** (0.5 * share)
    ratio = max(np.sqrt(width) * shape, 1.0 - DEEPENING * (1.0 - width))
    return float(ratio * np.exp(-image))


@compiled
def _ratio_of(
    i: int,
    a: int,
    b: int,
    height: NDArray[np.float64],
    area: NDArray[np.float64],
    evidence: NDArray[np.float64],
    step: NDArray[np.float64],
    image: NDArray[np.float64],
    use_shape: bool,
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    shapes: NDArray[np.float64],
    least_moment: NDArray[np.float64],
    ndim: int,
) -> float:
    """Neck ratio of the parts a and b across the contact i."""
    half = 0.5 * area[i] if ndim == 2 else np.sqrt(area[i] / np.pi)
    line = evidence[i] / (area[i] + image[2]) - image[1]
    slope = abs(step[i]) / (area[i] + image[2]) - image[4]
    if not use_shape:
        return float(-max(line, slope) if slope > 0.0 else -line)
    ratio: float = neck_ratio(
        min(height[i], CONTACT * half),
        half_chord(moments[a], moments[b], least_moment, ndim),
        image[0] * max(line, 0.0) + image[3] * max(slope, 0.0),
        peaks[a],
        peaks[b],
        moments[a, 0],
        moments[b, 0],
        shapes[a],
        shapes[b],
        ellipticity(moments[a] + moments[b], least_moment, ndim),
        ndim,
    )
    return ratio


@compiled
def _merge(
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    height: NDArray[np.float64],
    area: NDArray[np.float64],
    evidence: NDArray[np.float64],
    step: NDArray[np.float64],
    image: NDArray[np.float64],
    use_shape: bool,
    peaks: NDArray[np.float64],
    moments: NDArray[np.float64],
    least_moment: NDArray[np.float64],
    ndim: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Merge along a heap of contacts; a contact's age tells whether its entry is still true."""
    n, m = len(peaks), len(low)
    ends = np.empty((m, 2), np.int64)
    height, area, evidence, step = height.copy(), area.copy(), evidence.copy(), step.copy()
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
    heap = [(0.0, 0, 0) for _ in range(0)]
    for i in range(m):
        ratio = _ratio_of(
            i,
            low[i],
            high[i],
            height,
            area,
            evidence,
            step,
            image,
            use_shape,
            peaks,
            moments,
            shapes,
            least_moment,
            ndim,
        )
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
                    if height[j] > height[twin]:
                        height[twin] = height[j]
                        neck[twin] = neck[j]
                    area[twin] += area[j]
                    evidence[twin] += evidence[j]
                    step[twin] += step[j] if ends[twin, side] == a else -step[j]
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
                j,
                a,
                other,
                height,
                area,
                evidence,
                step,
                image,
                use_shape,
                peaks,
                moments,
                shapes,
                least_moment,
                ndim,
            )
            heapq.heappush(heap, (-ratio, j, age[j]))
            half = following[half]
    return kept[:count], gone[:count], ratios[:count], contact[:count]
