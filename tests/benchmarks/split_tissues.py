"""Splitting tissues of cells with stained walls, as many as one likes."""

import sys

import numpy as np
from peers import best_of, options, table
from scipy import ndimage as ndi
from scoring import f1
from tissues import Tissue, tissue

import napari_ncut

SEEDS = 20
# Apart from those that the numbers were chosen on.
FIRST = 1000
REAL = "plantseg_sample_ovule"
SIGMAS, DEPTHS = (1.0, 1.5, 2.0), (0.03, 0.06, 0.12)


def _in_pixels(sigma, drawn):
    """Return a sigma in finest pixels along the axes, in their pixels."""
    return sigma * min(drawn.spacing) / np.array(drawn.spacing)


def wall_watershed(drawn, sigma, depth):
    """Flood the smoothed walls from their h-minima: ``depth`` is a share of all brightness."""
    from skimage.morphology import h_minima
    from skimage.segmentation import watershed

    walls = drawn.image if drawn.is_bright else -drawn.image
    walls = ndi.gaussian_filter(walls.astype(float), _in_pixels(sigma, drawn))
    walls = (walls - walls.min()) / np.ptp(walls)
    low = h_minima(np.rint(255 * walls).astype(np.uint8), round(255 * depth)).astype(bool)
    markers = ndi.label(low & (drawn.truth > 0))[0]
    return watershed(walls, markers, mask=drawn.truth > 0)


def distance_watershed(drawn, sigma):
    """Flood the distance to walls above the threshold of Otsu, from its peaks."""
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.segmentation import watershed

    walls = drawn.image if drawn.is_bright else -drawn.image
    walls = ndi.gaussian_filter(walls.astype(float), _in_pixels(sigma, drawn))
    inside = drawn.truth > 0
    distance = ndi.distance_transform_edt(
        inside & (walls < threshold_otsu(walls[inside])), sampling=drawn.spacing
    )
    distance = ndi.gaussian_filter(distance, _in_pixels(sigma, drawn))
    markers = np.zeros(walls.shape, np.int32)
    peaks = peak_local_max(distance, labels=inside.astype(np.int32), min_distance=3)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, markers, mask=inside)


def scored(drawn, method, *settings):
    """Return the F1 and the seconds of a method."""
    seconds, found = best_of(1, method, drawn, *settings)
    return f1(drawn.truth, found), seconds


def ours(drawn):
    """Split with the defaults."""
    return napari_ncut.split_touching(drawn.truth > 0, drawn.image, spacing=drawn.spacing)


def row(name, drawn):
    """Return a row of the table: the mean of some tissues, each peer with its best setting."""
    own = np.array([scored(one, ours) for one in drawn])
    settings = {
        wall_watershed: [(sigma, depth) for sigma in SIGMAS for depth in DEPTHS],
        distance_watershed: [(sigma,) for sigma in SIGMAS],
    }
    best = [
        max(
            np.mean([scored(one, method, *setting) for one in drawn], axis=0).tolist()
            for setting in every
        )
        for method, every in settings.items()
    ]
    cells = (f"{score:.3f} / {seconds:.2f}" for score, seconds in [own.mean(axis=0), *best])
    return name, *cells, f"{np.quantile(own[:, 0], 0.1):.3f}"


def main(argv):
    """Print the table."""
    chosen = options(argv)
    seeds = range(FIRST, FIRST + (2 if chosen.quick else SEEDS))
    print("## Splitting tissues\n")
    print(
        f"Drawn cells with walls that touch, {len(seeds)} each, in planes of 256 x 256 and volumes "
        "of 96 x 96 x 60, and a real tissue: F1 at IoU 0.7, the mean, and seconds, with the "
        "defaults and the mask of all cells. The watersheds are told whether walls are bright. "
        f"That of walls has the best of {len(SIGMAS) * len(DEPTHS)} settings for each row, that of "
        f"distances the best of {len(SIGMAS)}; ours has one for all.\n"
    )
    rows = [row("planes", [tissue(seed, 2) for seed in seeds])]
    rows.append(row("volumes", [tissue(seed, 3) for seed in seeds]))
    real = None if chosen.data is None else chosen.data / f"{REAL}.npz"
    if real is not None and real.exists():
        with np.load(real) as arrays:
            spacing = tuple(arrays["spacing"].tolist())
            rows.append(row(REAL, [Tissue(arrays["labels"], arrays["image"], spacing, True)]))
    table(
        ("tissue", "ours", "watershed of walls", "watershed of distances", "ours, worst tenth"),
        rows,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
