"""Which layers are cut: chosen by themselves, the newest first, and by the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points, Shapes
from qtpy.QtCore import QObject, Signal

from napari_ncut.plugin.shared import layers

Choices = list[tuple[str, Layer | None]]


class LayerChoice(QObject):
    """Combo boxes of layers that follow the viewer's layer list.

    A new image is chosen as soon as it is there, and with it the newest mask that fits; a new
    mask is, unless the user has chosen one by hand. Our own results are never chosen.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers there are to choose from.
    parent : QObject
        Lives as long as this.
    """

    changed = Signal(str)  # the name of the combo box

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._mask_is_chosen_by_hand = False
        self._is_choosing = False
        self.image = self._combo(
            "image", lambda layer: isinstance(layer, Image), "none: shape only"
        )
        self.mask = self._combo("mask", layers.is_mask, "whole image")
        self.seeds = self._combo(
            "seeds",
            lambda layer: isinstance(layer, (Points, Labels)) and not layers.is_ours(layer),
            "none",
        )
        self.shapes = self._combo("shapes", lambda layer: isinstance(layer, Shapes), "none")
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_list)
        viewer.layers.events.renamed.connect(self._on_list)

    def disconnect_viewer(self) -> None:
        """Stop following the layer list."""
        events = self._viewer.layers.events
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_list)
        events.renamed.disconnect(self._on_list)

    def choose_newest(self) -> None:
        """Choose the newest image, and the newest mask that fits it."""
        with self._quietly():
            self._reset_choices()
            images = [
                layer
                for layer in self._viewer.layers
                if isinstance(layer, Image)
                and not layers.is_mask(layer)
                and not layers.is_ours(layer)
            ]
            self.image.value = images[-1] if images else None
            self._choose_mask()
        self.changed.emit("image")

    def _combo(self, name: str, wanted: Callable[[Layer], bool], nothing: str) -> ComboBox:
        def choices(_: object) -> Choices:
            found: Choices = [(layer.name, layer) for layer in self._viewer.layers if wanted(layer)]
            return [*found, (nothing, None)]

        combo = ComboBox(choices=choices, value=None)
        # magicgui's own signal is silent when nothing is chosen.
        combo.native.currentIndexChanged.connect(lambda _: self._on_chosen(name))
        return combo

    def _combos(self) -> tuple[ComboBox, ...]:
        return self.image, self.mask, self.seeds, self.shapes

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        self._is_choosing = True
        try:
            yield
        finally:
            self._is_choosing = False

    def _reset_choices(self) -> None:
        for combo in self._combos():
            combo.reset_choices()

    def _choose_mask(self) -> None:
        image = self.image.value
        masks = [
            layer
            for layer in self._viewer.layers
            if layers.is_mask(layer)
            and layer is not image
            and not layers.is_ours(layer)
            and (image is None or layers.fits(layer, image))
            and not layers.is_blank(layer)
        ]
        self.mask.value = masks[-1] if masks else None
        self._mask_is_chosen_by_hand = False

    def _on_chosen(self, name: str) -> None:
        if self._is_choosing:
            return
        if name == "image":
            with self._quietly():
                self._choose_mask()
        elif name == "mask":
            self._mask_is_chosen_by_hand = True
        self.changed.emit(name)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        is_ours = layers.is_ours(layer)
        if isinstance(layer, Image) and not layers.is_mask(layer) and not is_ours:
            self.choose_newest()
            return
        self._on_list()
        is_new_mask = layers.is_mask(layer) and not is_ours
        if is_new_mask and not self._mask_is_chosen_by_hand:
            with self._quietly():
                self._choose_mask()
            self.changed.emit("mask")

    def _on_list(self, _: object = None) -> None:
        before = [combo.value for combo in self._combos()]
        with self._quietly():
            self._reset_choices()
            # What was chosen is gone: the last choice says that nothing is.
            for combo, value in zip(self._combos(), before, strict=True):
                if combo.value is not value:
                    combo.value = None
        for combo, value, name in zip(
            self._combos(), before, ("image", "mask", "seeds", "shapes"), strict=True
        ):
            if combo.value is not value:
                self.changed.emit(name)
