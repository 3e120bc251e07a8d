"""Loops are compiled, cached where that is possible, and work where it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import napari_ncut, numpy as np
from napari_ncut.core.compiled import compiled
@compiled
def twice(x):
    return 2 * x
print(twice(21), twice.py_func(4))
"""


@pytest.mark.parametrize("folder", ["missing/below/a/new/folder", "file"])
def test_a_cache_folder_that_cannot_be_written_is_no_error(tmp_path, folder):
    (tmp_path / "file").write_text("in the way")
    script = tmp_path / "script.py"
    script.write_text(CODE)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / folder)}
    run = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.split() == ["42", "8"], run.stderr


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(tmp_path):
    # Code that has no file has nowhere to keep its machine code.
    run = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.stdout.split() == ["42", "8"], run.stderr


def test_the_machine_code_is_kept(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(CODE)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run([sys.executable, str(script)], env=environment, check=True, capture_output=True)
    assert list(Path(tmp_path / "cache").rglob("*.nbi"))
