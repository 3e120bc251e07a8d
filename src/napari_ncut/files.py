"""Images and labels in files: the names that saved scripts import, from `napari_ncut.io.files`."""

from napari_ncut.io.files import (
    READABLE,
    WRITABLE,
    Image,
    check_output,
    read_image,
    read_labels,
    read_provenance,
    write_labels,
)

__all__ = [
    "READABLE",
    "WRITABLE",
    "Image",
    "check_output",
    "read_image",
    "read_labels",
    "read_provenance",
    "write_labels",
]
