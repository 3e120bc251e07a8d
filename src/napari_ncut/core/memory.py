"""The memory of this computer: what would not fit is said before the work starts."""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

# Where a container says how much it may use: control groups of version 2 and 1.
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
# What of a disk is used as memory.
_on_disk: ContextVar[float] = ContextVar("on_disk", default=0.0)


@contextmanager
def also_on_disk(folder: Path) -> Iterator[None]:
    """Count what is free on the disk of a folder as memory, while inside."""
    token = _on_disk.set(float(shutil.disk_usage(folder).free))
    try:
        yield
    finally:
        _on_disk.reset(token)


def total_memory() -> float:
    """Return the bytes of memory this process may use; infinity where that can't be found out."""
    known = [_limit(Path(name)) for name in LIMITS]
    if sys.platform == "win32":
        known.append(_windows_memory())
    elif "SC_PHYS_PAGES" in os.sysconf_names:
        known.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    return min(size for size in known if size > 0) + _on_disk.get()


def check_fits(size: float, advice: str = "") -> None:
    """Raise ValueError if so many bytes of pixels are more than the memory; the advice follows."""
    if size > total_memory():
        raise ValueError(f"it holds {gigabytes(size)}, more than the memory{advice}")


def gigabytes(size: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> gigabytes(250e9), gigabytes(2.34e9)
    ('250 GB', '2.3 GB')
    """
    return f"{size / 1e9:.0f} GB" if size >= 1e10 else f"{size / 1e9:.1f} GB"


def _limit(path: Path) -> float:
    """Return the number in a file, infinity if there is none."""
    try:
        return float(path.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return math.inf


def _windows_memory() -> float:
    """Return the physical memory of a computer with Windows."""
    names = ("total", "free", "total_page", "free_page", "total_virtual", "free_virtual", "extra")
    fields = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)]

    class Status(ctypes.Structure):
        _fields_ = fields + [(name, ctypes.c_uint64) for name in names]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return float(status.total)
