"""Work in parts: in order, all of it, and it ends when it is cancelled."""

import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from napari_ncut.core import parallel
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.core.parallel import (
    CHUNK,
    accumulate,
    map_chunks,
    number_of_threads,
    use_threads,
)


@pytest.fixture(params=[1, 2])
def threads(request):
    with use_threads(request.param):
        yield


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("cost", [0, 1, CHUNK / 7, 10 * CHUNK])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_parts_are_in_order_and_cover_everything(n, cost):
    parts = map_chunks(lambda start, stop: list(range(start, stop)), n, cost, Monitor())
    assert [i for part in parts for i in part] == list(range(n))


@pytest.mark.usefixtures("threads")
def test_no_part_has_fewer_items_than_wanted_but_the_last():
    parts = map_chunks(lambda start, stop: stop - start, 25, CHUNK, Monitor(), least=10)
    assert parts == [10, 10, 5]


@pytest.mark.usefixtures("threads")
def test_an_error_in_a_part_reaches_the_caller():
    def work(start, stop):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        map_chunks(work, 10, CHUNK, Monitor())


@pytest.mark.usefixtures("threads")
def test_cancelling_ends_the_work_before_its_last_part():
    done = []

    def work(start, stop):
        time.sleep(0.02)
        done.append(start)

    with pytest.raises(Cancelled):
        map_chunks(work, 200, CHUNK, Monitor(cancelled=lambda: len(done) > 3))
    assert len(done) < 50


@pytest.mark.usefixtures("threads")
def test_small_arrays_are_divided_but_not_into_crumbs():
    n = parallel.PARTS * parallel.SMALLEST
    assert len(map_chunks(lambda start, stop: None, n, 1, Monitor())) == parallel.PARTS
    assert len(map_chunks(lambda start, stop: None, parallel.SMALLEST, 1, Monitor())) == 1


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("join", [np.add, np.maximum])
def test_totals_are_those_of_all_parts(join):
    values = np.random.default_rng(0).integers(0, 9, (3, 40 * parallel.SMALLEST))

    def work(total, start, stop):
        total[:] = join(total, join.reduce(values[:, start:stop], axis=1))

    total = np.zeros(3, int)
    accumulate(work, [total], join, values.shape[1], 1, Monitor())
    np.testing.assert_array_equal(total, join.reduce(values, axis=1))


def test_parts_do_not_depend_on_the_number_of_threads():
    parts = []
    for threads in (1, 3):
        with use_threads(threads):
            parts.append(map_chunks(lambda start, stop: (start, stop), 1000, 5000.0, Monitor()))
    np.testing.assert_array_equal(*parts)


# How many threads


@pytest.fixture
def environment(monkeypatch):
    """A process that may use 8 cores and was told nothing."""
    for name in ("NAPARI_NCUT_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(parallel, "_cores", lambda: 8)
    return monkeypatch


@pytest.mark.parametrize(
    ("own", "others", "wanted"),
    [
        (None, None, 8),
        (None, "2", 2),
        (None, "4,2", 4),
        (None, "many", 8),
        ("3", "2", 3),
        ("100", None, 8),
        ("", "", 8),
    ],
)
def test_as_many_threads_as_cores_unless_the_environment_says_fewer(
    environment, own, others, wanted
):
    if own is not None:
        environment.setenv("NAPARI_NCUT_THREADS", own)
    if others is not None:
        environment.setenv("OMP_NUM_THREADS", others)
    assert number_of_threads() == wanted


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(environment, value):
    environment.setenv("NAPARI_NCUT_THREADS", value)
    with pytest.raises(ValueError, match=f"NAPARI_NCUT_THREADS is '{value}'; wanted a number"):
        number_of_threads()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux binds processes to cores")
def test_a_process_that_is_bound_to_a_core_uses_one_thread():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
        "from napari_ncut.core.parallel import number_of_threads; print(number_of_threads())"
    )
    environment = {key: value for key, value in os.environ.items() if "THREADS" not in key}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "1"


def test_a_thread_of_the_caller_has_a_number_of_its_own(environment):
    with use_threads(1), ThreadPoolExecutor(1) as pool:
        assert pool.submit(number_of_threads).result() == 8


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_of_any_kind_do_the_same_work(method):
    wanted = _sums(0)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(_sums, range(2))) == [wanted, wanted]


def _sums(_):
    with use_threads(2):
        return map_chunks(lambda start, stop: sum(range(start, stop)), 100, CHUNK / 10, Monitor())
