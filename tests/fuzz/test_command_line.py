"""Lines that anyone may type: what was asked for, or one line on stderr; nothing half-written."""

import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from tests.fuzz.cases import PARTS, assert_is_a_sentence, cases, one_of
from tests.fuzz.files import MASK, broken, write_all

from napari_ncut.cli import main
from napari_ncut.files import read_image

HOSTILE = (
    *("", " ", "-", "--", "-1", "0", "1e400", "nan", "9" * 400, "\u202e", "a\nb", "\x00", "None"),
    *("%s", "$HOME", "~", "*", "../..", "/", "a" * 300, "'", '"', "--force", "TZYX", "1,2,3,4"),
)
NUMBERS = ("0", "0.5", "0.74", "1", "3", "40", "1e-9")
MASKS = ["zlib.tif", "ours.tif", "palette.png"]
FILES = ("missing.tif", "folder", "broken.tif", "broken.png", "empty.npy", "text.txt", "noise.npy")
# Of each command: options with what they may be given, and flags.
COMMON = {
    "--spacing": ("0.5", "2,1,1", "1,1", "0", "x"),
    "--axes": ("YX", "ZYX", "TYX", "CYX", "YXC", "XY", "QQ"),
    "--sensitivity": NUMBERS,
    "--min-size": NUMBERS,
    "--connectivity": ("1", "2", "3"),
    "--foreground": ("labels", "bright", "dark", ">128", "<0.5", "255", "1,3", ">", "many"),
    "--threshold": ("otsu", "li", "triangle", "mean"),
    "--smoothing": ("0", "1.5", "1e9"),
    "--window": ("0", "20", "1e9"),
}
COMMANDS = {
    "split": (
        COMMON
        | {"--neck": NUMBERS, "--max-hole": NUMBERS, "--drop-small": NUMBERS}
        | {"--drop-large": NUMBERS, "--image": "file", "--like": "file"},
        ("--drop-border", "--keep-labels", "--new-labels", "--volume", "--planes", "--force"),
    ),
    "cut": (
        COMMON | {"--n-segments": ("1", "2", "5", "200"), "--mask": "file", "--seeds": "file"},
        ("--volume", "--planes", "--force"),
    ),
    "export": (
        {"--imagej": "out.zip", "--qupath": "out.geojson", "--table": "out.csv"}
        | {"--image": "file", "--spacing": COMMON["--spacing"], "--axes": COMMON["--axes"]},
        ("--volume", "--planes", "--force"),
    ),
    "info": ({}, ()),
    "blend": ({}, ()),
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """A folder of good files, and of bad ones."""
    folder = tmp_path_factory.mktemp("files")
    # The labels of a store are written into it.
    found = [name for name in write_all(folder) if not name.endswith(".zarr")]
    rng = np.random.default_rng(0)
    broken(rng, folder / "plain.tif", folder / "broken.tif")
    broken(rng, folder / "grey.png", folder / "broken.png")
    np.save(folder / "empty.npy", np.zeros((0, 9)))
    np.save(folder / "noise.npy", rng.normal(0, 1, (40, 50)))
    (folder / "text.txt").write_text("nuclei")
    (folder / "folder").mkdir()
    return folder, found


def line(rng, found):
    """Return the words of a command, most of them right."""
    command = one_of(rng, ["split"] * 6 + ["cut"] * 4 + ["export"] * 3 + ["info", "blend"])
    options, flags = COMMANDS[command]
    usual = MASKS if command != "cut" else found
    n_files = one_of(rng, [0, *[1] * 30, 2]) if options else 0
    words = [command]
    words += [one_of(rng, [*usual * 40, *found * 2, *FILES, *HOSTILE]) for _ in range(n_files)]
    likely = 0.5 if command == "export" else one_of(rng, [0, 0.05, 0.2])
    for name, values in options.items():
        if rng.random() < likely:
            given = [*found * 2, *FILES[:3]] if values == "file" else values
            given = [values] if isinstance(given, str) else [*given]
            words += [name, one_of(rng, given if rng.random() < 0.97 else HOSTILE)]
    words += [flag for flag in flags if rng.random() < likely / 2]
    if command in ("split", "cut") and rng.random() < 0.97:
        words += ["-o", one_of(rng, ["out.tif"] * 20 + ["there.tif", "no/out.tif", "out.png", ""])]
    if rng.random() < 0.05:
        words.insert(int(rng.integers(len(words) + 1)), one_of(rng, HOSTILE))
    return words


def state(folder):
    """Return what a folder holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def folder(names, tmp_path, monkeypatch):
    """A folder with links to the files, and something that must not be lost."""
    for path in names[0].iterdir():
        (tmp_path / path.name).symlink_to(path)
    tifffile.imwrite(tmp_path / "there.tif", MASK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("part", PARTS)
def test_done_or_one_line(part, outcomes, names, folder):
    kept = state(names[0])
    before = state(folder)
    for seed, rng in cases(part):
        words = line(rng, names[1])
        case = seed, words
        said, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
            code = main(words)
        after = state(folder)
        new = set(after) - set(before)
        if code == 0:
            assert told.getvalue() == "", case
            assert new <= {"out.tif", "out.zip", "out.geojson", "out.csv"}, case
            if "out.tif" in new:
                assert read_image("out.tif").data.size, case
        else:
            assert code == 2, case
            lines = told.getvalue().splitlines()
            assert len(lines) == 1, (case, lines)
            assert_is_a_sentence(lines[0], "napari-ncut: ", case)
            assert not new, case
        if "--force" not in words:
            changed = [name for name in before if after.get(name) != before[name]]
            assert changed == [], case
        for name in new | {"there.tif"}:
            (folder / name).unlink(missing_ok=True)
        tifffile.imwrite(folder / "there.tif", MASK)
        before = state(folder)
        outcomes["done" if code == 0 else "refused"] += 1
    assert state(names[0]) == kept


@pytest.mark.parametrize("part", PARTS[:2])
def test_a_process_says_the_same(part, names, folder):
    for seed, rng in cases(part, share=80):
        words = [word for word in line(rng, names[1]) if "\x00" not in word]
        command = [sys.executable, "-m", "napari_ncut", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 2), (seed, words)
        assert done.stderr.count("\n") == (done.returncode > 0), (seed, words, done.stderr)
        (folder / "out.tif").unlink(missing_ok=True)
