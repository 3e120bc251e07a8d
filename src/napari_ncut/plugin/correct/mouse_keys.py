"""The mouse and the keys of one Labels layer, lent to a hand tool and given back."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels

from napari_ncut.plugin.correct import pointing
from napari_ncut.plugin.correct.pointing import Spot
from napari_ncut.plugin.correct.tools import Tool
from napari_ncut.plugin.shared.keys import Keys

# Napari's default for a layer whose mouse moves the camera.
FREE_MODE, FREE_CURSOR = "pan_zoom", "standard"
# A press and a release that are nearer than this, in canvas pixels, are a click.
CLICK_RADIUS = 4


class MouseKeys:
    """Leads the mouse and the keys of a layer to a tool.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where the layer is shown.
    layer : napari.layers.Labels
        The layer.
    tool : Tool
        What is used.
    spatial_ndim : callable
        Tells whether planes (2) or volumes (3) are worked on.
    leave : callable
        Called when the user is done with the tool.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Labels,
        tool: Tool,
        spatial_ndim: Callable[[], int],
        leave: Callable[[], None],
    ) -> None:
        self._viewer = viewer
        self._layer = layer
        self._tool = tool
        self._spatial_ndim = spatial_ndim
        self._is_on = True
        self._is_resting = False
        layer.mode = FREE_MODE
        layer.cursor = tool.cursor
        layer.mouse_drag_callbacks.append(self._on_drag)
        layer.mouse_move_callbacks.append(self._on_move)
        actions: dict[str, Callable[[Any], Any]] = {
            "Escape": lambda _: leave(),
            "Enter": lambda _: tool.confirm(),
            "Backspace": lambda _: tool.back(),
            "Space": self._rest,
        }
        actions |= {str(n): self._number(n) for n in range(1, 10)}
        self._keys = Keys(layer, actions)

    def release(self) -> None:
        """Give the mouse and the keys back to napari."""
        self._is_on = False
        self._keys.release()
        for callbacks, ours in (
            (self._layer.mouse_drag_callbacks, self._on_drag),
            (self._layer.mouse_move_callbacks, self._on_move),
        ):
            if ours in callbacks:
                callbacks.remove(ours)
        if self._layer.mode == FREE_MODE:
            self._layer.cursor = FREE_CURSOR

    def _number(self, n: int) -> Callable[[Labels], None]:
        def tell(_: Labels) -> None:
            self._tool.number(n)

        return tell

    def _rest(self, layer: Labels) -> Generator[None, None, None]:
        """Let the mouse move the camera while a key is held."""
        self._is_resting = True
        layer.cursor = FREE_CURSOR
        yield
        self._is_resting = False
        if self._is_on:
            layer.cursor = self._tool.cursor

    def _spot(self, event: Any) -> Spot | None:
        return pointing.spot_at(self._viewer, self._layer, event, self._spatial_ndim())

    def _on_move(self, layer: Labels, event: Any) -> None:
        if self._is_on and not self._is_resting:
            self._tool.hover(self._spot(event))

    def _on_drag(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or self._is_resting or not self._is_on:
            return
        start, spot, shift = event.pos, self._spot(event), "Shift" in event.modifiers
        is_grabbed = self._tool.grab(spot)
        event.handled = is_grabbed
        is_click, is_held = True, True
        while is_held and self._is_on:
            yield
            # A machine under load may tell of the release alone, not of the moves before it.
            is_held = event.type == "mouse_move"
            is_click &= max(abs(event.pos - start)) < CLICK_RADIUS
            if is_grabbed and self._is_on:
                event.handled = True
                self._tool.drag(self._spot(event))
        if not self._is_on:
            return
        if is_grabbed:
            self._tool.drop()
        elif is_click:
            self._tool.click(spot, shift=shift)
