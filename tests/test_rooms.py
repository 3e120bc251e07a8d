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
    "exports": ("core", "io"),
    "plugin": (
        *(*LEFT, "cutting", "splitting", "objects", "runs", "io", "scenes"),
        *("batches", "reader", "volumes"),
    ),
    "volumes": ("core", "io", "splitting", "objects", "runs"),
    "batches": ("core", "io", "objects", "runs", "cli_run"),
    "cli": ("core", "about", "plugin", "cli_run", "cli_batch", "cli_export", "cli_volume", "io"),
    "cli_volume": ("core", "io", "runs", "volumes", "cli_run"),
    "cli_batch": ("core", "batches"),
    "cli_export": ("io", "objects", "exports", "cli_files"),
    "cli_run": ("core", "splitting", "runs", "io", "cli_files"),
    "cli_files": ("core", "io"),
    "reader": ("core", "runs", "io", "volumes"),
    "writer": ("core", "runs", "io", "objects", "exports"),
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


def test_the_slide_shows_every_room():
    slide = (PACKAGE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    assert [name for name in rooms if f"\n  {name}/ " not in slide] == []


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
def test_no_machine_code_holds_that_of_another_file(path):
    # It would be stale when the other file is edited. What is imported as Python does, and called
    # through Python, is not: it may come from the same folder, which is built as one.
    names = imports(path)
    if path.name == "__init__.py":
        assert names == {"napari_ncut.core.processor.variants"}
        return
    cimported = {name for name in names if name.startswith("cython.cimports")}
    assert {name for name in cimported if not name.startswith("cython.cimports.libc.")} == set()
    beside = ".".join(["napari_ncut", *path.parent.relative_to(PACKAGE).parts]) + "."
    ours = {name for name in names if name.startswith("napari_ncut")}
    assert {name for name in ours if not name.startswith(beside)} == set()
    others = {name.split(".")[0] for name in names - ours}
    assert others <= {"cython", "numpy", "__future__"}
    # A file of declarations would be compiled into those that use it.
    assert not path.with_suffix(".pxd").exists()


def test_nothing_is_compiled_when_it_is_used():
    found = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for name in imports(path)
        if name.split(".")[0] in ("numba", "llvmlite")
    }
    assert found == set()
