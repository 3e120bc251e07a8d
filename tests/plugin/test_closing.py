"""The viewer is closed at any moment: nothing is printed, and every thread ends.

``NCUT_FUZZ_SEEDS=10 pytest tests/plugin/test_closing.py`` closes at 30 moments of each kind of run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("close_at_any_moment.py")
N_MOMENTS = 3 * int(os.environ.get("NCUT_FUZZ_SEEDS", "1"))
KINDS = ("threshold", "split", "cut", "preview", "tools", "measure", "review")


@pytest.mark.parametrize("kind", KINDS)
def test_closing_the_viewer_prints_nothing_and_ends_every_thread(kind, tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, kind, str(N_MOMENTS), "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280 + 20 * N_MOMENTS,
        # The cache of its own: another napari on this machine may be writing into the usual one.
        env=os.environ | {"NAPARI_NCUT_CONFIG": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
    )
    # What vispy says where the programs that tell the resolution of the screen are missing.
    said = done.stderr.replace("WARNING: could not determine DPI\n", "")
    assert (done.returncode, done.stdout, said) == (0, "", "")
