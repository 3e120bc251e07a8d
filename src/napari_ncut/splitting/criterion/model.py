"""The model that tells one object from several, and how its penalties become neck ratios.

It was trained by `tests/training/train.py`; docs/splitting.md tells how, and what each term gives.
A model is a file of plain arrays in the folder `models`, under the version with which it came. The
version goes up with any change to a model or to `parameters`: a recipe keeps it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.criterion.trees import NO_TREES, Trees
from napari_ncut.splitting.parameters import VERSION

FOLDER = Path(__file__).parent / "models"
PARTS = ("pair", "node", "hole")


@dataclass(frozen=True)
class Model:
    """What the criterion has learned.

    Parameters
    ----------
    pair : Trees
        From the terms of two parts that touch (`pairs.PAIR`) to the log-odds that they are of one
        object: in this order parts are merged.
    node : Trees
        From the terms of a part in the tree of merges (`nodes.NAMES`) to the log-odds that it is
        one object.
    hole : Trees
        From what is known of a hole (`holes.doubtful.NAMES`) to the log-odds that it lies inside
        one object.
    penalty : float
        What a further object must gain in probability at the default of ``neck``.
    beta : float
        The default of ``beta``, at which the image counts as it was learned.
    about : dict
        How it was trained.
    """

    pair: Trees
    node: Trees
    hole: Trees
    penalty: float
    beta: float
    about: dict[str, object]

    def save(self, path: Path) -> None:
        """Write the model as plain arrays; the same model gives the same bytes."""
        arrays = {
            f"{name}_{field.name}": getattr(getattr(self, name), field.name)
            for name in PARTS
            for field in fields(Trees)
        }
        about = {"penalty": self.penalty, "beta": self.beta, "about": self.about}
        np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)


@cache
def model(version: int = VERSION) -> Model:
    """Return a model by its version.

    Raises
    ------
    ValueError
        If there is none of this version.
    """
    there = sorted(int(file.stem) for file in FOLDER.glob("*.npz"))
    if not min(there) <= version <= VERSION:
        raise ValueError(
            f"There is no model of version {version}; there are {min(there)} to {VERSION}."
        )
    came_with = max(number for number in there if number <= version)
    with np.load(FOLDER / f"{came_with}.npz", allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        # Older models know nothing of holes.
        trees = {
            name: Trees(**{field.name: arrays[f"{name}_{field.name}"] for field in fields(Trees)})
            if f"{name}_root" in arrays
            else NO_TREES
            for name in PARTS
        }
    return Model(trees["pair"], trees["node"], trees["hole"], **about)


def neck_ratios(
    critical: NDArray[np.float64], penalty: float, default: float
) -> NDArray[np.float64]:
    """Return critical penalties as neck ratios, from 0 (surely several objects) to 1 (surely one).

    Parameters
    ----------
    critical : ndarray of float64
        From which penalty on a part stays whole, from -1 to 2.
    penalty, default : float
        The penalty that stands for the default of ``neck``.
    """
    knots = [-1.0, penalty, 2.0], [1.0, default, 0.0]
    return np.rint(np.interp(critical, *knots) * 2.0**30) / 2.0**30


def penalty_at(neck: float, penalty: float, default: float) -> float:
    """Return the penalty that a threshold stands for: the inverse of `neck_ratios`."""
    return float(np.interp(-neck, [-1.0, -default, 0.0], [-1.0, penalty, 2.0]))
