"""A result that lies on a disk: its labels, its necks, and the blobs that they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.io.ome_zarr import OURS_KEY, RECIPE, check_array
from napari_ncut.objects.review import NeckId, Placed, by_doubt, decided_among, necks_beside
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.review_queue import ByFrame, Neck, NeckQueue
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.volumes.blob_trees import BlobTrees
from napari_ncut.volumes.output import NECKS
from napari_ncut.volumes.stored_labels import StoredLabels

# What of a recipe the trees are made with.
OF_TREES = ("beta", "connectivity", "max_hole", "taught")


class StoredQueue(NeckQueue):
    """The necks of a result on a disk, as `ReviewQueue` has those of one in memory.

    Parameters
    ----------
    ratio : ndarray of float64, shape (n,)
        Of each neck.
    sides : ndarray of int64, shape (n, 2)
        The pixels of the volume by which it is known.
    blobs : BlobTrees
        Where their trees come from.
    threshold : float
        Neck ratio below which a neck is cut.
    """

    def __init__(
        self,
        ratio: NDArray[np.float64],
        sides: NDArray[np.int64],
        blobs: BlobTrees,
        threshold: float,
    ) -> None:
        self.threshold = threshold
        self.trees = {}  # none of the whole
        order = by_doubt(ratio, threshold)
        self.ratio, self.sides, self._blobs = ratio[order], sides[order], blobs

    def __getitem__(self, number: int) -> Neck:
        first, second = self.sides[number].tolist()
        return Neck((), number, (first, second), float(self.ratio[number]))

    def decided(self, decisions: ByFrame) -> NDArray[np.bool_]:
        """Return about which necks something was decided, shape (n,)."""
        found = np.zeros(len(self), bool)
        found[list(decided_among(self.sides, decisions.get((), {})))] = True
        return found

    def tree_of(self, neck: Neck, monitor: Monitor) -> tuple[Placed, int]:
        """Return the tree that a neck is in, and its row there; a new one is found first."""
        blob, row = self._blobs.beside(neck.sides, monitor)
        return blob.placed, row


@dataclass(frozen=True, eq=False)
class StoredResult:
    """A result on a disk.

    Parameters
    ----------
    labels : StoredLabels
        The labels.
    layer : napari.layers.Labels
        Which shows them.
    blobs : BlobTrees
        The blobs that they were made of.
    necks : StoredQueue
        The necks between them.
    record : dict
        Their recipe, as plain values.
    """

    labels: StoredLabels
    layer: Any
    blobs: BlobTrees
    necks: StoredQueue
    record: dict[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its labels."""
        return self.labels.shape

    @classmethod
    def of(cls, labels: StoredLabels, layer: Any, mask: Any, image: Any) -> StoredResult:
        """Return the result of a split of a mask, which wrote the labels.

        Raises
        ------
        ValueError
            If they were written otherwise, or are damaged.
        """
        import zarr

        try:
            group = zarr.open_group(labels.path, mode="r")
            ours: Any = group.attrs[OURS_KEY]
            recipe = Recipe.from_dict(ours[RECIPE])
            made = recipe.settings
            if not isinstance(made, SplitSettings):
                raise ValueError("they were not made by a split")
            kept: list[Any] = [group[f"{NECKS}/{name}"] for name in ("ratio", "sides")]
            for array in kept:
                check_array(array)
            ratio, sides = map(np.asarray, kept)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{labels.path}: its necks can not be read ({error}).") from error
        settings = {name: getattr(made, name) for name in OF_TREES} | {"spacing": recipe.spacing}
        found = recipe.statistics
        statistics = None if found is None else ImageStatistics.from_dict(found)
        blobs = BlobTrees(mask, image, settings, statistics)
        queue = StoredQueue(ratio, sides, blobs, made.neck)
        return cls(labels, layer, blobs, queue, dict(ours[RECIPE]))

    def seen(self, sides: list[NeckId]) -> dict[NeckId, bool]:
        """Return which necks are cut in the labels as they are now."""
        found = self._beside(np.array(sides, np.int64).reshape(-1, 2))
        return dict(zip(sides, (found[:, 0] != found[:, 1]).tolist(), strict=True))

    def neck_columns(self, rows: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
        """Return the doubtful necks of objects, as columns of a table of them."""
        cut, inside = necks_beside(self.necks.ratio, self._beside(self.necks.sides), rows)
        return {"neck": cut, "neck_inside": inside}

    def _beside(self, sides: NDArray[np.int64]) -> NDArray[Any]:
        """Return the labels on both sides of necks, shape (n, 2)."""
        if not len(sides):
            return np.zeros((0, 2), self.labels.dtype)
        return self.labels[np.unravel_index(sides, self.labels.shape)]
