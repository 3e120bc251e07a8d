"""The workers of a dask scheduler: the extra ``scale``."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

from napari_ncut._version import __version__

# How long a scheduler may take to answer, in seconds.
PATIENCE = 10


def client_of(address: str) -> Any:
    """Return a client of the dask scheduler at an address, as in ``tcp://host:8786``.

    Raises
    ------
    ImportError
        If distributed is missing; with what to install.
    ValueError
        If none answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            'A scheduler needs distributed; install it with `pip install "napari-ncut[scale]"`.'
        ) from error
    try:
        _knock(address)
        return Client(address, timeout=f"{PATIENCE}s")
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"{address}: no dask scheduler answers there.") from error


def _knock(address: str) -> None:
    """Raise OSError if nothing listens there: a client would go on trying for some time."""
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    if place.scheme in ("tcp", "tls") and place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), PATIENCE).close()


def version_here() -> str:
    """Return the version of napari-ncut where it is called, as on a worker."""
    return __version__


def check_workers(client: Any) -> None:
    """Raise ValueError unless all workers of a client have this version: others, other labels."""
    found = client.run(version_here, on_error="return")
    for address, version in found.items():
        if isinstance(version, ImportError):
            raise ValueError(
                f"The worker {address} has no napari-ncut; install {__version__} on it."
            )
        if version != __version__:
            raise ValueError(
                f"The worker {address} has napari-ncut {version}, and this is {__version__}; "
                "install the same version everywhere."
            )
