"""Keys that a layer hears while a dock works on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari.layers import Labels


class Keys:
    """Keys bound on one layer, before those of its class; what was there comes back.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer; it hears keys while it is the active one.
    actions : mapping of str to callable
        What each key does. A generator function goes on when the key is released.
    """

    def __init__(self, layer: Labels, actions: Mapping[str, Callable[[Any], Any]]) -> None:
        self._layer = layer
        self._before = dict(layer.keymap)
        self._actions = actions
        for key, action in actions.items():
            layer.bind_key(key, action, overwrite=True)
        self._bound = {k: f for k, f in layer.keymap.items() if self._before.get(k) is not f}

    def release(self) -> None:
        """Unbind the keys."""
        for key, action in self._bound.items():
            if self._layer.keymap.get(key) is not action:
                continue
            if key in self._before:
                self._layer.keymap[key] = self._before[key]
            else:
                del self._layer.keymap[key]
