"""Train the criterion of splitting from photographs and generated scenes.

    python tests/training/train.py FOLDER

FOLDER holds NPZ files, each with an ``image`` and its true ``labels``. The model is written
where the package looks for it, under the version of `parameters`. The same folder gives the same
file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from samples import REAL, SCENES, Sample, digest, samples
from scenes import BY_IMAGE, KINDS, punched, ragged, scene
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.ensemble import HistGradientBoostingClassifier

from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import RegionAdjacencyGraph
from napari_ncut.splitting.agglomerate import agglomerate, is_slope
from napari_ncut.splitting.criterion.hierarchy import Hierarchy, hierarchy
from napari_ncut.splitting.criterion.model import FOLDER, Model
from napari_ncut.splitting.criterion.model import model as shipped
from napari_ncut.splitting.criterion.nodes import NAMES
from napari_ncut.splitting.criterion.pairs import PAIR, numbers
from napari_ncut.splitting.criterion.trees import Trees
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.close import filled_holes, without_pinholes
from napari_ncut.splitting.holes.doubtful import doubtful
from napari_ncut.splitting.holes.holes import Holes, find_holes
from napari_ncut.splitting.holes.judge import Judge
from napari_ncut.splitting.holes.shattered import surely_inside
from napari_ncut.splitting.holes.together import Around
from napari_ncut.splitting.loops import agglomerate as loops
from napari_ncut.splitting.loops.tree import sums_of_nodes
from napari_ncut.splitting.parameters import DEFAULT, VERSION
from napari_ncut.splitting.split import DEFAULTS

SEED = 0
# What an object more must gain in probability; F1 is flat from .2 to .5.
PENALTY = 0.28
# Parts are one object if they are right at this intersection over union.
IOU = 0.7
# Pairs of which a part is less of one object than this say nothing.
PURE = 0.6
MOST_PAIRS = 3000
# An answer is the mean of so many learners with other seeds, which vary less than one.
PAIR_TREES = {"learners": 1, "max_iter": 120, "max_leaf_nodes": 31, "learning_rate": 0.12}
NODE_TREES = {"learners": 4, "max_iter": 100, "max_leaf_nodes": 31, "learning_rate": 0.15}
HOLE_TREES = {"learners": 4, "max_iter": 400, "max_leaf_nodes": 31, "learning_rate": 0.05}
# How much masks count as they are, with holes punched, and with ragged ones, of which there are far
# more.
HOLE_WEIGHTS = 2, 4, 1
# Of the holes inside one object, that are filled when the others are looked at once more.
SHARE_FILLED = 0.6
# Half of the weight is that of photographs.
SHARE_OF_PHOTOGRAPHS = 0.5

Rows = tuple[NDArray[np.float32], NDArray[np.bool_]]


def stump(term: int, threshold: float, value: float) -> Trees:
    """Return a single decision: minus the value up to a threshold, else plus."""
    return Trees(
        root=np.zeros(1, np.int32),
        term=np.array([term, -1, -1], np.int16),
        threshold=np.array([threshold, 0, 0], np.float32),
        missing_left=np.zeros(3, np.uint8),
        below=np.array([[1, 2], [0, 0], [0, 0]], np.int32),
        value=np.array([0, -value, value]),
    )


# Before anything is learned: parts in the order of their likeness, one object above .65.
FIRST = Model(
    pair=stump(0, -1.0, 0.0),
    node=stump(NAMES.index("division_likeness"), 0.65, 3.0),
    hole=stump(0, -1.0, 0.0),
    penalty=PENALTY,
    beta=DEFAULTS.beta,
    about={},
)


def contracted(sample: Sample, part: NDArray[np.int64]) -> tuple[NDArray[np.generic], ...]:
    """Return the graph and the truth when the fragments of a part are one."""
    graph = sample.graph
    n = int(part.max()) + 1
    found = graph.contracted(part.astype(np.int32), n)
    truth = np.zeros((n, sample.truth.shape[1]))
    np.add.at(truth, part, sample.truth)
    # A border is as steep as where its saddle is.
    low, high = np.sort(np.stack([part[graph.low], part[graph.high]]), axis=0)
    between = low != high
    number = np.searchsorted(found.low * np.int64(n) + found.high, (low * n + high)[between])
    top = graph.saddle[between] == found.saddle[number]
    slope = np.zeros(len(found.low), np.uint8)
    slope[number[top]] = is_slope(graph)[between][top]
    return (
        *(found.low, found.high, found.saddle, slope),
        *(found.borders, found.width, found.nodes, truth),
    )


def rows_of_pairs(sample: Sample, models: Sequence[Model], rng: np.random.Generator) -> Rows:
    """Return the terms of pairs of parts, and whether both are of one object.

    The parts are those that agglomeration meets: the fragments, right merges of some of them, and
    what earlier models make.
    """
    graph = sample.graph
    main = sample.truth.argmax(axis=1)
    right = main[graph.low] == main[graph.high]
    parts = [np.arange(graph.n)]
    for share in (0.3, 0.6, 1.0):
        chosen = right & (rng.random(len(right)) < share)
        parts.append(united(graph, chosen))
    for model in models:
        merges = agglomerate(graph, numbers(sample.grid, DEFAULT), model.pair)
        levels = (1.0, 0.0, -1.0) if model is not FIRST else (0.85e-3, 0.65e-3, 0.5e-3)
        parts += [merges.parts(graph.n, level)[0] for level in levels]
    terms, same = [], []
    for part in parts:
        low, high, *evidence, truth = contracted(sample, part)
        main, purity = truth.argmax(axis=1), truth.max(axis=1) / truth.sum(axis=1)
        pure = np.minimum(purity[low], purity[high]) > PURE
        found = loops.terms_of_pairs(low, high, (*evidence, numbers(sample.grid, DEFAULT)))
        terms.append(found[pure])
        same.append((main[low] == main[high])[pure])
    table, answer = np.concatenate(terms), np.concatenate(same)
    rows = np.unique(table, axis=0, return_index=True, equal_nan=True)[1]
    if len(rows) > MOST_PAIRS:
        rows = rng.choice(rows, MOST_PAIRS, replace=False)
    return table[rows], answer[rows]


def united(graph: RegionAdjacencyGraph, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the part of each fragment when the chosen borders are taken away."""
    links = np.ones(int(chosen.sum()), np.int8), (graph.low[chosen], graph.high[chosen])
    return np.asarray(connected_components(coo_array(links, shape=(graph.n, graph.n)))[1], np.int64)


