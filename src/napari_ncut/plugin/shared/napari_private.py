"""All that the plugin uses of napari without a public name, each with its reason.

Where napari moves such a thing, the plugin goes without: nothing is drawn over the picture, or
the keys stay where they were. No other file may use a private name of napari or vispy; a test
holds that.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def tile_of(layer: Any) -> tuple[Any, Any]:
    """Return how large a pixel of what is drawn of a layer is in its data, and where it begins.

    Of several levels napari draws a part of one; no public name tells which is drawn now.
    """
    try:
        tile = layer._transforms["tile2data"]
        return tile.scale, tile.translate
    except (AttributeError, KeyError):
        return [1.0] * layer.ndim, [0.0] * layer.ndim


def focus_canvas(viewer: Any) -> None:
    """Give the keys to the canvas; `napari.Viewer` has no method for it."""
    canvas = _canvas(viewer)
    if canvas is not None:
        canvas.native.setFocus()


def main_window(viewer: Any) -> Any:
    """Return the Qt window of a viewer, which hears that it is closed; no event tells of it."""
    return getattr(viewer.window, "_qt_window", None)


def set_pixels(layer: Any, changes: Iterable[tuple[Any, Any]]) -> None:
    """Set pixels of a Labels layer, as one step of its history, and show them.

    The public `data_setitem` shows them too, but fails in the middle of the changes when the view
    is still that of another slice or shape. Then everything is shown anew.

    Parameters
    ----------
    layer : napari.layers.Labels
        Whose pixels they are.
    changes : iterable of tuple
        Indices of pixels, and what they are set to.
    """
    show = getattr(layer, "_partial_labels_refresh", layer.refresh)
    with layer.block_history():
        for indices, values in changes:
            try:
                layer.data_setitem(indices, values, refresh=False)
            except Exception:
                if (layer.data[indices] != values).any():
                    raise
                show = layer.refresh
    try:
        show()
    except Exception:  # Whatever the events of a stale view come to.
        layer.refresh()


def forget_history(layer: Any) -> None:
    """Forget the undo steps of a Labels layer that can not be painted on.

    Publicly they are forgotten when it ceases to be editable, which it is not already.
    """
    forget = getattr(layer, "_reset_history", None)
    if forget is not None:
        forget()
