"""Compiled loops as plain Python: what their sources do when nothing has been compiled."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

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
