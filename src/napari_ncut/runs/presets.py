"""Settings under a name, each in a JSON file of its own that can be shared as it is."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from platformdirs import user_config_path

from napari_ncut.core.validation import shown
from napari_ncut.io.atomic import atomic_file
from napari_ncut.io.regular import check_regular
from napari_ncut.runs.recipe import Recipe

LAST_USED = "last used"
# Where a file of settings goes that can not be read.
SET_ASIDE = ".damaged"
# Settings take some hundred bytes; results with their corrections can be read, too.
LARGEST = 2**26
LONGEST_NAME = 100
# What file systems take for a name, less the ending.
MOST_BYTES = 240
FORBIDDEN = set('\\/:*?"<>|')
# Windows keeps these names to itself, whatever the ending.
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


class Presets:
    """The presets in a folder.

    Parameters
    ----------
    folder : path, optional
        Where the files are; by default the folder that the environment variable
        ``NAPARI_NCUT_CONFIG`` names, or else the user's configuration folder.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        folder = folder or os.environ.get("NAPARI_NCUT_CONFIG")
        self.folder = (
            user_config_path("napari-ncut") / "presets" if folder is None else Path(folder)
        )

    def names(self) -> list[str]:
        """Return the names of the presets, in alphabetical order."""
        names = {path.stem for path in self.folder.glob("*.json")}
        return sorted(filter(is_name, names - {LAST_USED}), key=str.casefold)

    def load(self, name: str) -> Recipe:
        """Return a preset.

        Raises
        ------
        ValueError
            If there is none of this name, or its file is damaged.
        """
        return read_preset(self._path(name))

    def save(self, name: str, recipe: Recipe) -> Path:
        """Keep the settings of a recipe under a name, and return the file.

        Raises
        ------
        ValueError
            If the name can not be that of a file.
        OSError
            If the file can not be written.
        """
        return write_preset(self._path(name), recipe)

    def delete(self, name: str) -> None:
        """Take a preset away; none of this name is no error."""
        self._path(name).unlink(missing_ok=True)

    def last_used(self) -> Recipe | None:
        """Return the settings that were used last, or None.

        Warns
        -----
        UserWarning
            If their file can not be read. It is set aside, so that the next start has none.
        """
        path = self._path(LAST_USED)
        if not os.path.lexists(path):
            return None
        try:
            return read_preset(path)
        except ValueError as error:
            aside = path.with_suffix(SET_ASIDE)
            try:
                path.replace(aside)
            except OSError as reason:
                where = f"it can not be set aside ({reason.strerror})"
            else:
                where = f"it was set aside as {aside.name}"
            warnings.warn(
                f"The settings that were used last can not be read; the defaults are used, and "
                f"{where}. {error}",
                stacklevel=2,
            )
            return None

    def _path(self, name: str) -> Path:
        if not is_name(name):
            raise ValueError(
                f"{shown(name)} can not be the name of a preset; wanted 1 to {LONGEST_NAME} "
                'characters that can be seen, none of them \\ / : * ? " < > |, and no dot at the '
                "beginning."
            )
        return self.folder / f"{name.strip()}.json"


def is_name(name: str) -> bool:
    """Return whether a preset can have a name: it is that of its file, on every system."""
    name = name.strip()
    return (
        1 <= len(name) <= LONGEST_NAME
        and name.isprintable()
        and len(name.encode("utf-8", "surrogatepass")) <= MOST_BYTES
        and not name.startswith(".")
        and not FORBIDDEN & set(name)
        and name.split(".")[0].strip().casefold() not in RESERVED
    )


def read_preset(path: str | os.PathLike[str]) -> Recipe:
    """Return the preset in a file.

    Raises
    ------
    ValueError
        If the file can not be read, or holds no preset.

    Warns
    -----
    UserWarning
        If it holds fields that no recipe has, which are left out.
    """
    path = Path(path)
    try:
        check_regular(path)
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 2**20} MB.")
        return Recipe.from_json(path.read_text(encoding="utf-8")).for_other_data()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ValueError(f"{path} is not a preset of napari-ncut: {reason}") from error


def write_preset(path: str | os.PathLike[str], recipe: Recipe) -> Path:
    """Write the settings of a recipe to a file, in the place of one that is there.

    Raises
    ------
    OSError
        If the file can not be written.
    """
    path = Path(path)
    text = recipe.for_other_data().to_json()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path, force=True, text=True) as file:
        file.write(text)
    return path
