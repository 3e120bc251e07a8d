"""Makes the pictures of benchmarks.md: `python docs/make_benchmark_pictures.py --data DIR`.

The best of the plane images that `make bench` measures, by the F1 of touching objects from the mask
alone, and the six worst of all, by the F1 from mask and image; of volumes the middle plane. Without
the folder of images there is nothing to show.
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from PIL import Image
from skimage.segmentation import find_boundaries

import napari_ncut

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "benchmarks"))
from peers import h_maxima_watershed
from scoring import IOU, overlaps, scores

PICTURES = Path(__file__).parent / "pictures"
RIGHT, WRONG = mpl.colors.to_rgb("#3fd0c0"), mpl.colors.to_rgb("#ff5a70")
# Side of the part that is shown, in pixels: where most borders between objects are.
SHOWN = 256


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PICTURES)
    parser.add_argument("--data", type=Path, help="folder of images with their truth")
    chosen = parser.parse_args(argv)
    files = sorted(chosen.data.glob("*.npz")) if chosen.data is not None else []
    if not files:
        print("Skipped: it needs a folder of images with their truth, `--data DIR`.")
        return
    mpl.use("agg")
    mpl.rcParams.update({"font.size": 10, "figure.dpi": 110, "axes.titlesize": 10})
    chosen.folder.mkdir(exist_ok=True)
    planes, found = [], []
    for file in files:
        with np.load(file) as arrays:
            image, truth = arrays["image"], arrays["labels"]
            spacing = tuple(arrays["spacing"]) if "spacing" in arrays.files else None
        if truth.ndim == 2:
            labels = napari_ncut.split_touching(truth > 0)
            planes.append((scores(truth, labels)[1], file.stem, image, truth, labels))
        channel_axis = -1 if image.ndim > truth.ndim else None
        with_image = {"spacing": spacing, "channel_axis": channel_axis}
        labels = napari_ncut.split_touching(truth > 0, image, **with_image)
        found.append((scores(truth, labels)[0], file.stem, image, truth, labels))
    for kind, figure in (
        ("best", compared(*max(planes, key=lambda one: one[:2]))),
        ("worst", six(sorted(found, key=lambda one: one[:2])[:6])),
    ):
        path = chosen.folder / f"benchmark-{kind}.png"
        figure.savefig(path, facecolor="white", dpi=90)
        plt.close(figure)
        # Photographs fill a megabyte; 256 colours are enough for grey and two outlines.
        with Image.open(path) as picture:
            small = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=256)
        small.save(path, optimize=True)


def six(images):
    """The worst images: the truth above, what was found below."""
    figure, axes = plt.subplots(4, 3, figsize=(9, 12.6), layout="constrained")
    for number, (score, name, image, truth, labels) in enumerate(images):
        row, column = 2 * (number // 3), number % 3
        if truth.ndim == 3:
            middle = len(truth) // 2
            image, truth, labels = image[middle], truth[middle], labels[middle]
        part = crowded(truth)
        for axis, title, shown in (
            (axes[row, column], f"{name}: truth", truth),
            (axes[row + 1, column], f"found, F1 {score:.2f}", labels),
        ):
            axis.set_axis_off()
            axis.set_title(title, fontsize=9)
            axis.imshow(outlined(image, truth, shown)[part])
    return figure


def compared(score, name, image, truth, labels):
    """Truth, watershed and ours; red is what no object of the truth agrees with."""
    flooded = h_maxima_watershed(truth > 0)
    part = crowded(truth)
    results = (
        (f"{name}: truth", truth),
        (f"watershed, F1 {scores(truth, flooded)[1]:.2f}", flooded),
        (f"napari-ncut, F1 {score:.2f}", labels),
    )
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout="constrained")
    for axis, (title, found) in zip(axes, results, strict=True):
        axis.set_axis_off()
        axis.set_title(title)
        axis.imshow(outlined(image, truth, found)[part])
    return figure


def crowded(truth):
    """Return the part of the image where most borders between objects are."""
    borders = find_boundaries(truth, mode="inner", background=0) & ~find_boundaries(truth > 0)
    total = np.pad(borders.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    height, width = (min(SHOWN, n) for n in truth.shape)
    upper, lower = total[: -height or None], total[height:]
    upper, lower = upper[: len(lower)], lower[: len(upper)]
    held = lower[:, width:] - lower[:, :-width] - upper[:, width:] + upper[:, :-width]
    y, x = np.unravel_index(held.argmax(), held.shape)
    return slice(y, y + height), slice(x, x + width)


def outlined(image, truth, found):
    """The image in grey with the outlines of the objects, right and wrong."""
    grey = image.mean(axis=-1) if image.ndim > truth.ndim else image.astype(float)
    low, high = np.percentile(grey, (0.5, 99.5))
    picture = np.repeat(0.8 * np.clip((grey - low) / (high - low), 0, 1)[..., np.newaxis], 3, -1)
    _, number = np.unique(np.concatenate([[0], found.ravel()]), return_inverse=True)
    number = number[1:].reshape(found.shape)
    right = np.append(False, (overlaps(truth, found) > IOU).any(axis=0))
    outline = find_boundaries(found, mode="inner")
    picture[outline & right[number]] = RIGHT
    picture[outline & ~right[number]] = WRONG
    return picture


if __name__ == "__main__":
    main(sys.argv[1:])
