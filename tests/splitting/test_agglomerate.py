"""Agglomeration: the heap against a search through all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut import split_touching, split_tree
from napari_ncut.core.monitor import Monitor
from napari_ncut.splitting.adjacency import (
    BORDER_SUMS,
    MOMENTS,
    NODE_SUMS,
    RegionAdjacencyGraph,
    moments,
)
from napari_ncut.splitting.agglomerate import Merges, agglomerate
from napari_ncut.splitting.criterion.model import model
from napari_ncut.splitting.criterion.pairs import PAIR, numbers
from napari_ncut.splitting.criterion.trees import NO_TREES
from napari_ncut.splitting.fragmented import fragmented
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.loops.agglomerate import terms_of_pairs
from napari_ncut.splitting.parameters import DEFAULT

STEP = BORDER_SUMS.index("step")
PLANE, SPACE = Grid((1.0, 1.0, 1.0), 2), Grid((1.0, 1.0, 1.0), 3)


def random_graph(seed, ndim, n=None):
    """Return a graph of scattered fragments with random borders."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12)) if n is None else n
    shape = (1, 24, 24) if ndim == 2 else (8, 10, 10)
    owner = rng.integers(0, n, shape).astype(np.int32)
    owner.flat[:n] = np.arange(n)
    width = rng.uniform(2, 9, n)
    nodes = np.zeros((n, len(NODE_SUMS)))
    nodes[:, :MOMENTS] = moments(owner, n, np.zeros(n, np.int32), Monitor())
    weight, mean = rng.uniform(10, 100, n), rng.normal(size=n)
    nodes[:, MOMENTS:] = np.stack(
        [weight, weight * mean, weight * (mean**2 + rng.uniform(0, 1, n))], axis=1
    )
    every = np.array([(a, b) for a in range(n) for b in range(a + 1, n)], np.int32).reshape(-1, 2)
    kept = every[rng.random(len(every)) < 0.5]
    low, high = np.ascontiguousarray(kept.T)
    saddle = width[kept].min(axis=1) * np.minimum(rng.uniform(0.3, 1.5, len(kept)), 1)
    saddle *= rng.uniform(0.998, 1, len(kept))
    borders = rng.normal(scale=5.0, size=(len(kept), len(BORDER_SUMS)))
    borders[:, [0, 3]] = rng.uniform(1, 20, (len(kept), 2))
    basin = rng.integers(0, 3, n).astype(np.int32)
    index = np.arange(len(kept))
    return RegionAdjacencyGraph(width, nodes, basin, low, high, saddle, index, borders)


def slow_priority(a, b, saddle, is_slope, sums, width, nodes, criterion, trees):
    """Return the priority of a pair, computed anew."""
    terms = terms_of_pairs(
        np.array([a], np.int32),
        np.array([b], np.int32),
        (
            np.array([saddle]),
            np.array([is_slope], np.uint8),
            np.array([sums]),
            np.array(width),
            np.array(nodes),
            criterion,
        ),
    )
    if trees is not NO_TREES:
        return trees.log_odds(terms)[0] + 1e-3 * float(terms[0, PAIR.index("likeness")])
    length = sums[0] + DEFAULT.short_border * 0.8 ** (2 if criterion[0] == 3 else 1)
    step = abs(sums[STEP]) / length - DEFAULT.step * DEFAULT.step_inside
    ridge = sums[BORDER_SUMS.index("ridge")] / length - DEFAULT.ridge
    return -max(ridge, step) if step > 0 else -ridge


def slow_merges(graph, criterion, trees, settled=10_000):
    """Merge the pair with the highest priority, of all pairs computed anew, again and again.

    The pairs of a part of more fragments than ``settled`` keep what they had.
    """
    width, nodes = list(graph.width), [*graph.nodes]
    pairs = list(zip(graph.low, graph.high, strict=True))
    slopes = [graph.basin[a] == graph.basin[b] for a, b in pairs]
    rows = {ends: (graph.saddle[k], slopes[k], graph.borders[k], k) for k, ends in enumerate(pairs)}
    members = {k: frozenset([k]) for k in range(graph.n)}
    least = dict.fromkeys(members, np.inf)
    result, kept = [], {}
    while rows:
        found = {
            ends: slow_priority(*ends, *row[:3], width, nodes, criterion, trees)
            for ends, row in rows.items()
        } | kept
        a, b = max(found, key=found.get)
        least[a] = min(found[a, b], least[a], least[b])
        result.append((least[a], {members[a], members[b]}, rows[a, b][3]))
        beside = [{min(set(ends) - {k}) for ends in rows if k in ends} for k in (a, b)]
        few, many = sorted(beside, key=len)
        members[a] |= members[b]
        settles = len(members[a]) > settled and len(few) < len(many)
        kept = {k: v for k, v in kept.items() if not {a, b} & set(k)}
        width[a], nodes[a] = max(width[a], width[b]), nodes[a] + nodes[b]
        old, rows = rows, {}
        for ends, row in old.items():
            now = tuple(a if end == b else end for end in ends)
            if now[0] == now[1]:
                continue
            new = tuple(sorted(now))
            saddle, is_slope, sums, neck = row
            if new != now:
                sums = np.where(np.arange(len(sums)) == STEP, -sums, sums)
            if new in rows:
                sums = sums + rows[new][2]
                if rows[new][0] >= saddle:
                    saddle, is_slope, _, neck = rows[new]
            rows[new] = saddle, is_slope, sums, neck
            (other,) = {*new} - {a} if a in new else {None}
            if settles and other in many - few:
                kept[new] = found[ends]
    return result


