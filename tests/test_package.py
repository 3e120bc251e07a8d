"""What is installed, and what an import costs."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# All loops are compiled.
pytestmark = pytest.mark.timeout(900)


def run(*command, **kwargs):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **kwargs
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_import_loads_no_window():
    heavy = {"napari", "qtpy", "PyQt6", "PySide6", "matplotlib", "sklearn", "skimage"}
    code = (
        "import sys, napari_ncut, napari_ncut.files, napari_ncut.cli;"
        f"print(sorted({heavy} & {{name.split('.')[0] for name in sys.modules}}))"
    )
    assert run(sys.executable, "-c", code).strip() == "[]"


def test_every_public_name_loads_without_a_window():
    code = (
        "import sys, napari_ncut;"
        "names = [getattr(napari_ncut, name) for name in napari_ncut.__all__];"
        "print(len(names) > 3, {'napari', 'qtpy', 'matplotlib'} & set(sys.modules))"
    )
    assert run(sys.executable, "-c", code).strip() == "True set()"


def test_no_module_hides_a_public_name():
    # Importing a module sets its name in the package, where a function may have had it.
    modules = [path.stem for path in (ROOT / "src/napari_ncut").glob("[a-z]*.py")]
    imports = ";".join(f"import napari_ncut.{module}" for module in modules)
    code = (
        f"import types, napari_ncut;{imports};"
        "print([name for name in napari_ncut.__all__"
        " if isinstance(getattr(napari_ncut, name), types.ModuleType)])"
    )
    assert run(sys.executable, "-c", code).strip() == "[]"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel that was built from the sdist, and that sdist."""
    out = tmp_path_factory.mktemp("dist")
    source = out / "source"
    # A copy, so that no old build gets in the way.
    old = (".*", "build", "dist", "site", "__pycache__", "*.egg-info", "*.so", "*.pyd")
    shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(*old))
    # Compiled without optimisation, which takes most of the time.
    environment = {**os.environ, "CFLAGS": "-O0"}
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source]
    run(*build, env=environment)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_wheel_and_sdist_hold_manifest_types_and_data(built):
    needed = {f"napari_ncut/{name}" for name in ("napari.yaml", "py.typed", "__init__.pyi")}
    needed.add("napari_ncut/data/nuclei.npz")
    in_wheel, in_sdist = contents(built)
    assert needed <= in_wheel
    assert {f"src/{name}" for name in needed} <= in_sdist
    # napari would find the plugin twice.
    assert "napari.yaml" not in in_sdist


def test_sdist_holds_what_builds_and_nothing_built(built):
    _, in_sdist = contents(built)
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"} <= in_sdist
    package = ROOT / "src"
    texts = {f"src/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}
    assert texts <= in_sdist
    assert not {name for name in in_sdist if name.endswith((".c", ".so", ".pyd"))}
    assert not {name for name in in_sdist if name.split("/")[0] in ("tests", "build", "docs")}


def test_wheel_holds_loops_with_their_texts(built):
    in_wheel, _ = contents(built)
    loops = {name for name in in_wheel if "/loops/" in name}
    texts = {name for name in loops if name.endswith(".py") and "/_" not in name}
    assert texts
    compiled = {name for name in loops if name.endswith((".so", ".pyd"))}
    assert {name.removesuffix(".py") for name in texts} <= {name.split(".")[0] for name in compiled}
    assert not {name for name in in_wheel if name.endswith(".c") or name.startswith("tests")}
    assert not {name for name in in_wheel if ".built" in name}


def test_one_wheel_serves_every_python(built):
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return
    assert "-cp311-abi3-" in built[0].name
    in_wheel, _ = contents(built)
    compiled = {name for name in in_wheel if name.endswith((".so", ".pyd"))}
    assert {name for name in compiled if "cpython-" in name or ".cp3" in name} == set()


def contents(built):
    """The names of all files in the wheel and, below its top folder, in the sdist."""
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        below = {name.partition("/")[2] for name in archive.getnames()}
    return set(zipfile.ZipFile(wheel).namelist()), below


@pytest.fixture(scope="module")
def empty_environment(built, tmp_path_factory):
    """The Python of an environment that holds the wheel and npe2, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.EnvBuilder().create(folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--no-deps", built[0])
    run(*pip, "npe2", "lazy-loader", "numpy")
    return python


def test_npe2_validates_and_lists_the_installed_wheel(empty_environment, tmp_path):
    npe2 = [empty_environment, "-m", "npe2"]
    said = run(*npe2, "validate", "napari-ncut", cwd=tmp_path)
    assert "valid!" in said
    assert "warning" not in said.lower()
    assert "napari-ncut" in run(*npe2, "list", cwd=tmp_path)


def test_the_installed_wheel_tells_its_version(empty_environment, tmp_path):
    from napari_ncut import __version__

    code = "import napari_ncut, importlib.metadata as m;"
    code += "print(napari_ncut.__version__, m.version('napari-ncut'))"
    said = run(empty_environment, "-c", code, cwd=tmp_path)
    assert said.split() == [__version__, __version__]


def test_the_installed_loops_run(empty_environment, tmp_path):
    # Each of them, where there is neither Cython nor a compiler.
    code = """
import importlib, napari_ncut, pathlib
folder = pathlib.Path(napari_ncut.__file__).parent
for text in sorted(folder.glob("*/loops/[a-z]*.py")):
    name = ".".join(["napari_ncut", *text.relative_to(folder).with_suffix("").parts])
    print(pathlib.Path(importlib.import_module(name).__file__).suffix)
"""
    said = run(empty_environment, "-c", code, cwd=tmp_path)
    assert set(said.split()) <= {".so", ".pyd"}