def rows_of_nodes(sample: Sample, model: Model) -> Rows:
    """Return the terms of the parts that merges by a model make, and whether each is one object."""
    found = hierarchy(sample.graph, sample.grid, DEFAULT, model)
    return found.terms, are_objects(sample, found)


def are_objects(sample: Sample, found: Hierarchy) -> NDArray[np.bool_]:
    """Tell for each node of a hierarchy whether it is one of the true objects."""
    overlap = sums_of_nodes(sample.truth, found.parts)
    union = sample.truth.sum(axis=0) + overlap.sum(axis=1, keepdims=True) - overlap
    return np.asarray((overlap / np.maximum(union, 1))[:, 1:].max(axis=1) > IOU)


def shown(rows: Sequence[Rows], names: Sequence[str], hidden: AbstractSet[str]) -> Sequence[Rows]:
    """Return rows in which hidden terms say nothing, whatever they are of."""
    of = [name.removeprefix("division_").removeprefix("join_") for name in names]
    columns = np.array([name.removeprefix("other_") in hidden for name in of])
    return [(np.where(columns, np.float32(0), terms), answer) for terms, answer in rows]


def fit(
    names: Sequence[tuple[str, str]], rows: Sequence[Rows], learners: int, **settings: float
) -> Trees:
    """Return trees that tell the answer from the terms.

    Kinds have equal weight, those that only the image tells twice as much, and photographs that
    of all others; large pictures more than small ones, but less than in proportion.
    """
    kinds = sorted({kind for kind, _ in names} - {REAL})
    photographs = any(kind == REAL for kind, _ in names)
    weights = [np.full(len(answer), max(len(answer), 1) ** -0.5) for _, answer in rows]
    total = dict.fromkeys([*kinds, REAL], 0.0)
    for (kind, _), weight in zip(names, weights, strict=True):
        total[kind] += weight.sum()
    parts = {kind: 2.0 if kind in BY_IMAGE else 1.0 for kind in kinds}
    whole = sum(parts.values()) / (1 - SHARE_OF_PHOTOGRAPHS * photographs)
    share = {kind: parts[kind] / whole for kind in kinds}
    share[REAL] = SHARE_OF_PHOTOGRAPHS
    weight = np.concatenate(
        [w * share[kind] / total[kind] for (kind, _), w in zip(names, weights, strict=True)]
    )
    terms, answers = (np.concatenate(column) for column in zip(*rows, strict=True))
    several = [
        HistGradientBoostingClassifier(
            min_samples_leaf=40,
            l2_regularization=5.0,
            max_features=0.5,
            max_bins=127,
            early_stopping=False,
            random_state=SEED + number,
            **settings,
        ).fit(terms, answers, sample_weight=weight / weight.mean())
        for number in range(learners)
    ]
    return mean([plain(learner) for learner in several])


