"""Arrays in files are arrays, take the memory that they may, and harm nobody in the end."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from napari_ncut.core import mapped
from napari_ncut.core.mapped import in_files
from napari_ncut.core.memory import total_memory


@pytest.fixture
def small(monkeypatch):
    """Let arrays of a page and more be in files."""
    monkeypatch.setattr(mapped, "LARGE", 4096)


@pytest.mark.usefixtures("small")
def test_arrays_in_files_are_arrays(tmp_path):
    with in_files(tmp_path, 10_000):
        filled = np.arange(10_000)
        zeros = np.zeros((100, 100))
        assert len(mapped._files) == 2
        np.testing.assert_array_equal(filled[::-1].copy()[::-1], filled)
        assert not zeros.any()
        assert filled.sum() == 49_995_000
    assert list(tmp_path.iterdir()) == []
    assert filled[-1] == 9999  # What outlives the block is still there,
    count = len(mapped._files)
    del filled, zeros
    assert len(mapped._files) == count - 2  # and its file goes with it.
    assert not np.shares_memory(np.zeros(10_000), np.zeros(10_000))
    assert not mapped._files


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("limit", [1_000, 1e9])
def test_an_array_that_changes_its_size_keeps_what_it_holds(tmp_path, limit):
    with in_files(tmp_path, limit):
        array = np.arange(1_000)
        for size in (5_000, 700, 20_000, 3):
            array.resize(size, refcheck=False)
            assert (array[: min(size, 700)] == np.arange(min(size, 700))[: len(array)]).all()
    assert not mapped._kept


@pytest.mark.usefixtures("small")
def test_some_arrays_stay_in_memory_and_the_others_lie_in_files(tmp_path):
    with in_files(tmp_path, 1e6):
        arrays = [np.zeros(100_000, np.uint8) for _ in range(10)]
        assert len(mapped._kept) == int(10 * mapped.IN_MEMORY)
        assert len(mapped._files) == 10 - len(mapped._kept)
        assert not any(array.any() for array in arrays)
        del arrays
    assert not mapped._kept
    assert not mapped._files


@pytest.mark.usefixtures("small")
def test_a_full_disk_is_an_error_with_its_folder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(mapped.os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match="No space left") as caught, in_files(tmp_path, 1e4):
        np.zeros(100_000)
    assert caught.value.filename == str(tmp_path)


def test_what_is_free_on_the_disk_counts_as_memory(tmp_path):
    before = total_memory()
    with in_files(tmp_path, 1e9):
        assert total_memory() > before
    assert total_memory() == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_below_the_limit_and_the_process_ends_well(tmp_path):
    script = """
import sys
from pathlib import Path
import numpy as np
from napari_ncut.core.mapped import in_files, resident

before = resident()
with in_files(Path(sys.argv[1]), before + 120e6):
    arrays = [np.arange(5_000_000) for _ in range(20)]  # 800 MB
    sums = {int(array.sum()) for array in arrays}
assert sums == {12499997500000}, sums
peak = 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print((peak - before) / 1e6)
np.kept = [arrays, np.zeros(10)]  # They outlive the interpreter.
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 400


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_loop_gives_pages_back_itself_part_by_part(tmp_path):
    script = """
import sys
from pathlib import Path
import numpy as np
from napari_ncut.core import mapped
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.parallel import map_chunks

mapped.PATIENCE = 60.0  # The thread that gives pages back comes too late.
before, most = mapped.resident(), 0
with mapped.in_files(Path(sys.argv[1]), before + 60e6):
    array = np.empty(50_000_000, np.int32)

    def work(start, stop):
        global most
        array[start:stop] = 1
        most = max(most, mapped.resident())

    map_chunks(work, array.size, 1, Monitor())
    total = int(array.sum(dtype=np.int64))
print(most - before, total)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    most, total = map(int, done.stdout.split())
    assert total == 50_000_000
    assert most < 90e6
