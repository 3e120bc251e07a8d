"""Threads that are kept and lend a hand: starting one takes as long as a loop of some length."""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

# What is to be done; empty once nobody waits for it any more.
Job = list[Callable[[], None]]


class _Helpers:
    """The threads of this process, and what they are to do."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self.lock = Lock()
        self.count = 0

    def ask(self, n: int, job: Job) -> None:
        with self.lock:
            while self.count < n:
                try:
                    Thread(target=_serve, args=(self.jobs,), name="helper", daemon=True).start()
                except RuntimeError:  # No more threads for this process; who asks works alone.
                    break
                self.count += 1
        for _ in range(n):
            self.jobs.put(job)


def _serve(jobs: SimpleQueue[Job]) -> None:
    while True:
        _do(jobs.get())


def _do(job: Job) -> None:
    # What it holds is let go with the names in here.
    for work in job:
        work()


_helpers = _Helpers()


def ask(n: int, work: Callable[[], None]) -> Job:
    """Let ``n`` other threads do something at once, each as soon as it is free.

    There are as many as were ever asked for at a time, so it may be long until one is free: what
    must be done, who asks does himself.

    Parameters
    ----------
    n : int
        Number of threads.
    work : callable
        Raises nothing.

    Returns
    -------
    list
        To be cleared when it is done, so that nothing is held until all threads were free.
    """
    job = [work]
    _helpers.ask(n, job)
    return job


def _forget() -> None:
    """A process that was forked has none of the threads."""
    global _helpers
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
