"""Another number of segments, and another beta, in a session that has already cut."""

import sys
import time
from dataclasses import replace

import numpy as np
from peers import options, table

from napari_ncut import CutSession, scenes
from napari_ncut.core.settings import CutSettings

FIRST = CutSettings(n_segments=4)


def seconds_of(session, settings):
    """Return how long a cut takes."""
    start = time.perf_counter()
    session.cut(settings)
    return time.perf_counter() - start


def main(argv):
    """Print the table."""
    quick = options(argv).quick
    print("## Another setting in a session\n")
    print(
        "Four circles cut into 4, then once more; best of 5 new sessions. `same` is the first "
        "setting after another one.\n"
    )
    changes = {"beta .5": replace(FIRST, beta=0.5)}
    changes |= {f"{k} segments": replace(FIRST, n_segments=k) for k in (2, 3, 5, 6, 7, 8)}
    rows = []
    for size in (128,) if quick else (1024, 2048):
        scene = scenes.circles(4, size=size)
        first, again, same = np.inf, dict.fromkeys(changes, np.inf), np.inf
        for _ in range(1 if quick else 5):
            for name, settings in changes.items():
                session = CutSession(scene.image, scene.mask)
                first = min(first, seconds_of(session, FIRST))
                again[name] = min(again[name], seconds_of(session, settings))
            same = min(same, seconds_of(session, FIRST))
        rows += [
            (size, name, value, value / first)
            for name, value in {"first": first, "same": same, **again}.items()
        ]
    table(("side", "cut", "time", "time / first"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
