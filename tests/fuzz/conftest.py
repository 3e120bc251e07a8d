"""Hostile cases are counted by what they came to; `tests/conftest.py` prints the sums."""

from collections import Counter

import pytest


@pytest.fixture
def outcomes(record_property, request):
    """Count what the cases of a test came to."""
    counter = Counter()
    yield counter
    record_property("outcomes", (request.node.path.stem, dict(counter)))
