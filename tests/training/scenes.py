"""Scenes that the criterion learns from, with their truth: kinds of objects, each in variety.

An object is a function that is negative inside it (`shapes`), and `pictures` are made of the truth.
Objects are drawn one by one: the next one slides towards those that are there until it covers a
little of them. Nothing here is used in the tables of the documentation, whose scenes have
generators of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pictures import lit, picture
from scipy import ndimage as ndi
from scipy.spatial import cKDTree
from shapes import Inside, branched, ellipsoid, polygon, ring, rod


@dataclass(frozen=True)
class Scene:
    """A mask with its truth and an image.

    Parameters
    ----------
    truth : ndarray of int32
        0 in the background.
    image : ndarray of float32
        Of the same shape.
    spacing : tuple of float
        Pixel size.
    """

    truth: NDArray[np.int32]
    image: NDArray[np.float32]
    spacing: tuple[float, ...]


class Canvas:
    """Labels that objects are drawn on.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    shape : tuple of int
        Of the picture.
    spacing : tuple of float
        Pixel size.
    """

    def __init__(self, rng, shape, spacing) -> None:
        self.rng, self.spacing = rng, np.array(spacing)
        self.labels = np.zeros(shape, np.int32)
        self.size = np.array(shape) * self.spacing
        self.centres: list[NDArray[np.float64]] = []

    def stamp(self, inside: Inside, reach: float, rough: float = 0.0, turn=None):
        """Return the pixels of an object about its centre, in a random direction."""
        ndim = len(self.spacing)
        if turn is None:
            turn = np.linalg.qr(self.rng.normal(size=(ndim, ndim)))[0]
        half = np.ceil(reach / self.spacing).astype(int)
        grid = np.indices(2 * half + 1).reshape(ndim, -1) - half[:, None]
        offset = self.rng.uniform(-0.5, 0.5, ndim)
        points = turn @ ((grid + offset[:, None]) * self.spacing[:, None])
        value = inside(points).reshape(2 * half + 1)
        if rough:
            noise = ndi.gaussian_filter(self.rng.normal(size=value.shape), 1 / self.spacing)
            value = value + rough * noise / noise.std()
        pieces, n = ndi.label(value <= 0)
        if n == 0:
            return None
        return pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()

    def covered(self, stamp, centre):
        """Return the part of the picture, that of the stamp, and how much of it is taken."""
        low = np.rint(centre / self.spacing).astype(int) - np.array(stamp.shape) // 2
        high = low + stamp.shape
        first, last = np.maximum(low, 0), np.minimum(high, self.labels.shape)
        if (first >= last).any():
            return None
        there = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        here = tuple(slice(a - c, b - c) for a, b, c in zip(first, last, low, strict=True))
        return there, here, (self.labels[there] > 0) & stamp[here]

    def add(self, stamp, overlap: float, alone: float = 0.2, beside=None, on_top=None) -> bool:
        """Draw an object alone, or beside another, of which it covers so much or is covered."""
        if stamp is None:
            return False
        rng, ndim = self.rng, len(self.spacing)
        reach = np.linalg.norm(np.array(stamp.shape) * self.spacing) / 2
        if not self.centres or (beside is None and rng.random() < alone):
            centre = rng.uniform(0.1, 0.9, ndim) * self.size
            way, steps = np.zeros(ndim), [0.0]
        else:
            centre = self.centres[rng.integers(len(self.centres)) if beside is None else beside]
            way = rng.normal(size=ndim)
            way /= np.linalg.norm(way)
            steps = np.arange(2.2 * reach, 0, -max(0.06 * reach, 0.5))
        place = None
        for step in steps:
            part = self.covered(stamp, centre + way * step)
            if part is None:
                continue
            taken = part[2].sum() / max(stamp[part[1]].sum(), 1)
            if taken > overlap:
                break
            place = centre + way * step
            if taken > 0.5 * overlap:
                break
        if place is None:
            return False
        there, here, taken = self.covered(stamp, place)
        if (place < 0).any() or (place > self.size).any() or stamp[here].sum() < 12:
            return False
        for label in np.unique(self.labels[there][taken]):
            if (taken & (self.labels[there] == label)).sum() > overlap * (
                self.labels == label
            ).sum():
                return False
        on_top = rng.random() < 0.5 if on_top is None else on_top
        number = len(self.centres) + 1
        self.labels[there][stamp[here] & ((self.labels[there] == 0) | on_top)] = number
        self.centres.append(place)
        return True

    def truth(self) -> NDArray[np.int32]:
        """Return the labels, each in one piece."""
        result = np.zeros_like(self.labels)
        for label, box in enumerate(ndi.find_objects(self.labels), 1):
            if box is None:
                continue
            pieces, n = ndi.label(self.labels[box] == label)
            if n:
                largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
                if largest.sum() >= 12:
                    result[box][largest] = label
        return np.unique(result, return_inverse=True)[1].reshape(result.shape).astype(np.int32)


def fill(
    canvas: Canvas, draw: Callable[[], tuple[Inside, float]], n: int, overlap, rough=0.0, **how
):
    """Draw n objects."""
    for _ in range(3 * n):
        if len(canvas.centres) >= n:
            break
        inside, reach = draw()
        canvas.add(canvas.stamp(inside, reach, rough), rng_between(canvas.rng, overlap), **how)


def rng_between(rng, limits):
    """Return a number between two limits."""
    return rng.uniform(*limits) if isinstance(limits, tuple) else limits


def flat(rng, radius, n=30):
    """Return an empty picture for n objects of a radius."""
    side = int(np.clip(3.2 * radius * np.sqrt(n), 80, 640))
    return Canvas(rng, (side, side), (1.0, 1.0))


def nuclei(rng):
    """Draw round nuclei of similar or unequal size, smooth or bumpy."""
    radius = np.exp(rng.uniform(np.log(5), np.log(40)))
    spread, ratio, bump = rng.uniform(1, 2.2), rng.uniform(0.5, 0.95), rng.choice([0, 0.03, 0.07])
    canvas = flat(rng, radius)
    fill(
        canvas,
        lambda: (
            ellipsoid(rng, 2, r := radius * rng.uniform(1 / spread, 1), (ratio, 1), bump),
            1.3 * r,
        ),
        30,
        (0.02, 0.3),
        alone=rng.uniform(0.1, 0.5),
    )
    return canvas


def discs(rng):
    """Draw a field of equal discs that overlap."""
    radius = np.exp(rng.uniform(np.log(6), np.log(40)))
    canvas = flat(rng, radius)
    fill(
        canvas,
        lambda: (ellipsoid(rng, 2, radius * rng.uniform(0.85, 1), (0.95, 1)), 1.2 * radius),
        35,
        (0.02, 0.35),
        alone=0.2,
    )
    return canvas


def rods(rng):
    """Draw rods and bent rods, single and in colonies."""
    width = np.exp(rng.uniform(np.log(2.5), np.log(12)))
    length = np.exp(rng.uniform(np.log(2), np.log(14)))
    bend = rng.choice([0, 0.1, 0.3, 0.6, 1.0])
    canvas = flat(rng, width * np.sqrt(length), 25)
    rough = rng.choice([0, 0, 0.5, 1.0, 1.3]) * min(1, width / 6)
    fill(
        canvas,
        lambda: (
            rod(rng, 2, h := width * length * rng.uniform(0.6, 1) / 1, width, bend * rng.random()),
            h + 3 * width + bend * h,
        ),
        25,
        (0.0, 0.12),
        rough,
        alone=rng.uniform(0.1, 0.5),
    )
    return canvas


def cracked(rng, labels, width: float) -> NDArray[np.int32]:
    """Return labels with cracks of a pixel or two where objects meet, but for some contacts."""
    other = ndi.maximum_filter(labels, 3) != ndi.minimum_filter(
        np.where(labels, labels, labels.max() + 1), 3
    )
    if rng.random() < 0.4:
        other &= (np.indices(labels.shape).sum(axis=0) % 2 == 0) | (rng.random(labels.shape) < 0.7)
    closed = ndi.gaussian_filter(rng.normal(size=labels.shape), rng.uniform(0.3, 1.2) * width)
    kept = closed > np.quantile(closed, rng.uniform(0.6, 0.97))
    return np.where(other & ~kept, 0, labels)


def colony(rng):
    """Draw a dense colony: rods side by side and end to end, with cracks between them or not."""
    width, length = rng.uniform(2.5, 9), rng.uniform(1.5, 7)
    side = int(24 * width)
    canvas = Canvas(rng, (side, side), (1.0, 1.0))
    lean = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    apart, bend = width * rng.uniform(1.8, 2.6), rng.choice([0, 0.05, 0.15])
    wander, rough = rng.uniform(0.03, 0.25), rng.choice([0, 0.3, 0.6]) * min(1, width / 5)
    gap = rng.choice([-0.3, 0.0, 0.3])
    for k in range(int(side / apart) + 2):
        at = rng.uniform(-2, 0) * width * length
        while at < 1.4 * side:
            half = width * length * rng.uniform(0.4, 1.0) / 2
            at += half + width * (1 + gap)
            middle = lean.T @ np.array([at - 0.7 * side, k * apart - side / 2])
            tilt = rng.normal(0, wander)
            turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]]) @ lean
            rods_body = rod(rng, 2, half, width * rng.uniform(0.9, 1.05), bend * rng.random())
            stamp = canvas.stamp(rods_body, half * (1 + bend) + 2 * width, rough, turn)
            part = None if stamp is None else canvas.covered(stamp, middle + side / 2)
            if part is not None and np.linalg.norm(middle) < 0.45 * side:
                there, here, _ = part
                canvas.labels[there][stamp[here] & (canvas.labels[there] == 0)] = (
                    len(canvas.centres) + 1
                )
                canvas.centres.append(middle)
            at += half + width
    return canvas


def cracked_colony(rng):
    """Draw a dense colony whose cells are apart by a pixel or two, but for some contacts."""
    canvas = colony(rng)
    canvas.labels = cracked(rng, canvas.labels, rng.uniform(3, 9))
    return canvas


def tapered(rng):
    """Draw drops and spindles without a waist."""
    width = np.exp(rng.uniform(np.log(4), np.log(14)))
    canvas, spindle = flat(rng, 2 * width, 25), rng.random() < 0.6
    fill(
        canvas,
        lambda: (
            rod(
                rng,
                2,
                h := width * rng.uniform(2, 6),
                width,
                rng.choice([0, 0.15]),
                rng.uniform(0.3, 0.9),
                spindle,
            ),
            h + 2 * width,
        ),
        25,
        (0.0, 0.1),
        alone=rng.uniform(0.3, 0.6),
    )
    return canvas


def cells_with_processes(rng):
    """Draw bodies with processes that touch."""
    radius = np.exp(rng.uniform(np.log(6), np.log(18)))
    canvas = flat(rng, 2 * radius, 14)
    fill(
        canvas,
        lambda: (branched(rng, 2, radius * rng.uniform(0.7, 1.2)), 9.5 * radius),
        14,
        (0.0, 0.06),
        alone=0.6,
    )
    return canvas


def yeast(rng):
    """Draw mothers with buds, each an object."""
    radius = np.exp(rng.uniform(np.log(7), np.log(25)))
    canvas = flat(rng, radius, 25)
    for _ in range(14):
        if canvas.add(canvas.stamp(ellipsoid(rng, 2, radius, (0.75, 1)), 1.2 * radius), 0.05, 0.6):
            small = radius * rng.uniform(0.3, 0.85)
            stamp = canvas.stamp(ellipsoid(rng, 2, small, (0.75, 1)), 1.2 * small)
            canvas.add(stamp, rng.uniform(0.02, 0.2), beside=len(canvas.centres) - 1)
    return canvas


def small_on_large(rng):
    """Draw small objects on large ones."""
    large = np.exp(rng.uniform(np.log(10), np.log(50)))
    canvas = flat(rng, large, 14)
    for _ in range(12):
        if canvas.add(canvas.stamp(ellipsoid(rng, 2, large, (0.7, 1)), 1.2 * large), 0.03, 0.7):
            for _ in range(rng.integers(0, 4)):
                small = max(large * rng.uniform(0.12, 0.4), 2.2)
                stamp = canvas.stamp(ellipsoid(rng, 2, small, (0.8, 1)), 1.2 * small + 1)
                canvas.add(stamp, rng.uniform(0.02, 0.25), beside=len(canvas.centres) - 1)
    return canvas


def rough(rng):
    """Draw objects with rough edges."""
    radius = np.exp(rng.uniform(np.log(10), np.log(50)))
    canvas = flat(rng, radius, 16)
    fill(
        canvas,
        lambda: (ellipsoid(rng, 2, radius * rng.uniform(0.6, 1), (0.6, 1)), 1.4 * radius),
        16,
        (0.02, 0.15),
        rng.uniform(0.5, 2.0),
        alone=0.4,
    )
    return canvas


def punched(rng, labels, share: float, *, smooth: bool = False) -> NDArray[np.int32]:
    """Return labels with up to three holes in some objects, round or ragged, small or large."""
    labels = labels.copy()
    for label, box in enumerate(ndi.find_objects(labels), 1):
        if box is None or rng.random() > share:
            continue
        inside = labels[box] == label
        depth = ndi.distance_transform_edt(np.pad(inside, 1))[(slice(1, -1),) * labels.ndim]
        largest = rng.uniform(0.1, 0.5) * depth.max()
        for _ in range(rng.integers(1, 4)):
            size = max(largest * rng.uniform(0.5, 1.0), 0.8)
            places = np.argwhere(depth > min(size + rng.uniform(1.5, 4), depth.max() - 0.5))
            if not len(places):
                continue
            away = np.indices(inside.shape) - places[rng.integers(len(places))].reshape(
                (-1,) + (1,) * labels.ndim
            )
            stretch = rng.uniform(0.6, 1.0, labels.ndim)
            far = np.sqrt(sum((a / s) ** 2 for a, s in zip(away, stretch, strict=True)))
            ragged = rng.choice([0, 0.4, 0.8])
            noise = rng.normal(size=far.shape)
            if smooth:
                noise = 0.5 * ndi.gaussian_filter(noise, 1.0) / max(noise.std(), 1e-9)
            far += ragged * noise
            labels[box][inside & (far < size) & (depth > 1.2)] = 0
    return labels


def ragged(rng, labels) -> NDArray[np.int32]:
    """Return labels without what a threshold misses in a texture: fine or coarse, much or not."""
    noise = ndi.gaussian_filter(rng.normal(size=labels.shape), rng.uniform(0.7, 2.5))
    return np.where(noise > rng.uniform(1.3, 2.2) * noise.std(), 0, labels)


def holed(rng):
    """Draw objects with pinholes and larger holes."""
    kinds = (nuclei, rough, discs, tapered, colony, tissue)
    canvas = kinds[rng.choice(6, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])](rng)
    if rng.random() < 0.4:
        canvas.labels[rng.random(canvas.labels.shape) < rng.choice([0.001, 0.003, 0.006])] = 0
    if rng.random() < 0.8:
        canvas.labels = punched(rng, canvas.labels, rng.choice([0.3, 0.6, 1.0]))
    return canvas


def rosettes(rng):
    """Draw rings of three to nine objects around a gap, and packed rows of objects with gaps."""
    radius = np.exp(rng.uniform(np.log(6), np.log(30)))
    canvas = flat(rng, radius, 40)
    squeeze = rng.uniform(0.85, 1.0)
    ratio = rng.uniform(0.7, 1)
    if rng.random() < 0.4:
        at = [
            np.array([row * 1.73 * radius * squeeze, (2 * column + row % 2) * radius * squeeze])
            for row in range(int(canvas.size[0] / radius / 1.7) + 1)
            for column in range(int(canvas.size[1] / radius / 2) + 2)
        ]
        at = [p + rng.normal(0, 0.06 * radius, 2) for p in at if rng.random() < 0.92]
    else:
        at = []
        for corner in rng.uniform(0.15, 0.85, (4, 2)) * canvas.size:
            n = rng.integers(3, 10)
            far = radius * squeeze / np.sin(np.pi / n)
            turn = rng.uniform(0, 2 * np.pi) + np.arange(n) * 2 * np.pi / n
            ring = corner + far * np.stack([np.sin(turn), np.cos(turn)], axis=1)
            ring = ring + rng.normal(0, 0.06 * radius, ring.shape)
            others = np.array(at).reshape(-1, 1, 2)
            if (np.linalg.norm(others - ring, axis=2) > 1.8 * radius).all():
                at += list(ring)
    for place in at:
        size = radius * rng.uniform(0.9, 1.05)
        stamp = canvas.stamp(ellipsoid(rng, 2, size, (ratio, 1), rng.choice([0, 0.03])), 1.3 * size)
        part = None if stamp is None else canvas.covered(stamp, place)
        if part is None:
            continue
        there, here, _ = part
        canvas.centres.append(place)
        canvas.labels[there][stamp[here] & (canvas.labels[there] == 0)] = len(canvas.centres)
    return canvas


def rings(rng):
    """Draw rings and letters C, that touch or lie alone."""
    radius = np.exp(rng.uniform(np.log(10), np.log(70)))
    canvas = flat(rng, radius, 14)
    fill(
        canvas,
        lambda: (ring(rng, 2, radius * rng.uniform(0.6, 1)), 1.2 * radius),
        14,
        (0.0, 0.05),
        alone=0.6,
    )
    return canvas


def polygons(rng):
    """Draw polygons, most of them alone."""
    radius = np.exp(rng.uniform(np.log(8), np.log(50)))
    canvas = flat(rng, radius, 16)
    fill(
        canvas,
        lambda: (polygon(rng, 2, radius * rng.uniform(0.6, 1)), 1.8 * radius),
        16,
        (0.0, 0.06),
        alone=0.6,
    )
    return canvas


def tissue(rng):
    """Draw cells that fill a plane, but for cracks."""
    side, radius = 256, rng.uniform(7, 25)
    n = int(side**2 / (3.2 * radius**2))
    canvas = Canvas(rng, (side, side), (1.0, 1.0))
    points = rng.uniform(0, side, (n, 2))
    y, x = np.indices((side, side))
    for _ in range(3):
        away = (y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2
        labels = away.argmin(axis=-1)
        points = np.array(ndi.center_of_mass(np.ones_like(labels), labels, np.arange(n)))
        points = np.nan_to_num(points, nan=-1e3)
    canvas.labels[:] = labels + 1
    two = np.sort(away, axis=-1)[..., :2]
    crack = np.sqrt(two[..., 1]) - np.sqrt(two[..., 0]) < rng.uniform(1.5, 3.5)
    open_here = ndi.gaussian_filter(rng.normal(size=(side, side)), radius / 3)
    canvas.labels[crack & (open_here > np.quantile(open_here, rng.uniform(0.1, 0.5)))] = 0
    outside = ndi.gaussian_filter(rng.normal(size=(side, side)), 3 * radius)
    gone = np.unique(labels[outside > np.quantile(outside, rng.uniform(0.6, 1.0))])
    canvas.labels[np.isin(labels, gone)] = 0
    return canvas


def stack(rng):
    """Draw nuclei in a stack whose planes are further apart than its pixels."""
    aspect, radius = rng.choice([1.0, 1.0, 1.5, 2.0, 3.0, 5.0]), np.exp(rng.uniform(1.2, 2.5))
    side = int(np.clip(11 * radius, 48, 88))
    canvas = Canvas(rng, (max(int(0.8 * side / aspect), 8), side, side), (aspect, 1.0, 1.0))
    spread, ratio = rng.uniform(1, 1.8), rng.uniform(0.5, 0.95)
    n, overlap = int(rng.uniform(15, 60)), rng.uniform(0.05, 0.3)
    fill(
        canvas,
        lambda: (
            ellipsoid(
                rng, 3, r := radius * rng.uniform(1 / spread, 1), (ratio, 1), rng.choice([0, 0.05])
            ),
            1.3 * r,
        ),
        n,
        (0.0, overlap),
        alone=rng.uniform(0.1, 0.5),
    )
    return canvas


def dense_stack(rng):
    """Draw nuclei that crowd a stack."""
    aspect, radius = rng.choice([1.0, 1.5, 2.0, 2.5, 3.0, 5.0]), rng.uniform(5, 12)
    canvas = Canvas(rng, (max(int(70 / aspect), 10), 88, 88), (aspect, 1.0, 1.0))
    spread, ratio = rng.uniform(1, 1.8), rng.uniform(0.5, 0.95)
    fill(
        canvas,
        lambda: (
            ellipsoid(
                rng,
                3,
                r := radius * rng.uniform(1 / spread, 1),
                (ratio, 1),
                rng.choice([0, 0.05, 0.1]),
            ),
            1.3 * r,
        ),
        int(55 * (8 / radius) ** 2),
        (0.02, 0.3),
        alone=0.25,
    )
    return canvas


def packed_stack(rng):
    """Draw nuclei that are pressed together in a stack: flattened where they meet, with gaps."""
    aspect, radius = rng.choice([1.0, 1.5, 2.0, 2.5, 3.0]), rng.uniform(5, 11)
    shape = (max(int(64 / aspect), 10), 80, 80)
    canvas = Canvas(rng, shape, (aspect, 1.0, 1.0))
    n = max(int(canvas.size.prod() / (rng.uniform(5, 9) * radius**3)), 8)
    points = rng.uniform(0, 1, (n, 3)) * canvas.size
    at = np.indices(shape).reshape(3, -1).T * canvas.spacing
    for _ in range(2):
        nearest = cKDTree(points).query(at)[1]
        count = np.maximum(np.bincount(nearest, minlength=n), 1)
        points = np.stack([np.bincount(nearest, x, n) / count for x in at.T], axis=1)
    away, two = cKDTree(points).query(at, 2)
    reach = radius * rng.uniform(0.8, 1.2, n)[two[:, 0]]
    wobble = ndi.gaussian_filter(rng.normal(size=shape), 2.5 / canvas.spacing)
    reach = reach + rng.choice([0, 0.6, 1.2]) * (wobble / wobble.std()).ravel()
    body = (away[:, 0] < reach) & (away[:, 1] - away[:, 0] >= rng.choice([0, 0, 0.6, 1.2]))
    canvas.labels[:] = np.where(body, two[:, 0] + 1, 0).reshape(shape)
    return canvas


def tissue_in_stack(rng):
    """Draw cells that fill a volume; only the image tells where they meet."""
    aspect, radius = rng.choice([1.0, 1.5, 2.5]), rng.uniform(7, 13)
    shape = (max(int(56 / aspect), 8), 72, 72)
    canvas = Canvas(rng, shape, (aspect, 1.0, 1.0))
    n = max(int(canvas.size.prod() / (5 * radius**3)), 6)
    points = rng.uniform(0, 1, (n, 3)) * canvas.size
    at = np.indices(shape).reshape(3, -1).T * canvas.spacing
    away, nearest = cKDTree(points).query(at, 2)
    canvas.labels[:] = nearest[:, 0].reshape(shape) + 1
    if rng.random() < 0.5:
        middle = np.linalg.norm(at / canvas.size - 0.5, axis=1).reshape(shape)
        canvas.labels[middle > rng.uniform(0.4, 0.7)] = 0
    if rng.random() < 0.5:
        crack = (away[:, 1] - away[:, 0]).reshape(shape) < rng.uniform(1, 2.5)
        canvas.labels[crack & (rng.random(shape) < rng.choice([0.5, 1.0]))] = 0
    return canvas


def stack_of_rods(rng):
    """Draw rods and drops in a stack."""
    aspect, width = rng.choice([1.0, 1.5, 2.0, 3.0]), rng.uniform(3, 6)
    canvas = Canvas(rng, (max(int(64 / aspect), 10), 88, 88), (aspect, 1.0, 1.0))
    fill(
        canvas,
        lambda: (
            rod(
                rng,
                3,
                h := width * rng.uniform(1.5, 4),
                width,
                rng.choice([0, 0.2]),
                rng.choice([0, 0.5]),
            ),
            h + 2 * width,
        ),
        25,
        (0.0, 0.1),
        alone=0.4,
    )
    return canvas


def divided(rng):
    """Draw objects without a neck, some of them in two parts that only the image tells apart."""
    radius = np.exp(rng.uniform(np.log(10), np.log(45)))
    if rng.random() < 0.3:
        radius = rng.uniform(9, 16)
        canvas = Canvas(rng, (48, 80, 80), (1.0, 1.0, 1.0))
    else:
        canvas = flat(rng, radius, 12)
    ndim = canvas.labels.ndim
    shapes = (
        lambda: ellipsoid(rng, ndim, radius, (0.4, 1)),
        lambda: polygon(rng, ndim, radius),
        lambda: rod(rng, ndim, radius, radius * rng.uniform(0.2, 0.5)),
    )
    for _ in range(16):
        inside = shapes[rng.integers(3)]()
        if not canvas.add(canvas.stamp(inside, 1.8 * radius), 0.02, 0.9):
            continue
        if rng.random() < 0.7:
            label = len(canvas.centres)
            points = np.argwhere(canvas.labels == label)
            spread = np.cov(points.T)
            way = spread @ rng.normal(size=ndim)
            along = (points - points.mean(axis=0)) @ (way / np.linalg.norm(way))
            other = points[along > np.quantile(along, rng.uniform(0.25, 0.75))]
            canvas.labels[tuple(other.T)] = label + 1
            canvas.centres.append(canvas.centres[-1])
    return canvas


def unevenly_lit(rng):
    """Draw round and long objects, most of them alone, for light that changes slowly."""
    radius = np.exp(rng.uniform(np.log(8), np.log(45)))
    canvas = flat(rng, radius, 14)
    shapes = (
        lambda: ellipsoid(rng, 2, radius * rng.uniform(0.5, 1), (0.3, 1), rng.choice([0, 0, 0.03])),
        lambda: rod(rng, 2, radius, radius * rng.uniform(0.15, 0.5), rng.choice([0, 0.15])),
        lambda: rod(rng, 2, radius, radius * rng.uniform(0.25, 0.5), 0, rng.uniform(0.3, 0.9)),
        lambda: rod(rng, 2, radius, radius * rng.uniform(0.25, 0.5), spindle=True),
    )
    kinds = rng.choice(4, 14, p=[0.55, 0.15, 0.15, 0.15])
    for kind in kinds:
        canvas.add(canvas.stamp(shapes[kind](), 1.6 * radius), rng.uniform(0.0, 0.15), 0.6)
    return canvas


def half_hidden(rng):
    """Draw small objects that lie up to a half behind large ones."""
    large = np.exp(rng.uniform(np.log(10), np.log(45)))
    canvas, least = flat(rng, large, 14), rng.uniform(0.2, 0.5)
    for _ in range(12):
        body = ellipsoid(rng, 2, large * rng.uniform(0.8, 1), (0.8, 1))
        if canvas.add(canvas.stamp(body, 1.2 * large), 0.03, 0.7):
            at = len(canvas.centres) - 1
            for _ in range(rng.integers(0, 4)):
                small = max(large * rng.uniform(least, 0.6), 3)
                stamp = canvas.stamp(ellipsoid(rng, 2, small, (0.85, 1)), 1.2 * small + 1)
                canvas.add(stamp, rng.uniform(0.1, 0.5), beside=at, on_top=False)
    return canvas


def rough_rods(rng):
    """Draw long rods with rough edges, most of them alone."""
    width = np.exp(rng.uniform(np.log(5), np.log(18)))
    length, bend = np.exp(rng.uniform(np.log(2), np.log(9))), rng.choice([0, 0, 0.05, 0.15])
    canvas = flat(rng, width * np.sqrt(length), 14)
    fill(
        canvas,
        lambda: (
            rod(rng, 2, h := width * length * rng.uniform(0.6, 1), width, bend),
            h + 3 * width + bend * h,
        ),
        14,
        (0.0, 0.1),
        rng.uniform(0.08, 0.2) * min(width, 12),
        alone=0.5,
    )
    return canvas


# Kinds whose masks alone tell nothing.
BY_IMAGE = ("divided", "tissue_in_stack")
KINDS = {
    kind.__name__: kind
    for kind in (
        nuclei,
        discs,
        rods,
        colony,
        tapered,
        cells_with_processes,
        yeast,
        small_on_large,
        rough,
        holed,
        rosettes,
        rings,
        polygons,
        tissue,
        stack,
        dense_stack,
        packed_stack,
        tissue_in_stack,
        stack_of_rods,
        divided,
        cracked_colony,
        unevenly_lit,
        half_hidden,
        rough_rods,
    )
}
# Kinds whose brightness changes slowly.
LIT = ("unevenly_lit",)
# Kinds that tell about holes only.
FOR_HOLES = ("cracked_colony",)


def scene(kind: str, seed: int) -> Scene:
    """Return a scene of a kind; the same for the same seed."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    canvas = KINDS[kind](rng)
    truth = canvas.truth()
    if kind in LIT:
        image = lit(rng, truth, canvas.spacing)
    else:
        shown = (0.8, 0.4) if kind in BY_IMAGE else (0.6, 1.0)
        image = picture(rng, truth, canvas.spacing, *shown)
    return Scene(truth, image, tuple(canvas.spacing.tolist()))
