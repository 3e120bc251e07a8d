"""The notebook of the documentation runs, and what it shows is what comes out."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs/python.ipynb"


def outputs(notebook):
    """Return what each cell shows: its text, and the kinds of its pictures.

    What a cell prints may come in one piece or in several.
    """
    return [
        (
            "".join(output.get("text", "") for output in cell.get("outputs", ())),
            [
                (output.data.get("text/plain"), sorted(output.data))
                for output in cell.get("outputs", ())
                if "data" in output
            ],
        )
        for cell in notebook.cells
    ]


def test_the_notebook_shows_what_it_computes(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    shown = outputs(notebook)
    assert sum(text != "" or len(rest) > 0 for text, rest in shown) >= 8
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=resources).execute()
    assert outputs(notebook) == shown
