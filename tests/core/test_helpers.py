"""Threads that are kept: they do what they are asked, hold nothing, and are as many as needed."""

import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from napari_ncut.core import helpers
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import CHUNK, map_chunks, use_threads


def there():
    """How many helpers there are."""
    return sum(thread.name == "helper" for thread in threading.enumerate())


def within(seconds, condition):
    """Tell whether a condition holds before so many seconds are over."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_a_job_is_done_as_often_as_asked():
    done = []
    helpers.ask(3, lambda: done.append(threading.get_ident()))
    assert within(30, lambda: len(done) == 3)
    assert threading.get_ident() not in done


def test_threads_are_kept():
    with use_threads(3):
        map_chunks(lambda start, stop: time.sleep(0.01), 6, CHUNK, Monitor())
        before = there()
        assert before >= 2
        for _ in range(20):
            map_chunks(lambda start, stop: None, 6, CHUNK, Monitor())
    assert there() == before


def test_nothing_is_held_once_all_parts_are_done():
    array = np.zeros(10)
    gone = weakref.ref(array)
    with use_threads(3):
        map_chunks(lambda start, stop, array=array: time.sleep(0.01), 6, CHUNK, Monitor())
    del array
    assert within(30, lambda: gone() is None)


def test_parts_of_parts_and_several_callers_do_not_wait_for_each_other():
    def inner(start, stop):
        return map_chunks(lambda start, stop: stop - start, 4, CHUNK, Monitor())

    def outer(_):
        with use_threads(2):
            return map_chunks(inner, 4, CHUNK, Monitor())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outer, range(8))) == [[[1] * 4] * 4] * 8


def test_without_a_thread_to_spare_the_caller_works_alone(monkeypatch):
    def refused(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(helpers, "_helpers", helpers._Helpers())
    monkeypatch.setattr(threading.Thread, "start", refused)
    array = np.zeros(10)
    gone = weakref.ref(array)
    with use_threads(3):
        found = map_chunks(lambda start, stop, _=array: stop - start, 6, CHUNK, Monitor())
    assert found == [1] * 6
    # What nobody does any more is not held, either.
    del array
    assert within(30, lambda: gone() is None)
