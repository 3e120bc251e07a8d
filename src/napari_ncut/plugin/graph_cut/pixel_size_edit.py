"""A field that shows the pixel size of a layer, and lets it be set."""

from __future__ import annotations

import math
import re

from napari.layers import Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit

from napari_ncut.plugin.shared import layers

UNKNOWN = "not known: 1 pixel each"


class PixelSizeEdit(QLineEdit):
    """The pixel size along the axes that are cut together, as in ``2 x 0.5 x 0.5 µm``.

    It is that of the layer's scale. What is typed becomes the scale of the layers that are cut:
    there is one pixel size, here and in all of napari.
    """

    typed = Signal(object)  # the sizes that were typed, or None if they are none

    def __init__(self) -> None:
        super().__init__()
        self._ndim = 2
        self._shown = ""
        self._was_wrong = False
        self.setPlaceholderText(UNKNOWN)
        self.editingFinished.connect(self._on_typed)

    def show_layer(self, layer: Layer | None, ndim: int) -> None:
        """Show the pixel size of a layer along its last axes."""
        self._ndim = ndim
        sizes = None if layer is None else layers.pixel_size(layer, ndim)
        text = ""
        if layer is not None and sizes is not None:
            unit = layers.length_unit(layer, ndim) or ""
            text = f"{' x '.join(f'{size:.5g}' for size in sizes)} {unit}"
        self._shown = text.strip()
        self.setText(self._shown)

    @property
    def problem(self) -> str:
        """What is wrong with what is typed, or ""."""
        text = self.text().strip()
        if text == self._shown or self._sizes() is not None:
            return ""
        example = " x ".join(["0.5"] * self._ndim)
        return (
            f"Pixel size is {text[:40]!r}; wanted {self._ndim} numbers above 0, as in {example}, "
            "or one for all axes."
        )

    def _sizes(self) -> tuple[float, ...] | None:
        """Return the sizes that are typed, or None if they are no sizes."""
        text = re.sub(r"[^\d\s.,;xX*eE+-].*$", "", self.text().strip())
        words = [word for word in re.split(r"[\s;xX*]+|,\s*", text) if word]
        try:
            sizes = tuple(float(word) for word in words)
        except ValueError:
            return None
        if len(sizes) == 1:
            sizes *= self._ndim
        is_right = len(sizes) == self._ndim and all(math.isfinite(s) and s > 0 for s in sizes)
        return sizes if is_right else None

    def _on_typed(self) -> None:
        if self.text().strip() != self._shown or self._was_wrong:
            sizes = self._sizes()
            self._was_wrong = sizes is None
            self.typed.emit(sizes)
