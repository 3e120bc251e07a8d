"""Formats of microscopes, which bioio reads: the extra ``formats``."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.core.memory import check_fits
from napari_ncut.io.formats import OTHERS, VENDOR
from napari_ncut.io.pixel_size import NOTHING, PixelSize, in_one_unit
from napari_ncut.io.stored import Stored


def is_read(path: Path) -> bool:
    """Tell whether a file of a microscope can be read here: whether its reader is installed."""
    module = VENDOR.get(path.suffix.lower())
    return module is not None and importlib.util.find_spec(module) is not None


def read_vendor(path: Path) -> Stored:
    """Return what a file of a microscope holds.

    Raises
    ------
    ValueError
        If it is damaged, or holds several images.
    """
    ending = path.suffix.lower()
    kind = OTHERS[ending][0]
    from bioio import BioImage

    try:
        image = BioImage(path, reader=importlib.import_module(VENDOR[ending]).Reader)
        scenes = image.scenes
        if len(scenes) > 1:
            names = ", ".join(map(str, scenes[:5])) + (", …" if len(scenes) > 5 else "")
            raise ValueError(
                f"it holds {len(scenes)} images ({names}); save the one to cut alone, for example "
                "in Fiji"
            )
        check_fits(math.prod(image.shape) * np.dtype(image.dtype).itemsize)
        data = np.asarray(image.data)
        axes = str(image.dims.order)
        channels = tuple(map(str, image.channel_names or ()))
        pixels, interval = _pixel_size(image), _interval(image)
    except ValueError:
        raise
    except Exception as error:  # Readers raise whatever the bytes of a damaged file lead to.
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"it cannot be read as {kind} ({said[:200]})") from error
    return Stored(
        data,
        axes,
        pixels,
        interval,
        has_colours="S" in axes,
        are_axes_named=True,
        channels=channels if "S" not in axes else (),
    )


def _pixel_size(image: Any) -> PixelSize:
    """Return the sizes of the pixels, which are in micrometres."""
    sizes = image.physical_pixel_sizes
    told = {axis: getattr(sizes, axis) for axis in "ZYX" if getattr(sizes, axis) is not None}
    if not told:
        return NOTHING
    return in_one_unit(told, dict.fromkeys(told, "µm"), "bioio")


def _interval(image: Any) -> float | None:
    """Return the seconds between frames, where they are told."""
    found = image.time_interval
    seconds = found.total_seconds() if hasattr(found, "total_seconds") else None
    return seconds if seconds is not None and seconds > 0 else None
