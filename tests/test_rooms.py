"""The house: which room imports which, and how much stands in one."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src/napari_ncut"
LEFT = ("core", "graph", "spectral", "refinement")
# What each room may import, from left to right; a room that is not here is one too many.
ROOMS = {
    "core": (),
    "io": ("core",),
    "graph": LEFT[:1],
    "spectral": LEFT[:2],
    "refinement": LEFT[:3],
    "cutting": LEFT,
    "splitting": LEFT,
    "objects": (*LEFT, "cutting", "splitting", "io"),
    "runs": (*LEFT, "cutting", "splitting", "objects", "io"),
    "plugin": (*LEFT, "cutting", "splitting", "objects", "runs", "io", "scenes"),
    "cli": ("core", "about", "plugin", "cli_run"),
    "cli_run": ("core", "runs", "io", "cli_files"),
    "cli_files": ("core", "io"),
    "reader": ("core", "runs", "io"),
    # Names that scripts import.
    "about": ("core",),
    "scenes": (),
    "files": ("io",),
    "cutter": ("objects",),
    "editing": ("objects",),
    "__main__": ("cli",),
    "__init__": (),
}
MOST = 15


def modules():
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """The dotted names that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_of(path):
    """The rooms, and modules beside them, that a module imports."""
    found = {name.split(".")[1] for name in imports(path) if name.startswith("napari_ncut.")}
    return found - {"_version"}


def room(path):
    """The room that a module lies in, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_is_known():
    assert {room(path) for path in modules()} - {"_version"} == set(ROOMS)


@pytest.mark.parametrize("name", ROOMS)
def test_imports_run_one_way(name):
    wrong = {
        str(path.relative_to(PACKAGE)): sorted(rooms_of(path) - {name, *ROOMS[name]})
        for path in modules()
        if room(path) == name
    }
    assert {path: names for path, names in wrong.items() if names} == {}


def test_no_room_needs_one_that_needs_it():
    # Of the table above: what holds for the table holds for the imports.
    seen = set()
    for name in ("core", "io", *LEFT[1:], "cutting", "splitting", "objects", "runs"):
        assert set(ROOMS[name]) <= seen
        seen.add(name)


def test_the_library_starts_without_the_plugin():
    # The command line loads it for its demo, when that is asked for.
    for node in ast.parse((PACKAGE / "cli.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            assert "plugin" not in node.module


def test_no_folder_is_full():
    folders = {path.parent for path in modules()}
    counts = {
        str(folder.relative_to(PACKAGE)): len(list(folder.glob("[!_]*.py"))) for folder in folders
    }
    assert {name: count for name, count in counts.items() if count > MOST} == {}


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if path.parent.name == "loops"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_compiled_loops_import_nothing_of_the_package(path):
    # Machine code of one file in that of another would be stale when that one is edited.
    ours = {name for name in imports(path) if name.split(".")[0] == "napari_ncut"}
    wanted = {"napari_ncut.core.processor.variants"} if path.name == "__init__.py" else set()
    assert ours == wanted
    others = {name.split(".")[0] for name in imports(path)} - {"napari_ncut"}
    assert others <= {"cython", "numpy"}


def test_nothing_is_compiled_when_it_is_used():
    found = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for name in imports(path)
        if name.split(".")[0] in ("numba", "llvmlite")
    }
    assert found == set()
