"""Files and folders that are there as a whole or not at all.

What is written lies beside its place under a name of its own, and then takes the place in one step:
a full disk, an interruption or a kill never leaves half a file, nor takes one that was there. What
a kill leaves beside the place is swept by a later write into the same folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

PREFIX, SUFFIX = ".napari-ncut-", ".part"
# No write takes so long; what is older was left by a process that was killed.
OLD = 24 * 3600.0


@contextmanager
def atomic_file(
    path: str | os.PathLike[str], *, force: bool = False, text: bool = False
) -> Iterator[IO[Any]]:
    """Open a file that takes its place when the context ends without an error.

    Parameters
    ----------
    path : path
        Where the file is to be.
    force : bool
        Whether it takes the place of another. Without it, of two processes that write the same
        file one wins and the other fails; links, dangling ones too, count as files.
    text : bool
        Whether text is written, as UTF-8 and with line ends as they are, instead of bytes.

    Yields
    ------
    file
        To write to.

    Raises
    ------
    FileExistsError
        If there is a file and ``force`` is False.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    sweep(path.parent)
    beside = _beside(path)
    options: dict[str, Any] = {"encoding": "utf-8", "newline": ""} if text else {}
    try:
        with beside.open("x" if text else "xb", **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            beside.replace(path)
        else:
            _take_free_place(beside, path)
    except OSError as error:
        # People know the file by its own name only.
        if error.filename is not None and Path(error.filename) == beside:
            error.filename = str(path)
        raise
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


@contextmanager
def atomic_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a folder that takes its place when the context ends without an error.

    Parameters
    ----------
    path : Path
        Where the folder is to be.
    force : bool
        Whether it takes the place of another.

    Yields
    ------
    Path
        The folder to fill, which is not there yet.

    Raises
    ------
    FileExistsError
        If something is there and ``force`` is False.
    """
    sweep(path.parent)
    beside, old = (_beside(path) for _ in range(2))
    try:
        yield beside
        if os.path.lexists(path):
            if not force:
                raise FileExistsError(already_there(path))
            path.rename(old)
        try:
            beside.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    finally:
        for folder in (beside, old):
            shutil.rmtree(folder, ignore_errors=True)


def _beside(path: Path) -> Path:
    """Return a free name in the same folder.

    It does not depend on that of the file, which may be as long as names can be.
    """
    return path.with_name(f"{PREFIX}{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}")


def _take_free_place(beside: Path, path: Path) -> None:
    """Move a file to where there is none, or raise FileExistsError."""
    try:
        os.link(beside, path)
        return
    except FileExistsError:
        raise FileExistsError(already_there(path)) from None
    except OSError:  # This file system has no hard links.
        pass
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise FileExistsError(already_there(path)) from None
    beside.replace(path)


def already_there(path: Path) -> str:
    """Return what is said of a file that is not to be overwritten."""
    kind = "is a link already" if path.is_symlink() else "exists already"
    return f"{path}: {kind}; choose another name, or overwrite it with --force (force=True)."


def sweep(folder: Path) -> None:
    """Delete what killed processes left in a folder a day ago or earlier."""
    limit = time.time() - OLD
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                # Another process may sweep the same folder.
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < limit:
                        if entry.is_dir(follow_symlinks=False):
                            shutil.rmtree(entry.path)
                        else:
                            Path(entry.path).unlink()
