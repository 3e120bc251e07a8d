"""The compiled loops are ready before they are needed, and compiled once an installation."""

import subprocess
import sys

import pytest

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.runs import warm_up as warming


def test_warm_up_leaves_a_mark_in_the_cache():
    mark = warming._mark()
    assert mark is not None
    mark.unlink(missing_ok=True)
    warming.warm_up()
    assert mark.exists()


def test_a_warm_cache_needs_no_other_process(monkeypatch):
    warming.warm_up()
    monkeypatch.setattr(subprocess, "Popen", None)
    warming.prepare(Monitor())


def test_a_cold_cache_is_filled_by_another_process_and_told_in_words(monkeypatch):
    started, told = [], []

    class Process:
        def __init__(self, command):
            started.append(command)
            self.polls = 0

        def poll(self):
            self.polls += 1
            return 0 if self.polls > 2 else None

    warming._mark().unlink(missing_ok=True)
    monkeypatch.setattr(warming, "_compiling", None)
    monkeypatch.setattr(subprocess, "Popen", Process)
    warming.prepare(Monitor(lambda _, text: told.append(text)))
    assert started == [[sys.executable, "-c", warming.COMMAND]]
    assert "preparing (first time only)" in told


def test_after_a_cancelled_call_the_next_waits_for_the_same_process(monkeypatch):
    started = []

    class Process:
        def __init__(self, command):
            started.append(command)
            self.is_over = False

        def poll(self):
            return 0 if self.is_over else None

    def end(_, text):
        warming._compiling.is_over = True

    warming._mark().unlink(missing_ok=True)
    monkeypatch.setattr(warming, "_compiling", None)
    monkeypatch.setattr(subprocess, "Popen", Process)
    with pytest.raises(Cancelled):
        warming.prepare(Monitor(cancelled=lambda: True))
    assert not warming._compiling.is_over
    warming.prepare(Monitor(end))
    assert len(started) == 1


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        warming.prepare(Monitor(cancelled=lambda: True))


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "uint16"])
def test_after_it_nothing_is_compiled(dtype):
    code = f"""
import numpy as np
from napari_ncut import normalized_cut, split_touching, scenes
from napari_ncut.runs import warm_up as warming
warming.warm_up()
from numba.core.dispatcher import Dispatcher
compiled = []
compile = Dispatcher.compile
def counted(self, sig):
    if not self.overloads.get(tuple(sig if isinstance(sig, tuple) else sig.args)):
        compiled.append((self.py_func.__name__, sig))
    return compile(self, sig)
Dispatcher.compile = counted
scene = scenes.circles(4)
image = (60 * scene.image).clip(0, 255).astype("{dtype}")
normalized_cut(image, scene.mask, 4)
normalized_cut(image, None, 4)
split_touching(scene.mask, image, min_size=5)
split_touching(scene.mask)
assert not compiled, compiled
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
