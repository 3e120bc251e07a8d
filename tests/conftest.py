"""Settings of all tests, and loops as they are before they are compiled."""

import importlib.util
import sys
from collections import Counter, defaultdict
from pathlib import Path

import hypothesis
import pytest

import napari_ncut

# The same examples each time, so that a change is what makes a test fail; `make fuzz` draws others.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, derandomize=False, max_examples=2000)
hypothesis.settings.load_profile("default")


def pytest_sessionstart():
    """Compile what was edited now: tests have a time limit, and read what processes print."""
    package = Path(napari_ncut.__file__).parent
    for folder in package.glob("*/loops"):
        importlib.import_module(f"napari_ncut.{folder.parent.name}.loops")


@pytest.fixture(scope="session")
def uncompiled():
    """Return a function that loads the source of a compiled module as plain Python."""

    def load(module):
        room, loops, idea = module.__name__.split(".")[1:4]
        path = Path(napari_ncut.__file__).parent / room / loops / f"{idea}.py"
        spec = importlib.util.spec_from_file_location(f"uncompiled_{room}_{idea}", path)
        plain = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = plain
        spec.loader.exec_module(plain)
        assert not module.__file__.endswith(".py"), f"{module.__name__} is not compiled"
        return plain

    return load


def pytest_terminal_summary(terminalreporter):
    """Print what the hostile cases of `tests/fuzz` came to, added up over all processes."""
    rooms = defaultdict(Counter)
    # Counted when a test is torn down.
    for report in terminalreporter.stats.get("", []):
        for name, value in report.user_properties:
            if name == "outcomes":
                rooms[value[0]].update(value[1])
    for room, counter in sorted(rooms.items()):
        counts = ", ".join(f"{n} {outcome}" for outcome, n in counter.most_common())
        terminalreporter.write_line(f"{room}: {counter.total()} cases; {counts}")
