"""All that knows napari and Qt, and nothing else does."""

import re
from importlib import metadata

# Nothing but the extra `all` can ask pip for it: the library runs without napari.
NAPARI = (0, 9)

try:
    _found = metadata.version("napari")
except metadata.PackageNotFoundError as error:
    raise ImportError("napari is not installed") from error
if tuple(map(int, re.findall(r"\d+", _found)[:2])) < NAPARI:
    raise ImportError(
        f"napari-ncut's widgets need napari {NAPARI[0]}.{NAPARI[1]} or newer, and this is napari "
        f'{_found}. Install a newer one: pip install "napari>={NAPARI[0]}.{NAPARI[1]}".'
    )
