"""What the package needs, it declares, with the lowest versions that do."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
import yaml

import napari_ncut
from napari_ncut import about

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
# Those that the library itself uses, if they are there.
OPTIONAL = ("export", "formats", "scale")
# Names to import that are not those to install.
INSTALLED_AS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "itk": "itk-filtering",
    "napari_builtins": "napari",
    "lazy_loader": "lazy-loader",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def name_of(requirement):
    """The package that a requirement names."""
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()


def declared(*extras):
    """The packages that are declared, with those of some extras."""
    found = {name_of(text) for text in PROJECT["project"]["dependencies"]}
    for extra in extras:
        for text in EXTRAS[extra]:
            inner = re.match(r"napari-ncut\[(.*)\]", text)
            found |= declared(*inner[1].split(",")) if inner else {name_of(text)}
    return found


def imported(paths):
    """The packages that modules import, wherever in them, and one module that does."""
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top != "napari_ncut":
                    found[INSTALLED_AS.get(top, top).lower()] = str(path.relative_to(ROOT))
    return found


def undeclared(paths, *extras, also=()):
    """What modules import that is not declared."""
    wanted = declared(*extras) | set(also)
    return {name: path for name, path in imported(paths).items() if name not in wanted}


def test_the_library_declares_what_it_imports():
    package = ROOT / "src/napari_ncut"
    library = [path for path in package.rglob("*.py") if package / "plugin" not in path.parents]
    # Loops import cython as they stand, and nothing when they are compiled. What is in an extra is
    # imported where it is needed, and its absence told.
    assert undeclared(library, *OPTIONAL, also=["cython"]) == {}


def test_extras_of_the_library_are_part_of_all():
    # But for the readers of microscopes, which bring much, and are not built for every Python.
    extras = [extra for extra in OPTIONAL if extra != "formats"]
    assert set().union(*(declared(extra) for extra in extras)) <= declared("all")


def test_the_plugin_declares_what_it_imports():
    assert undeclared((ROOT / "src/napari_ncut/plugin").rglob("*.py"), "all") == {}


@pytest.mark.parametrize(("folder", "extra"), [("tests", "test"), ("docs", "docs")])
def test_tests_and_docs_declare_what_they_import(folder, extra):
    paths = (ROOT / folder).rglob("*.py")
    # They import each other.
    modules = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    # The benchmarks skip peers that are not installed.
    assert undeclared(paths, "test", "bench", extra, also=modules) == {}


def test_every_dependency_has_a_lower_bound():
    texts = [*PROJECT["project"]["dependencies"], *chain(*EXTRAS.values())]
    own = [text for text in texts if name_of(text) != "napari-ncut"]
    assert [text for text in own if ">=" not in text] == []


def test_what_builds_the_package_rebuilds_it_in_the_tests():
    assert set(PROJECT["build-system"]["requires"]) <= set(EXTRAS["test-core"])


def test_a_bug_report_has_every_dependency():
    assert declared() <= {name.lower() for name in about.PACKAGES}


def test_what_is_installed_fits_together():
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert "napari-ncut" not in done.stdout
    assert done.returncode == 0, done.stdout


def test_the_extra_asks_for_the_napari_that_the_plugin_needs():
    text = (ROOT / "src/napari_ncut/plugin/__init__.py").read_text(encoding="utf-8")
    bound = ".".join(re.search(r"^NAPARI = \((\d+), (\d+)\)$", text, re.MULTILINE).groups())
    assert f"napari[pyqt6]>={bound}" in EXTRAS["all"]


@pytest.mark.parametrize("version", ["0.8.1", "0.6.6rc1", "0.9.0", "0.10.1", "1.0.0.dev3+g1234"])
def test_an_older_napari_is_told_what_to_do(monkeypatch, version):
    plugin = sys.modules.get("napari_ncut.plugin")
    monkeypatch.setattr(metadata, "version", lambda _: version)
    monkeypatch.delitem(sys.modules, "napari_ncut.plugin", raising=False)
    try:
        if version.startswith(("0.8", "0.6")):
            with pytest.raises(ImportError, match=rf"napari {version}\. Install a newer one: pip"):
                importlib.import_module("napari_ncut.plugin")
        else:
            importlib.import_module("napari_ncut.plugin")
    finally:
        if plugin is not None:
            napari_ncut.plugin = plugin


def test_the_recipe_for_conda_requires_what_the_package_does():
    recipe = yaml.safe_load((ROOT / "scripts/conda/recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == napari_ncut.__version__
    required = recipe["requirements"]
    # Conda has Matplotlib without a Qt binding under another name.
    run = {text.replace("matplotlib-base", "matplotlib") for text in required["run"]}
    needed = [*PROJECT["project"]["dependencies"], "python"]
    assert run == {text.replace(">=", " >=") for text in needed}
    build = [text.lower() for text in PROJECT["build-system"]["requires"]]
    assert {*required["host"]} == {text.replace(">=", " >=") for text in build} | {"python", "pip"}
    extras = [text for extra in ("all", "export", "scale") for text in EXTRAS[extra]]
    optional = {re.sub(r"\[.*?\]", "", text) for text in extras if "napari-ncut" not in text}
    constraints = {*required["run_constraints"]}
    assert constraints == {text.replace(">=", " >=") for text in optional}
    scripts = PROJECT["project"]["scripts"].items()
    points = recipe["build"]["python"]["entry_points"]
    assert points == [f"{name} = {target}" for name, target in scripts]
