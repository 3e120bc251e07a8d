"""The recipe of a result: all that it takes to make the same labels again, and hand corrections.

A recipe is plain data. It travels in the metadata of a napari layer, in the description of a TIFF,
in a preset, and in a script; `Recipe.run` turns it back into labels.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut._version import __version__
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.runs.stacks import Frame, Result, Source, StackSession

MODES: dict[str, type[CutSettings] | type[SplitSettings]] = {
    "split": SplitSettings,
    "cut": CutSettings,
}


@dataclass(frozen=True)
class Recipe:
    """How labels were made.

    Parameters
    ----------
    settings : CutSettings or SplitSettings
        What was done; their type is the mode.
    image, mask : str, optional
        Name of the layer, or path of the file, of each source.
    spatial_ndim : int
        2: every plane on its own; 3: volumes.
    spacing : tuple of float
        Pixel size along the spatial axes.
    has_channels : bool
        Whether the last axis of the image holds channels.
    threshold : float, optional
        Without a mask: the foreground is what is brighter than this.
    dark : bool
        Darker instead of brighter.
    frames : tuple of tuple of int, optional
        The frames that were done; all of them by default.
    level : int
        Level of a multiscale image, 0 the finest.
    region, seeds : str, optional
        Packed arrays, see `pack`: where it was done, and the objects given by hand.
    corrections : str, optional
        What was changed by hand afterwards, see `difference`.
    version : str
        Version of napari-ncut.
    """

    settings: CutSettings | SplitSettings
    image: str | None = None
    mask: str | None = None
    spatial_ndim: int = 2
    spacing: tuple[float, ...] = (1.0, 1.0)
    has_channels: bool = False
    threshold: float | None = None
    dark: bool = False
    frames: tuple[Frame, ...] | None = None
    level: int = 0
    region: str | None = None
    seeds: str | None = None
    corrections: str | None = None
    version: str = __version__

    @property
    def mode(self) -> str:
        """``"split"`` or ``"cut"``."""
        return next(name for name, kind in MODES.items() if isinstance(self.settings, kind))

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, which JSON can hold."""
        values = asdict(self)
        values["spacing"] = list(self.spacing)
        if self.frames is not None:
            values["frames"] = [list(frame) for frame in self.frames]
        return {"mode": self.mode, **values}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe that plain values describe; what is not of a recipe is left out.

        Raises
        ------
        ValueError
            If the values describe no recipe.
        """
        try:
            kind = MODES[values["mode"]]
            given = values["settings"]
            settings = kind(**{f.name: given[f.name] for f in fields(kind) if f.name in given})
            known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
            known |= {"settings": settings, "spacing": tuple(known.get("spacing", (1.0, 1.0)))}
            if known.get("frames") is not None:
                known["frames"] = tuple(tuple(frame) for frame in known["frames"])
            return cls(**known)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"This is no recipe of napari-ncut ({type(error).__name__}: {error}); wanted the "
                'values of "mode" and "settings", as a result of napari-ncut holds them.'
            ) from error

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe in a JSON text.

        Raises
        ------
        ValueError
            If the text is not JSON, or no recipe.
        """
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """Return the recipe as an indented JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def for_other_data(self) -> Recipe:
        """Return the part that makes sense for another image: settings, foreground, dimensions."""
        return replace(
            self, image=None, mask=None, frames=None, region=None, seeds=None, corrections=None
        )

    def source(self, image: Any, mask: Any) -> Source:
        """Return the data to cut, as the recipe wants them to be read."""
        shape = np.shape(image)[: -1 if self.has_channels else None] if image is not None else None
        shape = shape or np.shape(mask)
        return Source(
            image,
            mask,
            self.spatial_ndim,
            self.spacing,
            self.has_channels,
            self.threshold,
            self.dark,
            region=None if self.region is None else unpack(self.region, shape) > 0,
            seeds=None if self.seeds is None else unpack(self.seeds, shape),
        )

    def run(
        self,
        image: ArrayLike | None,
        mask: ArrayLike | None = None,
        *,
        session: StackSession | None = None,
        monitor: Monitor | None = None,
    ) -> Result:
        """Make the labels again, hand corrections included.

        Parameters
        ----------
        image, mask : array_like, optional
            The data; one of them must be given.
        session : StackSession, optional
            Keeps what a later call can use again.
        monitor : Monitor, optional
            Is told about progress, and may end the call.

        Returns
        -------
        Result
            The labels of every frame.

        Examples
        --------
        >>> from napari_ncut import SplitSettings, scenes
        >>> scene = scenes.circles(4)
        >>> int(Recipe(SplitSettings()).run(scene.image, scene.mask).labels.max())
        4
        """
        source = self.source(image, mask)
        result = (session or StackSession()).run(source, self.settings, self.frames, monitor)
        if self.corrections is None:
            return result
        return replace(result, labels=correct(result.labels, self.corrections))


def pack(array: NDArray[Any]) -> str:
    """Return an array of labels as a short text: runs of equal values, compressed.

    Parameters
    ----------
    array : ndarray of int or bool
        Any shape.
    """
    flat = np.ascontiguousarray(array, dtype="<i4").ravel()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1]).astype("<i8")
    # Differences of the starts are small numbers, which compress well.
    size = np.array([flat.size], dtype="<i8")
    runs = size.tobytes() + np.diff(starts, prepend=0).tobytes() + flat[starts].tobytes()
    return base64.b85encode(zlib.compress(runs, level=1)).decode("ascii")


def unpack(text: str, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the array that `pack` made a text of.

    Raises
    ------
    ValueError
        If the text is damaged, or belongs to an array of another size.
    """
    try:
        runs = zlib.decompress(base64.b85decode(text))
        (size,) = np.frombuffer(runs, "<i8", 1)
        n_runs = (len(runs) - 8) // 12
        starts = np.cumsum(np.frombuffer(runs, "<i8", n_runs, offset=8))
        values = np.frombuffer(runs, "<i4", n_runs, offset=8 + 8 * n_runs)
        lengths = np.diff(starts, append=size)
        return np.repeat(values, lengths).astype(np.int32).reshape(shape)
    except (zlib.error, ValueError, TypeError) as error:
        raise ValueError(
            f"The packed labels do not fit data of shape {shape}: they are damaged or belong to "
            "another image."
        ) from error


