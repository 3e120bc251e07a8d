"""Compiled loops over pixels and nodes; what they are for stands beside those who call them."""

from napari_ncut.core.processor import variants

__path__ = variants(__path__[0])
