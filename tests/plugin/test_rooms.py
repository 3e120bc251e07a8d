"""The rooms of the plugin, held by reading the source: who imports whom, and what of napari."""

import ast
from pathlib import Path

import pytest

import napari_ncut.plugin

PLUGIN = Path(napari_ncut.plugin.__file__).parent
FILES = sorted(PLUGIN.rglob("*.py"))
DOCKS = ("graph_cut", "correct", "review", "see_why", "measure", "batch")
PRIVATE = PLUGIN / "shared/napari_private.py"


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """Return the names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(path):
    """Return the rooms of the plugin from which a file imports."""
    start = "napari_ncut.plugin."
    found = {name.removeprefix(start).split(".")[0] for name in imported(path) if start in name}
    return found & {*DOCKS, "shared"}


@pytest.mark.parametrize("room", [*DOCKS, "shared"])
def test_a_dock_imports_from_no_other_dock_and_what_is_shared_from_none(room):
    allowed = {"shared"} if room == "shared" else {room, "shared"}
    files = sorted((PLUGIN / room).rglob("*.py"))
    assert len(files) > 1
    for path in files:
        assert rooms_of(path) <= allowed, path


def test_no_room_has_more_than_fifteen_files_and_no_file_400_lines():
    for room in {path.parent for path in FILES}:
        assert len(list(room.glob("*.py"))) <= 16, room
    for path in FILES:
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path


def private_names(path):
    """Return the private names that a file reads of anything but its own objects."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            name, owner = node.attr, node.value
            is_own = ast.unparse(owner) in ("self", "cls", "super()")
            if not is_own and name.startswith("_") and not name.startswith("__"):
                yield f"{ast.unparse(node)}, line {node.lineno}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr"):
            name = node.args[1]
            if isinstance(name, ast.Constant) and str(name.value).startswith("_"):
                yield f"{ast.unparse(node)}, line {node.lineno}"
    for name in imported(path):
        theirs = name.split(".")
        if theirs[0] in ("napari", "vispy") and any(part.startswith("_") for part in theirs):
            yield name


@pytest.mark.parametrize("path", [p for p in FILES if p != PRIVATE], ids=lambda p: p.stem)
def test_private_names_of_napari_are_in_one_file(path):
    assert list(private_names(path)) == []


def test_each_use_of_a_private_name_has_its_reason():
    assert len(list(private_names(PRIVATE))) >= 2
    for node in ast.walk(tree(PRIVATE)):
        if isinstance(node, ast.FunctionDef):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_dock_looks_for_another_dock(path):
    text = path.read_text(encoding="utf-8")
    assert "dock_widgets" not in text
    assert "warm_up" not in text
    assert "thread_worker" not in text
