"""What is installed here, for bug reports."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

from napari_ncut._version import __version__

PACKAGES = (
    "napari",
    "npe2",
    "PyQt6",
    "PySide6",
    "PyQt5",
    "magicgui",
    "superqt",
    "qtpy",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "scikit-image",
    "tifffile",
    "imagecodecs",
    "dask",
)


def installation() -> dict[str, str]:
    """Return the versions of the package, of Python and of what it works with.

    Returns
    -------
    dict of str
        By name, in the order to print.
    """
    found = {
        "napari-ncut": __version__,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "processors": str(os.cpu_count()),
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
