"""Compiled loops as plain Python: what their sources do when nothing has been compiled."""

import importlib.util
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import napari_ncut


@cache
def uncompiled(room: str, idea: str) -> ModuleType:
    """Return the loops of a room, ``room/loops/idea.py``, run from their source."""
    source = Path(napari_ncut.__file__).parent / room / "loops" / f"{idea}.py"
    name = f"uncompiled_{room}_{idea}"
    spec = importlib.util.spec_from_file_location(name, source)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Both:
    """Loops that run compiled and uncompiled, on copies of the same arguments, and compare.

    Where they differ, the call fails; what it returns and writes is the compiled loop's.

    Parameters
    ----------
    room, idea : str
        The loops of ``room/loops/idea.py``.
    """

    def __init__(self, room: str, idea: str) -> None:
        self.compiled = import_module(f"napari_ncut.{room}.loops.{idea}")
        self.plain = uncompiled(room, idea)
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        compiled, plain = getattr(self.compiled, name), getattr(self.plain, name)

        def both(*arguments: Any) -> Any:
            self.called.add(name)
            # A double of C is float64, which does not give way to the float32 of an array.
            copies = [
                np.float64(argument) if isinstance(argument, float) else deepcopy(argument)
                for argument in arguments
            ]
            wanted = plain(*copies)
            found = compiled(*arguments)
            assert_alike(found, wanted)
            assert_alike(arguments, copies)
            return found

        return both

    def public(self) -> set[str]:
        """Return the names of the loops."""
        return {
            name
            for name, value in vars(self.plain).items()
            if isinstance(value, FunctionType)
            and value.__module__ == self.plain.__name__
            and not name.startswith("_")
        }


def assert_alike(found: Any, wanted: Any) -> None:
    """Check that numbers and arrays, or tuples of them, are the same; floats to the last digits."""
    if isinstance(found, (tuple, list)):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_alike(one, other)
    elif found is None:
        assert wanted is None
    elif isinstance(found, np.ndarray) and found.dtype.kind in "iub":
        np.testing.assert_array_equal(found, wanted)
    elif isinstance(found, np.ndarray):
        digits = 1e-5 if found.dtype.itemsize == 4 else 1e-12
        np.testing.assert_allclose(found, wanted, rtol=digits, atol=digits)
    else:
        assert found == pytest.approx(wanted)
