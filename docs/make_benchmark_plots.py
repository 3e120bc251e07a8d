"""Makes the plots of benchmarks.md: `python docs/make_benchmark_plots.py [FOLDER] [--quick]`.

Everything is measured in one run, with the functions of the benchmarks, and on one thread: where
other work runs on the processors, threads that wait for one another would slow scikit-learn down
many times. With a folder the plots are made there; ``--quick`` only shows that it works.
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

import napari_ncut
from napari_ncut import scenes

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "benchmarks"))
from peers import affinity, best_of, sklearn_clustering, watershed

PICTURES = Path(__file__).parent / "pictures"
SIZES = (64, 128, 256, 512, 1024, 2048)
OURS, FLOOD = "napari-ncut", "watershed of peaks"
SOLVERS = {f"scikit-learn, {solver}": solver for solver in ("arpack", "amg", "lobpcg")}
STYLES = {
    OURS: ("#d1495b", "o"),
    "scikit-learn, arpack": ("#1b7f79", "s"),
    "scikit-learn, amg": ("#3d5a98", "^"),
    "scikit-learn, lobpcg": ("#8a6bbe", "v"),
    FLOOD: ("#808080", "x"),
}
# A solver whose last size took longer than LONGEST seconds gets no larger one; what takes longer
# than ONCE is not measured again.
LONGEST, ONCE = 3.0, 3.0
# Below this adjusted Rand index the four circles were not found.
RIGHT = 0.85


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PICTURES)
    parser.add_argument("--quick", action="store_true", help="small sizes: only that it works")
    chosen = parser.parse_args(argv)
    mpl.use("agg")
    mpl.rcParams.update({"font.size": 10, "figure.dpi": 120, "axes.titlesize": 10})
    chosen.folder.mkdir(exist_ok=True)
    with threadpool_limits(1):
        points = measured(SIZES[:2] if chosen.quick else SIZES)
    for name, draw in (("time", time_plot), ("ncut", ncut_plot)):
        figure = draw(points)
        figure.savefig(chosen.folder / f"benchmark-{name}.png", facecolor="white")
        plt.close(figure)


def measured(sizes):
    """Return for each method a list of pixels, seconds, cut over ours, and adjusted Rand index."""
    points = {name: [] for name in STYLES}
    for size in sizes:
        scene = scenes.circles(4, size=size)
        n, truth = int(scene.mask.sum()), scene.truth[scene.mask]
        seconds, labels = best_of(3, napari_ncut.normalized_cut, scene.image, scene.mask, 4)
        labels = labels[scene.mask]
        points[OURS].append((n, seconds, 1.0, adjusted_rand_score(truth, labels)))
        points[FLOOD].append((n, best_of(3, watershed, scene.mask)[0], np.nan, np.nan))
        wanted = [name for name in SOLVERS if not points[name] or points[name][-1][1] < LONGEST]
        if not wanted:
            continue
        graph_seconds, graph = best_of(3, affinity, scene.image, scene.mask)
        ours = napari_ncut.ncut_value(graph, labels)
        for name in wanted:
            seconds, found = best_of(1, sklearn_clustering, graph, 4, SOLVERS[name])
            if seconds < ONCE:
                again, found = best_of(2, sklearn_clustering, graph, 4, SOLVERS[name])
                seconds = min(seconds, again)
            ratio = index = np.nan
            if found is not None:
                ratio = napari_ncut.ncut_value(graph, found) / ours
                index = adjusted_rand_score(truth, found)
            points[name].append((n, graph_seconds + seconds, ratio, index))
            print(size, name, *(f"{value:.4g}" for value in points[name][-1]), flush=True)
    return points


def time_plot(points):
    """Seconds from image to labels over pixels."""
    figure, axis = plt.subplots(figsize=(7, 4.4), layout="constrained")
    for name in STYLES:
        pixels, seconds, _, index = np.array(points[name]).T
        line(axis, name, pixels, seconds, index)
    axis.set_ylabel("seconds, image to labels")
    finish(axis)
    return figure


def ncut_plot(points):
    """The normalised cut over ours, on scikit-learn's weights."""
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for name in (OURS, *SOLVERS):
        pixels, _, ratio, index = np.array(points[name]).T
        line(axis, name, pixels, ratio, index)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.set_ylabel("normalised cut / ours")
    finish(axis)
    return figure


def line(axis, name, pixels, values, index):
    """Draw a method's values; the marker is hollow where it did not find the circles."""
    colour, marker = STYLES[name]
    axis.loglog(pixels, values, color=colour, marker=marker, label=name)
    wrong = index < RIGHT
    axis.plot(pixels[wrong], values[wrong], marker, color=colour, markerfacecolor="white")


def finish(axis):
    """Label the axis of pixels, and name the lines."""
    axis.set_xlabel("pixels under the mask")
    axis.grid(visible=True, which="major", color="#dddddd")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)


if __name__ == "__main__":
    main(sys.argv[1:])
