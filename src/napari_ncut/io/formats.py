"""Formats by the ends of names: those that are read, and what reads the others."""

from __future__ import annotations

from pathlib import Path

READABLE = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".npy")
WRITABLE = (".tif", ".tiff", ".ome.zarr")

# Those of microscopes, and the packages that read them: the extra ``formats``.
VENDOR = {".czi": "bioio_czi", ".nd2": "bioio_nd2", ".lif": "bioio_lif"}

BIO_FORMATS = "open it in Fiji (File > Import > Bio-Formats) and save it as TIFF"
WITH_BIOIO = 'install bioio for it by `pip install "napari-ncut[formats]"`, or ' + BIO_FORMATS
FIJI = "open it in Fiji and save it as TIFF"
OTHERS = {
    ".czi": ("Zeiss CZI", WITH_BIOIO),
    ".lsm": ("Zeiss LSM", "the Python package tifffile reads it, or " + FIJI),
    ".nd2": ("Nikon ND2", WITH_BIOIO),
    ".lif": ("Leica LIF", WITH_BIOIO),
    ".oib": ("Olympus OIB", BIO_FORMATS),
    ".oif": ("Olympus OIF", BIO_FORMATS),
    ".oir": ("Olympus OIR", BIO_FORMATS),
    ".vsi": ("Olympus VSI", BIO_FORMATS),
    ".ims": ("Imaris", "the Python package imaris-ims-file-reader reads it, or " + BIO_FORMATS),
    ".dv": ("DeltaVision", BIO_FORMATS),
    ".stk": ("MetaMorph STK", "the Python package tifffile reads it, or " + BIO_FORMATS),
    ".svs": ("Aperio SVS", "the Python package tifffile reads it, or QuPath"),
    ".ndpi": ("Hamamatsu NDPI", "the Python package tifffile reads it, or QuPath"),
    ".h5": ("HDF5", "the Python package h5py reads it; save the array as .npy or TIFF"),
    ".hdf5": ("HDF5", "the Python package h5py reads it; save the array as .npy or TIFF"),
    ".zarr": ("a Zarr in a file", "unpack it; an OME-Zarr that is a folder is read"),
    ".npz": ("NumPy NPZ", "it is an archive of arrays; save the one to cut as .npy"),
    ".mat": ("MATLAB", "scipy.io.loadmat reads it; save the array as .npy or TIFF"),
    ".mrc": ("MRC", "the Python package mrcfile reads it, or " + FIJI),
    ".nrrd": ("NRRD", "the Python package pynrrd reads it, or " + FIJI),
    ".nii": ("NIfTI", "the Python package nibabel reads it, or " + FIJI),
    ".gz": ("a compressed file", "unpack it first"),
    ".zip": ("an archive", "unpack it first"),
    ".dcm": ("DICOM", "the Python package pydicom reads it, or " + FIJI),
    ".gif": ("GIF", FIJI),
    ".webp": ("WebP", "save it as PNG with any viewer of pictures"),
    ".jp2": ("JPEG 2000", FIJI),
    ".jxl": ("JPEG XL", "save it as PNG with any viewer of pictures"),
    ".heic": ("HEIC", "save it as PNG with any viewer of pictures"),
    ".avi": ("a video", FIJI),
    ".mp4": ("a video", "save its frames as TIFF, for example with ffmpeg"),
    ".mov": ("a video", "save its frames as TIFF, for example with ffmpeg"),
    ".pdf": ("PDF", "save the picture in it as PNG"),
    ".svg": ("SVG", "save it as PNG with a program for drawings"),
    ".psd": ("Photoshop", "save it as TIFF"),
    ".xcf": ("GIMP", "save it as TIFF"),
    ".csv": ("a table", "wanted an image"),
    ".roi": ("regions of ImageJ", "paint them as a mask in Fiji (Edit > Selection > Create Mask)"),
    ".json": ("JSON", "wanted an image"),
}
# How files of a kind begin, whatever they are called.
BEGINNINGS = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
    b"II+\x00": ".tif",
    b"MM\x00+": ".tif",
    b"\x93NUMPY": ".npy",
    b"BM": ".bmp",
    b"\x89HDF": ".h5",
    b"GIF8": ".gif",
    b"%PDF": ".pdf",
    b"PK\x03\x04": ".zip",
    b"ZISRAWFILE": ".czi",
    b"\xda\xce\xbe\n": ".nd2",
}
SAME = {".jpeg": ".jpg", ".tiff": ".tif"}


def other_format(path: Path) -> str:
    """Return what is said of a file whose format is not read."""
    ending = path.suffix.lower()
    ends = f"a file that ends in {', '.join(READABLE)}, or an OME-Zarr"
    if ending not in OTHERS:
        return f"wanted {ends}"
    name, reader = OTHERS[ending]
    return f"is {name}, which napari-ncut does not read: {reader}. Wanted {ends}"


def contents(path: Path) -> str | None:
    """Return what a file is by its first bytes, if that is not what its name says."""
    with path.open("rb") as file:
        first = file.read(16)
    found = next((kind for bytes_, kind in BEGINNINGS.items() if first.startswith(bytes_)), None)
    ending = path.suffix.lower()
    return None if found is None or found == SAME.get(ending, ending) else found
