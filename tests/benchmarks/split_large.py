"""Splitting a volume on disk by parts: time and memory against the same split in memory."""

import importlib.util
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from peers import options, table

PITCH = 32
RADIUS = 17
# Where the same in memory would not fit, its time is that of this side, per voxel.
SIDE_IN_MEMORY = 256

IN_MEMORY = """
import sys, time
import numpy as np
import zarr
from napari_ncut import split_touching

split_touching(np.ones((30, 30, 30), bool))
labels = zarr.open_array(sys.argv[1], mode="r")
start = time.perf_counter()
found = split_touching(labels[:] > 0)
print(time.perf_counter() - start, int(found.max()))
"""
BY_PARTS = """
import sys, time
import numpy as np
import zarr
from napari_ncut import split_touching, split_volume

if __name__ == "__main__":
    split_touching(np.ones((30, 30, 30), bool))
    labels = zarr.open_array(sys.argv[1], mode="r")
    start = time.perf_counter()
    found = split_volume(labels, out=sys.argv[2], memory=sys.argv[3], workers=int(sys.argv[4]))
    seconds = time.perf_counter() - start
    print(seconds, max(int(found[k : k + 64].max()) for k in range(0, found.shape[0], 64)))
"""
BY_BLOCKS = """
import sys, time
import dask.array as da
import numpy as np
import zarr
from dask_image.ndmeasure import label
from scipy import ndimage as ndi
from skimage.feature import peak_local_max
from skimage.filters import gaussian
from skimage.segmentation import watershed

DEPTH, SIDE = 16, 112

def flood(mask):
    distance = gaussian(ndi.distance_transform_edt(mask), 1)
    peaks = peak_local_max(distance, labels=mask.astype(np.int32))
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, markers, mask=mask)

def numbered(block, block_info=None):
    place = block_info[0]["chunk-location"] if block_info else (0, 0, 0)
    offset = int(np.ravel_multi_index(place, (64, 64, 64))) << 12
    return np.where(block > 0, block + offset, 0).astype(np.int64)

if __name__ == "__main__":
    mask = da.from_zarr(zarr.open_array(sys.argv[1], mode="r")).rechunk(SIDE) > 0
    start = time.perf_counter()
    blobs, count = label(mask)
    int(count)
    cut = da.map_overlap(flood, mask, depth=DEPTH, boundary=0, dtype=np.int32)
    cut.map_blocks(numbered, dtype=np.int64).to_zarr(sys.argv[2])
    print(time.perf_counter() - start, 0)
"""


