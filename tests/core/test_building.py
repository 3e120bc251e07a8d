"""In a checkout, machine code is never that of another text."""

import importlib.machinery
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from napari_ncut.core.building import build_edited, checkout_of, digest_of, note_built

ROOT = Path(__file__).parents[2]
TEXT = '''"""A loop."""

import cython


def count(values: cython.double[::1]) -> float:
    total: cython.double = 0.0
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(values.shape[0]):
            total += 1.0
    return total
'''
USE = "import numpy; from napari_ncut.splitting.loops import sums; print(sums.count(numpy.ones(3)))"
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[-1]


def python(checkout, code=USE, *paths):
    """Start Python on a checkout."""
    path = os.pathsep.join(map(str, [*paths, checkout / "src"]))
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        cwd=checkout.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(checkout, *paths):
    """Return what the loop of a checkout answers, and what is said meanwhile."""
    process = python(checkout, USE, *paths)
    out, said = process.communicate()
    return out.strip(), said


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small checkout with one loop, built."""
    root = tmp_path_factory.mktemp("built") / "checkout"
    package = Path("src/napari_ncut")
    for name in ("core", "splitting/loops"):
        (root / package / name).mkdir(parents=True)
        for path in (ROOT / package / name).glob("__init__.py"):
            shutil.copy(path, root / package / name)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    for name in ("__init__.py", "__init__.pyi", "_version.py", "core/building.py"):
        shutil.copy(ROOT / package / name, root / package / name)
    shutil.copy(ROOT / package / "core/processor.py", root / package / "core")
    shutil.copy(ROOT / package / "splitting/__init__.py", root / package / "splitting")
    (root / package / "splitting/loops/sums.py").write_text(TEXT)
    out, said = answer(root)
    assert out == "3.0", said
    return root


@pytest.fixture
def checkout(built, tmp_path):
    """A copy of the small checkout, as it was built."""
    shutil.copytree(built, tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.fixture
def text(checkout):
    """The text of the loop."""
    return checkout / "src/napari_ncut/splitting/loops/sums.py"


def test_what_was_not_edited_is_not_built(checkout):
    assert answer(checkout) == ("3.0", "")


def test_an_edited_loop_is_compiled_when_it_is_imported(checkout, text):
    text.write_text(TEXT.replace("+= 1.0", "+= 2.0"))
    # As long as the other text, and older: neither counts.
    os.utime(text, (0, 0))
    out, said = answer(checkout)
    assert out == "6.0"
    assert said == f"napari-ncut: compiling {text.relative_to(checkout)} ...\n"
    assert answer(checkout) == ("6.0", "")


def test_processes_at_once_build_once(checkout, text):
    text.write_text(TEXT.replace("+= 1.0", "+= 2.0"))
    processes = [python(checkout) for _ in range(3)]
    outputs = [process.communicate() for process in processes]
    assert [out.strip() for out, _ in outputs] == ["6.0"] * 3
    assert sum("compiling" in said for _, said in outputs) == 1


def test_without_what_builds_them_an_edited_loop_is_an_error_that_says_what_to_do(
    checkout, text, tmp_path
):
    text.write_text(TEXT.replace("+= 1.0", "+= 2.0"))
    missing = tmp_path / "missing/Cython"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('not installed')")
    for _ in range(2):
        out, said = answer(checkout, missing.parent)
        assert out == ""
        assert said.splitlines()[-1].startswith("ImportError: ")
        assert "could not be compiled, for the reason above; mend it, or install" in said
    assert answer(checkout)[0] == "6.0"


def test_a_fault_in_the_text_is_shown_and_can_be_mended(checkout, text):
    text.write_text(TEXT.replace("total += 1.0", "total += values.nothing"))
    out, said = answer(checkout)
    assert out == ""
    assert "sums.py:11:" in said
    text.write_text(TEXT)
    assert answer(checkout)[0] == "3.0"


def test_a_loop_whose_text_is_gone_is_gone(checkout, text):
    text.unlink()
    out, said = answer(checkout)
    assert out == ""
    assert "cannot import name 'sums'" in said
    assert not list(text.parent.rglob("sums*"))


# Which machine code is of another text; without a compiler, so that the builder is never reached


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """The folder of a checkout's loops, whose one loop is noted as built."""
    folder = tmp_path / "src/napari_ncut/room/loops"
    (folder / "v3").mkdir(parents=True)
    (tmp_path / "setup.py").write_text("")
    (folder / "loop.py").write_text("")
    files = [folder / f"loop{SUFFIX}", folder / f"v3/loop{SUFFIX}"]
    for path in files:
        path.touch()
    digest = digest_of(folder / "loop.py", tmp_path)
    keys = [path.relative_to(tmp_path / "src").as_posix() for path in files]
    note_built(dict.fromkeys(keys, digest), tmp_path)
    monkeypatch.setattr("napari_ncut.core.building.COMMAND", ("-c", "raise SystemExit(1)"))
    return folder


def test_what_is_noted_is_current(bare, tmp_path):
    build_edited(bare, tmp_path)
    assert len(list(bare.rglob(f"*{SUFFIX}"))) == 2


@pytest.mark.parametrize("edited", ["setup.py", "src/napari_ncut/room/loops/loop.py"])
def test_another_text_and_another_way_to_build_make_machine_code_stale(bare, tmp_path, edited):
    (tmp_path / edited).write_text("# edited")
    with pytest.raises(ImportError, match="could not be compiled"):
        build_edited(bare, tmp_path)
    assert not list(bare.rglob(f"*{SUFFIX}"))


@pytest.mark.parametrize("place", ["", "v3"])
def test_machine_code_that_nobody_noted_is_not_run(bare, tmp_path, place):
    # Python takes it before the one that was built.
    older = bare / place / f"loop{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    older.touch()
    build_edited(bare, tmp_path)
    assert not older.exists()


def test_machine_code_of_another_python_is_left_alone(bare, tmp_path):
    (bare / "loop.cpython-39-unknown.so").touch()
    build_edited(bare, tmp_path)
    assert (bare / "loop.cpython-39-unknown.so").exists()


def test_a_loop_without_machine_code_is_not_run(bare, tmp_path):
    (bare / "new.py").write_text("")
    with pytest.raises(ImportError, match="could not be compiled"):
        build_edited(bare, tmp_path)


def test_a_broken_note_is_no_note(bare, tmp_path):
    (tmp_path / "src/napari_ncut/.built.json").write_text('{"')
    with pytest.raises(ImportError, match="could not be compiled"):
        build_edited(bare, tmp_path)


def test_a_checkout_that_cannot_be_written_says_so(bare, tmp_path):
    (tmp_path / "build").write_text("in the way")
    (bare / "loop.py").write_text("# edited")
    with pytest.raises(ImportError, match="make the checkout writable, or install a wheel"):
        build_edited(bare, tmp_path)


def test_an_installed_package_is_no_checkout(tmp_path):
    assert checkout_of(tmp_path / "site-packages/napari_ncut/room/loops") is None
    assert checkout_of(tmp_path / "src/napari_ncut/room/loops") is None
    (tmp_path / "setup.py").touch()
    assert checkout_of(tmp_path / "src/napari_ncut/room/loops") == tmp_path
