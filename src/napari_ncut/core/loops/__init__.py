"""Compiled loops that several rooms need."""

from napari_ncut.core.processor import variants

__path__ = variants(__path__[0])