def mean(several: Sequence[Trees]) -> Trees:
    """Return the trees whose sum is the mean of several sums."""
    first = np.cumsum([0, *(len(trees.term) for trees in several)])
    shifted = [
        np.where(trees.term[:, np.newaxis] < 0, 0, trees.below + start)
        for trees, start in zip(several, first, strict=False)
    ]
    roots = [trees.root + start for trees, start in zip(several, first, strict=False)]
    return Trees(
        root=np.concatenate(roots).astype(np.int32),
        term=np.concatenate([trees.term for trees in several]),
        threshold=np.concatenate([trees.threshold for trees in several]),
        missing_left=np.concatenate([trees.missing_left for trees in several]),
        below=np.concatenate(shifted).astype(np.int32),
        value=np.concatenate([trees.value for trees in several]) / len(several),
    )


def plain(learner: HistGradientBoostingClassifier) -> Trees:
    """Return the trees of a learner as plain arrays."""
    constant = np.zeros(1, [("leaf", "?"), ("value", "f8")])
    constant["value"] = learner._baseline_prediction
    root, columns, n = (
        [0],
        {name: [] for name in ("term", "threshold", "missing", "below", "value")},
        1,
    )
    columns["term"].append(np.full(1, -1))
    columns["threshold"].append(np.zeros(1, np.float32))
    columns["missing"].append(np.zeros(1))
    columns["below"].append(np.zeros((1, 2)))
    columns["value"].append(constant["value"])
    for (tree,) in learner._predictors:
        nodes = tree.nodes
        leaf = nodes["is_leaf"].astype(bool)
        # The greatest 32-bit number that is not above: for 32-bit terms it decides the same.
        threshold = nodes["num_threshold"].astype(np.float32)
        above = threshold.astype(float) > nodes["num_threshold"]
        threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
        below = np.stack([nodes["left"], nodes["right"]], axis=1).astype(int) + n
        root.append(n)
        columns["term"].append(np.where(leaf, -1, nodes["feature_idx"]))
        columns["threshold"].append(np.where(leaf, 0, threshold))
        columns["missing"].append(nodes["missing_go_to_left"])
        columns["below"].append(np.where(leaf[:, None], 0, below))
        # The values above the leaves are before the learning rate.
        columns["value"].append(nodes["value"] * np.where(leaf, 1, learner.learning_rate))
        n += len(nodes)
    arrays = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Trees(
        root=np.array(root, np.int32),
        term=arrays["term"].astype(np.int16),
        threshold=arrays["threshold"].astype(np.float32),
        missing_left=arrays["missing"].astype(np.uint8),
        below=arrays["below"].astype(np.int32),
        value=arrays["value"].astype(float),
    )


def train_pair(chosen: Sequence[Sample], hidden: AbstractSet[str] = frozenset()) -> Model:
    """Return a model that has learned in which order to merge, the second time from itself."""
    model, models = FIRST, [FIRST]
    names = [sample.name for sample in chosen]
    for _ in range(2):
        rng = np.random.default_rng(SEED)
        rows = [rows_of_pairs(sample, models, rng) for sample in chosen]
        pair = fit(names, shown(rows, PAIR, hidden), **PAIR_TREES)
        model = replace(FIRST, pair=pair)
        models = [FIRST, model]
    return model


def train(
    chosen: Sequence[Sample], about: dict[str, object], hidden: AbstractSet[str] = frozenset()
) -> Model:
    """Return a model that has learned from samples, by all terms that are not hidden.

    What is one object is learned from merges by a model that has not seen the picture.
    """
    chosen = [sample for sample in chosen if len(sample.graph.low)]
    pictures = sorted({sample.name for sample in chosen})
    halves = np.random.default_rng(SEED).permutation(len(pictures)) % 2
    half = dict(zip(pictures, halves, strict=True))
    names, rows = [], []
    for side in (0, 1):
        model = train_pair([each for each in chosen if half[each.name] == side], hidden)
        for sample in chosen:
            if half[sample.name] != side:
                names.append(sample.name)
                rows.append(rows_of_nodes(sample, model))
    node = fit(names, shown(rows, NAMES, hidden), **NODE_TREES)
    return replace(FIRST, pair=train_pair(chosen, hidden).pair, node=node, about=about)


