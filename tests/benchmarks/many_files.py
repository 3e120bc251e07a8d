"""A folder of masks by `batch`: what it costs beside reading, splitting and writing each file."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from peers import options, table

import napari_ncut
from napari_ncut import files, scenes

AT_ONCE = 50


def timed(work, *args):
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def one_by_one(folder, out):
    """Split each file of a folder."""
    out.mkdir()
    for path in sorted(folder.iterdir()):
        labels = napari_ncut.split_touching(files.read_labels(path).data)
        files.write_labels(out / path.name, labels)


def batch(folders, out, workers):
    """Split them all by one call."""
    assert not napari_ncut.batch(folders, out, workers=workers).failed


def main(argv):
    """Print the table."""
    n = 8 if options(argv).quick else 1000
    print("## A folder\n")
    print(
        f"{n} masks of 512 x 512 pixels with about 60 touching discs: each read, split and written "
        "one after the other in one process, and by `batch`, which also looks what is done "
        "already, reports, and keeps the recipe. In one process in turn, some files each way, as "
        "the machine is not equally fast all the time.\n"
    )
    drawn = [scenes.field(60, size=512, radius=(14, 24), seed=k).mask for k in range(8)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [folder / f"masks {k}" for k in range(0, n, AT_ONCE)]
        for k in range(n):
            part = parts[k // AT_ONCE]
            part.mkdir(exist_ok=True)
            # No two files are alike.
            mask = np.roll(drawn[k % 8], k // 8, axis=0).astype(np.int32)
            files.write_labels(part / f"{k:04d}.tif", mask)
        alone = one = 0.0
        for k, part in enumerate(parts):
            alone += timed(one_by_one, part, folder / f"alone {k}")
            one += timed(batch, [part], folder / f"by 1 {k}", 1)
        two = timed(batch, parts, folder / "by 2", 2)
        again = timed(batch, parts, folder / "by 2", 1)
    rows = [
        (how, seconds, seconds / alone)
        for how, seconds in (
            ("one after the other", alone),
            ("batch, 1 process", one),
            ("batch, 2 processes", two),
            ("batch again: all is done", again),
        )
    ]
    table(("how", "seconds", "ratio"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
