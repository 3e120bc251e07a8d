"""The dock "Review": the doubtful necks of a split one by one, nearest to the threshold first."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.objects import edits, review
from napari_ncut.objects.edits import Edit
from napari_ncut.plugin.review.mark import LEGEND, Mark
from napari_ncut.plugin.review.teaching import Teaching
from napari_ncut.plugin.shared import editable, layers
from napari_ncut.plugin.shared.colours import JOINED_COLOUR, SPLIT_COLOUR
from napari_ncut.plugin.shared.dock import Dock, in_viewer
from napari_ncut.plugin.shared.edit_queue import EditQueue
from napari_ncut.plugin.shared.go_to import go_to
from napari_ncut.runs.review_queue import ByFrame, Neck, NeckQueue, ReviewQueue, told_by_frames
from napari_ncut.runs.stacks import Frame
from napari_ncut.runs.teaching import Change, random_neck, rate_in_words

# Every so many questions one is asked at random.
RANDOM_EVERY = 5
BUTTONS = (
    ("next", "Next", "N", "Go to the next neck in doubt"),
    ("keep", "Keep", "K", "It is right as it is; go to the next one"),
    ("merge", "Merge", "J", "Merge the two objects on both sides of the mark"),
    ("cut", "Cut", "C", "Cut the object along the mark"),
)
# The keys of the hand tools: they are Review's while there is something to decide.
SHARED = ("merge", "cut")
KEYS = "Keys: <b>N</b> next, <b>K</b> keep, <b>J</b> merge, <b>C</b> cut.<br>"


class ReviewDock(Dock):
    """Goes through the necks whose ratio is near the threshold, and changes what is wrong.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose last result is reviewed.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._layer: Labels | None = None
        self._necks: NeckQueue = ReviewQueue({}, 0.0)
        self._reasons = ""  # what spoke most about the neck, once it is known
        # Of labels on a disk: what was last seen of necks, so that the window reads nothing itself.
        self._seen: dict[review.NeckId, bool] = {}
        self._visited = np.zeros(0, bool)
        self._at: Neck | None = None
        self._mark = Mark(self._viewer)
        self._error = ""  # what the last edit ran into
        self._edits = EditQueue(self._viewer, self)
        # Questions at random, with what the result had there: from them the rate of errors follows.
        self._asked = 0
        self._random: dict[tuple[Frame, review.NeckId], bool] = {}

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
        how = QLabel(KEYS + LEGEND)
        how.setWordWrap(True)
        self.teaching = Teaching(self._model, self)
        layout = self.column
        layout.addWidget(self.left)
        layout.addLayout(grid)
        layout.addWidget(self.status)
        layout.addWidget(how)
        layout.addWidget(self.teaching)
        layout.addStretch()
        self.follow(self.teaching.chosen, self._on_change_chosen)
        self.next.clicked.connect(self._on_next)
        self.keep.clicked.connect(self._on_keep)
        self.merge.clicked.connect(lambda: self._decide(split=False))
        self.cut.clicked.connect(lambda: self._decide(split=True))

        # Painting and undo come in bursts.
        self._soon = self.debounced(30, self._on_labels)
        self.follow(self._edits.said, self._on_said)
        self.follow(self._edits.widened, self._on_widened)
        self.follow(self._edits.finished, self._refresh)
        self.follow(self._model.result_changed, self._on_result)
        self.follow(self._model.decisions_changed, self._refresh)
        self.follow(self._model.hand_tool_changed, self.heed_keys)
        self.follow(self._viewer.layers.events.removed, self._on_removed)
        self._on_result()

    next: QPushButton
    keep: QPushButton
    merge: QPushButton
    cut: QPushButton

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return super().is_idle and self._edits.is_idle

    # The result

    def _on_result(self) -> None:
        """Take over the last result."""
        last, stored = self._model.last, self._model.stored
        if stored is not None:
            self._take(stored.layer, stored.necks)
        elif last is None:
            self._take(None, ReviewQueue({}, 0.0))
        else:
            threshold, trees = getattr(last.recipe.settings, "neck", 0.0), last.result.trees
            known = self._necks
            is_known = isinstance(known, ReviewQueue) and known.is_like(trees, threshold)
            self._take(self._model.layer, known if is_known else ReviewQueue(trees, threshold))
        self._refresh()

    def _take(self, layer: Labels | None, necks: NeckQueue) -> None:
        if not in_viewer(layer, self._viewer):
            layer, necks = None, ReviewQueue({}, 0.0)
        self._follow_layer(layer)
        if necks is not self._necks:
            self._necks = necks
            self._visited = np.zeros(len(necks), bool)
            number = None if self._at is None else necks.find(self._at)
            self._at = None if number is None else necks[number]
        if self._at is None:
            self._mark.hide()
        else:
            self._look()

    def _follow_layer(self, layer: Labels | None) -> None:
        if layer is self._layer:
            return
        self._unfollow_layer()
        self._mark.remove()
        self._layer = layer
        self._edits.take(layer)
        if layer is not None:
            for signal in layers.changes_of(layer):
                self.follow(signal, self._soon.trigger)

    def _unfollow_layer(self) -> None:
        if self._layer is not None:
            for signal in layers.changes_of(self._layer):
                self.unfollow(signal, self._soon.trigger)
        self._layer = None

    def _on_labels(self) -> None:
        """Follow what was cut, merged, painted and undone: it makes decisions, and ends them."""
        if not self._edits.is_idle:
            self._soon.trigger()
            return
        last, layer, stored = self._model.last, self._layer, self._model.stored
        settings = None if last is None else last.recipe.settings
        decisions, trees = self._model.decisions, self._necks.trees
        if stored is not None:
            here = decisions.get((), {})
            necks = [*here, *([] if self._at is None else [self._at.sides])]
            self.start_run(
                "decisions",
                lambda _: stored.seen(necks),
                lambda seen, _: self._on_seen(here, seen),
            )
        # A preview shows what was decided; it tells nothing.
        elif isinstance(settings, SplitSettings) and layer is not None and layer.editable:
            data = layer.data
            self.start_run(
                "decisions",
                lambda _: told_by_frames(trees, data, decisions, settings),
                lambda told, _: self._on_told(decisions, told),
            )
        self._refresh()

    def _on_told(self, before: ByFrame, told: ByFrame) -> None:
        """Take over the decisions that the labels tell, unless others were made meanwhile."""
        if self._model.decisions is not before:
            self._soon.trigger()
            return
        for frame, decisions in told.items():
            self._model.revise(frame, decisions)

    def _on_seen(self, decisions: review.Decisions, seen: dict[review.NeckId, bool]) -> None:
        """Forget what was decided of a result on a disk and holds no more, as when undone."""
        self._seen.update(seen)
        if self._model.decisions.get((), {}) == decisions:
            told = {sides: split for sides, split in decisions.items() if split == seen[sides]}
            self._model.revise((), told)
        self._refresh()

    def _on_removed(self, _: object) -> None:
        if self._layer is not None and not in_viewer(self._layer, self._viewer):
            self.stop_run("look")
            self._take(None, ReviewQueue({}, 0.0))
            self._mark.remove()
            self._refresh()

    def _is_decided(self, neck: Neck) -> bool:
        return neck.sides in self._model.decisions.get(neck.frame, {})

    def _is_split(self, neck: Neck) -> bool:
        if self._layer is None:
            return False
        if self._model.stored is not None:
            return self._seen.get(neck.sides, neck.ratio < self._necks.threshold)
        data = self._layer.data
        sides = np.unravel_index(neck.sides, data.shape[len(neck.frame) :])
        first, second = np.asarray(data[(*neck.frame, *sides)])
        return bool(first != second)

    # What the user does

    def _on_next(self) -> None:
        self._error = ""
        waiting = ~self._necks.decided(self._model.decisions)
        if not (waiting & ~self._visited).any():
            # All have been seen: from the start, with those that are still open.
            self._visited[:] = False
        new = np.flatnonzero(waiting & ~self._visited)
        if len(new) == 0:
            self._at = None
            self._mark.hide()
            self._refresh()
            return
        number = int(new[0])
        self._asked += 1
        if self._asked % RANDOM_EVERY == 0:
            number = random_neck(self._asked, waiting & ~self._visited)
        self._visited[number] = True
        self._at = neck = self._necks[number]
        if self._asked % RANDOM_EVERY == 0:
            self._random[neck.frame, neck.sides] = self._is_split(neck)
        self._look(move=True)
        self._refresh()

    def _on_keep(self) -> None:
        if self._at is not None:
            self._remember(self._at, self._is_split(self._at))
            self._on_next()

    def _decide(self, *, split: bool) -> None:
        """Cut or join at the neck, here and for every threshold."""
        neck, layer = self._at, self._layer
        if neck is None or layer is None:
            return
        obstacle = editable.obstacle(layer)
        if obstacle is not None and obstacle[0] == "apply":
            # A preview is made anew, as it is decided.
            self._remember(neck, split)
            return
        change = review.split if split else review.merge
        necks = self._necks

        def job(data: Any, monitor: Monitor) -> Edit:
            placed, row = necks.tree_of(neck, monitor)
            return change(placed, data, neck.frame, row)

        def remember(_: Edit) -> None:
            self._remember(neck, split)
            self._look()

        self._edits.act(job, remember)
        self._refresh()

    def _remember(self, neck: Neck, split: bool) -> None:
        self._model.decide(neck.frame, neck.sides, split)

    def _on_change_chosen(self, change: Change) -> None:
        """Go to a neck that a lesson would change."""
        number = self._necks.find(Neck(change.frame, change.row, change.sides, 0.0))
        if number is not None:
            self._at = self._necks[number]
            self._visited[number] = True
            self._look(move=True)
            self._refresh()

    def _on_said(self, text: str, error: bool) -> None:
        # What was done, the line about the neck says.
        self._error = text if error else ""

    def _on_widened(self, before: Labels, layer: Labels) -> None:
        if before is self._model.layer:
            self._model.replace_layer(layer)

    # Where it is

    def _look(self, *, move: bool = False) -> None:
        """Find out where the cut lies, mark it and go there."""
        neck, layer, necks = self._at, self._layer, self._necks
        if neck is None or layer is None or not in_viewer(layer, self._viewer):
            return
        index = (*neck.frame, *(None,) * (layer.ndim - len(neck.frame)))
        labels = edits.Frame(index).view(layers.finest(layer))

        def find(monitor: Monitor) -> tuple[review.Look, str, bool]:
            placed, row = necks.tree_of(neck, monitor)
            first, second = review.side_labels(placed.tree, placed.of(labels))[row]
            look = review.look(placed, labels, row)
            return look, review.in_words(placed.tree, row), bool(first != second)

        self.start_run(
            "look",
            find,
            lambda found, _: self._show(neck, *found, move=move),
            failed=lambda error: self._on_said(str(error), error=True),
        )

    def _show(
        self, neck: Neck, found: review.Look, reasons: str, is_split: bool, *, move: bool
    ) -> None:
        layer = self._layer
        self._seen[neck.sides] = is_split
        if neck is not self._at or layer is None or not in_viewer(layer, self._viewer):
            return
        self._reasons = reasons
        frame = np.array(neck.frame, float)
        points = np.hstack([np.tile(frame, (len(found.points), 1)), found.points])
        self._mark.show(layer, points, SPLIT_COLOUR if self._is_split(neck) else JOINED_COLOUR)
        if move:
            go_to(
                self._viewer,
                layer,
                np.concatenate([frame, found.low]),
                np.concatenate([frame, found.high]),
            )
        self._refresh()

    # What the dock says

    def _refresh(self) -> None:
        neck, necks = self._at, self._necks
        there = self._layer is not None and len(necks) > 0
        split = neck is not None and self._is_split(neck)
        # One decision after the other: the next one sees what this one changes.
        ready = neck is not None and self._edits.is_idle
        self.next.setEnabled(there)
        self.keep.setEnabled(ready)
        self.merge.setEnabled(ready and split)
        self.cut.setEnabled(ready and not split)
        self.heed_keys()
        waiting = ~necks.decided(self._model.decisions)
        near = np.count_nonzero(waiting & necks.near)
        clear = np.count_nonzero(waiting) - near
        rate = rate_in_words(self._random, self._model.decisions)
        text = f"{near} in doubt, {clear} clear.{rate}"
        self.left.setText(text if there else "")
        # What is taught would have to be split anew, all of it.
        self.teaching.setVisible(self._model.stored is None)
        self.teaching.learn(necks.trees if there else {}, necks.threshold)
        if not there:
            self.say(self._what_is_missing())
        elif self._error:
            self.say(self._error, error=True)
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
                f"{', decided by you' if self._is_decided(neck) else ''}. {self._reasons}"
            )

    def heed_keys(self) -> None:
        """Hear keys when in front; those of the hand tools if there is a neck to decide."""
        decides = self._at is not None and not self._model.hand_tool
        for name, shortcut in self._shortcuts.items():
            shortcut.setEnabled(self._is_in_front and (decides or name not in SHARED))

    def _what_is_missing(self) -> str:
        if self._layer is None:
            return (
                "Nothing to review yet. Split touching objects in the widget Graph cut first; its "
                "doubtful cuts are then shown here one by one."
            )
        if self._model.stored is None and not self._necks.trees:
            return "The last result was cut into a given number; there are no necks to review."
        return "No object of this result has a neck: there is nothing to doubt."

    def clean_up(self) -> None:
        """Take the mark away."""
        self._edits.take(None)
        self._unfollow_layer()
        self._mark.remove()
