"""What the criterion learns from: fragments of images and scenes, and the objects they are of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scenes import BY_IMAGE, FOR_HOLES, KINDS, scene
from scipy import ndimage as ndi

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import image_array
from napari_ncut.splitting.adjacency import NODE_SUMS, RegionAdjacencyGraph
from napari_ncut.splitting.fragmented import fragmented
from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.holes.holes import find_holes
from napari_ncut.splitting.split import DEFAULTS

SCENES = 120
REAL = "photographs"
# Kinds whose objects are learned from.
LEARNED = tuple(kind for kind in KINDS if kind not in FOR_HOLES)


@dataclass(frozen=True)
class Sample:
    """The fragments of one picture.

    Parameters
    ----------
    name : tuple of str
        Kind and picture; with and without the image it is the same.
    graph : RegionAdjacencyGraph
        The fragments, n of them.
    grid : Grid
        Pixel size.
    truth : ndarray of float64, shape (n, 1 + n_objects)
        Pixels of each fragment in the background and in each object.
    touching : ndarray of bool, shape (1 + n_objects,)
        Which objects touch others.
    """

    name: tuple[str, str]
    graph: RegionAdjacencyGraph
    grid: Grid
    truth: NDArray[np.float64]
    touching: NDArray[np.bool_]

    @property
    def has_image(self) -> bool:
        """Whether it was seen with its image."""
        return bool(self.graph.nodes[:, NODE_SUMS.index("w")].any())


def samples(folder: Path, n_scenes: int = SCENES) -> Iterator[Sample]:
    """Yield each picture of a folder and scenes of each kind twice, without and with its image.

    Parameters
    ----------
    folder : Path
        Photographs as NPZ, each with an ``image`` and its true ``labels``.
    n_scenes : int
        Scenes of each kind.
    """
    yield from photographs(folder)
    for kind in LEARNED:
        yield from samples_of(kind, n_scenes)


def photographs(folder: Path) -> Iterator[Sample]:
    """Yield each photograph of a folder without and with its image."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as arrays:
            image, truth = arrays["image"], arrays["labels"]
        yield from both((REAL, file.stem), truth, image, (1.0,) * truth.ndim)


def samples_of(kind: str, n_scenes: int, first: int = 0) -> Iterator[Sample]:
    """Yield scenes of a kind, from the seed ``first`` on, without and with their images."""
    for seed in range(first, first + n_scenes):
        drawn = scene(kind, seed)
        yield from both((kind, str(seed)), drawn.truth, drawn.image, drawn.spacing)


def both(name, truth, image, spacing) -> Iterator[Sample]:
    """Yield a picture without its image, if that tells anything, and with it.

    Holes are filled where they lie inside one object, as they are when they are judged right.
    """
    truth = np.unique(truth, return_inverse=True)[1].reshape(truth.shape)
    if truth.max() == 0:
        return
    truth, mask = filled(truth)
    channels = image_array(image, -1 if image.ndim > truth.ndim else None)
    with_image = channels.reshape(*truth.shape, -1)
    for seen in [with_image] if name[0] in BY_IMAGE else [None, with_image]:
        found = fragmented(
            mask.astype(np.int32),
            seen,
            beta=DEFAULTS.beta,
            connectivity=DEFAULTS.connectivity,
            spacing=spacing,
            max_hole=0.0,
            statistics=None,
            model=None,
            monitor=Monitor(),
        )
        inside = found.number >= 0
        n = found.graph.n, int(truth.max()) + 1
        both_of = found.number[inside].astype(np.int64) * n[1] + truth[inside]
        counts = np.bincount(both_of, minlength=n[0] * n[1]).reshape(n).astype(float)
        yield Sample(name, found.graph, found.grid, counts, touching(truth))


def filled(truth: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return objects and their mask with those holes filled that lie inside one object."""
    volume = truth.reshape((1,) * (3 - truth.ndim) + truth.shape).astype(np.int32)
    grid = Grid((1.0, 1.0, 1.0), truth.ndim)
    holes = find_holes((volume > 0).astype(np.int32), grid, Monitor())
    hole, label = holes.around(volume, 1).T
    inside = np.bincount(hole, minlength=len(holes)) == 1
    of_hole = np.zeros(len(holes), np.int64)
    of_hole[hole] = label
    holes, of_hole = holes[inside], of_hole[inside]
    index, hole = holes.pixels(truth.shape[-1])
    result = truth.copy()
    result.reshape(-1)[index] = of_hole[hole]
    return result, result > 0


def touching(truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each label whether its object touches another."""
    blobs, n = ndi.label(truth > 0)
    pairs = np.unique(np.stack([blobs[truth > 0], truth[truth > 0]]), axis=1)
    result = np.zeros(int(truth.max()) + 1, bool)
    result[pairs[1]] = (np.bincount(pairs[0], minlength=n + 1) > 1)[pairs[0]]
    return result


def digest(folder: Path) -> str:
    """Return a hash of the photographs; the scenes are those of the seeds."""
    result = hashlib.sha256()
    for file in sorted(folder.glob("*.npz")):
        result.update(file.name.encode() + file.read_bytes())
    return result.hexdigest()
