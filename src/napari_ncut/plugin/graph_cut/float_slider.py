"""A slider of floats that keys move."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSlider
from superqt import QLabeledDoubleSlider

# By how many steps a key moves a slider.
STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_Home: -100,
    Qt.Key.Key_End: 100,
}


class SliderKeys(QObject):
    """Moves a slider by keys, which superqt's sliders of floats do not hear."""

    def eventFilter(self, slider: Any, event: Any) -> bool:
        """Take the keys that move a slider, and no other event."""
        if event.type() != QEvent.Type.KeyPress or event.key() not in STEPS:
            return False
        slider.setValue(slider.value() + STEPS[event.key()] * slider.singleStep())
        return True


class FloatSlider:
    """A slider with the face of a magicgui widget.

    The Qt slider under magicgui's own counts in millionths; this one holds the number itself,
    for the tests and assistive tools that find it by its name.
    """

    def __init__(self, value: float) -> None:
        self.native = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.native.setDecimals(2)
        # One stop of the Tab key, not one for the slider and one for the box around it.
        self._slider = self.native.findChild(QAbstractSlider)
        self.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.native.setFocusProxy(self._slider)
        self._slider.installEventFilter(SliderKeys(self.native))
        self.changed = self.native.valueChanged
        self.set_range(0.0, 1.0)
        self.value = value

    @property
    def value(self) -> float:
        """The number that the slider shows."""
        return round(float(self.native.value()), 6)

    @value.setter
    def value(self, value: float) -> None:
        self.native.setValue(value)

    def describe(self, text: str) -> None:
        """Set what a screen reader says of the slider."""
        self.native.setAccessibleName(text)
        self._slider.setAccessibleName(text)

    def set_range(self, low: float, high: float) -> None:
        """Set the ends of the slider; a step is a hundredth of the way between them."""
        self.native.setRange(low, high)
        self.native.setSingleStep((high - low) / 100)
