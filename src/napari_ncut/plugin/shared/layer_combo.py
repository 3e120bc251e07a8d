"""A combo box of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter


class LayerCombo(QComboBox):
    """A combo box of layers, and perhaps of none.

    Long names are shortened in the middle, where they differ least; the tooltip has all of it.

    Parameters
    ----------
    wanted : callable
        Tells whether a layer is offered.
    nothing : str
        The text of the choice of no layer; without one there is no such choice.
    """

    changed = Signal()  # another layer, or none, by the user or by ``value``

    def __init__(self, wanted: Callable[[Layer], bool], nothing: str = "") -> None:
        super().__init__()
        self._wanted = wanted
        self._nothing = nothing
        self._layers: list[Layer | None] = []
        self._is_quiet = False
        self._tip = ""
        # A long name must not make the dock wide.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.currentIndexChanged.connect(self._on_index)
        self.fill(())

    @property
    def value(self) -> Layer | None:
        """The chosen layer."""
        index = self.currentIndex()
        return self._layers[index] if 0 <= index < len(self._layers) else None

    @value.setter
    def value(self, layer: Layer | None) -> None:
        self.setCurrentIndex(self._layers.index(layer) if layer in self._layers else -1)

    @property
    def offered(self) -> list[Layer]:
        """The layers there are to choose from."""
        return [layer for layer in self._layers if layer is not None]

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Tell nobody of what is chosen meanwhile."""
        before, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = before

    def fill(self, layers: Sequence[Layer]) -> None:
        """Offer those of the layers that are wanted; what is chosen stays, if it is there.

        Nothing is told: whoever fills looks at ``value``.
        """
        before = self.value
        with self.quiet():
            self.clear()
            found: list[Layer | None] = [layer for layer in layers if self._wanted(layer)]
            self._layers = [*found, *([None] if self._nothing else [])]
            for layer in self._layers:
                text = self._nothing if layer is None else layer.name
                self.addItem(text)
                self.setItemData(self.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
            self.value = before if before in self._layers else None
        self._show_tip()

    def setToolTip(self, text: str) -> None:
        """Set what the tooltip says below the name of the layer."""
        self._tip = text
        self._show_tip()

    def _on_index(self, _: int) -> None:
        self._show_tip()
        if not self._is_quiet:
            self.changed.emit()

    def _show_tip(self) -> None:
        name = "" if self.value is None else self.value.name
        super().setToolTip("\n".join(part for part in (name, self._tip) if part))

    def paintEvent(self, _: object) -> None:
        """Draw the box with the name shortened in the middle."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideMiddle, room.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
