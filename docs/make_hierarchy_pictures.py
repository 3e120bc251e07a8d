"""Makes the picture of the multilevel cut: `python docs/make_hierarchy_pictures.py`.

With a folder it makes it there, to be looked at.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from napari_ncut import CutSettings, scenes
from napari_ncut.core.monitor import Monitor
from napari_ncut.cutting.multilevel import project
from napari_ncut.cutting.session import CutSession
from napari_ncut.refinement import refine as rf

PICTURES = Path(__file__).parent / "pictures"
SEGMENTS = 4
COLOURS = np.array([mpl.colors.to_rgb(c) for c in ("#66c2a5", "#fc8d62", "#8da0cb", "#e78ac3")])


def main(folder=PICTURES):
    mpl.use("agg")
    mpl.rcParams.update({"font.size": 10, "figure.dpi": 120, "axes.titlesize": 10})
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    figure = hierarchy()
    figure.savefig(folder / "hierarchy.png", facecolor="white")
    plt.close(figure)


def hierarchy():
    """The image, the nodes that are left, the cut of them, and the same cut refined on the way."""
    scene = scenes.circles(4, size=400)
    solver = CutSession(scene.image, scene.mask)._multilevel(CutSettings(), Monitor())
    found = partitions(solver)
    top, middle = max(found), max(found) - 1
    nodes = solver.hierarchy.graphs
    figure, axes = plt.subplots(1, 5, figsize=(8, 2.1), layout="constrained")
    axes[0].imshow(np.where(scene.mask, scene.image, np.nan), cmap="gray")
    axes[0].set_title(f"image\n{nodes[0].n} pixels")
    for axis, level, colours, title in (
        (axes[1], top, np.full((SEGMENTS, 3), 0.8), "coarsened\n{} nodes"),
        (axes[2], top, COLOURS, "solved\n{} nodes"),
        (axes[3], middle, COLOURS, "refined\n{} nodes"),
        (axes[4], 0, COLOURS, "result\n{} pixels"),
    ):
        shaded = painted(solver.hierarchy, level, found[level], colours)
        picture = np.ones((*scene.mask.shape, 3))
        picture[scene.mask] = shaded
        axis.imshow(picture)
        axis.set_title(title.format(nodes[level].n))
    rows, columns = np.nonzero(scene.mask)
    for axis in axes:
        axis.set_axis_off()
        axis.set_xlim(columns.min() - 3, columns.max() + 3)
        axis.set_ylim(rows.max() + 3, rows.min() - 3)
    return figure


def partitions(solver):
    """Return the segment of every node, for each level from the solved one to the finest."""
    graphs, parents = solver.hierarchy.graphs, solver.hierarchy.parents
    top, labels = solver.component_cut(0, SEGMENTS)
    partition = rf.measure(graphs[top], labels, SEGMENTS)
    found = {top: partition.labels.copy()}
    for level in range(top - 1, -1, -1):
        partition, near = project(graphs[level], parents[level], graphs[level + 1], partition)
        rf.refine(graphs[level], partition, near=near)
        found[level] = partition.labels.copy()
    return found


def painted(hierarchy, level, labels, colours):
    """Return a colour for every pixel: its segment's, with a shade of its own for every node."""
    node = np.arange(hierarchy.graphs[0].n)
    for parent in hierarchy.parents[:level]:
        node = parent[node]
    shade = np.random.default_rng(0).uniform(0.65, 1.0, len(labels)) if level else np.ones(1)
    return colours[labels[node]] * shade[node if level else 0 * node, np.newaxis]


if __name__ == "__main__":
    main(*sys.argv[1:])
