"""What README and docs tell people to type works."""

import re
import shlex
from pathlib import Path

import pytest

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
