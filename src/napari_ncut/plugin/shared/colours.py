"""The colours that mean the same in every dock."""

from __future__ import annotations

import numpy as np
from napari.utils.theme import get_theme
from numpy.typing import NDArray
from qtpy.QtWidgets import QWidget

# Of necks that are cut and of those that are not: orange and blue, which all eyes tell apart and
# which show on a dark ground and on a light one.
SPLIT_COLOUR = "#e69f00"
JOINED_COLOUR = "#3f9fd8"
# Contrast that text has to have, after WCAG 2.
CONTRAST = 4.5


def error_colour(theme: str) -> str:
    """Return the colour of errors in a theme, as much lighter or darker as to be read in it.

    The dark theme's own is made for grounds, and is hard to read as text.
    """
    colours = get_theme(theme)
    error, text, ground = (
        np.array(colour.as_rgb_tuple()[:3]) / 255
        for colour in (colours.error, colours.text, colours.background)
    )
    for share in np.linspace(0, 1, 21):
        mixed = (1 - share) * error + share * text
        if _contrast(mixed, ground) >= CONTRAST:
            break
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def _contrast(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: NDArray[np.float64]) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def set_style(widget: QWidget, style: str) -> None:
    """Give a widget a style sheet, if it has another: Qt polishes it anew even for the same one."""
    if widget.styleSheet() != style:
        widget.setStyleSheet(style)
