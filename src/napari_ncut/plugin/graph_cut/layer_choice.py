"""Which layers are cut: chosen by themselves, the newest first, and by the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points, Shapes
from psygnal import Signal

from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.layer_combo import LayerCombo
from napari_ncut.plugin.shared.model import Model

COMBOS = ("image", "mask", "seeds", "shapes")


class LayerChoice:
    """Combo boxes of layers that follow the viewer's layer list.

    A new image is chosen as soon as it is there, and with it the newest mask that fits; a new
    mask is, unless the user has chosen one by hand. Our own results are never chosen.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers there are to choose from.
    model : Model
        Remembers what was chosen.
    """

    changed = Signal(str)  # the name of the combo box

    def __init__(self, viewer: ViewerModel, model: Model) -> None:
        self._viewer = viewer
        self._model = model
        self._mask_is_chosen_by_hand = False
        self.image = LayerCombo(lambda layer: isinstance(layer, Image), "none: shape only")
        self.mask = LayerCombo(layers.is_mask, "whole image")
        self.seeds = LayerCombo(_can_be_seeds, "none")
        self.shapes = LayerCombo(lambda layer: isinstance(layer, Shapes), "none")
        self._combos = {name: getattr(self, name) for name in COMBOS}
        for name, combo in self._combos.items():
            combo.changed.connect(partial(self._on_chosen, name))
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_list)
        viewer.layers.events.renamed.connect(self._on_list)

    def leave(self) -> None:
        """Stop following the layer list."""
        events = self._viewer.layers.events
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_list)
        events.renamed.disconnect(self._on_list)

    def choose_newest(self) -> None:
        """Choose the newest image, and the newest mask that fits it."""
        with self._quietly():
            self._fill()
            self.image.value = self._newest_image()
            self._choose_mask()
        self._tell("image")

    def restore(self) -> bool:
        """Choose what was chosen when the form was closed; False if the data are others now."""
        chosen = self._model.chosen
        gone = any(x is not None and x not in self._viewer.layers for x in chosen.values())
        if not chosen or gone or self._newest_image() is not self._model.newest:
            return False
        with self._quietly():
            self._fill()
            for name, layer in chosen.items():
                self._combos[name].value = layer
        return True

    def _tell(self, name: str) -> None:
        self._model.chosen = {name: combo.value for name, combo in self._combos.items()}
        self._model.newest = self._newest_image()
        self.changed.emit(name)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        with ExitStack() as stack:
            for combo in self._combos.values():
                stack.enter_context(combo.quiet())
            yield

    def _fill(self) -> None:
        for combo in self._combos.values():
            combo.fill(self._viewer.layers)

    def _newest_image(self) -> Layer | None:
        return next((layer for layer in reversed(self._viewer.layers) if _is_picture(layer)), None)

    def _choose_mask(self) -> None:
        image = self.image.value
        masks = [
            layer
            for layer in self._viewer.layers
            if layers.is_mask(layer)
            and layer is not image
            and not layers.is_ours(layer)
            and (image is None or layers.fits(layer, image) or layers.fits(layer, image, 0))
            and not layers.is_blank(layer)
        ]
        self.mask.value = masks[-1] if masks else None
        self._mask_is_chosen_by_hand = False

    def _on_chosen(self, name: str) -> None:
        if name == "image":
            with self._quietly():
                self._choose_mask()
        elif name == "mask":
            self._mask_is_chosen_by_hand = True
        self._tell(name)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if _is_picture(layer):
            self.choose_newest()
            return
        self._on_list()
        is_new_mask = layers.is_mask(layer) and not layers.is_ours(layer)
        if is_new_mask and not self._mask_is_chosen_by_hand:
            with self._quietly():
                self._choose_mask()
            self._tell("mask")

    def _on_list(self, _: object = None) -> None:
        before = {name: combo.value for name, combo in self._combos.items()}
        with self._quietly():
            self._fill()
        for name, value in before.items():
            if self._combos[name].value is not value:
                self._tell(name)


def _is_picture(layer: Layer) -> bool:
    """Return whether a layer is an image of the user's that is no mask."""
    return isinstance(layer, Image) and not layers.is_mask(layer) and not layers.is_ours(layer)


def _can_be_seeds(layer: Layer) -> bool:
    return isinstance(layer, (Points, Labels)) and not layers.is_ours(layer)
