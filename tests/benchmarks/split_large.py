"""Splitting a volume on disk by tasks: time and memory against the same split in memory."""

import subprocess
import sys
import tempfile
from pathlib import Path

from peers import options, table

# Nuclei on a grid with chance, so that a volume of any size is drawn box by box.
DRAW = """
import sys
import numpy as np
import zarr

side, path, crowded = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "crowded"
out = zarr.create_array(path, shape=(side,) * 3, chunks=(64,) * 3, dtype="uint8", overwrite=True)
pitch = 32
for corner in np.ndindex((side // 64,) * 3):
    low = np.array(corner) * 64
    at = np.stack(np.indices((64,) * 3), -1) + low
    block = np.zeros((64,) * 3, np.uint8)
    for cell in np.ndindex((4,) * 3):
        k = low // pitch + np.array(cell) - 1
        if (k < 0).any() or (k >= side // pitch).any():
            continue
        rng = np.random.default_rng(k.tolist())
        if not crowded and k.sum() % 3 == 0:
            continue
        centre = (k + 0.5) * pitch + rng.uniform(-3, 3, 3)
        radii = rng.uniform(14, 17, 3) if crowded else rng.uniform(12, 16.5, 3)
        block |= (((at - centre) / radii) ** 2).sum(-1) <= 1
    out[tuple(slice(a, a + 64) for a in low)] = block
"""
MEASURE = """
import resource
import sys
import threading
import time

import numpy as np
import zarr

from napari_ncut import split_touching, split_volume

split_touching(np.ones((30, 30, 30), bool))
labels = zarr.open_array(sys.argv[1], mode="r")
start = time.perf_counter()
if sys.argv[2] == "memory":
    found = split_touching(labels[:] > 0)
else:
    found = split_volume(labels, out=sys.argv[3], memory=sys.argv[2])
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
highest = max(int(found[k : k + 64].max()) for k in range(0, found.shape[0], 64))
print(highest, seconds, peak / 1e9)
"""


def run(script, *arguments):
    """Return the numbers that a script prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1]
    return list(map(float, done.stdout.split())), ""


def main(argv):
    """Print the table."""
    print("## Splitting a volume on disk\n")
    if not sys.platform.startswith("linux"):
        print("Only measured on Linux.\n")
        return
    quick = options(argv).quick
    print(
        "Nuclei in a Zarr array of 64^3 chunks, split by `split_volume` with so much memory, or in "
        "memory. The peak is that of the process, of which 0.1 GB are packages.\n"
    )
    rows = []
    for side in (64,) if quick else (256, 512):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mask.zarr"
            run(DRAW, side, path, "loose")
            whole, _ = run(MEASURE, path, "memory")
            for memory in ("200MB",) if quick else ("500MB", "2GB"):
                found, wrong = run(MEASURE, path, memory, Path(folder) / f"{memory}.zarr")
                if found is None:
                    rows.append((f"{side}^3", memory, wrong, "", "", ""))
                    continue
                ratio = found[1] / whole[1]
                same = "yes" if found[0] == whole[0] else "NO"
                peak = f"{found[2]:.2f} GB"
                rows.append((f"{side}^3", memory, int(found[0]), same, peak, f"{ratio:.2f}"))
            rows.append((f"{side}^3", "whole", int(whole[0]), "", f"{whole[2]:.2f} GB", 1))
    table(("volume", "memory", "objects", "as many as the whole", "peak", "time"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
