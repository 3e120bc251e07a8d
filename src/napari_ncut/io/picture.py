"""Pictures: PNG, JPEG and BMP."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ncut.io.stored import Stored

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP"}


def read_picture(path: Path) -> Stored:
    """Return what a picture holds; of a palette the indices, with the palette.

    Raises
    ------
    ValueError
        If it is damaged, or of another format than its name says.
    """
    import PIL.Image
    import PIL.ImageOps

    name = FORMATS[path.suffix.lower()]
    try:
        # From memory no more is read than there is, whatever the file claims.
        with PIL.Image.open(BytesIO(path.read_bytes()), formats=[name]) as file:
            # Cameras say which side is up; every viewer follows.
            picture = PIL.ImageOps.exif_transpose(file)
            if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
                picture = picture.convert("RGB")
            if picture.mode == "PA":
                picture = picture.convert("RGBA")
            palette = _palette(picture) if picture.mode == "P" else None
            transparency = picture.info.get("transparency")
            if palette is not None and transparency is not None:
                alpha = np.asarray(picture.convert("RGBA"))[..., 3]
            else:
                alpha = None
            data = np.asarray(picture)
    except (SyntaxError, PIL.Image.DecompressionBombError, ValueError, EOFError) as error:
        raise ValueError(f"it cannot be read as {name} ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"it cannot be read as {name} ({error})") from error
    is_lossy = name == "JPEG"
    if data.ndim == 2:
        return Stored(data, "YX", palette=palette, alpha=alpha, is_lossy=is_lossy)
    if data.shape[-1] in (2, 4):
        alpha, data = data[..., -1], data[..., :-1]
    if data.shape[-1] == 1:
        return Stored(data[..., 0], "YX", alpha=alpha, is_lossy=is_lossy)
    return Stored(data, "YXS", alpha=alpha, has_colours=True, is_lossy=is_lossy)


def _palette(picture: Any) -> NDArray[np.uint8]:
    """Return the colours of a palette; indices beyond its end are black."""
    colours = np.zeros((256, 3), np.uint8)
    found = np.array(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)[:256]
    colours[: len(found)] = found
    return colours
