"""The line in which a dock says what happened."""

from __future__ import annotations

from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_ncut.plugin.shared.colours import error_colour, set_style


class StatusLabel(QLabel):
    """A sentence that can be selected; errors have the theme's colour of errors.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Whose theme it follows.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_error = False
        self.setObjectName("status")
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a sentence."""
        self._is_error = error
        self.paint()
        self.setText(text)

    def paint(self) -> None:
        """Take the colour of the viewer's theme."""
        colour = f"color: {error_colour(self._viewer.theme)};" if self._is_error else ""
        set_style(self, colour)
