"""A batch as a process of its own: what a window starts, hears, and can stop.

It reads one line of JSON, what is to be done, and writes one for each file and one at the end. When
its input is closed, as it is when whoever started it is gone, it stops after what it is at; what is
done stays, and a second start goes on from there.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict, replace
from typing import Any

from napari_ncut.batches.batch import batch
from napari_ncut.batches.task import Row
from napari_ncut.core.monitor import Cancelled
from napari_ncut.runs.recipe import Recipe


def write(**values: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def write_row(row: Row) -> None:
    """Write what came of a file."""
    write(row=asdict(replace(row, table=None)))


def main() -> int:
    """Do what the first line of the input asks for; return the exit code."""
    asked = json.loads(sys.stdin.readline())
    stopped = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        stopped.set()

    threading.Thread(target=listen, daemon=True).start()
    recipe = Recipe.from_dict(asked.pop("recipe"))
    try:
        report = batch(**asked, preset=recipe, on_row=write_row, cancelled=stopped.is_set)
    except Cancelled:
        write(cancelled=True)
    except (ValueError, TypeError, OSError) as error:
        write(error=str(error))
        return 1
    else:
        write(report=str(report.path))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
