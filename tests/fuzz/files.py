"""Files of ten formats, and what becomes of them on broken disks and in hostile hands."""

import io
import shutil

import numpy as np
import PIL.Image
import tifffile
from tests.fuzz.cases import one_of

from napari_ncut import SplitSettings, scenes
from napari_ncut.files import write_labels
from napari_ncut.io.ome_zarr_labels import create_labels
from napari_ncut.runs.recipe import Recipe

SCENE = scenes.circles(2)
MASK = 255 * SCENE.mask.astype(np.uint8)
GREY = (SCENE.image / SCENE.image.max() * 200).astype(np.uint8)


def write_all(folder):
    """Write a file of each format; return their names."""
    tifffile.imwrite(folder / "plain.tif", GREY)
    tifffile.imwrite(folder / "zlib.tif", MASK, compression="zlib", predictor=True)
    tifffile.imwrite(folder / "tiled.tif", GREY, tile=(32, 32), compression="lzw", bigtiff=True)
    stack = np.stack([MASK, GREY, MASK])
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 2.0}
    tifffile.imwrite(
        folder / "imagej.tif", stack, imagej=True, resolution=(2, 2), metadata=metadata
    )
    sizes = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(folder / "ome.tif", stack, ome=True, metadata=sizes)
    recipe = Recipe(SplitSettings(), "plain.tif", "zlib.tif")
    labels = SCENE.truth.astype(np.int32)
    write_labels(folder / "ours.tif", labels, spacing=(0.5, 0.5), provenance=recipe.to_dict())
    palette = PIL.Image.fromarray(MASK).convert("P")
    palette.save(folder / "palette.png")
    for name in ("grey.png", "grey.jpg", "grey.bmp"):
        PIL.Image.fromarray(GREY).save(folder / name)
    np.save(folder / "grey.npy", np.asfortranarray(GREY.astype(">u2")))
    levels = create_labels(folder / "labels.ome.zarr", labels.shape, (0.5, 0.5))
    levels[0][:] = labels
    return sorted(path.name for path in folder.iterdir())


def broken(rng, source, target):
    """Copy a file or store with damage; return the kind of damage."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        files = sorted(path for path in target.rglob("*") if path.is_file())
        path = one_of(rng, files)
        if rng.random() < 0.1:
            path.unlink()
            return "without a file"
    else:
        shutil.copyfile(source, path := target)
    content = bytearray(path.read_bytes())
    kind = one_of(rng, list(DAMAGES))
    path.write_bytes(DAMAGES[kind](rng, content))
    return kind


def _bits(rng, content):
    for _ in range(rng.integers(1, 9)):
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return content


def _head(rng, content):
    """Change what tells how to read the rest."""
    for _ in range(rng.integers(1, 5)):
        content[rng.integers(min(len(content), 400))] = one_of(rng, [0, 1, 127, 128, 254, 255])
    return content


def _number(rng, content):
    """Write a number that is far too large, or negative, somewhere."""
    size = one_of(rng, [2, 4, 8])
    number = one_of(rng, [2 ** (8 * size) - 1, 2 ** (8 * size - 1), 2 ** (8 * size - 2), 0])
    at = rng.integers(max(len(content) - size, 1))
    content[at : at + size] = number.to_bytes(size, one_of(rng, ["little", "big"]))
    return content


def _digits(rng, content):
    """Change a digit of a text in it, or put in many of them."""
    places = [k for k, byte in enumerate(content) if 48 <= byte < 58]
    if not places:
        return _bits(rng, content)
    at = one_of(rng, places)
    content[at : at + 1] = one_of(rng, [b"9", b"-1", b"0", b"1e400", b"9" * 30, b"nan", b'"'])
    return content


def _cut(rng, content):
    return content[: rng.integers(len(content))]


def _repeated(rng, content):
    start, stop = sorted(rng.integers(0, len(content), 2))
    return content[:stop] + content[start:stop] + content[stop:]


def _missing(rng, content):
    start, stop = sorted(rng.integers(0, len(content), 2))
    return content[:start] + content[stop:]


def _noise(rng, content):
    start = int(rng.integers(len(content)))
    stop = min(start + int(rng.integers(1, 60)), len(content))
    content[start:stop] = rng.bytes(stop - start)
    return content


def _other(rng, _):
    """Put another format in its place."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(GREY).save(buffer, one_of(rng, ["PNG", "TIFF", "GIF", "WEBP", "JPEG"]))
    return buffer.getvalue()


DAMAGES = {
    "bits": _bits,
    "head": _head,
    "number": _number,
    "digits": _digits,
    "cut": _cut,
    "repeated": _repeated,
    "missing": _missing,
    "noise": _noise,
    "other": _other,
}
