"""A folder of masks by `batch`: what it costs beside reading, splitting and writing each file."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from peers import options, table

import napari_ncut
from napari_ncut import files, scenes


def main(argv):
    """Print the table."""
    n = 8 if options(argv).quick else 1000
    print("## A folder\n")
    print(
        f"{n} masks of 512 x 512 pixels with about 60 touching discs: each read, split and written "
        "one after the other in one process, and by `batch`, which also looks what is done "
        "already, reports, and keeps the recipe.\n"
    )
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "masks"
        folder.mkdir()
        drawn = [scenes.field(60, size=512, radius=(14, 24), seed=k).mask for k in range(8)]
        for k in range(n):
            # No two files are alike.
            mask = np.roll(drawn[k % 8], k // 8, axis=0).astype(np.int32)
            files.write_labels(folder / f"{k:04d}.tif", mask)
        one_by_one = Path(name) / "one"
        one_by_one.mkdir()
        start = time.perf_counter()
        for path in sorted(folder.iterdir()):
            labels = napari_ncut.split_touching(files.read_labels(path).data)
            files.write_labels(one_by_one / path.name, labels)
        alone = time.perf_counter() - start
        rows.append(("one after the other", alone, 1))
        for workers in (1, 2):
            start = time.perf_counter()
            report = napari_ncut.batch(folder, Path(name) / f"by {workers}", workers=workers)
            seconds = time.perf_counter() - start
            assert not report.failed
            rows.append(
                (f"batch, {workers} process{'es' * (workers > 1)}", seconds, seconds / alone)
            )
        start = time.perf_counter()
        napari_ncut.batch(folder, Path(name) / "by 2")
        seconds = time.perf_counter() - start
        rows.append(("batch again: all is done", seconds, seconds / alone))
    table(("how", "seconds", "ratio"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
