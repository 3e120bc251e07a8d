"""Splitting the objects of real images with the defaults, against two watersheds."""

import sys

import numpy as np
from peers import h_maxima_watershed, options, table, watershed
from scoring import errors, scores

import napari_ncut

# Names of the groups, and the beginnings of the names of their images. Channels are stained tissue.
GROUPS = {
    "dsb, fluorescence": lambda name, image: name.startswith("dsb_") and image.ndim == 2,
    "dsb, H&E": lambda name, image: name.startswith("dsb_") and image.ndim == 3,
    "dsb, all": lambda name, image: name.startswith("dsb_"),
    "StarDist": lambda name, image: name.startswith("stardist_"),
    "3-D": lambda name, image: image.ndim == 3 and image.shape[-1] > 3,
    "bacteria and ovule": lambda name, image: "bacteria" in name or "ovule" in name,
    "all but the ovule": lambda name, image: "ovule" not in name,
    "all": lambda name, image: True,
}
METHODS = ("mask only", "mask and image", "watershed, h-maxima", "watershed, peaks")


def split_all(image, truth, spacing):
    """Return the labels of each method."""
    mask = truth > 0
    channel_axis = -1 if image.ndim > truth.ndim else None
    return (
        napari_ncut.split_touching(mask, spacing=spacing),
        napari_ncut.split_touching(mask, image, spacing=spacing, channel_axis=channel_axis),
        h_maxima_watershed(mask, spacing),
        watershed(mask, spacing),
    )


def pair(values):
    """Return F1 and F1 of touching objects as one cell."""
    return " / ".join("-" if np.isnan(value) else f"{value:.3f}" for value in values)


def main(argv):
    """Print the tables."""
    chosen = options(argv)
    print("## Splitting the objects of real images\n")
    files = sorted(chosen.data.glob("*.npz")) if chosen.data is not None else []
    if not files:
        print("Skipped: it needs a folder of images with their truth, `--data DIR`.\n")
        return
    print(
        "The mask is that of the truth, so that splitting alone is measured. F1 at IoU 0.7 / F1 of "
        "the components with two objects or more, the mean over images, all with the defaults. "
        "Both watersheds get the same spacing.\n"
    )
    if chosen.quick:
        files = files[-2:]
    found, images, wrong = {}, {}, {}
    for file in files:
        with np.load(file) as arrays:
            image, truth = arrays["image"], arrays["labels"]
            spacing = tuple(arrays["spacing"]) if "spacing" in arrays.files else None
        results = split_all(image, truth, spacing)
        found[file.stem] = np.array([scores(truth, labels) for labels in results])
        images[file.stem] = image
        wrong[file.stem] = (len(np.unique(truth[truth > 0])), *errors(truth, results[1]))
    rows = []
    for group, belongs in GROUPS.items():
        names = [name for name, image in images.items() if belongs(name, image)]
        if names:
            means = np.nanmean([found[name] for name in names], axis=0)
            rows.append((group, len(names), *map(pair, means)))
    table(("group", "images", *METHODS), rows)
    table(("image", *METHODS), [(name, *map(pair, values)) for name, values in found.items()])
    print(
        "The six worst images by F1 from mask and image: how many objects were joined with others, "
        "cut, or missed by their border alone.\n"
    )
    worst = sorted(found, key=lambda name: found[name][1, 0])[:6]
    table(
        ("image", "F1", "objects", "joined", "cut", "border"),
        [(name, f"{found[name][1, 0]:.3f}", *wrong[name]) for name in worst],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
