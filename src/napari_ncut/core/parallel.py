"""Compiled loops over parts of an array: on all cores, and they can be cancelled."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

import numba

from napari_ncut.core.monitor import Monitor

R = TypeVar("R")

# Elements a chunk: some 10 ms of a plain loop, so that a run ends soon after it is cancelled.
CHUNK = 1 << 19
# How often a waiting run asks whether it is to go on, in seconds.
PATIENCE = 0.05


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
    threads = min(numba.get_num_threads(), len(parts))
    if threads <= 1:
        results = []
        for start, stop in parts:
            results.append(work(start, stop))
            monitor.check()
        return results
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, start, stop) for start, stop in parts]
        waiting = set(futures)
        try:
            while waiting:
                _, waiting = wait(waiting, timeout=PATIENCE, return_when=FIRST_EXCEPTION)
                monitor.check()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]


def in_order(work: Callable[[int, int], None], n: int, cost: float, monitor: Monitor) -> None:
    """Call ``work(start, stop)`` for consecutive parts of range(n), one after the other.

    For sums: several threads would write to the same place. Arguments as in `map_chunks`.
    """
    for start, stop in _parts(n, cost):
        monitor.check()
        work(start, stop)


def _parts(n: int, cost: float, least: int = 1) -> list[tuple[int, int]]:
    """Return consecutive parts of range(n)."""
    step = max(least, int(CHUNK / max(cost, 1.0)), 1)
    return [(start, min(start + step, n)) for start in range(0, n, step)]
