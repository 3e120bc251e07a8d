"""Random actions in all docks: nothing breaks, nothing is shown of Python, and closed docks end.

``NCUT_FUZZ_SEEDS=20 NCUT_FUZZ_ACTIONS=1000 pytest tests/plugin/test_fuzz_docks.py`` does many more.
"""

import gc
import os
import random
import sys
import threading
import traceback
import warnings
import weakref

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QSpinBox,
)
from tests.plugin.test_small_screen import DOCKS
from vispy.scene import SceneCanvas

N_SEEDS = int(os.environ.get("NCUT_FUZZ_SEEDS", "2"))
N_ACTIONS = int(os.environ.get("NCUT_FUZZ_ACTIONS", "100"))
SHAPES = ((60, 80), (60, 80), (3, 50, 60), (8, 30, 40), (60, 80, 3), (1, 1), (2, 3, 20, 30))
# Napari's status bar, which fails for layers with fewer axes than others in a 3-D view.
NAPARIS = "update_status_from_cursor"
KEYS = "CJDSGKNPZ23456789"


class Monkey:
    """Someone who tries everything that is there."""

    def __init__(self, window, rng, folder):
        self.window, self.viewer, self.rng, self.folder = window, window.viewer, rng, folder
        self.docks = {}
        self.gone = []
        self.done = []

    # What is there

    def open_a_dock(self):
        name = self.rng.choice(DOCKS)
        if name not in self.docks:
            self.docks[name] = self.window.dock(name)

    def close_a_dock(self):
        if self.docks:
            dock = self.docks.pop(self.rng.choice(list(self.docks)))
            self.gone.append(weakref.ref(dock))
            self.viewer.window.remove_dock_widget(dock)

    def add_an_image(self):
        shape = self.rng.choice(SHAPES)
        noise = np.random.default_rng(self.rng.randrange(99)).normal(100, 20, shape)
        dtype = self.rng.choice([np.uint8, np.uint16, np.float32])
        self.viewer.add_image(noise.clip(0, 255).astype(dtype), rgb=shape[-1] == 3)

    def add_labels(self):
        shape = self.rng.choice([shape for shape in SHAPES if shape[-1] != 3])
        labels = np.zeros(shape, np.int32)
        at = np.indices(shape[-2:])
        for n in range(1, 9):
            centre = [self.rng.randrange(side) for side in shape[-2:]]
            apart = np.hypot(at[0] - centre[0], at[1] - centre[1])
            labels[..., apart < self.rng.randrange(3, 12)] = self.rng.choice([1, n])
        self.viewer.add_labels(labels, scale=self.rng.choice([None, (0.5,) * len(shape)]))

    def add_points(self):
        self.viewer.add_points(np.zeros((2, 2)))

    def delete_a_layer(self):
        if self.viewer.layers:
            self.viewer.layers.remove(self.rng.choice(list(self.viewer.layers)))

    def rename_a_layer(self):
        if self.viewer.layers:
            self.rng.choice(list(self.viewer.layers)).name = self.rng.choice(["a", "Ω 1", "x" * 90])

    def change_the_data(self):
        layer = self.viewer.layers.selection.active
        if layer is not None and getattr(layer, "rgb", False) is False:
            layer.data = np.roll(layer.data, 3, axis=-1)

    def change_the_scale(self):
        layer = self.viewer.layers.selection.active
        if layer is not None:
            layer.scale = [self.rng.choice([0.2, 1, 3]) for _ in range(layer.ndim)]

    def select_a_layer(self):
        if self.viewer.layers:
            self.viewer.layers.selection.active = self.rng.choice(list(self.viewer.layers))

    def turn_to_3d(self):
        self.viewer.dims.ndisplay = self.rng.choice([2, 2, 3])

    def change_slice(self):
        dims = self.viewer.dims
        if dims.ndim > 2:
            dims.set_current_step(0, self.rng.randrange(int(dims.nsteps[0])))

    # What is in the docks

    def controls(self, kind):
        """Return the controls of a kind that can be seen and used."""
        return [
            control
            for dock in self.docks.values()
            for control in dock.findChildren(kind)
            if control.isEnabled() and control.isVisible()
        ]

    def one_of(self, kind):
        found = self.controls(kind)
        return self.rng.choice(found) if found else None

    def click_a_button(self):
        button = self.one_of(QAbstractButton)
        # A menu waits until somebody chooses from it.
        if button is not None and not (hasattr(button, "menu") and button.menu()):
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self):
        combo = self.one_of(QComboBox)
        if combo is not None and combo.count():
            combo.setCurrentIndex(self.rng.randrange(combo.count()))

    def slide(self):
        slider = self.one_of(QAbstractSlider)
        if slider is not None:
            low, high = int(slider.minimum()), int(slider.maximum())
            slider.setValue(self.rng.randint(low, min(high, low + 2**30)))

    def turn_a_number(self):
        box = self.one_of(self.rng.choice([QSpinBox, QDoubleSpinBox]))
        if box is not None:
            box.setValue(type(box.value())(self.rng.choice([0, 1, 2, 5, 0.5, 300, -1, 1e9])))

    def tick(self):
        box = self.one_of(QCheckBox)
        if box is not None:
            box.click()

    def write(self):
        line = self.one_of(QLineEdit)
        if line is not None and not line.isReadOnly():
            QTest.keyClicks(line, self.rng.choice(["1", "0.5", "nan", "-3", "x", "1e400", "a b"]))
            QTest.keyClick(line, Qt.Key.Key_Return)

    def press_a_key(self):
        canvas = self.viewer.window._qt_viewer.canvas.native
        key = self.rng.choice([*KEYS, "Return", "Escape", "Space", "Delete"])
        QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))

    def click_the_canvas(self):
        canvas = self.viewer.window._qt_viewer.canvas.native
        place = canvas.rect().center()
        place.setX(place.x() + self.rng.randint(-90, 90))
        place.setY(place.y() + self.rng.randint(-90, 90))
        QTest.mouseMove(canvas, place)
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)

    def wait(self):
        self.window.qtbot.wait(self.rng.choice([1, 30, 200]))

    WEIGHTS = (
        ("open_a_dock", 6),
        ("close_a_dock", 3),
        ("add_an_image", 2),
        ("add_labels", 3),
        ("add_points", 1),
        ("delete_a_layer", 4),
        ("rename_a_layer", 1),
        ("change_the_data", 1),
        ("change_the_scale", 1),
        ("select_a_layer", 4),
        ("turn_to_3d", 2),
        ("change_slice", 3),
        ("click_a_button", 18),
        ("choose", 6),
        ("slide", 6),
        ("turn_a_number", 5),
        ("tick", 4),
        ("write", 2),
        ("press_a_key", 6),
        ("click_the_canvas", 6),
        ("wait", 10),
    )

    def act(self):
        names, weights = zip(*self.WEIGHTS, strict=True)
        name = self.rng.choices(names, weights)[0]
        self.done.append(name)
        try:
            getattr(self, name)()
        except Exception:
            sys.excepthook(*sys.exc_info())
        QApplication.processEvents()

    def is_idle(self):
        return all(dock.is_idle for dock in self.docks.values())


