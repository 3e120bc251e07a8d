"""Shapes of objects: functions of points that are negative inside the object."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
# From points, shape (ndim, ...), to values that are negative inside the object, about in pixels.
Inside = Callable[[Points], NDArray[np.float64]]


def ellipsoid(rng, ndim, radius, ratio=(0.5, 1.0), bump=0.0) -> Inside:
    """Return an ellipse or ellipsoid, bumpy if wanted."""
    axes = radius * np.concatenate([[1.0], rng.uniform(*ratio, ndim - 1)])
    phase, lobes = rng.uniform(0, 2 * np.pi, 2), rng.integers(2, 5)

    def inside(u):
        angle = np.arctan2(u[-1], u[-2])
        rim = 1 + bump * (np.sin(lobes * angle + phase[0]) + 0.5 * np.sin(3 * angle + phase[1]))
        return (np.sqrt(sum((c / a) ** 2 for c, a in zip(u, axes, strict=True))) - rim) * radius

    return inside


def rod(rng, ndim, half, width, bend=0.0, taper=0.0, spindle=False) -> Inside:
    """Return a rod with round ends, a banana, a drop or a spindle."""
    curve = bend * rng.choice([-1, 1]) / half

    def inside(u):
        along = np.clip(u[0], -half, half) / half
        across = u[1] - curve * (along * half) ** 2
        away = np.sqrt((u[0] - along * half) ** 2 + across**2 + sum(c**2 for c in u[2:]))
        rim = width * (1 - along**2) ** 0.8 if spindle else width * (1 - taper * (along + 1) / 2)
        return away - rim

    return inside


def branched(rng, ndim, radius) -> Inside:
    """Return a body with processes."""
    arms = []
    for _ in range(rng.integers(1, 6)):
        way = rng.normal(size=ndim)
        arms.append(
            (
                way / np.linalg.norm(way),
                np.exp(rng.uniform(np.log(1.5), np.log(8))) * radius,
                rng.uniform(0.12, 0.4) * radius,
            )
        )
    body = ellipsoid(rng, ndim, radius, (0.7, 1.0))

    def inside(u):
        result = body(u)
        for way, length, width in arms:
            along = np.clip(sum(c * w for c, w in zip(u, way, strict=True)), 0, length)
            away = np.sqrt(sum((c - along * w) ** 2 for c, w in zip(u, way, strict=True)))
            result = np.minimum(result, away - width * (1 - 0.5 * along / length))
        return result

    return inside


def ring(rng, ndim, radius) -> Inside:
    """Return a ring, or most of one."""
    width = max(np.exp(rng.uniform(np.log(0.05), np.log(0.45))) * radius, 1.2)
    gap = rng.uniform(0, 0.8 * np.pi) * (rng.random() < 0.5)

    def inside(u):
        away = np.abs(np.hypot(u[-1], u[-2]) - radius + width) - width
        opened = gap - np.abs(np.arctan2(u[-1], u[-2]))
        return np.maximum(away, opened * radius if gap else -radius)

    return inside


def polygon(rng, ndim, radius) -> Inside:
    """Return a convex polygon."""
    n = rng.integers(3, 9)
    angles = np.sort(
        rng.uniform(0, 2 * np.pi) + np.arange(n) * 2 * np.pi / n + rng.normal(0, 0.15, n)
    )
    far = radius * rng.uniform(0.7, 1.0, n)

    def inside(u):
        sides = [
            u[-1] * np.cos(a) + u[-2] * np.sin(a) - f for a, f in zip(angles, far, strict=True)
        ]
        return np.max(sides, axis=0)

    return inside
