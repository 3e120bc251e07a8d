"""Several calls at once, in threads and processes of every kind: the same labels, and an end."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import napari_ncut
from napari_ncut import scenes
from napari_ncut.core.parallel import number_of_threads

SEEDS = (0, 1, 2, 3)
# What hangs shall not hang for ever.
PATIENCE = 300


def work(seed):
    """Return the labels of a scene, by both ways."""
    scene = scenes.field(20, size=200, seed=seed)
    split = napari_ncut.split_touching(scene.mask, scene.image)
    return split, napari_ncut.normalized_cut(scene.image, scene.mask, n_segments=12)


@pytest.fixture(scope="module")
def wanted():
    return [work(seed) for seed in SEEDS]


def check(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_threads(wanted):
    before = set(threading.enumerate())
    with ThreadPoolExecutor(4) as pool:
        check(pool.map(work, SEEDS, timeout=PATIENCE), wanted)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes(method, wanted):
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        check(pool.map(work, SEEDS, timeout=PATIENCE), wanted)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend, wanted):
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend=backend, n_jobs=2):
        check(joblib.Parallel()(joblib.delayed(work)(seed) for seed in SEEDS), wanted)


@pytest.mark.parametrize("scheduler", ["threads", "processes", "synchronous"])
def test_dask(scheduler, wanted):
    dask = pytest.importorskip("dask")
    tasks = [dask.delayed(work)(seed) for seed in SEEDS]
    check(dask.compute(*tasks, scheduler=scheduler, num_workers=2), wanted)


def test_no_more_threads_than_cores(monkeypatch):
    most = 0
    start = threading.Thread.start

    def counted(self):
        nonlocal most
        start(self)
        most = max(most, threading.active_count())

    monkeypatch.setattr(threading.Thread, "start", counted)
    before = threading.active_count()
    scene = scenes.field(200, size=1024)
    napari_ncut.split_touching(scene.mask, scene.image)
    assert most - before <= number_of_threads()
