"""What runs in the background ends when it is cancelled, and tells nothing that is gone."""

import subprocess
import sys
import threading
import time

import pytest
from qtpy.QtCore import QObject

from napari_ncut.plugin.shared import run as run_module
from napari_ncut.plugin.shared.run import Run


class Watch:
    """What a run has told."""

    def __init__(self, run):
        self.told = []
        run.returned.connect(lambda value, seconds: self.told.append(value))
        run.failed.connect(lambda error: self.told.append(str(error)))
        run.cancelled.connect(lambda: self.told.append("cancelled"))
        run.finished.connect(lambda: self.told.append("finished"))


def forever(monitor):
    while True:
        monitor.report(0.5, "thinking")
        time.sleep(0.001)


@pytest.fixture
def parent(qtbot):
    return QObject()


def wait_for_threads(qtbot):
    qtbot.waitUntil(lambda: not run_module._threads, timeout=20_000)


def test_the_value_comes_in_the_thread_of_the_window(qtbot, parent):
    threads = []
    run = Run(lambda _: threading.current_thread(), "text", parent)
    run.returned.connect(lambda value, _: threads.extend([value, threading.current_thread()]))
    watch = Watch(run)
    qtbot.waitUntil(lambda: "finished" in watch.told, timeout=20_000)
    assert threads[0] is not threads[1] is threading.main_thread()


def test_an_error_is_told_as_it_is(qtbot, parent):
    def fail(_):
        raise ValueError("no")

    watch = Watch(Run(fail, "text", parent))
    qtbot.waitUntil(lambda: watch.told == ["no", "finished"], timeout=20_000)


def test_a_listener_that_fails_leaves_nobody_waiting(qtbot, parent):
    run, told = Run(lambda _: 1, "text", parent), []
    run.returned.connect(lambda *_: 1 / 0)
    run.finished.connect(lambda: told.append("finished"))
    with qtbot.captureExceptions() as caught:
        qtbot.waitUntil(lambda: told == ["finished"], timeout=20_000)
    assert len(caught) == 1


def test_cancel_is_told_at_once_and_ends_the_thread(qtbot, parent):
    run = Run(forever, "text", parent)
    watch = Watch(run)
    qtbot.wait(20)
    run.cancel()
    run.cancel()
    assert watch.told == ["cancelled", "finished"]
    wait_for_threads(qtbot)
    qtbot.wait(30)
    assert watch.told == ["cancelled", "finished"]


def test_progress_is_told_while_it_runs(qtbot, parent):
    run, texts = Run(forever, "text", parent), []
    run.progressed.connect(lambda fraction, text: texts.append((fraction, text)))
    qtbot.waitUntil(lambda: (0.5, "thinking") in texts, timeout=20_000)
    run.cancel()
    wait_for_threads(qtbot)


def test_where_the_parent_is_destroyed_the_thread_ends_and_nothing_is_told(qtbot, parent):
    run = Run(forever, "text", parent)
    watch = Watch(run)
    qtbot.wait(20)
    parent.deleteLater()
    wait_for_threads(qtbot)
    assert watch.told == []
    run.cancel()
    assert watch.told == ["cancelled", "finished"]


def test_a_process_that_ends_waits_for_its_threads_and_prints_nothing():
    code = """
import time
from qtpy.QtWidgets import QApplication
from napari_ncut.plugin.shared.run import Run
app = QApplication([])
def forever(monitor):
    while True:
        monitor.report(0.5, "thinking")
        time.sleep(0.001)
run = Run(forever, "text", app)
app.processEvents()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
