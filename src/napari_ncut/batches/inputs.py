"""The files of a batch: which they are, their masks, and what the results are called."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_ncut.io.formats import READABLE

RESULT = "{name}_labels.tif"


@dataclass(frozen=True)
class Pair:
    """One file of a batch.

    Parameters
    ----------
    path : Path
        The image or, without a pattern of masks, the mask.
    mask : Path, optional
        Its mask, which may be missing.
    output : Path
        Where the labels go.
    """

    path: Path
    mask: Path | None
    output: Path


def pairs(
    inputs: Sequence[str | Path], output: Path, mask: str | None = None
) -> tuple[list[Pair], list[Path]]:
    """Return the files of a batch, and the files in its folders that are of no use to it.

    Parameters
    ----------
    inputs : sequence of path
        Files, folders, or patterns with ``*``.
    output : Path
        The folder of the results.
    mask : str, optional
        Pattern of the masks, as in ``{name}_mask.tif``: beside the image, or with a folder.

    Raises
    ------
    ValueError
        If the pattern is none, or there are no files.
    FileNotFoundError
        If an input is not there.
    """
    if mask is not None and "{name}" not in mask:
        raise ValueError(f"--mask is {mask!r}; wanted a pattern, as in {{name}}_mask.tif.")
    asked, found = files(inputs)
    masks = {path: _mask_of(path, mask) for path in found} if mask else {}
    used = {_real(path) for path in masks.values() if path.is_file()}
    # Masks lie beside their images, and results may, too.
    images = [
        path
        for path in found
        if _real(path) not in used and (path in asked or not _is_result(path, output))
    ]
    if not images:
        raise ValueError(
            f"There is nothing to do in {', '.join(map(str, inputs))}; wanted files that end in "
            f"{', '.join(READABLE)}."
        )
    names = unique_names(images)
    chosen = [
        Pair(path, masks.get(path), output / RESULT.format(name=name))
        for path, name in zip(images, names, strict=True)
    ]
    left = [path for path in found if path not in images and _real(path) not in used]
    return chosen, left


def files(inputs: Sequence[str | Path]) -> tuple[set[Path], list[Path]]:
    """Return the files that are named, and all files with those of folders and patterns."""
    asked: set[Path] = set()
    found: dict[Path, None] = {}
    for given in inputs:
        path = Path(given)
        if path.is_dir():
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
        if path.suffix.lower() in READABLE and not path.name.startswith(".") and path.is_file()
    )


def _mask_of(path: Path, pattern: str) -> Path:
    """Return where the mask of an image is."""
    return path.parent / pattern.replace("{name}", path.stem)


def _real(path: Path) -> Path:
    return path.resolve()


def _is_result(path: Path, output: Path) -> bool:
    """Tell whether a file is a result of an earlier batch in its own folder."""
    ending = RESULT.format(name="")
    return path.name.endswith(ending) and _real(path.parent) == _real(output)


def unique_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: as short as none is that of another.

    Examples
    --------
    >>> unique_names([Path("a/x.tif"), Path("b/x.tif"), Path("b/y.tif")])
    ['a_x', 'b_x', 'y']
    """
    names = [path.stem for path in paths]
    deepest = max((len(path.parts) for path in paths), default=0)
    for depth in range(2, deepest + 1):
        many = Counter(name.casefold() for name in names)
        for i, path in enumerate(paths):
            if many[names[i].casefold()] > 1 and depth <= len(path.parts):
                names[i] = "_".join((*path.parts[-depth:-1], path.stem)).replace("/", "")
    many = Counter(name.casefold() for name in names)
    return [
        f"{name}_{path.suffix[1:]}" if many[name.casefold()] > 1 else name
        for name, path in zip(names, paths, strict=True)
    ]
