"""What the metadata of a result hold: how it was made, and how it was before corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_ncut.plugin.shared.layers import RECORD
from napari_ncut.runs.recipe import Recipe, difference, unpack

# In a result's record: the labels as they were made, before any correction by hand.
AUTOMATIC = "automatic"
# The same with the frames of the result before it that were not done again, if there are any.
SHOWN = "shown"


@dataclass(frozen=True)
class Snapshot:
    """A result as it is now: what a thread may read of it while the layer goes on to change.

    Parameters
    ----------
    name : str
        Name of the layer.
    data : array_like of int
        Its labels. They are no copy: what is painted on meanwhile may be in them, or not.
    record : dict or None
        How they were made; None if the plugin did not make them.
    """

    name: str
    data: Any
    record: dict[str, Any] | None

    @classmethod
    def of(cls, layer: Labels, *, copy: bool = False) -> Snapshot:
        """Return a layer as it is; with ``copy`` nothing that comes later is in it."""
        record = layer.metadata.get(RECORD)
        data = np.array(layer.data) if copy else layer.data
        return cls(layer.name, data, None if record is None else dict(record))

    def is_corrected(self) -> bool:
        """Return whether the labels were changed by hand since they were made."""
        record = self.record or {}
        shown = record.get(SHOWN) or record.get(AUTOMATIC)
        return shown is not None and not np.array_equal(unpack(shown, self.data.shape), self.data)

    def recipe(self) -> Recipe:
        """Return the recipe of the labels, with what was corrected by hand until now.

        Raises
        ------
        ValueError
            If they are no result of this plugin.
        """
        if self.record is None:
            raise ValueError(f"{self.name} was not made by napari-ncut; select a result of it.")
        packed = self.record.get(AUTOMATIC)
        corrections = None
        if packed is not None:
            automatic: NDArray[np.int32] = unpack(packed, self.data.shape)
            corrections = difference(automatic, np.asarray(self.data))
        return Recipe.from_dict(self.record | {"corrections": corrections})


def recipe_of(layer: Labels) -> Recipe:
    """Return the recipe of a result, with what was corrected by hand until now.

    Raises
    ------
    ValueError
        If the layer is no result of this plugin.
    """
    return Snapshot.of(layer).recipe()
