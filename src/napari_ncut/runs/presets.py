"""Settings under a name, each in a JSON file of its own that can be shared as it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_config_path

from napari_ncut.runs.recipe import Recipe

LAST_USED = "last used"


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
        return sorted(names - {LAST_USED}, key=str.casefold)

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
        """Return the settings that were used last, if they can be read."""
        try:
            return self.load(LAST_USED)
        except ValueError:
            return None

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[^\\/:*?\"<>|.][^\\/:*?\"<>|]{0,99}", name.strip()):
            raise ValueError(
                f"{name!r} can not be the name of a preset; wanted 1 to 100 characters, none of "
                'them \\ / : * ? " < > |, and no dot at the beginning.'
            )
        return self.folder / f"{name.strip()}.json"


def read_preset(path: str | os.PathLike[str]) -> Recipe:
    """Return the preset in a file.

    Raises
    ------
    ValueError
        If the file can not be read, or holds no preset.
    """
    try:
        return Recipe.from_json(Path(path).read_text(encoding="utf-8")).for_other_data()
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a preset of napari-ncut: {error}") from error


def write_preset(path: str | os.PathLike[str], recipe: Recipe) -> Path:
    """Write the settings of a recipe to a file: beside its place, then renamed.

    Raises
    ------
    OSError
        If the file can not be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(recipe.for_other_data().to_json(), encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