@pytest.fixture
def no_dialogs(monkeypatch, tmp_path):
    """Answer what a dialog asks, as someone who cancels every second time."""
    rng = random.Random(0)
    (tmp_path / "out").mkdir()

    def path(*_, **__):
        return rng.choice(["", str(tmp_path / "out" / "any.csv")]), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("", False))


@pytest.fixture
def no_drawing(monkeypatch):
    """Draw nothing: software OpenGL ends the process now and then when layers come and go.

    It does so in napari without a plugin, too; `test_fuzz` draws what it does.
    """
    monkeypatch.setattr(SceneCanvas, "on_draw", lambda self, event: None)


@pytest.fixture
def raised(monkeypatch):
    """Collect the exceptions that Qt has heard of: those of the plugin, and of napari alone."""
    ours, others = [], []

    def note(kind, error, trace):
        frames = traceback.extract_tb(trace)
        is_ours = NAPARIS not in {frame.name for frame in frames} and any(
            "napari_ncut" in frame.filename or frame.filename == __file__ for frame in frames
        )
        text = "".join(traceback.format_exception(kind, error, trace))
        (ours if is_ours else others).append(text)

    monkeypatch.setattr(sys, "excepthook", note)
    return ours, others


@pytest.mark.parametrize("seed", range(N_SEEDS))
@pytest.mark.qt_no_exception_capture
@pytest.mark.usefixtures("no_dialogs", "no_drawing")
def test_anything_in_any_dock(window, seed, tmp_path, raised):
    monkey = Monkey(window, random.Random(seed), tmp_path)
    notification_manager.records.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
        for _ in range(N_ACTIONS):
            monkey.act()
        window.wait_until(monkey.is_idle, timeout=120)
        while monkey.docks:
            monkey.close_a_dock()
    window.qtbot.wait(50)
    said = [record.message for record in notification_manager.records]
    assert [text for text in said if "Error" in text or "Traceback" in text] == [], monkey.done
    assert [str(w.message) for w in caught if w.category is RuntimeWarning] == []
    ours, others = raised
    assert ours == []

    def all_gone():
        gc.collect()
        return not [dock for dock in monkey.gone if dock() is not None]

    # What napari tells of an exception holds all that was there.
    if not others:
        window.wait_until(all_gone, timeout=20)
    window.wait_until(lambda: not _workers(), timeout=20)


def _workers():
    """Return the threads of runs that are still there."""
    return [thread.name for thread in threading.enumerate() if "napari-ncut" in thread.name]
