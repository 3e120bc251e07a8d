"""What README and docs tell people to type works."""

import importlib
import inspect
import re
import shlex
from pathlib import Path

import pytest

import napari_ncut
from napari_ncut.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language):
    """Every code block in a language, with the name of its page."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(pattern.findall(page.read_text(encoding="utf-8")))
    ]


def commands():
    """Every line that cuts or splits files."""
    pattern = re.compile(r"^napari-ncut (?:cut|split) .*$", re.MULTILINE)
    return sorted(
        {line for (block,) in [b.values for b in blocks("sh")] for line in pattern.findall(block)}
    )


@pytest.mark.parametrize("code", blocks("python"))
def test_python_of_the_docs_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs", "exec"), {})


@pytest.mark.parametrize("line", commands())
def test_commands_of_the_docs_lack_nothing_but_their_files(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)[1:]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert missing == []


def documented():
    """Every name that the page on Python has, with its module."""
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    found = set()
    for name, options in re.findall(r"^::: (\S+)\n((?: .*\n)*)", page, re.MULTILINE):
        members = re.search(r"members: \[(.*)\]", options)
        if members:
            found |= {f"{name}.{member}" for member in members[1].split(", ")}
        else:
            found.add(name)
    return found


def public(name):
    """Every public name of a module, with the module."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None) or [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and inspect.getmodule(value) is module
    ]
    return {f"{name}.{key}" for key in names if key != "__version__"}


def test_the_page_on_python_has_every_public_name():
    modules = ("napari_ncut.files", "napari_ncut.editing", "napari_ncut.cutter")
    wanted = public("napari_ncut").union(*map(public, (*modules, "napari_ncut.scenes")))
    assert len(napari_ncut.__all__) > 10
    assert documented() == wanted


@pytest.mark.parametrize("name", [n for n in napari_ncut.__all__ if n != "__version__"])
def test_help_of_every_public_name_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(napari_ncut, name))