@given(
    st.integers(0, 10_000),
    st.sampled_from([2, 3]),
    st.sampled_from(["learned", "ridge"]),
    st.sampled_from([1, 3, 5, 10_000]),
)
@settings(max_examples=60)
def test_the_heap_merges_what_a_search_through_all_pairs_merges(seed, ndim, kind, settled):
    graph = random_graph(seed, ndim)
    criterion = numbers(Grid((1.3, 1.0, 0.8), ndim), DEFAULT)
    trees = model().pair if kind == "learned" else NO_TREES
    merges = agglomerate(graph, criterion, trees, settled)
    wanted = slow_merges(graph, criterion, trees, settled)
    np.testing.assert_allclose(merges.priority, [value for value, _, _ in wanted], atol=1e-8)
    np.testing.assert_array_equal(merges.border, [neck for _, _, neck in wanted])
    members = [frozenset([k]) for k in range(graph.n)]
    for a, b, (_, parts, _) in zip(merges.into, merges.gone, wanted, strict=True):
        assert {members[a], members[b]} == parts
        members[a] |= members[b]


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 4, 8]))
@settings(max_examples=100)
def test_every_part_goes_once_whichever_parts_are_settled(seed, settled):
    """A large part that a larger one takes in leaves nothing behind that is noted of it."""
    graph = random_graph(seed, 2, n=40)
    kept = np.random.default_rng(seed).random(len(graph.low)) < 0.12
    graph = graph.with_borders(kept)
    merges = agglomerate(graph, numbers(PLANE, DEFAULT), NO_TREES, settled)
    assert len(np.unique(merges.gone)) == len(merges.gone) == graph.n - len(np.unique(graph.blob))
    assert (merges.into != merges.gone).all()


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_graph_is_not_changed_and_no_priority_is_above_those_within(seed):
    graph = random_graph(seed, 2, n=40)
    before = {name: value.copy() for name, value in vars(graph).items()}
    merges = agglomerate(graph, numbers(PLANE, DEFAULT), model().pair)
    for name, value in vars(graph).items():
        np.testing.assert_array_equal(value, before[name])
    least = np.full(graph.n, np.inf)
    for a, b, priority in zip(merges.into, merges.gone, merges.priority, strict=True):
        assert priority <= min(least[a], least[b])
        least[a] = priority


def test_the_saddle_of_two_borders_that_become_one_is_the_higher():
    graph = random_graph(0, 2, n=3)
    low, high = np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32)
    borders = np.zeros((3, len(BORDER_SUMS)))
    borders[:, 0] = 20.0
    graph = RegionAdjacencyGraph(
        np.full(3, 10.0),
        graph.nodes,
        np.arange(3, dtype=np.int32),
        low,
        high,
        np.array([9.0, 2.0, 4.0]),
        np.arange(3),
        borders,
    )
    merges = agglomerate(graph, numbers(PLANE, DEFAULT), model().pair)
    assert set(merges.border) == {0, 2}


def test_parts_are_what_merges_at_or_above_a_priority_join():
    merges = Merges(
        np.array([2, 0, 2], np.int32),
        np.array([3, 1, 0], np.int32),
        np.array([0.9, 0.6, 0.2]),
        np.arange(3, dtype=np.int32),
        np.zeros((3, len(PAIR)), np.float32),
    )
    for least, wanted in ((0.1, [0, 0, 0, 0, 1]), (0.6, [0, 0, 1, 1, 2]), (0.95, [0, 1, 2, 3, 4])):
        part, count = merges.parts(5, least)
        np.testing.assert_array_equal(part, wanted)
        assert count == max(wanted) + 1


@pytest.mark.parametrize("n", [1, 3])
def test_fragments_that_touch_nothing_are_merged_with_nothing(n):
    graph = random_graph(1, 2, n=n)
    none = np.zeros(0, np.int32)
    graph = RegionAdjacencyGraph(
        graph.width,
        graph.nodes,
        graph.basin,
        none,
        none,
        np.zeros(0),
        np.zeros(0, np.int64),
        np.zeros((0, len(BORDER_SUMS))),
    )
    merges = agglomerate(graph, numbers(PLANE, DEFAULT), model().pair)
    assert len(merges.priority) == len(merges.into) == 0
    assert merges.parts(n, 0.5)[1] == n


def test_the_objects_of_one_blob_of_thousands_are_found():
    """Where its borders keep their priorities; all of them looked at again it is n**2 steps."""
    z, y, x = np.ogrid[:96, :96, :96]
    balls = sum(((a % 8) - 3.5) ** 2 for a in (z, y, x)) <= 4.3**2
    assert ndi.label(balls)[1] == 1
    tree = split_tree(balls)
    assert tree.n_fragments == 12**3
    assert split_touching(balls).max() == 12**3
    graph = fragmented_graph(balls)
    few, many = (agglomerate(graph, numbers(SPACE, DEFAULT), model().pair, k) for k in (256, 9999))
    # What holds as one object is the same, and in the same order.
    np.testing.assert_allclose(few.priority[:100], many.priority[:100])


def fragmented_graph(mask):
    """Return the graph of a mask."""
    return fragmented(
        mask.astype(np.int32), None, beta=0.0, connectivity=1, spacing=(1.0,) * 3, max_hole=None,
        statistics=None, model=model(), monitor=Monitor(),
    ).graph  # fmt: skip
