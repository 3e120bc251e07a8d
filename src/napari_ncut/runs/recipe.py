"""The recipe of a result: all that it takes to make the same labels again, and hand corrections.

A recipe is plain data. It travels in the metadata of a napari layer, in the description of a TIFF,
in a preset, and in a script; `Recipe.run` turns it back into labels. It may come from a stranger:
what is read is checked field by field (`recipe_schema`), and nothing of it is ever run as code.
"""

from __future__ import annotations

import base64
import json
import math
import warnings
import zlib
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut._version import __version__
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.core.validation import HIGHEST_LABEL, check_label_range, shown
from napari_ncut.runs.recipe_schema import MODES, SCHEMA, checked, unknown_fields
from napari_ncut.runs.stacks import Frame, Result, Source, StackSession
from napari_ncut.splitting.image.statistics import ImageStatistics
from napari_ncut.splitting.parameters import VERSION

# Version of the tuned numbers of splitting: other numbers, other labels.
PARAMETERS = VERSION


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
    smoothing, window : float
        How the image is smoothed before; see `napari_ncut.foreground`.
    frames : tuple of tuple of int, optional
        The frames that were done; all of them by default.
    level : int
        Level of a multiscale image, 0 the finest.
    region, seeds : str, optional
        Packed arrays, see `pack`: where it was done, and the objects given by hand.
    corrections : str, optional
        What was changed by hand afterwards, see `difference`.
    axes, foreground : str, optional
        Names of the axes of the files, and what is foreground in that of the mask, where they do
        not tell it themselves; see `napari_ncut.files.read_labels`.
    channel : str, optional
        The channel of the file that is the image, by its name or its number from 1.
    version : str
        Version of napari-ncut.
    parameters : int
        Version of the tuned numbers of splitting.
    statistics : dict, optional
        What a split measured of the image as a whole, as `ImageStatistics.to_dict` gives it.

    Examples
    --------
    >>> from napari_ncut import Recipe, SplitSettings
    >>> recipe = Recipe(SplitSettings(neck=0.8), mask="nuclei_mask.tif", spacing=(0.5, 0.5))
    >>> Recipe.from_dict(recipe.to_dict()).settings.neck
    0.8
    """

    settings: CutSettings | SplitSettings
    image: str | None = None
    mask: str | None = None
    spatial_ndim: int = 2
    spacing: tuple[float, ...] = (1.0, 1.0)
    has_channels: bool = False
    threshold: float | None = None
    dark: bool = False
    smoothing: float = 0.0
    window: float = 0.0
    frames: tuple[Frame, ...] | None = None
    level: int = 0
    region: str | None = None
    seeds: str | None = None
    corrections: str | None = None
    axes: str | None = None
    foreground: str | None = None
    channel: str | None = None
    version: str = __version__
    parameters: int = PARAMETERS
    statistics: dict[str, Any] | None = None

    @property
    def mode(self) -> str:
        """``"split"`` or ``"cut"``."""
        return next(name for name, kind in MODES.items() if isinstance(self.settings, kind))

    def __repr__(self) -> str:
        """Tell what differs from the default, long texts in short."""
        told = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                told.append(f"{field.name}={shown(value, 200)}")
        return f"Recipe({', '.join(told)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, which JSON can hold."""
        values = asdict(self)
        values["spacing"] = list(self.spacing)
        if self.frames is not None:
            values["frames"] = [list(frame) for frame in self.frames]
        return {"schema": SCHEMA, "mode": self.mode, **values}

    @classmethod
    def from_dict(cls, values: Any) -> Recipe:
        """Return the recipe that plain values describe; what is not of a recipe is left out.

        Raises
        ------
        ValueError
            If the values describe no recipe, or one of them is not what it must be.
        """
        try:
            # Recipes were written without this number before there was a second one.
            return cls(**{"parameters": 1, **checked(values)})
        except ValueError as error:
            raise ValueError(
                f"This is no recipe of napari-ncut ({error}); wanted the values of "
                '"mode" and "settings", as a result of napari-ncut holds them.'
            ) from error

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe in a JSON text.

        Raises
        ------
        ValueError
            If the text is not JSON, or no recipe.

        Warns
        -----
        UserWarning
            If there are fields that no recipe has, by their names; they are left out.
        """
        try:
            values = json.loads(text)
        except RecursionError:
            raise ValueError(
                "This is no recipe of napari-ncut (its values are nested without end)."
            ) from None
        recipe = cls.from_dict(values)
        unknown = unknown_fields(values)
        if unknown:
            more = ", …" if len(unknown) > 5 else ""
            warnings.warn(
                f"The recipe has fields that this napari-ncut does not know: "
                f"{', '.join(unknown[:5])}{more}. They are left out.",
                stacklevel=2,
            )
        return recipe

    def to_json(self) -> str:
        """Return the recipe as an indented JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def for_other_data(self) -> Recipe:
        """Return the part that makes sense for another image: settings, foreground, dimensions."""
        return replace(
            self,
            image=None,
            mask=None,
            frames=None,
            region=None,
            seeds=None,
            corrections=None,
            statistics=None,
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
            self.smoothing,
            self.window,
            region=None if self.region is None else unpack(self.region, shape) > 0,
            seeds=None if self.seeds is None else unpack(self.seeds, shape),
            statistics=(
                None if self.statistics is None else ImageStatistics.from_dict(self.statistics)
            ),
        )

    def completed(self, result: Result) -> Recipe:
        """Return the recipe with what its run has measured, for a record of the result."""
        found = result.statistics
        return self if found is None else replace(self, statistics=found.to_dict())

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

        Warns
        -----
        UserWarning
            If the tuned numbers of splitting have changed since the recipe was written.

        Examples
        --------
        >>> from napari_ncut import SplitSettings, scenes
        >>> scene = scenes.circles(4)
        >>> int(Recipe(SplitSettings()).run(scene.image, scene.mask).labels.max())
        4
        """
        source = self.source(image, mask)
        if self.parameters != PARAMETERS and isinstance(self.settings, SplitSettings):
            warnings.warn(
                f"The recipe was made with version {self.parameters} of the numbers that splitting "
                f"is tuned by (napari-ncut {self.version}), this is version {PARAMETERS}: the "
                "labels may differ.",
                stacklevel=2,
            )
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

    Raises
    ------
    ValueError
        If a label does not fit 32 bits.
    """
    check_label_range(array)
    flat = np.ascontiguousarray(array, dtype="<i4").ravel()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1]).astype("<i8")
    # Differences of the starts are small numbers, which compress well.
    size = np.array([flat.size], dtype="<i8")
    runs = size.tobytes() + np.diff(starts, prepend=0).tobytes() + flat[starts].tobytes()
    return base64.b85encode(zlib.compress(runs, level=1)).decode("ascii")


