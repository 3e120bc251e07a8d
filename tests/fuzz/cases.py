"""How many hostile cases are tried, and what may come of one.

``NCUT_FUZZ_CASES=10000 pytest tests/fuzz`` tries as many of each kind; a failure names
the number of the case, which is the same each time.
"""

import os

import numpy as np

CASES = int(os.environ.get("NCUT_FUZZ_CASES", "160"))
# A part is a test of its own, so that several processes share the work.
PARTS = range(8)
LONGEST_SENTENCE = 700


def cases(part, share=1):
    """Yield the number of each case of a part, and its random numbers."""
    for seed in range(part, CASES // share, len(PARTS)):
        yield seed, np.random.default_rng(seed)


def assert_is_a_sentence(text, name="", case=None):
    """Check that an error tells something, in a line that a person can read; it names a file."""
    assert str(name) in text, (case, text)
    assert 10 < len(text) < LONGEST_SENTENCE, text
    assert "\n" not in text, text
    assert "Traceback" not in text, text


def one_of(rng, values):
    """Return one of the values, as it is."""
    return values[int(rng.integers(len(values)))]
