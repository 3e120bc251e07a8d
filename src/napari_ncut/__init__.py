"""Normalised graph cuts for images: the public API, loaded on first use."""

import lazy_loader

from napari_ncut._version import __version__ as __version__

# The names and their modules stand in the stub beside this file, once for types and for loading.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
