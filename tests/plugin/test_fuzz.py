"""Two hundred random actions in a window: nothing breaks, and undo finds every state again.

``NCUT_FUZZ_SEEDS=20 pytest tests/plugin/test_fuzz.py`` runs more of them than the default two.
"""

from __future__ import annotations

import gc
import os
import random
import warnings
from collections import deque

import numpy as np
import psutil
import pytest
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from tests.plugin.canvas import Canvas

N_SEEDS = int(os.environ.get("NCUT_FUZZ_SEEDS", "2"))
N_ACTIONS = 120
HISTORY = 100
SHAPE = (3, 72, 110)
MB = 2**20


def movie(rng):
    """Three frames of touching discs, some of them in one object, and their picture."""
    y, x = np.ogrid[: SHAPE[1], : SHAPE[2]]
    labels = np.zeros(SHAPE, np.int32)
    for plane in labels:
        for n in range(1, 11):
            cy, cx, radius = rng.randrange(72), rng.randrange(110), rng.randrange(6, 16)
            plane[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = n // 2 + 1
    noise = np.random.default_rng(rng.randrange(1000)).normal(0, 10, SHAPE)
    return labels, (100 * (labels > 0) + noise).astype(np.float32)


class History:
    """What napari's history of a layer has to bring back."""

    def __init__(self, layer):
        self.layer = layer
        self.forget()
        # The Graph cut widget puts new labels into its layer; that is no step of the history.
        layer.events.data.connect(self.forget)
        layer.events.editable.connect(self.forget)

    def forget(self, _=None):
        self.now = self.layer.data.copy()
        self.before, self.after = deque(maxlen=HISTORY), deque(maxlen=HISTORY)

    def note(self):
        """Take what the labels are now as the result of one action."""
        if not np.array_equal(self.layer.data, self.now):
            self.before.append(self.now)
            self.after.clear()
            self.now = self.layer.data.copy()

    def check_undo(self):
        if self.before:
            self.after.append(self.now)
            self.now = self.before.pop()
        np.testing.assert_array_equal(self.layer.data, self.now)

    def check_redo(self):
        if self.after:
            self.before.append(self.now)
            self.now = self.after.pop()
        np.testing.assert_array_equal(self.layer.data, self.now)


class Person:
    """Someone who does anything, in any order."""

    def __init__(self, window, rng):
        self.window, self.rng, self.viewer = window, rng, window.viewer
        self.histories = {}
        self.viewer.window.resize(900, 500)
        self.viewer.layers.events.inserted.connect(self._on_inserted)
        labels, image = movie(rng)
        self.viewer.add_image(image, name="movie", axis_labels=("t", "y", "x"))
        for n in range(2):
            self.viewer.add_labels(labels.copy(), name=f"cells {n}", axis_labels=("t", "y", "x"))
        self.correct = window.dock("Correct")
        self.graph_cut = window.dock("Graph cut")
        self.canvas = Canvas(window, self.viewer.layers["movie"])
        self.viewer.reset_view()
        self.idle()

    def _on_inserted(self, event):
        if isinstance(event.value, Labels):
            self.histories[event.value] = History(event.value)

    def idle(self):
        self.window.wait_until(lambda: self.correct.is_idle and self.graph_cut.is_idle, timeout=60)

    @property
    def layer(self):
        active = self.viewer.layers.selection.active
        return active if isinstance(active, Labels) else None

    def pixel(self):
        """Return a pixel of the frame on show, more often than not in an object."""
        layer = self.layer
        t = self.viewer.dims.current_step[0]
        inside = np.argwhere(layer.data[t] > 0)
        if self.rng.random() < 0.8 and len(inside):
            y, x = inside[self.rng.randrange(len(inside))].tolist()
        else:
            y, x = self.rng.randrange(SHAPE[1]), self.rng.randrange(SHAPE[2])
        return t, y, x

    def key(self, key):
        self.canvas.key(getattr(Qt.Key, f"Key_{key}"))

    # The actions

    def hover(self):
        self.key(self.rng.choice("CD"))
        self.canvas.move(self.pixel())

    def cut(self):
        self.key("C")
        self.key(self.rng.choice("2223456789"))
        self.canvas.click(self.pixel())

    def cut_and_move(self):
        self.key("C")
        self.key("2")
        self.canvas.click(self.pixel())
        self.idle()
        self.note()
        self.canvas.click(self.pixel())

    def merge(self):
        self.key("J")
        self.canvas.drag(self.pixel(), self.pixel())

    def delete(self):
        self.key("D")
        shift = self.rng.random() < 0.5
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        self.canvas.click(self.pixel(), modifier)

    def seeds(self):
        self.key("S")
        for _ in range(self.rng.randrange(1, 4)):
            t, y, x = self.pixel()
            self.canvas.drag((t, y, x), (t, min(y + 5, SHAPE[1] - 1), min(x + 4, SHAPE[2] - 1)))
        if self.rng.random() < 0.2:
            self.key("Backspace")
        self.key(self.rng.choice(["Return", "Return", "Return", "Escape"]))

    def paint(self):
        self.key("Escape")
        self.key("P")
        if self.layer.editable:
            self.layer.selected_label = self.rng.randrange(20)
            self.layer.brush_size = self.rng.randrange(2, 9)
        self.canvas.drag(self.pixel(), self.pixel())

    def undo(self):
        self.canvas.undo()

    def redo(self):
        self.canvas.redo()

    def slider(self):
        self.window.set(self.graph_cut, "neck", round(self.rng.random(), 2))
        if self.rng.random() < 0.4:
            self.window.click(self.graph_cut)

    def switch_layer(self):
        layers = [x for x in self.viewer.layers if isinstance(x, Labels)]
        self.viewer.layers.selection.active = self.rng.choice(layers)

    def select_the_image(self):
        self.viewer.layers.selection.active = self.viewer.layers["movie"]

    def delete_layer(self):
        labels = [x for x in self.viewer.layers if isinstance(x, Labels)]
        gone = self.rng.choice(labels)
        self.key("C")
        self.canvas.click(self.pixel())
        self.viewer.layers.remove(gone)
        del self.histories[gone]
        if len(labels) < 3:
            data, _ = movie(self.rng)
            self.viewer.add_labels(data, name="new", axis_labels=("t", "y", "x"))
        if self.layer is None:
            self.switch_layer()

    def change_slice(self):
        self.viewer.dims.set_current_step(0, self.rng.randrange(SHAPE[0]))

    def choose_image(self):
        combo = self.correct.form.image
        combo.setCurrentIndex(self.rng.randrange(combo.count()))

    def rename(self):
        self.layer.name = f"cells {self.rng.randrange(100)}"

    WEIGHTS = (
        ("cut", 6),
        ("cut_and_move", 3),
        ("merge", 5),
        ("delete", 2),
        ("seeds", 3),
        ("paint", 5),
        ("undo", 8),
        ("redo", 4),
        ("hover", 3),
        ("slider", 2),
        ("switch_layer", 2),
        ("select_the_image", 1),
        ("delete_layer", 1),
        ("change_slice", 2),
        ("choose_image", 1),
        ("rename", 1),
    )

    def note(self):
        for history in self.histories.values():
            history.note()

    def act(self, name=None):
        names, weights = zip(*self.WEIGHTS, strict=True)
        name = name or self.rng.choices(names, weights)[0]
        if self.layer is None:
            self.switch_layer()
        # Where no tool can be used, as on a preview, a drag has moved the picture.
        self.viewer.reset_view()
        history = self.histories[self.layer]
        getattr(self, name)()
        self.idle()
        if name == "undo":
            history.check_undo()
        elif name == "redo":
            history.check_redo()
        else:
            self.note()
        return name


def memory():
    gc.collect()
    return psutil.Process().memory_info().rss


@pytest.mark.parametrize("seed", range(N_SEEDS))
def test_random_actions(window, seed):
    person = Person(window, random.Random(seed))
    for name, _ in person.WEIGHTS:
        person.act(name)
    notification_manager.records.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Napari's choice of colours for many labels.
        warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
        # What is loaded and kept at its first use is no growth.
        done = [person.act() for _ in range(N_ACTIONS // 4)]
        before = memory()
        done += [person.act() for _ in range(N_ACTIONS - len(done))]
        grown = (memory() - before) / MB
        person.key("Escape")
        for history in list(person.histories.values()):
            if history.layer.editable:
                window.viewer.layers.selection.active = history.layer
                for _ in range(len(history.before)):
                    person.canvas.undo()
                    history.check_undo()
    assert [str(w.message) for w in caught] == []
    assert [record.message for record in notification_manager.records] == []
    assert grown < 50, f"memory grew by {grown:.0f} MB"
    assert len(done) == N_ACTIONS
