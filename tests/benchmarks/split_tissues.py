"""Splitting tissues of cells with stained walls, as many as one likes."""

import sys

import numpy as np
from peers import best_of, options, table
from scipy import ndimage as ndi
from scoring import f1
from tissues import tissue

import napari_ncut

SEEDS = 24
# Apart from those that the numbers were chosen on.
FIRST = 1000
SIGMAS, DEPTHS = (1.0, 1.5, 2.0), (0.03, 0.06, 0.12)


def wall_watershed(drawn, sigma, depth):
    """Flood the smoothed walls from their h-minima: ``depth`` is a share of all brightness."""
    from skimage.morphology import h_minima
    from skimage.segmentation import watershed

    walls = drawn.image if drawn.is_bright else -drawn.image
    walls = ndi.gaussian_filter(walls, sigma / np.array(drawn.spacing))
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
    walls = ndi.gaussian_filter(walls, sigma / np.array(drawn.spacing))
    inside = drawn.truth > 0
    distance = ndi.distance_transform_edt(
        inside & (walls < threshold_otsu(walls[inside])), sampling=drawn.spacing
    )
    distance = ndi.gaussian_filter(distance, sigma / np.array(drawn.spacing))
    markers = np.zeros(walls.shape, np.int32)
    peaks = peak_local_max(distance, labels=inside.astype(np.int32), min_distance=3)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, markers, mask=inside)


def main(argv):
    """Print the table."""
    chosen = options(argv)
    seeds = range(FIRST, FIRST + (2 if chosen.quick else SEEDS))
    print("## Splitting tissues\n")
    print(
        f"Drawn cells with walls that touch, {len(seeds)} each, in planes of 256 x 256 and volumes "
        "of 96 x 96 x 60: F1 at IoU 0.7, the mean, and seconds, with the defaults and the mask of "
        "all cells. The watersheds are told whether walls are bright. That of walls has the best "
        f"of {len(SIGMAS) * len(DEPTHS)} settings for all scenes of a kind, that of distances the "
        f"best of {len(SIGMAS)}; ours has one for all.\n"
    )
    rows = []
    for ndim in (2, 3):
        ours, flooded, distances = [], [], []
        for seed in seeds:
            drawn = tissue(seed, ndim)
            mask, truth = drawn.truth > 0, drawn.truth
            settings = {"spacing": drawn.spacing}
            seconds, found = best_of(1, napari_ncut.split_touching, mask, drawn.image, **settings)
            ours.append((f1(truth, found), seconds))
            flooded.append(
                [
                    (f1(truth, found), seconds)
                    for sigma in SIGMAS
                    for depth in DEPTHS
                    for seconds, found in [best_of(1, wall_watershed, drawn, sigma, depth)]
                ]
            )
            distances.append(
                [
                    (f1(truth, found), seconds)
                    for sigma in SIGMAS
                    for seconds, found in [best_of(1, distance_watershed, drawn, sigma)]
                ]
            )
        best = [max(np.mean(found, axis=0).tolist()) for found in (flooded, distances)]
        every = np.array(ours)
        rows.append(
            (
                "planes" if ndim == 2 else "volumes",
                *(f"{score:.3f} / {seconds:.2f}" for score, seconds in [every.mean(axis=0), *best]),
                f"{np.quantile(every[:, 0], 0.1):.3f}",
            )
        )
    table(
        ("kind", "ours", "watershed of walls", "watershed of distances", "ours, worst tenth"), rows
    )


if __name__ == "__main__":
    main(sys.argv[1:])
