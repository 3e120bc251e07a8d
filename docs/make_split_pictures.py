"""Makes the pictures of splitting.md: `python docs/make_split_pictures.py`.

With a folder it makes all of them there, to be looked at.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from skimage.color import label2rgb
from skimage.segmentation import find_boundaries

import napari_ncut
from napari_ncut import SplitSettings, scenes
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.half_width import half_width, squared_distance
from napari_ncut.splitting.parameters import DEFAULT

PICTURES = Path(__file__).parent / "pictures"
NECK = SplitSettings().neck
SPLIT, WHOLE = "#d1495b", "#1b7f79"


def main(folder=PICTURES):
    mpl.use("agg")
    mpl.rcParams.update({"font.size": 10, "figure.dpi": 120, "axes.titlesize": 10})
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for name, draw in (("width", width), ("fragments", fragments), ("nuclei", nuclei)):
        figure = draw()
        figure.savefig(folder / f"split-{name}.png", facecolor="white")
        plt.close(figure)


def panels(n, height):
    """A row of pictures without axes."""
    figure, axes = plt.subplots(1, n, figsize=(8, height), layout="constrained")
    for axis in axes:
        axis.set_axis_off()
    return figure, axes


def chain():
    """A chain of discs of different size, of which the first two overlap."""
    centres = [(75, 50), (70, 86), (80, 146), (76, 184), (62, 234), (97, 266)]
    return scenes.balls((150, 330), centres, [34, 34, 30, 20, 34, 21]).mask


def width():
    """The half-width: as a map, and along the middle of the chain."""
    mask = chain()
    volume = mask.astype(np.int32)[np.newaxis]
    grid, monitor = Grid((1.0, 1.0, 1.0), 2), Monitor()
    squared = squared_distance(volume, grid, monitor)
    value = half_width(volume, squared, grid, DEFAULT, monitor)[0] * grid.unit
    figure, (left, right) = panels(2, 2.4)
    left.imshow(mask, cmap="gray")
    left.set_title("mask")
    shown = right.imshow(np.where(mask, value, np.nan), cmap="viridis")
    right.contour(value, levels=np.arange(4, value.max(), 6), colors="white", linewidths=0.5)
    right.set_title("half-width")
    figure.colorbar(shown, ax=right, shrink=0.8, label="pixels")
    return figure


def fragments():
    """Fragments with the neck ratio of every candidate split, and the result."""
    mask = chain()
    tree = napari_ncut.split_tree(mask)
    figure, (left, right) = panels(2, 2.4)
    left.imshow(coloured(tree.fragments + 1))
    left.set_title("fragments, and the neck ratio where they meet")
    for ratio, (y, x) in zip(tree.ratio, tree.position, strict=True):
        colour = SPLIT if ratio < NECK else WHOLE
        left.plot(x, y, "o", color=colour, markeredgecolor="white", markersize=7)
        left.annotate(
            f"{ratio:.2f}",
            (x, y),
            (0, -32),
            textcoords="offset points",
            ha="center",
            color="white",
            fontsize=9,
            bbox={"facecolor": colour, "edgecolor": "none", "boxstyle": "round,pad=0.2"},
        )
    right.imshow(coloured(tree.cut(NECK)))
    right.set_title(f"objects at neck = {NECK:g}")
    return figure


def nuclei():
    """Real nuclei: the blobs of the mask, and the objects that are found in them."""
    scene = scenes.nuclei()
    labels = napari_ncut.split_touching(scene.mask, scene.image)
    figure, (left, right) = panels(2, 3.3)
    grey = scene.image / np.quantile(scene.image, 0.998)
    for axis, outlined, title in (
        (left, scene.mask.astype(int), "nuclei, and the outline of their mask"),
        (right, labels, f"{labels.max()} objects (drawn by hand: {scene.truth.max()})"),
    ):
        picture = np.repeat(np.clip(grey, 0, 1)[..., np.newaxis] ** 0.6, 3, axis=2)
        picture[find_boundaries(outlined, mode="inner")] = mpl.colors.to_rgb("#f2a541")
        axis.imshow(picture)
        axis.set_title(title)
    return figure


def coloured(labels):
    """Labels in colours that differ from neighbour to neighbour, white where there is none."""
    colours = plt.get_cmap("Set2").colors
    return label2rgb(labels, colors=colours, bg_label=0, bg_color=(1, 1, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