def unpack(text: str, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the array that `pack` made a text of.

    Neither time nor memory depends on what the text claims, only on its length and on the shape.

    Raises
    ------
    ValueError
        If the text is damaged, or belongs to an array of another size.
    """
    n_pixels = math.prod(shape)
    try:
        packed = zlib.decompressobj()
        # There are no more runs than pixels; whatever is longer belongs to another array.
        runs = packed.decompress(base64.b85decode(text), 8 + 12 * n_pixels + 1)
        n_runs, rest = divmod(len(runs) - 8, 12)
        if not packed.eof or rest or not 1 <= n_runs <= n_pixels:
            raise ValueError("there are more runs than pixels, or the text is cut off")
        (size,) = np.frombuffer(runs, "<i8", 1)
        steps = np.frombuffer(runs, "<i8", n_runs, offset=8)
        values = np.frombuffer(runs, "<i4", n_runs, offset=8 + 8 * n_runs)
        # Steps that are checked one by one can not overflow when they are added up.
        if size != n_pixels or steps[0] != 0 or not ((steps > 0) & (steps < size))[1:].all():
            raise ValueError("it is of another size, or its runs are out of order")
        lengths = np.diff(np.cumsum(steps), append=size)
        if lengths[-1] < 1 or lengths.sum() != n_pixels or (lengths < 1).any():
            raise ValueError("its runs are longer than the array")
        return np.repeat(values, lengths).astype(np.int32, copy=False).reshape(shape)
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

    Raises
    ------
    ValueError
        If a label does not fit 32 bits, less one for what was deleted.
    """
    check_label_range(corrected, highest=HIGHEST_LABEL - 1)
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


def uncorrected(labels: NDArray[Any], corrections: str | None) -> NDArray[Any]:
    """Return labels from which `difference` leads to corrected ones by the same corrections.

    What was there before a correction is not kept; the highest label stands for it.

    Raises
    ------
    ValueError
        If the corrections belong to labels of another shape.
    """
    if corrections is None:
        return labels
    # A number of NumPy: one of Python would have to fit into labels of 16 bits.
    return np.where(unpack(corrections, labels.shape) > 0, np.int64(HIGHEST_LABEL), labels)


def script(recipe: Recipe, output: str = "labels.tif") -> str:
    """Return a Python script that makes the labels again from the files of their sources.

    Parameters
    ----------
    recipe : Recipe
        With the paths of the sources.
    output : str
        Path of the labels that the script writes.

    Notes
    -----
    Names go into the script as Python writes them (``repr``), and the recipe as JSON, of ASCII
    characters, in which no three quotes follow one another: whatever the recipe holds, the script
    does nothing else.
    """
    axes = f", axes={recipe.axes!r}" if recipe.axes else ""
    foreground = f", foreground={recipe.foreground!r}" if recipe.foreground else ""
    channel = f", channel={recipe.channel!r}" if recipe.channel else ""
    image = f"read_image({recipe.image!r}{axes}{channel}).data" if recipe.image else "None"
    mask = f"read_labels({recipe.mask!r}{axes}{foreground}).data" if recipe.mask else "None"
    return f'''"""Labels made with napari-ncut, hand corrections included."""

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
