"""What the first result costs: in a new installation, and in every process after it."""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import napari_ncut

CALLS = (
    ("split_touching", "split_touching(scene.mask)"),
    ("split_touching, with the image", "split_touching(scene.mask, scene.image)"),
    ("normalized_cut", "normalized_cut(scene.image, scene.mask, 4)"),
)
CODE = """
import napari_ncut
from napari_ncut import scenes
scene = scenes.circles(4)
napari_ncut.{call}
import time
print(time.process_time())
"""
# Seconds that are wanted.
WANTED = (3.0, 1.5)
# What else the machine does can only add to a time: the least of several counts.
INSTALLATIONS = 3


def seconds(call, folder):
    """Return the processor time of a Python whose home, caches and package are in a folder."""
    environment = {key: value for key, value in os.environ.items() if "CACHE" not in key}
    home = str(folder / "home")
    environment |= {"HOME": home, "USERPROFILE": home, "PYTHONPATH": str(folder / "site")}
    command = [sys.executable, "-c", CODE.format(call=call)]
    done = subprocess.run(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def first_and_second(call):
    """Return the processor time of the first process of a new installation, and of the next one.

    The installation is a copy of the package, without any byte code.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = Path(napari_ncut.__file__).parent
        # What was edited is compiled here, for a copy is an installation and compiles nothing.
        for loops in package.glob("*/loops"):
            importlib.import_module(f"napari_ncut.{loops.parent.name}.loops")
        (folder / "home").mkdir()
        skip = shutil.ignore_patterns("__pycache__", ".built.json*")
        shutil.copytree(package, folder / "site/napari_ncut", ignore=skip)
        return seconds(call, folder), seconds(call, folder)


def main(argv):
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    installations = 1 if parser.parse_known_args(argv)[0].quick else INSTALLATIONS
    print("## First result\n")
    print(
        "Seconds of processor time until four circles are cut, import included, with empty caches; "
        f"the least of {installations}. Wanted: {WANTED[0]:g} and {WANTED[1]:g}.\n"
    )
    print("| first call | first process of an installation | second process |")
    print("| --- | --- | --- |")
    for name, call in CALLS:
        runs = [first_and_second(call) for _ in range(installations)]
        first, second = (min(times) for times in zip(*runs, strict=True))
        print(f"| {name} | {first:.2f} | {second:.2f} |", flush=True)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
