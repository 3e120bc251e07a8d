"""Only regular files are read: a pipe or a device would be waited for without end."""

from __future__ import annotations

import stat
from pathlib import Path


def check_regular(path: Path) -> None:
    """Raise unless a path is that of a file with contents.

    Raises
    ------
    ValueError
        If it is a pipe, a device or a socket, or cannot be the name of a file.
    OSError
        If it is missing, a folder, or not readable.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise ValueError(f"{str(path)!r} can not be the name of a file ({error}).") from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path}: is a folder; name a file in it.")
    if not stat.S_ISREG(mode):
        raise ValueError(
            f"{path}: is a pipe, a device or a socket; wanted a file. Write the data to one first."
        )
