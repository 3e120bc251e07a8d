"""What is installed here, for bug reports."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

from napari_ncut._version import __version__
from napari_ncut.core.parallel import number_of_threads
from napari_ncut.core.processor import is_fast

# The viewer first, which most questions are about; then all that the package needs.
PACKAGES = (
    "napari",
    "npe2",
    "PyQt6",
    "PySide6",
    "PyQt5",
    "qtpy",
    "superqt",
    "magicgui",
    "psygnal",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "threadpoolctl",
    "matplotlib",
    "tifffile",
    "pillow",
    "imagecodecs",
    "dask",
    "typer",
    "rich",
    "platformdirs",
    "lazy-loader",
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
        "processors": f"{os.cpu_count()}, threads: {number_of_threads()}",
        "loops": "for AVX2" if is_fast() else "for any processor",
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
