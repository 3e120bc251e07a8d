"""Makes the plot of memory over time of benchmarks.md: `python docs/make_memory_plots.py [FOLDER]`.

What it draws is what `python tests/benchmarks/split_large.py --large` has measured before, which
takes half an hour: files in build/memory. With a folder the plot is made there.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

PICTURES = Path(__file__).parent / "pictures"
MEASURED = Path(__file__).parents[1] / "build" / "memory"
COLOURS = ("#d1495b", "#3d5a98")


def main(argv):
    folder = Path(argv[0]) if argv else PICTURES
    files = sorted(MEASURED.glob("4GB-*.txt"))
    if not files:
        print("Nothing is measured; run tests/benchmarks/split_large.py --large first.")
        return
    mpl.use("agg")
    mpl.rcParams.update({"font.size": 10, "figure.dpi": 120})
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for path, colour in zip(files, COLOURS, strict=False):
        budget, workers = path.stem.split("-")
        seconds, memory = np.loadtxt(path).T
        name = f"{workers} worker{'s' * (workers != '1')}"
        axes.plot(seconds, memory, color=colour, linewidth=1, label=name)
    axes.axhline(float(budget.removesuffix("GB")), color="#808080", linestyle="--", linewidth=1)
    axes.set(xlabel="seconds", ylabel="GB, all processes together", ylim=(0, None))
    axes.legend(frameon=False)
    figure.savefig(folder / "benchmark-memory.png", facecolor="white")
    plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
