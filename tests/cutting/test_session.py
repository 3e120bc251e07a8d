"""Stages are remembered, cancelling hurts nothing, threads may share a session."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.linalg

from napari_ncut import Cancelled, Cut, CutSession, CutSettings, normalized_cut, scenes
from napari_ncut.cutting import session as module
from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values


@pytest.fixture
def scene():
    return scenes.circles(4)


@pytest.fixture
def session(scene):
    return CutSession(scene.image, scene.mask)


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of the stages."""
    counts = {}
    for name in ("pixel_neighbours", "pixel_graph", "build_hierarchy"):
        counts[name] = 0

        stage = getattr(module, name)

        def counted(*args, _name=name, _stage=stage, **options):
            counts[_name] += 1
            return _stage(*args, **options)

        monkeypatch.setattr(module, name, counted)
    return counts


def test_a_cut_is_the_labels_and_their_value(session, scene):
    cut = session.cut(CutSettings(4))
    assert isinstance(cut, Cut)
    assert cut.labels.dtype == np.int32
    np.testing.assert_array_equal(cut.labels, normalized_cut(scene.image, scene.mask, 4))
    pixels = pixel_neighbours(scene.mask, 1, (1.0, 1.0))
    graph = pixel_graph(pixels, pixel_values(scene.image, scene.mask), 0.25).matrix()
    labels, total = cut.labels[scene.mask], 0.0
    for label in range(1, 5):
        inside = labels == label
        total += graph[inside][:, ~inside].sum() / graph[inside].sum()
    assert cut.ncut == pytest.approx(total, rel=1e-5)


def test_another_number_of_segments_redoes_neither_graph_nor_hierarchy(session, calls):
    for k in (4, 2, 7, 4):
        assert session.cut(CutSettings(k)).labels.max() == k
    assert calls == {"pixel_neighbours": 1, "pixel_graph": 1, "build_hierarchy": 1}


def test_another_beta_redoes_the_weights_and_what_follows(session, calls):
    session.cut(CutSettings(4))
    session.cut(CutSettings(4, beta=1.0))
    assert calls == {"pixel_neighbours": 1, "pixel_graph": 2, "build_hierarchy": 2}


def test_another_connectivity_redoes_everything(session, calls):
    session.cut(CutSettings(4))
    session.cut(CutSettings(4, connectivity=2))
    assert calls == {"pixel_neighbours": 2, "pixel_graph": 2, "build_hierarchy": 2}


def test_the_order_of_the_settings_does_not_matter(session, scene):
    every = [
        CutSettings(k, beta=b, connectivity=c) for k in (2, 4) for b in (0.1, 1) for c in (1, 2)
    ]
    for settings in [*every, *every[::-1]]:
        fresh = CutSession(scene.image, scene.mask).cut(settings)
        np.testing.assert_array_equal(session.cut(settings).labels, fresh.labels)


def test_painting_on_a_result_does_not_change_the_next(session):
    first = session.cut(CutSettings(4)).labels
    wanted = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(session.cut(CutSettings(4)).labels, wanted)


@pytest.mark.parametrize("after", [0, 2, 5, 9, 14])
def test_a_cancelled_session_is_as_good_as_new(session, scene, after):
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        session.cut(CutSettings(4), cancelled=cancelled)
    wanted = normalized_cut(scene.image, scene.mask, 4)
    np.testing.assert_array_equal(session.cut(CutSettings(4)).labels, wanted)


def test_cancelling_is_asked_for_often_enough():
    scene = scenes.circles(4, size=1500)
    session = CutSession(scene.image, scene.mask)
    asked = [time.perf_counter()]

    def cancelled():
        asked.append(time.perf_counter())
        return False

    session.cut(CutSettings(4), cancelled=cancelled)
    assert np.median(np.diff(asked)) < 0.02
    assert np.diff(asked).max() < 0.2


def test_threads_may_share_a_session(session, scene):
    wanted = {k: normalized_cut(scene.image, scene.mask, k) for k in (2, 3, 4)}
    with ThreadPoolExecutor(4) as pool:
        jobs = [(k, pool.submit(session.cut, CutSettings(k))) for k in (2, 3, 4) * 4]
        for k, job in jobs:
            np.testing.assert_array_equal(job.result().labels, wanted[k])


def test_eigenvalues_are_zero_once_a_component_and_ascend(scene):
    mask = scene.mask.copy()
    mask[90:95, 5:20] = True
    values = CutSession(scene.image, mask).eigenvalues(8, CutSettings())
    assert values.shape == (8,)
    np.testing.assert_allclose(values[:2], 0, atol=1e-12)
    assert (np.diff(values) >= -1e-12).all()
    assert values[2] > 0


def test_eigenvalues_of_a_small_image_are_exact():
    image = np.random.default_rng(0).random((9, 10))
    mask = np.ones(image.shape, bool)
    pixels = pixel_neighbours(mask, 1, (1.0, 1.0))
    graph = pixel_graph(pixels, pixel_values(image, mask), 0.25)
    weights = graph.matrix().toarray()
    laplacian = np.diag(graph.volumes) - weights
    wanted = scipy.linalg.eigh(laplacian, np.diag(graph.volumes), eigvals_only=True)
    found = CutSession(image).eigenvalues(90, CutSettings())
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_gap_of_the_eigenvalues_tells_the_number_of_circles(session):
    gaps = np.diff(session.eigenvalues(8, CutSettings()))
    assert gaps.argmax() == 3


@pytest.mark.parametrize("n", [0, 10_001, -1])
def test_a_bad_number_of_eigenvalues_is_an_error(session, n):
    with pytest.raises(ValueError, match=f"n is {n}; wanted a number from 1"):
        session.eigenvalues(n, CutSettings())


def test_the_fiedler_vector_tells_two_circles_apart():
    scene = scenes.circles(2, size=200)
    vector = CutSession(scene.image, scene.mask).fiedler(CutSettings())
    assert vector.shape == scene.mask.shape
    np.testing.assert_array_equal(np.isnan(vector), ~scene.mask)
    side = np.nanmedian(vector[scene.truth == 1]) > np.nanmedian(vector[scene.truth == 2])
    split = (vector > 0) == side
    assert (split[scene.truth == 1]).mean() > 0.9
    assert (~split[scene.truth == 2]).mean() > 0.9


def test_the_fiedler_vector_is_that_of_a_slow_solver():
    scene = scenes.circles(2, size=60)
    pixels = pixel_neighbours(scene.mask, 1, (1.0, 1.0))
    graph = pixel_graph(pixels, pixel_values(scene.image, scene.mask), 0.25)
    laplacian = np.diag(graph.volumes) - graph.matrix().toarray()
    wanted = scipy.linalg.eigh(laplacian, np.diag(graph.volumes))[1][:, 1]
    found = CutSession(scene.image, scene.mask).fiedler(CutSettings())[scene.mask]
    assert abs(np.corrcoef(wanted, found)[0, 1]) > 0.99


def test_import_loads_neither_scikit_learn_nor_a_viewer():
    code = (
        "import sys, napari_ncut; from napari_ncut import CutSettings;"
        "print([m for m in ('sklearn', 'skimage', 'napari', 'matplotlib')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
