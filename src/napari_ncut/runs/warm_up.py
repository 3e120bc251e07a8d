"""Compile the loops ahead of their first use: once an installation, in a process of its own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.normalized_cut import normalized_cut
from napari_ncut.cutting.session import CutSession
from napari_ncut.objects.flood import flood
from napari_ncut.splitting.neighbours import walkable
from napari_ncut.splitting.split import split_tree

COMMAND = "from napari_ncut.runs.warm_up import warm_up; warm_up()"
# The process that fills the cache; it goes on when the call that started it is cancelled.
_compiling: subprocess.Popen[bytes] | None = None


def warm_up(monitor: Monitor | None = None) -> None:
    """Compile all loops, or load them from the cache, by cutting and splitting tiny images.

    The first call of an installation takes half a minute, in later processes it is a moment.

    Parameters
    ----------
    monitor : Monitor, optional
        May end the call between two of the images.
    """
    monitor = monitor or Monitor()
    for shape in ((24, 20), (6, 24, 20)):
        axes = np.ogrid[tuple(slice(size) for size in shape)]
        image = np.abs(axes[-1] - 9.5) + 0.1 * axes[-2] + np.zeros(shape)
        mask = image < 9.5 - 2 * (np.abs(axes[-2] - 12) < 3)
        seeds = np.where(axes[-2] == 2, 1, 0) + np.where(axes[-2] == 20, 2, 0) * np.ones(shape, int)
        for dtype in (np.float64, np.float32, np.uint8, np.uint16):
            monitor.check()
            session = CutSession(image.astype(dtype), mask)
            session.cut(CutSettings(n_segments=3))
            split_tree(mask, image.astype(dtype)).cut(0.9, min_size=3.0)
        session.cut(CutSettings(), seeds=seeds * mask)
        for integers in (np.uint8, np.uint16, np.int32, np.int64):
            flood(mask.astype(integers), (0,) * len(shape))
        session.fiedler(CutSettings())
        colours = np.stack([image] * 3, axis=-1).astype(np.uint8)
        normalized_cut(colours, None, 3, channel_axis=-1, connectivity=len(shape))
        split_tree(mask, colours, channel_axis=-1, connectivity=len(shape))
    mark = _mark()
    if mark is not None:
        mark.touch()


def prepare(monitor: Monitor) -> None:
    """Make all loops ready, without holding the interpreter's lock for the time it takes.

    Where the machine code is not in the cache yet, another process puts it there first:
    compiling in a thread of this one would make a window stutter.

    Parameters
    ----------
    monitor : Monitor
        May end the call. The other process goes on, and the next call waits for it.
    """
    global _compiling
    mark = _mark()
    if mark is not None and not mark.exists():
        if _compiling is None or _compiling.poll() is not None:
            _compiling = subprocess.Popen([sys.executable, "-c", COMMAND])
        while _compiling.poll() is None:
            monitor.report(0.0, "preparing (first time only)")
            time.sleep(0.05)
    warm_up(monitor)


def _mark() -> Path | None:
    """Return the file that says that the cache holds the loops; None where there is no cache."""
    folder = walkable.stats.cache_path  # type: ignore[attr-defined]
    if folder is None:
        return None
    sources = sorted(Path(__file__).parent.glob("*.py"))
    facts = [sys.version, numba.__version__, get_host_cpu_name()]
    facts += [str(path.stat().st_mtime_ns) for path in sources]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return Path(folder) / f"napari_ncut-{digest}.warm"