def nuclei(side):
    """Yield the centre and the radii of each nucleus: on a grid with chance, some left out."""
    for cell in np.ndindex((side // PITCH,) * 3):
        if sum(cell) % 3:
            rng = np.random.default_rng(cell)
            yield (np.array(cell) + 0.5) * PITCH + rng.uniform(-3, 3, 3), rng.uniform(12, 16.5, 3)


def balls(side):
    """Yield balls that all touch: one blob as large as the volume."""
    for cell in np.ndindex((side // PITCH,) * 3):
        yield (np.array(cell) + 0.5) * PITCH, np.full(3, RADIUS)


def draw(path, side, objects):
    """Draw a mask into a Zarr array, slab by slab."""
    import zarr

    out = zarr.create_array(path, shape=(side,) * 3, chunks=(64,) * 3, dtype="uint8")
    every = list(objects(side))
    for start in range(0, side, 64):
        slab = np.zeros((64, side, side), np.uint8)
        for centre, radii in every:
            low = np.maximum((centre - radii).astype(int) - 1, (start, 0, 0))
            high = np.minimum((centre + radii).astype(int) + 2, (start + 64, side, side))
            if (low >= high).any():
                continue
            axes = np.ogrid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
            parts = [((x - c) / r) ** 2 for x, c, r in zip(axes, centre, radii, strict=True)]
            place = tuple(
                slice(a, b) for a, b in zip(low - (start, 0, 0), high - (start, 0, 0), strict=True)
            )
            slab[place] |= sum(parts) <= 1
        out[start : start + 64] = slab


def run(script, *arguments):
    """Return the numbers that a script prints, what went wrong, and the memory over time.

    The memory is that of all its processes together, without what they share, in GB.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        path.write_text(script)
        process = subprocess.Popen(
            [sys.executable, path, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        memory = []
        watch = threading.Thread(target=_watch, args=(process, memory))
        watch.start()
        out, err = process.communicate()
        watch.join()
    if process.returncode:
        return None, err.strip().splitlines()[-1], memory
    return list(map(float, out.split())), "", memory


def _watch(process, memory):
    import psutil

    start = time.perf_counter()
    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for one in (root, *root.children(recursive=True)):
                total += one.memory_full_info().pss
        except psutil.Error:
            continue
        memory.append((time.perf_counter() - start, total / 1e9))
        time.sleep(0.1)


def cut_at_borders(path, side, block=112):
    """Return how many nuclei that cross a border of blocks have two labels or more."""
    import zarr

    labels = zarr.open_array(path, mode="r")[:]
    crossing = cut = 0
    for centre, radii in nuclei(side):
        low, high = centre - radii / 2, centre + radii / 2
        if (low // block == high // block).all():
            continue
        crossing += 1
        place = tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
        cut += len(np.unique(labels[place][labels[place] > 0])) > 1
    return crossing, cut


class Rows(list):
    """Rows of a table, each of which is said as soon as it is there: it takes minutes."""

    def append(self, row):
        print(*row, file=sys.stderr, flush=True)
        super().append(row)


def main(argv):
    """Print the tables."""
    print("## Splitting a volume on disk\n")
    if not sys.platform.startswith("linux"):
        print("Only measured on Linux.\n")
        return
    parsed = options(argv)
    quick = parsed.quick
    large = "--large" in argv
    sides = (64,) if quick else (256, 512, 1024) if large else (256, 512)
    print(
        "Nuclei in a Zarr array of 64^3 chunks, split by `split_volume` with so much memory, or in "
        "memory. One worker is the process itself, with all cores; two start in some 3 s. "
        "`--large` adds 1024^3, where the time in memory is that of 256^3, per voxel. The peak is "
        "that of all processes together. One blob: balls that all touch, split through files where "
        "they take more than the memory; 1024^3 against 512^3 in memory, per voxel.\n"
    )
    rows, overlaps = Rows(), []
    a_voxel = None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side in sides:
            path = folder / f"{side}.zarr"
            draw(path, side, nuclei)
            whole = None
            if side <= 512:
                found, _, memory = run(IN_MEMORY, path)
                whole = found[1]
                a_voxel = a_voxel or found[0] / side**3
                reference = found[0]
                peak = f"{max(m for _, m in memory):.2f} GB"
                rows.append((f"{side}^3", "in memory", "-", int(whole), peak, found[0], 1))
            else:
                reference = a_voxel * side**3
            budgets = ("200MB",) if quick else ("1GB", "4GB") if side <= 512 else ("4GB",)
            for budget in budgets:
                for workers in (1,) if quick else (1, 2):
                    out = folder / f"{side}-{budget}-{workers}.zarr"
                    found, wrong, memory = run(BY_PARTS, path, out, budget, workers)
                    if found is None:
                        rows.append((f"{side}^3", budget, workers, wrong, "", "", ""))
                        continue
                    assert whole in (None, found[1])
                    peak = f"{max(m for _, m in memory):.2f} GB"
                    ratio = f"{found[0] / reference:.2f}"
                    rows.append(
                        (f"{side}^3", budget, workers, int(found[1]), peak, found[0], ratio)
                    )
                    if side == sides[-1]:
                        plot(folder, memory, budget, workers)
            if side == 256 and importlib.util.find_spec("dask_image"):
                out = folder / "blocks.zarr"
                found, _, _ = run(BY_BLOCKS, path, out)
                crossing, cut = cut_at_borders(out, side)
                ours = cut_at_borders(folder / f"{side}-4GB-1.zarr", side)[1]
                overlaps.append(
                    ("dask-image's label, watershed by blocks", found[0], crossing, cut)
                )
                seconds = next(row[5] for row in rows if row[:3] == (f"{side}^3", "4GB", 1))
                overlaps.append(("split_volume, 4GB", seconds, crossing, ours))
        if not quick:
            a_voxel = None
            for side, budget in ((512, "1GB"), (512, "4GB"), (1024, "4GB"))[: 3 if large else 2]:
                path = folder / f"balls-{side}.zarr"
                if not path.exists():
                    draw(path, side, balls)
                if a_voxel is None:
                    found, _, memory = run(IN_MEMORY, path)
                    a_voxel = found[0] / side**3
                    peak = f"{max(m for _, m in memory):.2f} GB"
                    rows.append(
                        (f"{side}^3, one blob", "in memory", "-", int(found[1]), peak, found[0], 1)
                    )
                out = folder / f"balls-{side}-{budget}.zarr"
                found, wrong, memory = run(BY_PARTS, path, out, budget, 1)
                peak = f"{max(m for _, m in memory):.2f} GB"
                ratio = f"{found[0] / (a_voxel * side**3):.2f}"
                rows.append(
                    (f"{side}^3, one blob", budget, 1, int(found[1]), peak, found[0], ratio)
                )
    header = ("volume", "memory", "workers", "objects", "peak", "seconds", "to in memory")
    table(header, rows)
    if large:
        print("Memory over time at 1024^3, of all processes together, of 4 GB:\n")
        print("![Memory over time at 1024^3](pictures/benchmark-memory.png)\n")
    if overlaps:
        print("Objects that lie across the border of two blocks of 112^3, and how many are cut.\n")
        table(("256^3", "seconds", "across a border", "cut"), overlaps)


def plot(folder, memory, budget, workers):
    """Keep the memory over time for the plot of the page."""
    target = Path("build/memory")
    target.mkdir(parents=True, exist_ok=True)
    np.savetxt(target / f"{budget}-{workers}.txt", np.array(memory).reshape(-1, 2))


if __name__ == "__main__":
    main(sys.argv[1:])
