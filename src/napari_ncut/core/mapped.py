"""Arrays of NumPy that lie in files: what is larger than memory is left to the operating system.

Inside `in_files` every large array, whoever makes it, is a file that is mapped into memory, by an
allocator of NumPy [1]_. The computation is the same to the last bit: what it reads comes from the
disk, and what it has written goes there, wherever the memory is short. The files have no names, and
end with the arrays.

References
----------
.. [1] NEP 49, Data allocation strategies. https://numpy.org/neps/nep-0049-data_allocation.html
"""

from __future__ import annotations

import atexit
import ctypes
import mmap
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

# Where `import_array` of C finds the table of functions, too.
from numpy._core._multiarray_umath import _ARRAY_API  # type: ignore[import-not-found]

from napari_ncut.core.memory import also_on_disk

# Arrays below this stay in memory.
LARGE = 1 << 22
# Of the limit, what large arrays in memory may take; the rest is for pages of files, and the small.
IN_MEMORY = 0.4
# How often pages are given back, in seconds; beyond which part of the limit, and down to which; and
# how many bytes at once.
PATIENCE, FULL, ENOUGH = 0.01, 0.75, 0.65
PIECE = 1 << 24
# After so many turns an array has been filled.
FILLED = 3
# Where `PyDataMem_SetHandler` stands in the table of NumPy's C API, which no version changes.
SET_HANDLER = 304
CAPSULE = b"mem_handler"


@dataclass
class _Place:
    """Where arrays go while one computation lasts."""

    folder: Path
    limit: float
    in_memory: int = 0
    error: OSError | None = None
    lock: Any = field(default_factory=threading.RLock)


class _File(mmap.mmap):
    """A file that is mapped into memory, and how often its pages were given back."""

    turns = 0


_place: ContextVar[_Place | None] = ContextVar("place", default=None)
# By its address: an array in memory with its place and size, or the file that it lies in.
_kept: dict[int, tuple[_Place, int]] = {}
_files: dict[int, _File] = {}
_pagers: list[_Pager] = []


@contextmanager
def in_files(folder: Path, limit: float) -> Iterator[None]:
    """Let large arrays that this thread makes lie in files of a folder, while inside.

    Parameters
    ----------
    folder : Path
        Where the files are, which nobody sees.
    limit : float
        Bytes of memory that this process is held below, where the system tells what it takes.

    Raises
    ------
    OSError
        If the disk is full.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> with in_files(Path("."), 50e6):
    ...     array = np.arange(20_000_000)
    >>> int(array[-1])
    19999999
    """
    place = _Place(folder, limit)
    token = _place.set(place)
    before = _setter()(_handler()[0])
    stop = threading.Event()
    pager = _Pager(limit)
    thread = threading.Thread(target=pager.run, args=(stop,), daemon=True)
    if hasattr(mmap, "MADV_DONTNEED") and Path("/proc/self/statm").exists():
        _pagers.append(pager)
        thread.start()
    try:
        with also_on_disk(folder):
            yield
    except MemoryError as error:
        if place.error is None:
            raise
        raise OSError(
            place.error.errno, f"{place.error.strerror}: arrays in files need more", str(folder)
        ) from error
    finally:
        stop.set()
        _setter()(before)
        _place.reset(token)
        if pager in _pagers:
            _pagers.remove(pager)
            thread.join()


def are_in_files() -> bool:
    """Tell whether this thread is inside `in_files`."""
    return _place.get() is not None


class _Pager:
    """Gives pages of files back as often as this process takes too much; nothing in them is lost.

    Parameters
    ----------
    limit : float
        Bytes of memory that this process is held below.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._pieces: list[tuple[int, int]] = []
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Look again and again, until it is told to stop."""
        while not stop.wait(PATIENCE):
            self.ease()

    def ease(self) -> None:
        """Give back what is too much; who comes meanwhile waits."""
        if resident() <= FULL * self._limit:
            return
        with self._lock:
            # In turn, and no more than needed: what is used again must be found again.
            for _ in range(2):
                if not self._pieces:
                    self._begin_turn()
                while self._pieces and resident() > ENOUGH * self._limit:
                    address, start = self._pieces.pop()
                    there = _files.get(address)
                    if there is not None and start < len(there):
                        there.madvise(mmap.MADV_DONTNEED, start, min(PIECE, len(there) - start))
                if self._pieces:
                    break

    def _begin_turn(self) -> None:
        for address, file in list(_files.items()):
            self._pieces += [(address, start) for start in range(0, len(file), PIECE)]
            file.turns += 1
            if file.turns == FILLED:
                # What has left memory altogether is read again by more than a page at once.
                file.madvise(mmap.MADV_NORMAL)


