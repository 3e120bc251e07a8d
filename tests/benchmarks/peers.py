"""What the benchmarks compare with, how they measure, and how they print.

A benchmark is a script in this folder with a function ``main(argv)`` that prints Markdown: a
heading of the second level, and tables. All of them take ``--quick`` (seconds, for CI), ``--data
DIR`` (a folder of real images; those that need it say so and skip without it) and ignore what they
do not know. ``run.py`` finds them by that function and puts them into one page.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi


def options(argv):
    """Parse the options that every benchmark has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path)
    return parser.parse_known_args(argv)[0]


def best_of(repeats, function, *args, **kwargs):
    """Return the least time in seconds, and the result."""
    least = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        least = min(least, time.perf_counter() - start)
    return least, result


def table(header, rows):
    """Print a Markdown table."""
    print("| " + " | ".join(map(str, header)) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) + " |")
    print()


def watershed(mask, spacing=None):
    """Split a mask as users do today: peaks of the smoothed distance map, flooded."""
    from skimage.feature import peak_local_max
    from skimage.filters import gaussian
    from skimage.segmentation import watershed as flood

    distance = gaussian(ndi.distance_transform_edt(mask, sampling=spacing), 1)
    markers = np.zeros(mask.shape, dtype=np.int32)
    peaks = peak_local_max(distance, labels=mask.astype(np.int32))
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return flood(-distance, markers, mask=mask)


def h_maxima_watershed(mask, spacing=None, h=0.25):
    """Flood from those peaks of the smoothed distance map that rise by ``h`` above their passes.

    ``h`` and the smoothing are in pixels, those of the finest axis.
    """
    from skimage.filters import gaussian
    from skimage.morphology import h_maxima
    from skimage.segmentation import watershed as flood

    sampling = None if spacing is None else np.divide(spacing, np.min(spacing))
    distance = gaussian(ndi.distance_transform_edt(mask, sampling=sampling), 1)
    corners = np.ones((3,) * mask.ndim)
    markers, _ = ndi.label(h_maxima(distance, h) & mask, corners)
    return flood(-distance, markers, mask=mask)


def opencv_watershed(mask, spacing=None):
    """Split a plane with OpenCV's exact distance and peaks by dilation, the fastest there is."""
    import cv2
    from skimage.segmentation import watershed as flood

    distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = cv2.GaussianBlur(distance, (0, 0), 1)
    peaks = (distance == cv2.dilate(distance, np.ones((3, 3), np.uint8))) & mask
    _, markers = cv2.connectedComponents(peaks.view(np.uint8))
    return flood(-distance, markers, mask=mask)


def edt_watershed(mask, spacing=None):
    """Split as `watershed` does, with the distances of the package edt, on two threads."""
    import edt
    from skimage.feature import peak_local_max
    from skimage.filters import gaussian
    from skimage.segmentation import watershed as flood

    distance = gaussian(edt.edt(mask, anisotropy=spacing, parallel=2), 1)
    markers = np.zeros(mask.shape, dtype=np.int32)
    peaks = peak_local_max(distance, labels=mask.astype(np.int32))
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return flood(-distance, markers, mask=mask)


def itk_watershed(mask, spacing=None, level=0.25):
    """Split with ITK: signed Maurer distances, and a morphological watershed of their basins."""
    import itk

    image = itk.image_from_array(mask.view(np.uint8))
    if spacing is not None:
        image.SetSpacing([float(size) for size in spacing[::-1]])
    distance = itk.signed_maurer_distance_map_image_filter(
        image, inside_is_positive=False, squared_distance=False, use_image_spacing=True
    )
    smooth = itk.discrete_gaussian_image_filter(distance, variance=1.0)
    basins = itk.morphological_watershed_image_filter(
        smooth, level=level, mark_watershed_line=False
    )
    return np.where(mask, itk.array_from_image(basins), 0)


def has(package):
    """Tell whether a package of the extra ``bench`` is installed."""
    return importlib.util.find_spec(package) is not None


def affinity(image, mask=None):
    """Return scikit-learn's own graph of an image; channels are taken as another axis apart."""
    from sklearn.feature_extraction.image import img_to_graph

    graph = img_to_graph(image, mask=mask)
    graph.data = np.exp(-graph.data / graph.data.std())
    return graph


def sklearn_clustering(graph, k, solver="arpack", assign="kmeans", seed=0):
    """Cluster a graph with scikit-learn; None if it fails.

    On one thread, with which it is faster: its threads wait for one another.
    """
    from sklearn.cluster import spectral_clustering
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        try:
            return spectral_clustering(
                graph, n_clusters=k, eigen_solver=solver, assign_labels=assign, random_state=seed
            )
        except Exception:  # a solver that gives up is a result, too
            return None


def sklearn_cut(image, mask, k, solver="arpack", assign="kmeans"):
    """Cut the part of an image under a mask with scikit-learn, graph included."""
    return sklearn_clustering(affinity(image, mask), k, solver, assign)
