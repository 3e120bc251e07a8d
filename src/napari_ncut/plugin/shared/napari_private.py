"""All that the plugin uses of napari without a public name, each with its reason.

Where napari moves such a thing, the plugin goes without: nothing is drawn over the picture, or
the keys stay where they were. No other file may use a private name of napari or vispy; a test
holds that.
"""

from __future__ import annotations

from typing import Any


def unwrapped(viewer: Any) -> Any:
    """Return the viewer itself.

    Napari hands a proxy to plugins, whose layers are proxies too, a new one each time; a layer
    from it is never the same object as the one in an event.
    """
    return getattr(viewer, "__wrapped__", viewer)


def _canvas(viewer: Any) -> Any:
    """Return the vispy canvas; None if it moved. There is no public way to it."""
    return getattr(getattr(viewer.window, "_qt_viewer", None), "canvas", None)


def node_of(viewer: Any, layer: Any) -> Any:
    """Return the vispy node that draws a layer; None without.

    What hangs on it is drawn over the layer and moves with it. Napari's public overlays know
    neither lines of several colours nor pixels of our own.
    """
    picture = getattr(_canvas(viewer), "layer_to_visual", {}).get(layer)
    return None if picture is None else picture.node


def focus_canvas(viewer: Any) -> None:
    """Give the keys to the canvas; `napari.Viewer` has no method for it."""
    canvas = _canvas(viewer)
    if canvas is not None:
        canvas.native.setFocus()


def main_window(viewer: Any) -> Any:
    """Return the Qt window of a viewer, which hears that it is closed; no event tells of it."""
    return getattr(viewer.window, "_qt_window", None)
