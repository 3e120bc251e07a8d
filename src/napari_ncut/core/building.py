"""In a checkout, compiled loops are those of the text beside them: what was edited is built again.

An installed wheel has nothing to build and never comes here.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the package's folder of a checkout: for each compiled file, the digest of what it was built of.
NOTES = ".built.json"
COMMAND = ("setup.py", "-q", "build_ext", "--inplace")


def checkout_of(folder: Path) -> Path | None:
    """Return the root of the checkout that a room's folder `loops` lies in; None if installed."""
    source = folder.parents[2]
    root = source.parent
    return root if source.name == "src" and (root / "setup.py").is_file() else None


def digest_of(text: Path, root: Path) -> str:
    """Return the digest of what a compiled file is built of: its text, and how it is built."""
    return hashlib.sha256((root / "setup.py").read_bytes() + text.read_bytes()).hexdigest()


def note_built(digests: dict[str, str], root: Path) -> None:
    """Note which texts compiled files were built of.

    Parameters
    ----------
    digests : dict of str
        By the path of the compiled file below ``src``.
    root : Path
        The checkout.
    """
    path = root / "src/napari_ncut" / NOTES
    notes = {key: value for key, value in _notes(root).items() if (root / "src" / key).exists()}
    unfinished = path.with_name(f"{NOTES}.{os.getpid()}")
    unfinished.write_text(json.dumps(notes | digests, indent=1), encoding="utf-8")
    unfinished.replace(path)


def build_edited(folder: Path, root: Path) -> None:
    """Compile again what is not compiled from the text that is there.

    Parameters
    ----------
    folder : Path
        A room's folder `loops`.
    root : Path
        The checkout.

    Raises
    ------
    ImportError
        If it cannot be compiled. Neither the machine code of another text nor the text itself,
        a thousand times slower, runs in its place.
    """
    if not any(_stale(folder, root)):
        return
    try:
        with _alone(root):
            # Another process may have built them while this one waited.
            texts, compiled = _stale(folder, root)
            for path in compiled:
                path.unlink()
            if texts:
                _build(texts, root)
    except OSError as error:
        raise ImportError(
            f"{folder} must be compiled again, and {error}; "
            "make the checkout writable, or install a wheel."
        ) from error
    if any(_stale(folder, root)):
        raise ImportError(
            f"{folder} could not be compiled, for the reason above; mend it, or install what is "
            'missing (a C compiler, and "pip install setuptools Cython"), and import again.'
        )


def _build(texts: list[Path], root: Path) -> None:
    """Compile texts, and show why if it fails."""
    names = ", ".join(str(text.relative_to(root)) for text in texts)
    sys.stderr.write(f"napari-ncut: compiling {names} ...\n")
    sys.stderr.flush()
    for text in texts:
        # Build tools go by times, and the time of a text that was copied may be an old one.
        text.touch()
    done = subprocess.run(
        [sys.executable, *COMMAND], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)


def _notes(root: Path) -> dict[str, str]:
    """Return what `note_built` noted."""
    try:
        text = (root / "src/napari_ncut" / NOTES).read_text(encoding="utf-8")
        return dict(json.loads(text))
    except (FileNotFoundError, ValueError):
        return {}


def _stale(folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """Return the texts to compile, and the compiled files that are not of the texts there are."""
    notes = _notes(root)
    digests = {text.stem: digest_of(text, root) for text in sorted(folder.glob("[a-z]*.py"))}
    current, stale = set(), []
    for path in [*folder.glob("*.*"), *folder.glob("v3/*.*")]:
        name, _, suffix = path.name.partition(".")
        if f".{suffix}" not in importlib.machinery.EXTENSION_SUFFIXES:
            continue
        noted = notes.get(path.relative_to(root / "src").as_posix())
        if noted is None or noted != digests.get(name):
            stale.append(path)
        elif path.parent == folder:
            current.add(name)
    return [folder / f"{name}.py" for name in digests if name not in current], stale


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other process builds this checkout; the lock ends with its process."""
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "lock").open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:  # Windows waits for ten seconds only.
                    continue
            yield
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            yield
