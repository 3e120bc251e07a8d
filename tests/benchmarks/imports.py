"""What an import costs, beside NumPy and SciPy; each in a new process."""

import argparse
import subprocess
import sys
import time

STATEMENTS = (
    ("nothing", "pass"),
    ("NumPy and SciPy", "import numpy, scipy.sparse.linalg, scipy.ndimage"),
    ("napari_ncut", "import napari_ncut"),
    (
        "napari_ncut, then NumPy and SciPy",
        "import napari_ncut, numpy, scipy.sparse.linalg, scipy.ndimage",
    ),
    ("napari_ncut.normalized_cut", "import napari_ncut; napari_ncut.normalized_cut"),
    ("napari_ncut.split_touching", "import napari_ncut; napari_ncut.split_touching"),
    ("napari-ncut cut --help", "import napari_ncut.cli as c; c.main(['cut', '--help'])"),
)


def seconds(statement, repeats):
    """Return the least time of a new Python that runs a statement."""
    least = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, stdout=subprocess.DEVNULL)
        least = min(least, time.perf_counter() - start)
    return least


def main(argv):
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    repeats = 1 if parser.parse_known_args(argv)[0].quick else 5
    print("## Imports\n")
    print(f"Seconds of a new Python that does this and ends, the least of {repeats}.\n")
    print("| import | seconds |\n| --- | --- |")
    for name, statement in STATEMENTS:
        print(f"| {name} | {seconds(statement, repeats):.2f} |")
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
