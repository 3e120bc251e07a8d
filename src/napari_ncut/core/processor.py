"""Which of the compiled variants of a loop this processor runs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from napari_ncut.core.building import build_edited, checkout_of

# What gcc means by x86-64-v3, as far as NumPy tells it.
FASTER = ("AVX2", "FMA3", "BMI2")


@cache
def is_fast() -> bool:
    """Return whether the processor has AVX2 and what comes with it."""
    # NumPy knows, but has no public name for it; without it the loops for any processor do.
    try:
        features = import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return False
    # NumPy 2.0 does not tell of BMI2, which no processor with the other two lacks.
    return all(features.get(name, name == "BMI2") for name in FASTER)


def variants(folder: str) -> list[str]:
    """Return where to look for compiled loops: the ``__path__`` of a package `loops`.

    In a checkout, those that were edited since they were compiled are compiled first.

    Parameters
    ----------
    folder : str
        The package's own folder.

    Returns
    -------
    list of str
        First the folder with the faster variant, if there is one and the processor runs it.
    """
    root = checkout_of(Path(folder))
    if root is not None:
        build_edited(Path(folder), root)
    faster = Path(folder) / "v3"
    return [str(faster), folder] if faster.is_dir() and is_fast() else [folder]