def ease() -> None:
    """Give pages of files back where this process takes too much.

    A thread does so all the while; but loops that touch a gigabyte while it waits for its turn are
    to do it themselves, part by part.
    """
    for pager in _pagers.copy():
        pager.ease()


def resident() -> int:
    """Return the bytes of memory that this process takes, where /proc tells."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


def _allocate(size: int) -> Any:
    """Return the address of so many bytes, 0 in a file, or None if there are not so many."""
    place = _place.get()
    if place is None or size < LARGE:
        return _malloc(size)
    with place.lock:
        if place.in_memory + size <= IN_MEMORY * place.limit:
            address = _malloc(size)
            if address:
                place.in_memory += size
                _kept[address] = place, size
            return address
    try:
        file = _new_file(place.folder, size)
    except OSError as error:
        place.error = error
        return None
    address = ctypes.addressof(ctypes.c_char.from_buffer(file))
    _files[address] = file
    return address


def _new_file(folder: Path, size: int) -> _File:
    """Return a file without a name that is mapped into memory; its place on the disk is taken."""
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        mapped = _File(file.fileno(), size)
    if hasattr(mmap, "MADV_RANDOM"):
        # Else the system makes pages that are megabytes large, and touching a few of them is to
        # hold all.
        mapped.madvise(mmap.MADV_RANDOM)
    return mapped


def _release(address: int | None) -> None:
    """Give the bytes at an address back."""
    if address is None:
        return
    if _files.pop(address, None) is not None:
        return
    kept = _kept.pop(address, None)
    if kept is not None:
        place, size = kept
        with place.lock:
            place.in_memory -= size
    _free(address)


def _reallocate(address: int | None, size: int) -> Any:
    """Return the address of so many bytes that begin with those at another one, which is freed."""
    if address is None or (address not in _files and address not in _kept):
        return _realloc(address, size)
    new = _allocate(size)
    if new:
        before = len(_files[address]) if address in _files else _kept[address][1]
        ctypes.memmove(new, address, min(before, size))
        _release(address)
    return new


_c = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)


def _function(name: str, result: Any, *arguments: Any) -> Any:
    """Return a function of C."""
    found = _c[name]
    found.restype, found.argtypes = result, arguments
    return found


_pointer, _size = ctypes.c_void_p, ctypes.c_size_t
_malloc = _function("malloc", _pointer, _size)
_calloc = _function("calloc", _pointer, _size, _size)
_realloc = _function("realloc", _pointer, _pointer, _size)
_free = _function("free", None, _pointer)
_MALLOC = ctypes.CFUNCTYPE(_pointer, _pointer, _size)
_CALLOC = ctypes.CFUNCTYPE(_pointer, _pointer, _size, _size)
_REALLOC = ctypes.CFUNCTYPE(_pointer, _pointer, _pointer, _size)
_FREE = ctypes.CFUNCTYPE(None, _pointer, _pointer, _size)


class _Handler(ctypes.Structure):
    """`PyDataMem_Handler` of NumPy's C API."""

    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", _pointer),
        ("malloc", _MALLOC),
        ("calloc", _CALLOC),
        ("realloc", _REALLOC),
        ("free", _FREE),
    ]


@cache
def _handler() -> tuple[Any, _Handler]:
    """Return the allocator; arrays hold it for as long as they live, and so does this."""

    def calloc(_: Any, count: int, size: int) -> Any:
        place = _place.get()
        if place is None or count * size < LARGE:
            return _calloc(count, size)
        address = _allocate(count * size)
        if address in _kept:
            ctypes.memset(address, 0, count * size)
        return address

    handler = _Handler(
        b"napari-ncut, in files",
        1,
        None,
        _MALLOC(lambda _, size: _allocate(size)),
        _CALLOC(calloc),
        _REALLOC(lambda _, address, size: _reallocate(address, size)),
        _FREE(lambda _, address, size: _release(address)),
    )
    # Arrays may outlive all else: what frees them stays where it is, and in the end frees nothing.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(handler))
    atexit.register(_free_no_more, handler)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, (_pointer, ctypes.c_char_p, _pointer)
    return new(ctypes.addressof(handler), CAPSULE, None), handler


def _free_no_more(handler: _Handler) -> None:
    """Let the allocator call `free` of C with its context, which is null, in place of Python."""
    place = ctypes.addressof(handler) + _Handler.free.offset
    ctypes.c_void_p.from_address(place).value = ctypes.cast(_free, _pointer).value


@cache
def _setter() -> Any:
    """Return NumPy's function that sets the allocator of a context, and returns the one before."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = _pointer, (ctypes.py_object, ctypes.c_char_p)
    table = ctypes.cast(get(_ARRAY_API, None), ctypes.POINTER(_pointer))
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(table[SET_HANDLER])
