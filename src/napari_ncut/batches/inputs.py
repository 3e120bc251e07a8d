"""The files of a batch: which they are, their masks, and what the results are called."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_ncut.io.formats import READABLE, VENDOR
from napari_ncut.io.ome_zarr import images_of, is_store, name_of

ENDINGS = {"tif": ".tif", "ome-zarr": ".ome.zarr"}
RESULT = "{name}_labels{ending}"
# The beginning of a pattern of masks, or of results, that are labels of an OME-Zarr itself.
LABELS = "labels/"


@dataclass(frozen=True)
class Pair:
    """One file of a batch.

    Parameters
    ----------
    path : Path
        The image or, without a pattern of masks, the mask; of a plate a field.
    mask : Path, optional
        Its mask, which may be missing.
    output : Path
        Where the labels go.
    name : str
        What the file is called in a table.
    """

    path: Path
    mask: Path | None
    output: Path
    name: str = ""

    @property
    def is_in_store(self) -> bool:
        """Whether the labels go into the OME-Zarr of their image."""
        return self.output.parent == self.path / "labels"

    @property
    def is_mask_missing(self) -> bool:
        """Whether there is to be a mask, and is none."""
        return self.mask is not None and not _is_there(self.mask)


@dataclass(frozen=True)
class Found:
    """A file, or an image in a store.

    Parameters
    ----------
    path : Path
        What is read.
    file : Path
        The file, or the store that it is in.
    inside : str
        Its name in the store, as in ``B_3_0``.
    """

    path: Path
    file: Path
    inside: str = ""

    @property
    def name(self) -> str:
        """Its name without folders and format."""
        return "_".join(filter(None, (name_of(self.file), self.inside)))


def pairs(
    inputs: Sequence[str | Path], output: Path, mask: str | None = None, form: str = "tif"
) -> tuple[list[Pair], list[Path]]:
    """Return the files of a batch, and the files in its folders that are of no use to it.

    Parameters
    ----------
    inputs : sequence of path
        Files, OME-Zarr, folders, or patterns with ``*``.
    output : Path
        The folder of the results.
    mask : str, optional
        Pattern of the masks, as in ``{name}_mask.tif``: beside the image, or with a folder; or
        ``labels/NAME`` for the labels of this name in each OME-Zarr.
    form : str
        Format of the results, ``"tif"`` or ``"ome-zarr"``, or ``labels/NAME`` for labels of this
        name in each OME-Zarr.

    Raises
    ------
    ValueError
        If the pattern or the format is none, or there are no files.
    FileNotFoundError
        If an input is not there.
    """
    if mask is not None and "{name}" not in mask and not mask.startswith(LABELS):
        raise ValueError(
            f"--mask is {mask!r}; wanted a pattern, as in {{name}}_mask.tif, or labels/NAME for "
            "labels in an OME-Zarr."
        )
    name = form.removeprefix(LABELS)
    is_in_store = form.startswith(LABELS) and name not in ("", "..") and "/" not in name
    if form not in ENDINGS and not is_in_store:
        raise ValueError(f"--format is {form!r}; wanted {', '.join(ENDINGS)} or labels/NAME.")
    if form == mask:
        raise ValueError(f"--format is {form!r}, and so is --mask; name another output.")
    asked, there = files(inputs)
    found = [image for path in there for image in _images(path)]
    masks = {image.path: _mask_of(image, mask) for image in found} if mask else {}
    used = {_real(path) for path in masks.values() if _is_there(path)}
    # Masks lie beside their images, and results may, too.
    images = [
        image
        for image in found
        if _real(image.path) not in used
        and (image.file in asked or not _is_result(image.file, output))
    ]
    if not images:
        raise ValueError(
            f"There is nothing to do in {', '.join(map(str, inputs))}; wanted files that end in "
            f"{', '.join(READABLE)}, or OME-Zarr."
        )
    names = unique_names([image.file for image in images], [image.inside for image in images])
    is_one_store = len({image.file for image in images}) == 1
    chosen = [
        Pair(
            image.path,
            masks.get(image.path),
            image.path / form
            if is_in_store
            else output / RESULT.format(name=name, ending=ENDINGS[form]),
            _title(image, name, is_one_store),
        )
        for image, name in zip(images, names, strict=True)
    ]
    done = {image.path for image in images}
    left = [image.path for image in found if image.path not in done]
    return chosen, [path for path in left if _real(path) not in used]


def files(inputs: Sequence[str | Path]) -> tuple[set[Path], list[Path]]:
    """Return the files that are named, and all files with those of folders and patterns."""
    asked: set[Path] = set()
    found: dict[Path, None] = {}
    for given in inputs:
        path = Path(given)
        if path.is_dir() and not is_store(path):
            found |= dict.fromkeys(_readable(path.iterdir()))
        elif path.exists():
            asked.add(path)
            found[path] = None
        elif any(letter in str(given) for letter in "*?["):
            # Unlike Path.glob it takes patterns from the root, too.
            names = glob.glob(str(given), recursive=True)  # noqa: PTH207
            there = _readable(map(Path, names))
            if not there:
                raise FileNotFoundError(f"{given}: no file is called so.")
            found |= dict.fromkeys(there)
        else:
            raise FileNotFoundError(f"{given}: there is no such file or folder.")
    return asked, list(found)


def _readable(paths: Iterable[Path]) -> list[Path]:
    """Return the images among paths, sorted."""
    return sorted(
        path
        for path in paths
        if not path.name.startswith(".")
        and ((path.suffix.lower() in (*READABLE, *VENDOR) and path.is_file()) or is_store(path))
    )


def _images(path: Path) -> list[Found]:
    """Return a file, or the images of a store; what is wrong with it stands in its row later."""
    if not is_store(path):
        return [Found(path, path)]
    try:
        return [Found(image, path, name) for name, image in images_of(path)]
    except (ValueError, ImportError):
        return [Found(path, path)]


def _title(image: Found, name: str, is_one_store: bool) -> str:
    """Return what an image is called in a table: of a single plate its place is enough."""
    if image.path == image.file:
        return image.file.name
    return str(image.path.relative_to(image.file)) if is_one_store else name


def _mask_of(image: Found, pattern: str) -> Path:
    """Return where the mask of an image is."""
    if pattern.startswith(LABELS):
        return image.path / pattern
    return image.file.parent / pattern.replace("{name}", image.name)


def _is_there(path: Path) -> bool:
    return path.is_file() or is_store(path)


def _real(path: Path) -> Path:
    return path.resolve()


def _is_result(path: Path, output: Path) -> bool:
    """Tell whether a file is a result of an earlier batch in its own folder."""
    endings = tuple(RESULT.format(name="", ending=ending) for ending in ENDINGS.values())
    return path.name.endswith(endings) and _real(path.parent) == _real(output)


def unique_names(paths: Sequence[Path], inside: Sequence[str] = ()) -> list[str]:
    """Return a name for each file: as short as none is that of another.

    Parameters
    ----------
    paths : sequence of Path
        Files and stores.
    inside : sequence of str, optional
        The name of each image in its store.

    Examples
    --------
    >>> unique_names([Path("a/x.tif"), Path("b/x.tif"), Path("b/y.tif")])
    ['a_x', 'b_x', 'y']
    >>> unique_names([Path("p.ome.zarr"), Path("p.ome.zarr")], ["B_3_0", "B_3_1"])
    ['p_B_3_0', 'p_B_3_1']
    """
    found = [Found(path, path, *inside[k : k + 1]) for k, path in enumerate(paths)]
    names = [image.name for image in found]
    deepest = max((len(path.parts) for path in paths), default=0)
    for depth in range(2, deepest + 1):
        many = Counter(name.casefold() for name in names)
        for i, path in enumerate(paths):
            if many[names[i].casefold()] > 1 and depth <= len(path.parts):
                names[i] = "_".join((*path.parts[-depth:-1], found[i].name)).replace("/", "")
    many = Counter(name.casefold() for name in names)
    return [
        f"{name}_{path.suffix[1:]}" if many[name.casefold()] > 1 else name
        for name, path in zip(names, paths, strict=True)
    ]
