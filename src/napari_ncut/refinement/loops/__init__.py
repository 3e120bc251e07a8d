"""Compiled loops over nodes and edges; what they are for stands beside those who call them."""

from napari_ncut.core.processor import variants

__path__ = variants(__path__[0])
