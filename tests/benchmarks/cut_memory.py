"""Peak memory of a cut, above a warmed-up process that holds the input."""

import subprocess
import sys

from peers import options, table

MEASURE = """
import resource
import sys
import threading
import time

from napari_ncut import normalized_cut, scenes


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def watch():
    global peak
    while not done.is_set():
        peak = max(peak, resident())
        time.sleep(0.0005)


small = scenes.circles(4)
normalized_cut(small.image, small.mask, 4)
scene = scenes.circles(4, size=int(sys.argv[1]))
image, mask = scene.image, scene.mask
n = int(mask.sum())
del scene
before = peak = resident()
done = threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
labels = normalized_cut(image, mask, 4)
peak = max(peak, resident())
done.set()
watcher.join()
print(n, peak - before)
"""


def peak_memory(size):
    """Return the masked pixels of four circles, and the bytes by which memory grew at its peak."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(size)], capture_output=True, text=True, check=True
    )
    return tuple(map(int, done.stdout.split()))


def main(argv):
    """Print the table."""
    print("## Memory of a cut\n")
    if not sys.platform.startswith("linux"):
        print("Only measured on Linux.\n")
        return
    print(
        "Peak resident memory above a warmed-up process that holds the input, output included; "
        "four circles, the highest of three.\n"
    )
    rows = []
    for size in (256,) if options(argv).quick else (1024, 2048, 4096):
        pixels, peak = max((peak_memory(size) for _ in range(3)), key=lambda found: found[1])
        rows.append((size, pixels, peak / 2**20, peak / pixels))
    table(("side", "masked pixels", "MiB", "bytes / masked pixel"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
