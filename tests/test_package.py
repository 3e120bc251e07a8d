"""What is installed, and what an import costs."""

import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command, **kwargs):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **kwargs
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_import_loads_neither_window_nor_compiler():
    heavy = {"napari", "qtpy", "PyQt6", "PySide6", "matplotlib", "numba", "sklearn", "skimage"}
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
    # A copy, so that neither an old build nor the tests beside it get in the way.
    skip = shutil.ignore_patterns(".*", "build", "dist", "site", "__pycache__")
    shutil.copytree(ROOT, source, symlinks=True, ignore=skip)
    shutil.copy(ROOT / ".gitignore", source)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_wheel_and_sdist_hold_manifest_types_and_data(built):
    wheel, sdist = built
    needed = ["napari.yaml", "py.typed", "__init__.pyi", "data/nuclei.npz"]
    in_wheel = zipfile.ZipFile(wheel).namelist()
    assert {f"napari_ncut/{name}" for name in needed} <= set(in_wheel)
    with tarfile.open(sdist) as archive:
        in_sdist = archive.getnames()
    top = sdist.name.removesuffix(".tar.gz")
    assert {f"{top}/src/napari_ncut/{name}" for name in needed} <= set(in_sdist)
    assert f"{top}/napari.yaml" not in in_sdist
    assert not any(name.startswith("tests") for name in in_wheel)


@pytest.fixture(scope="module")
def empty_environment(built, tmp_path_factory):
    """The Python of an environment that holds the wheel and npe2, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.EnvBuilder().create(folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--no-deps", built[0])
    run(*pip, "npe2", "lazy-loader")
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
