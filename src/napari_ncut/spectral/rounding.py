"""Read segments from eigenvectors.

The rows of the first k eigenvectors are points that fall into k groups, one a segment.

References
----------
von Luxburg (2007), A tutorial on spectral clustering, Statistics and Computing 17(4), 395-416.
Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding, Eighteenth ACM-SIAM
Symposium on Discrete Algorithms, 1027-1035.
Damle, Minden and Ying (2019), Simple, direct and efficient multi-way spectral clustering,
Information and Inference 8(1), 181-203.
Yu and Shi (2003), Multiclass spectral clustering, Ninth IEEE International Conference on Computer
Vision, 313-319.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg

from napari_ncut.spectral.loops import vectors as loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_ncut.spectral.eigenvectors import Spectrum

METHODS = ("kmeans", "discretize", "cluster_qr")
# Starts of k-means, and the number of segments above which there is only one.
STARTS, MANY = 4, 16


def readings(
    spectrum: Spectrum, k: int, m: int, methods: Sequence[str], seed: int
) -> list[NDArray[np.int32]]:
    """Return the segments that each method reads from the first m eigenvectors."""
    if k >= len(spectrum.root):
        return [np.arange(len(spectrum.root), dtype=np.int32)]
    if k == 1:
        return [np.zeros(len(spectrum.root), dtype=np.int32)]
    found = []
    for method in methods:
        if method == "kmeans":
            found += _kmeans_readings(spectrum, k, m, seed)
        elif method == "cluster_qr":
            found.append(cluster_qr(spectrum.embedding[:, :k]))
            found.append(cluster_qr(spectrum.vectors[:, :k]))
        else:
            # Not imported by those who don't ask for it: that takes longer than most cuts.
            from sklearn.cluster._spectral import discretize

            labels = discretize(spectrum.vectors[:, :k], random_state=seed % 2**32)
            found.append(labels.astype(np.int32))
    return [fill_empty(labels, k) for labels in found]


def _kmeans_readings(spectrum: Spectrum, k: int, m: int, seed: int) -> list[NDArray[np.int32]]:
    """Return the best of some k-means starts, weighted by volume."""
    points = spectrum.embedding[:, 1 : max(m, 2)]
    mass = spectrum.root**2
    rng = np.random.default_rng(seed)
    starts = [spread_centres(points, mass, k, rng) for _ in range(STARTS if k <= MANY else 1)]
    runs = [cluster_kmeans(points, mass, start) for start in starts]
    return [min(runs, key=lambda run: run[1])[0]]


def cluster_kmeans(
    points: NDArray[np.float64],
    mass: NDArray[np.float64],
    centres: NDArray[np.float64],
    rounds: int = 20,
) -> tuple[NDArray[np.int32], float]:
    """Group points with masses by k-means, from given centres.

    scikit-learn's takes 2 to 18 times as long here, and rounds differently on more threads.

    Parameters
    ----------
    points : (n, d) ndarray of float64
        Rows to group.
    mass : (n,) ndarray of float64
        How much each counts.
    centres : (k, d) ndarray of float64
        Where the groups start.
    rounds : int
        Rounds at most; the refinement that follows does the rest.

    Returns
    -------
    labels : (n,) ndarray of int32
        Groups 0 to k - 1.
    inertia : float
        Mass times squared distance to the centre of the group, added up.
    """
    points = np.ascontiguousarray(points)
    square = (points**2).sum(axis=1)
    last = np.inf
    for _ in range(rounds):
        distance = (centres**2).sum(axis=1) - 2 * (points @ centres.T)
        labels = distance.argmin(axis=1).astype(np.int32)
        inertia = float(mass @ (distance.min(axis=1) + square))
        if inertia >= last * (1 - 1e-4):
            break
        last = inertia
        centres = np.zeros_like(centres)
        loops.group_means(points, mass, labels, centres)
    return labels, inertia


def spread_centres(
    points: NDArray[np.float64], mass: NDArray[np.float64], k: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Choose k points far from one another: k-means++.

    Not scikit-learn's, whose import alone (1.9 s of processor time) takes longer than most cuts.
    """
    nearest = np.ones(len(points))
    chosen = np.empty(k, dtype=np.intp)
    for c in range(k):
        chance = np.cumsum(mass * nearest)
        chosen[c] = min(np.searchsorted(chance, rng.random() * chance[-1]), len(points) - 1)
        distance = ((points - points[chosen[c]]) ** 2).sum(axis=1)
        nearest = distance if c == 0 else np.minimum(nearest, distance)
    centres: NDArray[np.float64] = points[chosen]
    return centres


def cluster_qr(vectors: NDArray[np.float64]) -> NDArray[np.int32]:
    """Group the rows of k eigenvectors by a QR factorisation with column pivoting.

    Gives what scikit-learn's does, without its import (1.9 s of processor time).

    Parameters
    ----------
    vectors : (n, k) ndarray of float64
        Eigenvectors.

    Returns
    -------
    (n,) ndarray of int32
        Groups 0 to k - 1.
    """
    k = vectors.shape[1]
    pivots = scipy.linalg.qr(vectors.T, pivoting=True, mode="economic")[2]
    left, _, right = np.linalg.svd(vectors[pivots[:k]].T)
    labels: NDArray[np.int32] = np.abs(vectors @ (left @ right)).argmax(axis=1).astype(np.int32)
    return labels


def fill_empty(labels: NDArray[np.int32], k: int) -> NDArray[np.int32]:
    """Give every empty segment a node of the segment that has the most."""
    labels = labels.copy()
    counts = np.bincount(labels, minlength=k)
    for empty in np.flatnonzero(counts == 0):
        largest = int(counts.argmax())
        labels[np.flatnonzero(labels == largest)[0]] = empty
        counts[largest] -= 1
        counts[empty] = 1
    return labels
