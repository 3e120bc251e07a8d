"""A real viewer in a real window, and hands to use it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import threading

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QWidget


def pytest_configure(config):
    """Give each of several workers a screen of its own: on one they take the focus from another."""
    if not hasattr(config, "workerinput") or sys.platform != "linux" or not shutil.which("Xvfb"):
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24"]
    screen = subprocess.Popen(
        [*command, "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    atexit.register(screen.kill)
    os.close(write)
    with os.fdopen(read) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"


class Window:
    """The viewer's window with the plugin's widgets, driven from outside as a person does."""

    def __init__(self, viewer, qtbot):
        self.viewer = viewer
        self.qtbot = qtbot

    def dock(self, name="Graph cut"):
        _, widget = self.viewer.window.add_plugin_dock_widget("napari-ncut", name)
        self.qtbot.wait(20)
        return widget

    def control(self, widget, name):
        found = widget.findChild(QWidget, name)
        assert found is not None, f"no control is called {name}"
        return found

    def choose(self, widget, name, text):
        combo = widget.findChild(QComboBox, name)
        index = combo.findText(text)
        assert index >= 0, (
            f"no choice {text!r} among {[combo.itemText(i) for i in range(combo.count())]}"
        )
        combo.setCurrentIndex(index)

    def set(self, widget, name, value):
        control = self.control(widget, name)
        (control.setChecked if isinstance(value, bool) else control.setValue)(value)

    def click(self, widget, name="run"):
        QTest.mouseClick(self.control(widget, name), Qt.MouseButton.LeftButton)

    def status(self, widget):
        return self.control(widget, "status").text()

    def wait_until(self, condition, timeout=30):
        self.qtbot.waitUntil(condition, timeout=int(1000 * timeout))

    def wait_idle(self, widget):
        """Wait until nothing runs and nothing is about to."""
        self.wait_until(lambda: widget.is_idle)

    def run(self, widget):
        """Click the button, wait for the end, and return the layer that shows the result."""
        self.click(widget)
        self.wait_idle(widget)
        return widget.result_layer


@pytest.fixture(autouse=True)
def settings_of_nobody(monkeypatch, tmp_path):
    """Keep the tests from reading or changing the presets of whoever runs them."""
    monkeypatch.setenv("NAPARI_NCUT_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def window(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1300, 850)
    QApplication.processEvents()
    return Window(viewer, qtbot)


@pytest.fixture
def threads_of(monkeypatch):
    """Note in which threads a function of a module or class is called; return the list."""

    def watch(owner, name):
        function, threads = getattr(owner, name), []

        def watched(*args, **kwargs):
            threads.append(threading.current_thread())
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)
        return threads

    return watch
