"""A result that lies on a disk: its labels, its necks, and the blobs that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.io.ome_zarr import OURS_KEY, RECIPE, check_array
from napari_ncut.objects.review import Decisions, NeckId, Placed, by_doubt, necks_beside
from napari_ncut.runs.review_queue import DOUBT, Neck
from napari_ncut.runs.stacks import Frame
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.splitting.tree import SplitTree
from napari_ncut.volumes.blob_trees import BlobTrees
from napari_ncut.volumes.output import NECKS
from napari_ncut.volumes.stored_labels import StoredLabels

# What of a recipe the trees are made with.
OF_TREES = ("beta", "connectivity", "spacing", "max_hole", "taught")


class StoredQueue:
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
        self.trees: dict[Frame, SplitTree] = {}  # none of the whole
        order = by_doubt(ratio, threshold)
        self.ratio, self.sides, self._blobs = ratio[order], sides[order], blobs

    def __len__(self) -> int:
        return len(self.ratio)

    def __getitem__(self, number: int) -> Neck:
        first, second = self.sides[number].tolist()
        return Neck((), number, (first, second), float(self.ratio[number]))

    @property
    def near(self) -> NDArray[np.bool_]:
        """Which necks are in doubt, shape (n,)."""
        return np.abs(self.ratio - self.threshold) <= DOUBT

    def decided(self, decisions: Mapping[Frame, Decisions]) -> NDArray[np.bool_]:
        """Return about which necks something was decided, shape (n,)."""
        found = np.zeros(len(self), bool)
        for sides in decisions.get((), {}):
            found |= (self.sides == np.array(sides)).all(axis=1)
        return found

    def find(self, neck: Neck) -> int | None:
        """Return the number of a neck that was known before, if it is still there."""
        found = np.flatnonzero(self.decided({(): {neck.sides: True}}))
        return int(found[0]) if len(found) else None

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
            recipe, told = ours["recipe"], dict(ours[RECIPE])
            kept: list[Any] = [group[f"{NECKS}/{name}"] for name in ("ratio", "sides")]
            for array in kept:
                check_array(array)
            ratio, sides = map(np.asarray, kept)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{labels.path}: its necks can not be read ({error}).") from error
        found = recipe["statistics"]
        settings = {name: recipe[name] for name in OF_TREES}
        settings |= {name: tuple(settings[name]) for name in ("spacing", "taught")}
        statistics = None if found is None else ImageStatistics.from_dict(found)
        blobs = BlobTrees(mask, image, settings, statistics)
        queue = StoredQueue(ratio, sides, blobs, recipe["neck"])
        return cls(labels, layer, blobs, queue, told)

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
