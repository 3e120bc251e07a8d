"""The dock "Review": the doubtful necks of a split one by one, nearest to the threshold first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari
import numpy as np
from napari.layers import Labels, Points
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects import review
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import JOINED_COLOR, SPLIT_COLOR, Dock, GraphCutLink, in_viewer
from napari_ncut.plugin.shared.go_to import go_to
from napari_ncut.plugin.shared.run import Run
from napari_ncut.runs.review_queue import Doubts, Neck
from napari_ncut.runs.stacks import Frame
from napari_ncut.splitting.tree import SplitTree

MARK = "review mark"
BUTTONS = (
    ("next", "Next", "N", "Go to the next neck in doubt"),
    ("keep", "Keep", "K", "It is right as it is; go to the next one"),
    ("merge_back", "Merge back", "G", "Glue the two objects on both sides of the mark"),
    ("split", "Split", "H", "Cut the object along the mark"),
)
HOW = (
    "Keys: <b>N</b> next, <b>K</b> keep, <b>G</b> glue (merge back), <b>H</b> halve (split).<br>"
    f'<span style="color:{SPLIT_COLOR}">&#9679;</span> a cut that was made, '
    f'<span style="color:{JOINED_COLOR}">&#9679;</span> one that was not'
)


class ReviewDock(Dock):
    """Goes through the necks whose ratio is near the threshold, and changes what is wrong.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose Graph cut widget made the result.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._link = GraphCutLink(viewer, self)
        self._layer: Labels | None = None
        self._decisions: dict[Frame, review.Decisions] = {}
        self._necks = Doubts({}, 0.0)
        self._visited = np.zeros(0, bool)
        self._at: Neck | None = None
        self._runs: dict[str, Run] = {}
        self._mark: Points | None = None

        self.left = QLabel()
        self.left.setObjectName("left")
        self.left.setWordWrap(True)
        grid = QGridLayout()
        for number, (name, text, key, tip) in enumerate(BUTTONS):
            button = QPushButton(f"{text} ({key})")
            button.setObjectName(name)
            button.setToolTip(f"{tip} (key {key})")
            self.add_shortcut(key, button)
            grid.addWidget(button, number // 2, number % 2)
            setattr(self, name, button)
        how = QLabel(HOW)
        how.setWordWrap(True)
        layout = self.column
        layout.addWidget(self.left)
        layout.addLayout(grid)
        layout.addWidget(self.status)
        layout.addWidget(how)
        layout.addStretch()
        self.next.clicked.connect(self._on_next)
        self.keep.clicked.connect(self._on_keep)
        self.merge_back.clicked.connect(lambda: self._decide(split=False))
        self.split.clicked.connect(lambda: self._decide(split=True))

        # Painting and undo come in bursts.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(30)
        self._soon.timeout.connect(self._on_labels)
        self._link.result_changed.connect(self._on_result)
        viewer.layers.events.removed.connect(self._on_removed)
        self._on_result()

    next: QPushButton
    keep: QPushButton
    merge_back: QPushButton
    split: QPushButton

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return not self._runs and not self._soon.isActive()

    # The result

    def _on_result(self) -> None:
        """Take over the result of the Graph cut widget."""
        widget = self._link.widget
        if widget is not None and widget.last is not None:
            job, result = widget.last
            self._decisions = widget.decisions
            threshold = getattr(job.recipe.settings, "neck", 0.0)
            self._take(widget.result_layer, result.trees, threshold)
        self._refresh()

    def _take(
        self, layer: Labels | None, trees: dict[Frame, SplitTree], threshold: float = 0.0
    ) -> None:
        if not in_viewer(layer, self._viewer):
            layer, trees = None, {}
        self._follow(layer)
        if not self._necks.is_like(trees, threshold):
            self._necks = Doubts(trees, threshold)
            self._visited = np.zeros(len(self._necks), bool)
            number = None if self._at is None else self._necks.find(self._at)
            self._at = None if number is None else self._necks[number]
        if self._at is None:
            self._hide_mark()
        else:
            self._look()

    def _follow(self, layer: Labels | None) -> None:
        if layer == self._layer:
            return
        self._unfollow()
        self._remove_mark()
        self._layer = layer
        if layer is not None:
            layer.events.set_data.connect(self._soon_labels)
            layer.events.paint.connect(self._soon_labels)

    def _unfollow(self) -> None:
        if self._layer is not None:
            self._layer.events.set_data.disconnect(self._soon_labels)
            self._layer.events.paint.disconnect(self._soon_labels)
        self._layer = None

    def _soon_labels(self) -> None:
        self._soon.start()

    def _on_labels(self) -> None:
        """Follow what was painted and undone: a decision that no longer holds is no decision."""
        if "change" in self._runs:
            self._soon.start()
            return
        if self._layer is not None and self._layer.editable:
            for frame, decisions in list(self._decisions.items()):
                if frame in self._necks.trees:
                    self._decisions[frame] = self._still_true(frame, decisions)
        self._refresh()

    def _still_true(self, frame: Frame, decisions: review.Decisions) -> review.Decisions:
        tree = self._necks.trees[frame]
        sides = review.side_labels(tree, self._labels(frame))
        rows = review.decided_rows(tree, decisions)
        broken = {
            tuple(review.necks(tree)[row].tolist())
            for row, split in rows.items()
            if bool(sides[row, 0] != sides[row, 1]) != split
        }
        return {neck: split for neck, split in decisions.items() if neck not in broken}

    def _on_removed(self, _: object) -> None:
        if self._layer is not None and not in_viewer(self._layer, self._viewer):
            self._stop("look")
            self._stop("change")
            self._take(None, {})
            self._remove_mark()
            self._refresh()

    def _labels(self, frame: Frame) -> NDArray[Any]:
        assert self._layer is not None
        return np.asarray(self._layer.data[frame])

    def _is_decided(self, neck: Neck) -> bool:
        return neck.sides in self._decisions.get(neck.frame, {})

    def _is_split(self, neck: Neck) -> bool:
        labels = self._labels(neck.frame)
        first, second = labels[np.unravel_index(neck.sides, labels.shape)]
        return bool(first != second)

    # What the user does

    def _on_next(self) -> None:
        waiting = ~self._necks.decided(self._decisions)
        if not (waiting & ~self._visited).any():
            # All have been seen: from the start, with those that are still open.
            self._visited[:] = False
        new = np.flatnonzero(waiting & ~self._visited)
        self._at = self._necks[new[0]] if len(new) else None
        if self._at is not None:
            self._visited[new[0]] = True
            self._look(move=True)
        else:
            self._hide_mark()
        self._refresh()

    def _on_keep(self) -> None:
        if self._at is not None:
            self._remember(self._at, self._is_split(self._at))
            self._on_next()

    def _decide(self, *, split: bool) -> None:
        """Cut or join at the neck, here and for every threshold."""
        neck, layer, widget = self._at, self._layer, self._link.widget
        if neck is None or layer is None:
            return
        self._remember(neck, split)
        if not layer.editable and widget is not None:
            widget.cut_again()
            return
        change = review.split if split else review.merge
        tree, labels = self._necks.trees[neck.frame], self._labels(neck.frame)
        self._start(
            "change",
            lambda _: change(tree, labels, neck.row),
            lambda found, _: self._on_change(layer, neck.frame, *found),
        )
        self._refresh()

    def _remember(self, neck: Neck, split: bool) -> None:
        # A new mapping each time: the worker may be reading the old one.
        before = self._decisions.get(neck.frame, {})
        self._decisions[neck.frame] = {**before, neck.sides: split}

    def _on_change(
        self, layer: Labels, frame: Frame, pixels: tuple[NDArray[Any], ...], label: int
    ) -> None:
        """Write into a layer that is the user's, as one step of its history."""
        if not in_viewer(layer, self._viewer):
            return
        if label > np.iinfo(layer.data.dtype).max:
            self.say(f"The layer's type {layer.data.dtype} has no number left.", error=True)
            return
        if len(pixels[0]):
            here = tuple(np.full(len(pixels[0]), index) for index in frame)
            layer.data_setitem((*here, *pixels), label)
        self._look()

    # Where it is

    def _look(self, *, move: bool = False) -> None:
        """Find out where the cut lies, mark it and go there."""
        neck = self._at
        if neck is None or not in_viewer(self._layer, self._viewer):
            return
        tree, labels = self._necks.trees[neck.frame], self._labels(neck.frame)
        self._start(
            "look",
            lambda _: review.look(tree, labels, neck.row),
            lambda found, _: self._show(found, move),
        )

    def _show(self, found: review.Look, move: bool) -> None:
        neck, layer = self._at, self._layer
        if neck is None or layer is None or not in_viewer(layer, self._viewer):
            return
        frame = np.array(neck.frame, float)
        points = np.hstack([np.tile(frame, (len(found.points), 1)), found.points])
        self._show_mark(layer, points, SPLIT_COLOR if self._is_split(neck) else JOINED_COLOR)
        if move:
            go_to(
                self._viewer,
                layer,
                np.concatenate([frame, found.low]),
                np.concatenate([frame, found.high]),
            )

    def _show_mark(self, layer: Labels, points: NDArray[np.float64], color: str) -> None:
        mark = self._mark
        if mark is None or not in_viewer(mark, self._viewer):
            active = self._viewer.layers.selection.active
            mark = self._mark = Points(
                ndim=layer.ndim,
                name=MARK,
                size=1,
                border_color="black",
                border_width=0.1,
                metadata={layers.RECORD: {}},  # ours: never taken for seeds
                **layers.place(layer),
            )
            self._viewer.add_layer(mark)
            self._viewer.layers.selection.active = active
        # Changed in place: napari takes half a second to remove a layer.
        mark.data = points
        mark.face_color = color

    def _hide_mark(self) -> None:
        if in_viewer(self._mark, self._viewer) and self._mark is not None:
            self._mark.data = np.empty((0, self._mark.ndim))

    def _remove_mark(self) -> None:
        if in_viewer(self._mark, self._viewer):
            self._viewer.layers.remove(self._mark)
        self._mark = None

    # Runs

    def _start(
        self, name: str, function: Callable[[Monitor], Any], then: Callable[[Any, float], None]
    ) -> None:
        """Start a run in place of the last one of its kind."""
        self._stop(name)
        run = self._runs[name] = Run(function, name, self, in_activity_dock=False)
        run.finished.connect(lambda: self._on_finished(name, run))
        run.failed.connect(lambda error: self.say(str(error), error=True))
        run.returned.connect(then)

    def _stop(self, name: str) -> None:
        run = self._runs.get(name)
        if run is not None:
            run.cancel()

    def _on_finished(self, name: str, run: Run) -> None:
        # What a run returns may have started the next one.
        if self._runs.get(name) is run:
            del self._runs[name]
        if name == "change":
            self._refresh()

    # What the dock says

    def _refresh(self) -> None:
        neck, necks = self._at, self._necks
        there = self._layer is not None and len(necks) > 0
        split = neck is not None and self._is_split(neck)
        # One decision after the other: the next one sees what this one changes.
        ready = neck is not None and "change" not in self._runs
        self.next.setEnabled(there)
        self.keep.setEnabled(ready)
        self.merge_back.setEnabled(ready and split)
        self.split.setEnabled(ready and not split)
        waiting = ~necks.decided(self._decisions)
        near = np.count_nonzero(waiting & necks.near)
        clear = np.count_nonzero(waiting) - near
        self.left.setText(f"{near} in doubt, {clear} clear" if there else "")
        if not there:
            self.say(self._what_is_missing())
        elif neck is None:
            self.say(
                "Next goes to the neck that is nearest to the threshold."
                if waiting.any()
                else "All necks have been decided."
            )
        else:
            self.say(
                f"Neck {neck.ratio:.3f} at a threshold of {necks.threshold:.2f}: "
                f"{'cut' if split else 'not cut'}"
                f"{', decided by you' if self._is_decided(neck) else ''}."
            )

    def _what_is_missing(self) -> str:
        if self._layer is None:
            return (
                "Nothing to review yet. Split touching objects in the widget Graph cut first; its "
                "doubtful cuts are then shown here one by one."
            )
        if not self._necks.trees:
            return "The last result was cut into a given number; there are no necks to review."
        return "No object of this result has a neck: there is nothing to doubt."

    def leave(self) -> None:
        """Stop what runs and take the mark away."""
        self._soon.stop()
        self._stop("look")
        self._stop("change")
        self._unfollow()
        self._link.leave()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._remove_mark()