def with_holes(model: Model, folder: Path, n_scenes: int) -> Model:
    """Return a model that has learned which holes lie inside one object.

    From photographs, and scenes that are new to it; each as it is, with holes punched into half of
    its objects, and as a threshold leaves it in a texture.
    """
    rng = np.random.default_rng(SEED)
    names, rows = [], []
    for name, objects, spacing in pictures_of_holes(folder, n_scenes):
        masks = objects, punched(rng, objects, 0.5, smooth=True), ragged(rng, objects)
        for truth, times in zip(masks, HOLE_WEIGHTS, strict=True):
            for found in rows_of_holes(truth, spacing, model, rng):
                names += [name] * times
                rows += [found] * times
    return replace(model, hole=fit(names, rows, **HOLE_TREES))


def pictures_of_holes(
    folder: Path, n_scenes: int
) -> Iterator[tuple[tuple[str, str], NDArray[np.int32], tuple[float, ...]]]:
    """Yield name, truth and pixel size of the pictures whose holes are learned from."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as arrays:
            truth = arrays["labels"]
        truth = np.unique(truth, return_inverse=True)[1].reshape(truth.shape).astype(np.int32)
        if truth.max() > 0:
            yield (REAL, file.stem), truth, (1.0,) * truth.ndim
    for kind in KINDS:
        if kind not in BY_IMAGE:
            for seed in range(n_scenes, n_scenes + n_scenes // 2):
                drawn = scene(kind, seed)
                yield (kind, str(seed)), drawn.truth, drawn.spacing


def rows_of_holes(
    truth: NDArray[np.int32], spacing: tuple[float, ...], model: Model, rng: np.random.Generator
) -> Iterator[Rows]:
    """Yield the terms of doubtful holes, and whether each lies inside one object.

    With all holes open, with those filled that have shattered an object, and with some more filled
    that lie inside one: as they are met when holes are judged.
    """
    volume = truth.reshape((1,) * (3 - truth.ndim) + truth.shape)
    labels = (volume > 0).astype(np.int32)
    grid = Grid((1.0,) * (3 - len(spacing)) + spacing, truth.ndim)
    judge = Judge(grid, DEFAULT, model, Monitor())
    shape, _, holes = without_pinholes(labels, find_holes(labels, grid, Monitor()), judge)
    if len(holes) == 0:
        return
    around = Around.of(holes, shape, judge.divided(shape), judge.monitor)
    yield from _doubtful(around, volume, judge)
    filled = surely_inside(around, judge)
    for _ in range(2):
        if filled.any() and not filled.all():
            around = filled_holes(around, filled, ~filled, judge)
            yield from _doubtful(around, volume, judge)
        inside = are_inside(around.holes, volume)
        filled = inside & (rng.random(len(inside)) < SHARE_FILLED)


def _doubtful(around: Around, truth: NDArray[np.int32], judge: Judge) -> Iterator[Rows]:
    """Yield the terms of the doubtful ones of open holes, and what is true of them, if any are."""
    rows, terms = doubtful(around, judge)
    if len(rows):
        yield terms, are_inside(around.holes, truth)[rows]


def are_inside(holes: Holes, truth: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which holes lie inside one true object."""
    return np.bincount(holes.around(truth, 1)[:, 0], minlength=len(holes)) == 1


def main(argv: Sequence[str] | None = None) -> None:
    """Train and write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER / f"{VERSION}.npz")
    parser.add_argument("--scenes", type=int, default=SCENES, help="of each kind")
    parser.add_argument("--parts-of", type=int, metavar="VERSION", help="learn only of holes")
    chosen = parser.parse_args(argv)
    about = {"seed": SEED, "scenes": chosen.scenes, "sha256": digest(chosen.folder)}
    if chosen.parts_of is None:
        model = train(list(samples(chosen.folder, chosen.scenes)), about)
    else:
        model = replace(shipped(chosen.parts_of), about=about | {"parts_of": chosen.parts_of})
    model = with_holes(model, chosen.folder, chosen.scenes)
    chosen.out.parent.mkdir(exist_ok=True)
    model.save(chosen.out)
    sys.stdout.write(
        json.dumps({"out": str(chosen.out), "trees": len(model.node.root), **about}) + "\n"
    )


if __name__ == "__main__":
    main()
