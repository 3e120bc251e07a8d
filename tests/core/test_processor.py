"""The faster loops run where they can, and nowhere else."""

import platform
from pathlib import Path

import pytest

from napari_ncut.core import processor


@pytest.fixture
def folder(tmp_path):
    """A folder of loops in an installed package, with the faster variant."""
    path = tmp_path / "site-packages/napari_ncut/room/loops"
    (path / "v3").mkdir(parents=True)
    return str(path)


def test_a_fast_processor_gets_the_faster_loops_first(folder, monkeypatch):
    monkeypatch.setattr(processor, "is_fast", lambda: True)
    assert processor.variants(folder) == [str(Path(folder) / "v3"), folder]


def test_any_other_processor_never_sees_them(folder, monkeypatch):
    monkeypatch.setattr(processor, "is_fast", lambda: False)
    assert processor.variants(folder) == [folder]


def test_where_there_are_none_nothing_is_looked_for(folder, monkeypatch):
    (Path(folder) / "v3").rmdir()
    monkeypatch.setattr(processor, "is_fast", lambda: True)
    assert processor.variants(folder) == [folder]


def test_the_processor_is_known():
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        assert processor.is_fast() in (platform.machine() in ("x86_64", "AMD64"), False)
        return
    flags = set(cpuinfo.read_text().split())
    assert processor.is_fast() == ({"avx2", "fma", "bmi2"} <= flags)