def difference(automatic: NDArray[Any], corrected: NDArray[Any]) -> str | None:
    """Return what was changed by hand, as a short text; None if nothing was.

    It is the difference of two label images, whatever was done in between, so that undo, redo
    and painting can not make it wrong.

    Parameters
    ----------
    automatic, corrected : ndarray of int
        The labels before and after, of one shape.
    """
    changed = automatic != corrected
    if not changed.any():
        return None
    # 0 where nothing was changed, else the new label and 1: a label may have been deleted.
    return pack(np.where(changed, np.asarray(corrected, dtype=np.int32) + 1, 0))


def correct(automatic: NDArray[np.int32], corrections: str) -> NDArray[np.int32]:
    """Return labels with the hand corrections that `difference` found.

    Raises
    ------
    ValueError
        If the corrections belong to labels of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> automatic = np.array([[1, 1, 2, 2]], dtype=np.int32)
    >>> merged = np.array([[1, 1, 1, 1]], dtype=np.int32)
    >>> correct(automatic, difference(automatic, merged))
    array([[1, 1, 1, 1]], dtype=int32)
    """
    changes = unpack(corrections, automatic.shape)
    return np.where(changes > 0, changes - 1, automatic)


def script(recipe: Recipe, output: str = "labels.tif") -> str:
    """Return a Python script that makes the labels again from the files of their sources.

    Parameters
    ----------
    recipe : Recipe
        With the paths of the sources.
    output : str
        Path of the labels that the script writes.
    """
    image = f"read_image({recipe.image!r}).data" if recipe.image else "None"
    mask = f"read_labels({recipe.mask!r}).data" if recipe.mask else "None"
    return f'''"""Labels made with napari-ncut {recipe.version}, hand corrections included."""

from napari_ncut import Recipe
from napari_ncut.files import read_image, read_labels, write_labels

recipe = Recipe.from_json(r"""
{recipe.to_json()}
""")
image = {image}
mask = {mask}
labels = recipe.run(image, mask).labels
write_labels({output!r}, labels, spacing=recipe.spacing, provenance=recipe.to_dict())
'''
