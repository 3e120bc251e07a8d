"""Work in parts: in order, all of it, and it ends when it is cancelled."""

import time

import numba
import numpy as np
import pytest

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.core.parallel import CHUNK, map_chunks


@pytest.fixture(params=[1, 2])
def threads(request):
    before = numba.get_num_threads()
    numba.set_num_threads(min(request.param, before))
    yield
    numba.set_num_threads(before)


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


def test_parts_do_not_depend_on_the_number_of_threads():
    before = numba.get_num_threads()
    parts = []
    for threads in (1, before):
        numba.set_num_threads(threads)
        parts.append(map_chunks(lambda start, stop: (start, stop), 1000, 5000.0, Monitor()))
    np.testing.assert_array_equal(*parts)
