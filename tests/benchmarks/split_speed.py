"""Time and memory of splitting many objects, against the watersheds that a user could pick."""

import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from peers import (
    best_of,
    edt_watershed,
    h_maxima_watershed,
    has,
    itk_watershed,
    opencv_watershed,
    options,
    table,
    watershed,
)
from scipy import ndimage as ndi
from scoring import scores

import napari_ncut
from napari_ncut import scenes

METHODS = {
    "napari-ncut": napari_ncut.split_touching,
    "watershed, peaks": watershed,
    "watershed, h-maxima": h_maxima_watershed,
}
# What else a user could pick; `pip install "napari-ncut[bench]"` brings the packages.
EXTRA = {
    "watershed, OpenCV": ("cv2", opencv_watershed),
    "watershed, edt": ("edt", edt_watershed),
    "watershed, ITK": ("itk", itk_watershed),
}
METHODS |= {name: method for name, (package, method) in EXTRA.items() if has(package)}
PLANES_ONLY = ("watershed, OpenCV",)
STATUS = Path("/proc/self/status")


def resident(what):
    """Return the resident memory of this process in bytes: VmRSS now, VmHWM at its peak."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(what))
    return 1024 * int(line.split()[1])


def measured(name, path):
    """Run a method on the mask of a file; return seconds, peak bytes above the start, labels.

    The process is warmed up before, and holds the mask.
    """
    mask = np.load(path)
    method = METHODS[name]
    method(mask[tuple(slice(40) for _ in mask.shape)])
    before = peak = 0
    if STATUS.exists():
        # The peak starts anew from here.
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
    start = time.perf_counter()
    labels = method(mask)
    seconds = time.perf_counter() - start
    if STATUS.exists():
        peak = resident("VmHWM")
    return seconds, peak - before, labels


def alone(name, path):
    """Measure in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measured, name, path).result()


def plane(quick):
    """Print time and scores in 2-D."""
    scene = scenes.field(60, size=500) if quick else scenes.field(1000, size=2048)
    runs = {
        name: best_of(2 if quick else 5, method, scene.mask) for name, method in METHODS.items()
    }
    tree_time, tree = best_of(3, napari_ncut.split_tree, scene.mask)
    cut_time, _ = best_of(3, tree.cut, 0.8)
    print(
        f"{scene.truth.max()} touching discs, {' x '.join(map(str, scene.mask.shape))} pixels. "
        f"The split tree takes {tree_time:.3f} s, a cut of it {1000 * cut_time:.1f} ms.\n"
    )
    ours = runs["napari-ncut"][0]
    noise = np.random.default_rng(0).normal(0, 0.1, scene.mask.shape)
    image = (ndi.gaussian_filter(scene.mask.astype(float), 2) + noise).astype(np.float32)
    seen, _ = best_of(2 if quick else 5, napari_ncut.split_touching, scene.mask, image)
    print(f"With an image it takes {seen:.3f} s, {seen / ours:.2f} times as long (wanted 1.8).\n")
    table(
        ("method", "seconds", "ours / it", "F1", "F1 of touching objects"),
        [
            (name, seconds, ours / seconds, *scores(scene.truth, labels))
            for name, (seconds, labels) in runs.items()
        ],
    )


def growth(quick):
    """Print how the time grows at constant density."""
    rows, last = [], None
    for k in (0, 1) if quick else (0, 1, 2):
        n, size = (15 * 4**k, 250 * 2**k) if quick else (250 * 4**k, 1024 * 2**k)
        mask = scenes.field(n, size=size).mask
        seconds, _ = best_of(5, napari_ncut.split_touching, mask)
        rows.append((f"{size} x {size}", int(mask.sum()), seconds, seconds / last if last else "-"))
        last = seconds
    print("Growth per 4 times the pixels, at constant density.\n")
    table(("pixels", "in the mask", "seconds", "growth"), rows)


def volume(quick):
    """Print time, memory and scores in 3-D."""
    size, n = (64, 12) if quick else (256, 500)
    scene = scenes.field(n, size=size, ndim=3, radius=(11.0, 16.0))
    print(
        f"{scene.truth.max()} touching balls, {size}^3 voxels, each method in a process of its own "
        "that is warmed up and holds the mask. Peak resident memory above that, the result "
        "included.\n"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.npy"
        np.save(path, scene.mask)
        for name in METHODS:
            if name in PLANES_ONLY:
                continue
            seconds, peak, labels = alone(name, path)
            ours = rows[0][1] if rows else seconds
            memory = peak / scene.mask.size if STATUS.exists() else "-"
            rows.append((name, seconds, ours / seconds, memory, *scores(scene.truth, labels)))
    table(("method", "seconds", "ours / it", "bytes a voxel", "F1", "F1 of touching objects"), rows)


def main(argv):
    """Print the tables."""
    quick = options(argv).quick
    print("## Splitting many objects\n")
    print("Mask only, defaults.\n")
    plane(quick)
    growth(quick)
    volume(quick)


if __name__ == "__main__":
    main(sys.argv[1:])
