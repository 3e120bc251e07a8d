"""How many pixels can be cut: what does not fit into memory is said before the work starts."""

from __future__ import annotations

from napari_ncut.core.memory import gigabytes, total_memory

# Nodes are numbers of 32 bits. With 64 bits every graph would take a third more memory, and so many
# pixels take more than 200 GB as it is.
MOST_PIXELS = 2**31 - 1
# Bytes for a pixel and for each of its neighbours, at the peak of a cut into a few segments;
# measured: 108 with 4 neighbours, 158 with 8, 118 with 6 and 322 with 26.
PIXEL_BYTES, NEIGHBOUR_BYTES, CHANNEL_BYTES = 60, 10, 8

ADVICE = "crop the image, choose a mask of fewer pixels, or cut it at a lower resolution"


def check_size(n_pixels: int, ndim: int, connectivity: int = 1, n_channels: int = 1) -> None:
    """Raise ValueError if so many pixels can't be cut on this computer.

    Parameters
    ----------
    n_pixels : int
        Pixels under the mask.
    ndim : int
        Number of spatial axes.
    connectivity : int
        1 or ndim.
    n_channels : int
        Channels of the image.
    """
    neighbours = 2 * ndim if connectivity == 1 else 3**ndim - 1
    each = PIXEL_BYTES + NEIGHBOUR_BYTES * neighbours + CHANNEL_BYTES * (n_channels - 1)
    needed, there = n_pixels * each, total_memory()
    if needed > there:
        raise ValueError(
            f"A cut of {n_pixels} pixels takes about {gigabytes(needed)} of memory, and this "
            f"computer has {gigabytes(there)}; {ADVICE}."
        )
    if n_pixels > MOST_PIXELS:
        raise ValueError(
            f"{n_pixels} pixels are to be cut, at most {MOST_PIXELS} can be; {ADVICE}."
        )
