"""What the answers of a review teach, in its dock: a sentence, a list, and a click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
)

from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.model import Model
from napari_ncut.runs.stacks import Frame
from napari_ncut.runs.teaching import FEWEST, Change, Lesson, lesson
from napari_ncut.splitting.tree import SplitTree

# More necks than this are not listed one by one.
MOST_LISTED = 200


class Teaching(QGroupBox):
    """Shows what has been learned from the answers, and applies it.

    Parameters
    ----------
    model : Model
        Has the answers and what was taught.
    dock : Dock
        In which it runs what takes a while.
    """

    chosen = Signal(object)  # a Change that the user wants to see

    def __init__(self, model: Model, dock: Dock) -> None:
        super().__init__("Teach")
        self.setObjectName("teaching")
        self._model, self._dock = model, dock
        self._lesson: Lesson | None = None
        self._known: tuple[Any, ...] = ()
        self.text = QLabel()
        self.text.setObjectName("lesson")
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.list = QListWidget()
        self.list.setObjectName("changes")
        self.list.setAccessibleName("Necks that would change")
        self.list.setFixedHeight(70)
        self.teach = QPushButton("Teach")
        self.teach.setObjectName("teach")
        self.teach.setToolTip("Split again with what was learned; recipes and presets keep it")
        self.forget = QPushButton("Forget")
        self.forget.setObjectName("forget")
        self.forget.setToolTip("Split again without what was taught")
        buttons = QHBoxLayout()
        buttons.addWidget(self.teach)
        buttons.addWidget(self.forget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 5, 5, 5)
        layout.addWidget(self.text)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        self.teach.clicked.connect(self._on_teach)
        self.forget.clicked.connect(lambda: self._apply(()))
        self.list.itemClicked.connect(
            lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
        )
        self._show()

    def learn(self, trees: Mapping[Frame, SplitTree], neck: float) -> None:
        """Learn from the answers about the necks of trees, in the background."""
        decisions, taught = dict(self._model.decisions), self._model.form.taught
        known = tuple(trees.values()), decisions, neck, taught
        if known == self._known:
            return
        self._known = known
        if sum(map(len, decisions.values())) < FEWEST or not trees:
            self._dock.stop_run("lesson")
            self._take(None)
            return
        self._dock.start_run(
            "lesson",
            lambda monitor: lesson(trees, decisions, neck, taught, monitor),
            lambda found, _: self._take(found),
        )

    def _take(self, found: Lesson | None) -> None:
        self._lesson = found
        self._show()

    def _show(self) -> None:
        found, is_taught = self._lesson, bool(self._model.form.taught)
        self.list.clear()
        for change in [] if found is None else found.changes[:MOST_LISTED]:
            frame = f"frame {', '.join(map(str, change.frame))}: " if change.frame else ""
            item = QListWidgetItem(f"{frame}neck {change.row + 1} {_done(change)}")
            item.setData(Qt.ItemDataRole.UserRole, change)
            self.list.addItem(item)
        self.list.setVisible(self.list.count() > 0)
        self.teach.setEnabled(
            found is not None and found.is_clear and found.weights != self._model.form.taught
        )
        self.forget.setEnabled(is_taught)
        if found is not None:
            self.text.setText(found.text)
        elif is_taught:
            self.text.setText("The result was split with what was taught.")
        else:
            self.text.setText(f"From {FEWEST} answers on it says what they teach.")

    def _on_teach(self) -> None:
        if self._lesson is not None:
            self._apply(self._lesson.weights)

    def _apply(self, weights: tuple[float, ...]) -> None:
        """Have the result made anew; what was decided stays."""
        if len(self._model.run_wanted) == 0:
            self._dock.say("Open Graph cut, too: it makes the result anew.", error=True)
            return
        self._model.change_quietly(taught=weights)
        self._known = ()
        self._model.run_wanted.emit()
        self._show()


def _done(change: Change) -> str:
    return "would be cut" if change.is_cut else "would be joined"
