"""The library with anything handed in: right labels, or one sentence; nothing given is changed."""

import warnings

import numpy as np
import pytest
from tests.fuzz.arrays import laid_out, plain, shape
from tests.fuzz.cases import PARTS, assert_is_a_sentence, cases, one_of

import napari_ncut as ncut

HOSTILE = [-1, 0, 1.5, 9, -9, 1e-12, 1e12, 10**400, np.nan, np.inf, True, None, "2", (1,), (2, 1)]
HOSTILE += [[np.inf, 1], np.float32(0.8), np.zeros(0), {}, object(), 2**70, 1e-300]
RIGHT = {
    "neck": [0, 0.5, 0.74, 1],
    "beta": [0, 0.25, 3, 1e6],
    "connectivity": [1],
    "spacing": [None, 1, 0.3],
    "min_size": [0, 1.0, 40],
    "max_hole": [None, 0, 10],
    "drop_small": [0, 5],
    "drop_large": [None, 100],
    "drop_border": [False, True],
    "keep_labels": [False, True],
    "channel_axis": [None],
    "n_segments": [1, 2, 3, 7],
    "n_clusters": [1, 2, 3],
    "random_state": [0, 1],
    "method": ["otsu", "li", "triangle"],
    "dark": [False, True],
    "smoothing": [0, 1.5],
    "window": [0, 3.0],
}


def options(rng, names):
    """Return some of the options, most of them right."""
    chosen = {name: one_of(rng, RIGHT[name]) for name in names if rng.random() < 0.2}
    if rng.random() < 0.3:
        name = one_of(rng, names)
        chosen[name] = one_of(rng, [*HOSTILE, *RIGHT[name]])
    return chosen


SPLIT = ("beta", "connectivity", "spacing", "channel_axis", "max_hole")
FINISH = ("neck", "min_size", "drop_small", "drop_large", "drop_border", "keep_labels")
CUT = ("n_segments", "beta", "connectivity", "spacing", "channel_axis", "min_size", "random_state")


def split_touching(rng, first, second):
    return ncut.split_touching, (first, second), options(rng, SPLIT + FINISH), first


def split_by_shape(rng, first, _):
    return ncut.split_touching, (first,), options(rng, SPLIT + FINISH), first


def split_tree(rng, first, second):
    def cut(*given, **chosen):
        return ncut.split_tree(*given, **chosen).cut(0.7, 2.0)

    return cut, (first, second), options(rng, SPLIT), first


def normalized_cut(rng, first, second):
    mask = second if rng.random() < 0.5 else None
    return ncut.normalized_cut, (first, mask), options(rng, CUT), mask


def cut_from_seeds(rng, first, second):
    def cut(image, seeds, **chosen):
        return ncut.normalized_cut(image, seeds=seeds, **chosen)

    return cut, (first, second), options(rng, CUT[1:]), None


def foreground(rng, first, _):
    names = "method", "dark", "smoothing", "window", "spacing", "channel_axis"
    return ncut.foreground, (first,), options(rng, names), None


def statistics(rng, first, second):
    def direction(*given, **chosen):
        return np.zeros(2) * ncut.image_statistics(*given, **chosen).deviation

    return direction, (first, second), options(rng, ("spacing", "channel_axis")), None


def spectral_clustering(rng, first, _):
    return ncut.spectral_clustering, (first,), options(rng, ("n_clusters", "random_state")), None


def ncut_value(rng, first, second):
    return ncut.ncut_value, (first, second), {}, None


def measure(rng, first, second):
    def columns(labels, image):
        return np.array([len(c) for c in ncut.measure(labels, image, properties="all").values()])

    return columns, (first, second), {}, None


FUNCTIONS = [
    *[split_touching] * 4,
    *[split_by_shape] * 4,
    *[split_tree] * 2,
    *[normalized_cut] * 4,
    cut_from_seeds,
    foreground,
    statistics,
    spectral_clustering,
    ncut_value,
    measure,
]


def result_of(function, given, chosen):
    """Return what a call comes to, and the sentence if it was refused."""
    try:
        return np.asarray(function(*given, **chosen)), None
    except (ValueError, TypeError) as error:
        return None, f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("part", PARTS)
def test_right_labels_or_one_sentence(part, outcomes, tmp_path):
    for seed, rng in cases(part):
        size = shape(rng)
        other = size if rng.random() < 0.9 else shape(rng)
        arrays = [plain(rng, size), plain(rng, other)]
        folders = [tmp_path / str(k) for k in range(2)]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        given = [laid_out(rng, a, f) for a, f in zip(arrays, folders, strict=True)]
        function, arguments, chosen, labels = one_of(rng, FUNCTIONS)(rng, *(a for a, _ in given))
        case = seed, function.__qualname__, size, [a.dtype for a in arrays], given, chosen
        before = [_bytes(a) for a, _ in given]
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            found, refused = result_of(function, arguments, chosen)
            # Whatever holds the numbers, the result is that of an ordinary array.
            ordinary = [None if a is None else _ordinary(a) for a in arguments]
            wanted, refused_too = result_of(function, ordinary, chosen)
        assert before == [_bytes(a) for a, _ in given], case
        assert (refused is None) == (refused_too is None), (case, refused, refused_too)
        if refused is not None:
            assert_is_a_sentence(refused)
            outcomes["refused"] += 1
            continue
        np.testing.assert_array_equal(found, wanted, str(case))
        assert np.isfinite(found.astype(float)).all(), case
        if labels is not None:
            _check_labels(found, np.asarray(_ordinary(labels)), chosen, case)
        outcomes["right"] += 1


def _check_labels(found, given, chosen, case):
    """Check that labels are within what was given, and without gaps."""
    assert found.shape == given.shape, case
    assert found.dtype.kind == "i", case
    inside = given.astype(float) != 0
    assert not found[~inside].any(), case
    if chosen.get("keep_labels") is not True:
        assert len(np.unique(found[found > 0])) == found.max(initial=0), case
    if not {"drop_small", "drop_large", "drop_border"} & set(chosen):
        assert (found[inside] > 0).all(), case


def _ordinary(data):
    """Return an ordinary array of the same numbers."""
    if isinstance(data, list | int | float | complex | str | bytes | bool):
        return data
    return np.array(np.asarray(data), order="C")


def _bytes(data):
    """Return what shows whether an array was changed."""
    array = np.asarray(data)
    if array.dtype == np.longdouble:
        # Six of its sixteen bytes are anything.
        array = array.astype(float)
    return array.tobytes() if array.dtype.kind != "O" else repr(data)
