"""Compiled loops over parts of an array: on all cores, and they can be cancelled."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from threading import Condition, get_ident
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core import helpers
from napari_ncut.core.loops.lines import copy_lines
from napari_ncut.core.mapped import are_in_files, ease
from napari_ncut.core.monitor import Monitor

R = TypeVar("R")

# Elements a chunk: some 10 ms of a plain loop, so that a run ends soon after it is cancelled.
CHUNK = 1 << 19
# So many parts at least, where they are large enough that a thread is worth starting.
PARTS, SMALLEST = 8, 1 << 14
# Lines through planes that are copied at once: of each plane what the system reads at a time.
BAND = 1 << 14
# Pixels of lines across the rows that are copied at once: they fit into the cache of a core. A line
# of the cache holds so many; copied lines are that much further apart than they are long.
COPIED, LINE = 1 << 16, 16
# However long lines are, no more pixels than these are copied.
MOST_COPIED = 1 << 20
# Fewest lines across the rows at a time.
LINES = 64
# The environment's limit on threads.
VARIABLE = "NAPARI_NCUT_THREADS"

_wanted: ContextVar[int | None] = ContextVar("threads", default=None)


def number_of_threads() -> int:
    """Return how many threads a loop may use: one for every core that this process may use.

    The environment variable NAPARI_NCUT_THREADS limits them, and where it is not set
    OMP_NUM_THREADS, by which joblib, dask and batch systems tell a worker its share.

    Raises
    ------
    ValueError
        If NAPARI_NCUT_THREADS is set and not a number from 1 on.
    """
    wanted = _wanted.get()
    if wanted is not None:
        return wanted
    cores = _cores()
    own = os.environ.get(VARIABLE, "").strip()
    if own:
        if not own.isdecimal() or int(own) < 1:
            raise ValueError(f"{VARIABLE} is {own!r}; wanted a number of threads, 1 or more.")
        return min(int(own), cores)
    # OpenMP takes a list too, one number for each level of nesting.
    others = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if others.isdecimal() and int(others) >= 1:
        return min(int(others), cores)
    return cores


@contextmanager
def use_threads(n: int) -> Iterator[None]:
    """Give the loops that are called from this thread ``n`` threads while inside.

    Examples
    --------
    >>> with use_threads(3):
    ...     number_of_threads()
    3
    """
    token = _wanted.set(n)
    try:
        yield
    finally:
        _wanted.reset(token)


def map_chunks(
    work: Callable[[int, int], R], n: int, cost: float, monitor: Monitor, least: int = 1
) -> list[R]:
    """Return ``work(start, stop)`` for consecutive parts of range(n), in order, using threads.

    The parts depend on ``n`` and ``cost`` alone, so the result is the same for any number of
    threads if they do not depend on each other. The work must release the interpreter's lock, as
    compiled loops do.

    Parameters
    ----------
    work : callable
        Called with the first index of a part and the one after its last.
    n : int
        Number of items.
    cost : float
        Elements that an item stands for.
    monitor : Monitor
        Asked whether to go on while the parts are at work.
    least : int
        Fewest items a part.
    """
    monitor.check()
    parts = _parts(n, cost, least)
    results: list[Any] = [None] * len(parts)
    left = iter(enumerate(parts))
    state = Condition()
    errors: list[BaseException] = []
    helping, is_over = 0, False

    def take_parts(after_each: Callable[[], None]) -> None:
        try:
            while not errors:
                with state:
                    number, part = next(left, (-1, (0, 0)))
                if number < 0:
                    return
                results[number] = work(*part)
                ease()
                after_each()
        except BaseException as error:
            errors.append(error)

    def help_out() -> None:
        nonlocal helping
        with state:
            if is_over:
                return
            helping += 1
        take_parts(lambda: None)
        with state:
            helping -= 1
            state.notify()

    # The calling thread takes its share, and asks after each part.
    job = helpers.ask(min(number_of_threads(), len(parts)) - 1, help_out)
    take_parts(monitor.check)
    job.clear()
    with state:
        is_over = True
        while helping:
            state.wait()
    if errors:
        raise errors[0]
    return results


def through_planes(
    work: Callable[..., None],
    arrays: Sequence[NDArray[Any]],
    more: Sequence[Any],
    n_changed: int,
    cost: float,
    monitor: Monitor,
) -> None:
    """Call ``work(*arrays, *more, start, stop)`` for lines through the planes of volumes.

    The pixels of a line are far from one another. Where arrays lie in files, a band of lines is
    copied at a time, so that what is read of each plane is used at once.

    Parameters
    ----------
    work : callable
        Called with arrays of shape (1, nz, n), the first line of a part and the one after its last.
    arrays : sequence of ndarray, shape (nz, ny, nx)
        Contiguous; the last ``n_changed`` of them are changed.
    more : sequence
        What else it is called with.
    n_changed : int
        How many are changed.
    cost : float
        Elements that a pixel stands for.
    monitor : Monitor
        Asked whether to go on while the parts are at work.
    """
    nz = len(arrays[0])
    seen = [array.reshape(1, nz, -1) for array in arrays]
    n = seen[0].shape[2]
    if not are_in_files():
        map_chunks(partial(work, *seen, *more), n, cost * nz, monitor)
        return
    for start in range(0, n, BAND):
        there = [array[:, :, start : start + BAND] for array in seen]
        copies = [np.empty(array.shape, array.dtype) for array in there]
        pairs = list(zip(there, copies, strict=True))
        for array, copy in pairs:
            map_chunks(partial(_copy_planes, array, copy), nz, BAND, monitor)
        map_chunks(partial(work, *copies, *more), copies[0].shape[2], cost * nz, monitor)
        for array, copy in pairs[-n_changed:]:
            map_chunks(partial(_copy_planes, copy, array), nz, BAND, monitor)


def _copy_planes(source: NDArray[Any], target: NDArray[Any], start: int, stop: int) -> None:
    """Copy some planes of an array of shape (1, nz, n)."""
    target[:, start:stop] = source[:, start:stop]


def across_rows(
    work: Callable[..., None],
    arrays: Sequence[NDArray[Any]],
    more: Sequence[Any],
    n_changed: int,
    axis: int,
    cost: float,
    monitor: Monitor,
) -> None:
    """Call ``work(*rows, *more, n, start, stop)`` for lines across the rows of volumes.

    The pixels of such a line are a row or a plane apart, which in pictures as wide as a power of
    two are places that get into one another's way in the cache. So lines are copied into rows,
    some at a time, and those that are changed are copied back.

    Parameters
    ----------
    work : callable
        Called with arrays of rows whose first ``n`` pixels count.
    arrays : sequence of ndarray, shape (nz, ny, nx)
        Contiguous, with items of four bytes; the last ``n_changed`` of them are changed.
    more : sequence
        What else it is called with.
    n_changed : int
        How many are changed.
    axis : int
        0 for lines through the planes, 1 for lines within them.
    cost : float
        Elements that a pixel stands for.
    monitor : Monitor
        Asked whether to go on while the parts are at work.
    """
    along = partial(_along_middle, work, len(arrays), n_changed)
    if axis == 0:
        through_planes(along, arrays, more, n_changed, cost, monitor)
    else:
        nz, n, nx = arrays[0].shape
        map_chunks(partial(along, *arrays, *more), nz * nx, cost * n, monitor, least=LINES)


def _along_middle(work: Callable[..., None], n_arrays: int, n_changed: int, *given: Any) -> None:
    """Do the lines ``start`` to ``stop`` along the middle axis of arrays (blocks, n, width).

    ``given`` are the arrays, what else ``work`` is called with, ``start`` and ``stop``.
    """
    arrays, (*more, start, stop) = given[:n_arrays], given[n_arrays:]
    n = arrays[0].shape[1]
    if n == 0:
        return
    some = min(max(COPIED // n // LINE * LINE, LINE), max(MOST_COPIED // n, 1), stop - start)
    rows = [np.empty((some, n + LINE), array.dtype) for array in arrays]
    plain = [
        (array.view(np.int32), row.view(np.int32)) for array, row in zip(arrays, rows, strict=True)
    ]
    for first in range(start, stop, some):
        last = min(first + some, stop)
        for array, row in plain:
            copy_lines(array, row, False, first, last)
        work(*rows, *more, n, 0, last - first)
        for array, row in plain[-n_changed:]:
            copy_lines(array, row, True, first, last)
        ease()


def accumulate(
    work: Callable[..., None],
    totals: Sequence[NDArray[Any]],
    join: np.ufunc,
    n: int,
    cost: float,
    monitor: Monitor,
) -> None:
    """Call ``work(*totals, start, stop)`` for consecutive parts of range(n), using threads.

    Each thread adds to totals of its own, so only what is exact may be added up: whole numbers, or
    the greatest of some.

    Parameters
    ----------
    work : callable
        Called with totals, the first index of a part and the one after its last.
    totals : sequence of ndarray
        What nothing adds up to; changed in place.
    join : ufunc
        Joins the totals of two threads: ``numpy.add``, ``maximum`` or ``minimum``.
    n, cost, monitor
        As in `map_chunks`.
    """
    of_thread: dict[int, list[NDArray[Any]]] = {}

    def part(start: int, stop: int) -> None:
        own = of_thread.get(get_ident())
        if own is None:
            own = of_thread[get_ident()] = [total.copy() for total in totals]
        work(*own, start, stop)

    map_chunks(part, n, cost, monitor)
    for own in of_thread.values():
        for total, added in zip(totals, own, strict=True):
            join(total, added, out=total)


def in_order(work: Callable[[int, int], None], n: int, cost: float, monitor: Monitor) -> None:
    """Call ``work(start, stop)`` for consecutive parts of range(n), one after the other.

    For sums of fractions, which depend on the order. Arguments as in `map_chunks`.
    """
    for start, stop in _parts(n, cost):
        monitor.check()
        work(start, stop)


def _parts(n: int, cost: float, least: int = 1) -> list[tuple[int, int]]:
    """Return consecutive parts of range(n)."""
    some = min(CHUNK, max(int(n * cost) // PARTS, SMALLEST))
    step = max(least, int(some / max(cost, 1.0)), 1)
    return [(start, min(start + step, n)) for start in range(0, n, step)]


def _cores() -> int:
    """Return how many cores this process may use: fewer than there are, where it is bound."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
