"""The dock "Correct": objects cut, merged, deleted and cut again by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels, Layer
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent

from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.correct_form import CorrectForm
from napari_ncut.plugin.correct.desk import Desk
from napari_ncut.plugin.correct.mouse_keys import FREE_MODE, MouseKeys
from napari_ncut.plugin.correct.tools import TOOLS, Tool
from napari_ncut.plugin.shared import editable, layers
from napari_ncut.plugin.shared.dock import Dock, in_viewer
from napari_ncut.plugin.shared.keys import Keys
from napari_ncut.plugin.shared.napari_private import focus_canvas

NO_LAYER = "Open or make a Labels layer first; its objects are corrected here."


class CorrectWidget(Dock):
    """Corrects the objects of any Labels layer by hand.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are corrected.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        viewer = self._viewer
        self._desk = Desk(viewer, self)
        self._tools: dict[str, Tool] = {kind.name: kind(self._desk) for kind in TOOLS}
        self.tool: Tool | None = None
        self._mouse_keys: MouseKeys | None = None
        self._keys: Keys | None = None
        self._wants_no_image = False
        self.form = CorrectForm(
            list(self._tools.values()),
            lambda image: pointing.can_be_evidence(image, self._desk.layer),
            self.status,
        )
        self.column.addWidget(self.form)

        self._soon = self.debounced(0, self._leave_what_is_not_active)
        self._check = self.debounced(40, self._say_what_holds)
        self._layer_events: list[tuple[Any, Any]] = []
        for event, react in (
            (viewer.layers.events.inserted, self._on_layers),
            (viewer.layers.events.removed, self._on_layers),
            (viewer.layers.events.renamed, self._on_layers),
            (viewer.layers.selection.events.active, self._on_active),
            (viewer.dims.events.current_step, self._on_view),
            (viewer.dims.events.ndisplay, self._on_view),
            (viewer.dims.events.order, self._on_view),
        ):
            self.follow(event, react)
        self._connect()
        self._take(self._default_layer())

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return super().is_idle and self._desk.is_idle

    def _connect(self) -> None:
        form, desk = self.form, self._desk
        form.labels.changed.connect(self._on_labels)
        form.image.changed.connect(self._on_image)
        form.spatial_ndim.currentIndexChanged.connect(self._on_spatial_ndim)
        form.n_parts.valueChanged.connect(self._on_n_parts)
        form.make_editable.clicked.connect(self._on_make_editable)
        for name, button in form.buttons.items():
            button.clicked.connect(lambda checked, name=name: self._on_button(name, checked))
        self.follow(desk.said, form.say)
        self.follow(desk.n_parts_changed, self._show_n_parts)
        self.follow(desk.edits.widened, self._on_widened)

    # The layers

    def _default_layer(self) -> Labels | None:
        active = self._viewer.layers.selection.active
        if isinstance(active, Labels):
            return active
        found = [layer for layer in self._viewer.layers if isinstance(layer, Labels)]
        return found[-1] if found else None

    def _take(self, layer: Labels | None) -> None:
        """Work on a layer from now on; a tool in use goes with it."""
        tool, before = self.tool, self._desk.layer
        self._leave_layer()
        self._desk.take(layer)
        if layer is not None:
            self._keys = Keys(layer, {t.key: self._user(t.name) for t in self._tools.values()})
            self._layer_events = [
                *((signal, self._on_labels_changed) for signal in layers.changes_of(layer)),
                (layer.events.data, self._on_labels_changed),
                (layer.events.set_data, self._on_drawn),
                (layer.events.mode, self._on_mode),
                (layer.events.editable, self._refresh),
                (layer.events.visible, self._refresh),
            ]
            for event, react in self._layer_events:
                self.follow(event, react)
            self._desk.spatial_ndim = layers.guess_spatial_ndim(layer)
        is_deep = layer is not None and layer.ndim > 2
        self.form.show_spatial_ndim(self._desk.spatial_ndim, is_deep)
        self._refill()
        self._refresh()
        if tool is not None:
            self._use(tool.name)
        if before is not None and layer is not None and before not in self._viewer.layers:
            self.say(f"{before.name} was deleted; this is {layer.name} now.")
        elif layer is not None and (stored := layers.on_disk(layer)) is not None:
            self.say(f"What is done here is written into {stored.path.name} at once.")

    def _leave_layer(self) -> None:
        self._leave()
        for event, react in self._layer_events:
            self.unfollow(event, react)
        self._layer_events = []
        if self._keys is not None:
            self._keys.release()
            self._keys = None

    def _on_widened(self, before: Labels, layer: Labels) -> None:
        if before is self._model.layer:
            self._model.replace_layer(layer)
        self._take(layer)

    def _refill(self) -> None:
        """Offer the layers that there are, the newest first."""
        newest_first = list(reversed(self._viewer.layers))
        labels, image = self.form.labels, self.form.image
        labels.fill(newest_first)
        with labels.quiet():
            labels.value = self._desk.layer
        image.fill(newest_first)
        if self._desk.image not in image.offered:
            self._desk.image = None
            if not self._wants_no_image and image.offered:
                self._desk.image = image.offered[0]
        with image.quiet():
            image.value = self._desk.image

    def _on_layers(self, _: object = None) -> None:
        layer = self._desk.layer
        if layer is None or layer not in self._viewer.layers:
            self._take(self._default_layer())
        else:
            self._refill()

    def _on_active(self, _: object = None) -> None:
        active = self._viewer.layers.selection.active
        if active is self._desk.layer:
            return
        if isinstance(active, Labels):
            self._take(active)
        elif self.tool is not None:
            # Between two layers none is active for a moment.
            self._soon.trigger()

    def _leave_what_is_not_active(self) -> None:
        if self.tool is not None and self._viewer.layers.selection.active is not self._desk.layer:
            self._leave()
            self.say("Another layer was selected, so the tool was put away.")

    def _on_labels(self) -> None:
        layer = self.form.labels.value
        if isinstance(layer, Labels):
            self._take(layer)

    def _on_image(self) -> None:
        image = self.form.image.value
        self._wants_no_image = image is None
        self._desk.image = image if isinstance(image, Image) else None
        self._start_over()

    def _on_spatial_ndim(self) -> None:
        self._desk.spatial_ndim = self.form.spatial_ndim.currentData()
        self._start_over()

    def _on_n_parts(self, value: int) -> None:
        self._desk.n_parts = value
        if self.tool is not None:
            self.tool.parts_changed()

    def _show_n_parts(self, value: int) -> None:
        self.form.n_parts.setValue(value)

    def _start_over(self) -> None:
        """Forget what the tool was about to do: what it would do has changed."""
        if self.tool is not None:
            self.tool.end()

    def _on_labels_changed(self, _: object = None) -> None:
        if self._desk.edits.is_applying:
            return
        self._check.trigger()
        if self.tool is not None:
            self.tool.labels_changed()

    def _say_what_holds(self) -> None:
        """Say of the last edit whether it was undone, or made again."""
        last = self._desk.edits.last
        if last is not None and self.status.text() in (last.text, f"Undone: {last.text}"):
            self.say(self._desk.edits.what_holds())

    def _on_view(self, _: object = None) -> None:
        if self._desk.overlay is not None and self._desk.layer in self._viewer.layers:
            if self.tool is not None:
                self.tool.labels_changed()
            self._desk.overlay.redraw()

    def _on_drawn(self, _: object = None) -> None:
        """Follow another level of the same labels, or another part of it."""
        layer, overlay = self._desk.layer, self._desk.overlay
        if layer is not None and layer.multiscale and overlay is not None:
            overlay.redraw()

    def _refresh(self, _: object = None) -> None:
        """Say what keeps the layer from being corrected, or which tool is in use."""
        layer = self._desk.layer
        obstacle = None if layer is None else editable.obstacle(layer)
        if layer is not None and obstacle is None:
            self.form.show_obstacle(None, copy_helps=False)
            self.form.show_tool(self.tool)
            return
        self._leave()
        text = NO_LAYER if obstacle is None else obstacle[1]
        self.form.show_obstacle(text, copy_helps=obstacle is not None and obstacle[0] == "copy")

    # The tools

    def _on_button(self, name: str, checked: bool) -> None:
        if checked:
            self._use(name)
            # The keys of the tool are the canvas's.
            focus_canvas(self._viewer)
        else:
            self._leave()

    def _user(self, name: str) -> Callable[[Layer], None]:
        """Return what the key of a tool does; napari wants functions with a name."""

        def use_tool(_: Layer) -> None:
            self._use(name)

        return use_tool

    def _use(self, name: str) -> None:
        """Take a tool; taken again, it starts over."""
        self._leave()
        layer = self._desk.layer
        if layer is None or layer not in self._viewer.layers or editable.obstacle(layer):
            self._refresh()
            return
        if self._viewer.layers.selection.active is not layer:
            self._viewer.layers.selection.active = layer
        self.tool = self._tools[name]
        self._mouse_keys = MouseKeys(
            self._viewer, layer, self.tool, lambda: self._desk.spatial_ndim, self._leave
        )
        self.say("")
        self.form.show_tool(self.tool)
        self._model.take_tool(name)

    def _leave(self) -> None:
        """Put the tool away: the mouse is napari's again."""
        tool, self.tool = self.tool, None
        mouse_keys, self._mouse_keys = self._mouse_keys, None
        if mouse_keys is not None:
            mouse_keys.release()
        if tool is not None:
            tool.end()
            self._desk.drop()
        self.form.show_tool(None)
        self._model.take_tool("")

    def _on_mode(self, _: object = None) -> None:
        layer = self._desk.layer
        if self.tool is not None and layer is not None and layer.mode != FREE_MODE:
            self._leave()

    # Copies

    def _on_make_editable(self) -> None:
        layer = self._desk.layer
        if layer is None or "copy" in self._runs:
            return
        self.say("Reading the labels for the copy.")
        self.form.make_editable.setEnabled(False)
        # For the finest level that fits memory.
        data = layers.arrays(layer)[layers.level(layer)]
        run = self.start_run(
            "copy",
            lambda _: np.array(data),
            lambda copied, _: self._add_copy(layer, copied),
            in_activity_dock=f"napari-ncut: copy of {layer.name}",
        )
        run.cancelled.connect(self._refresh)
        run.finished.connect(lambda: self.form.make_editable.setEnabled(True))

    def _add_copy(self, layer: Labels, data: NDArray[np.integer[Any]]) -> None:
        if in_viewer(layer, self._viewer):
            copy = editable.add_copy(self._viewer, layer, data, "(editable)")
            self._take(copy)
            self.say(f"{copy.name} is a copy in memory; the original is hidden.")

    # Keys and the end

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Hear the tools' keys also while the dock has the focus."""
        assert event is not None
        names = {ord(tool.key): name for name, tool in self._tools.items()}
        held, key, layer = event.modifiers(), event.key(), self._desk.layer
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        if key == Qt.Key.Key_Z and held & control and layer is not None:
            (self._desk.edits.redo if held & shift else self._desk.edits.undo)()
        elif key in names and not held:
            self._use(names[key])
        elif key == Qt.Key.Key_Escape and self.tool is not None:
            self._leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.tool is not None:
            self.tool.confirm()
        elif key == Qt.Key.Key_Backspace and self.tool is not None:
            self.tool.back()
        else:
            super().keyPressEvent(event)

    def clean_up(self) -> None:
        """Give everything back to napari."""
        self._leave_layer()
        self._desk.take(None)
