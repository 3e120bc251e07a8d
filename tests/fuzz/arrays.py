"""Arrays of every dtype, shape and layout that somebody may hand in."""

import dask.array as da
import numpy as np
import xarray
import zarr
from tests.fuzz.cases import one_of

DTYPES = [
    *(f"{order}{kind}" for order in "<>" for kind in ("u2", "u4", "u8", "i4", "f4", "f8", "f2")),
    *("bool", "u1", "i1", "i2", "i8", "longdouble"),
]
NO_NUMBERS = ["c8", "c16", "M8[s]", "m8[ms]", "U3", "S2", "O", "V4"]
LAYOUTS = (
    *("as it is", "as it is", "Fortran", "backwards", "every other", "read only", "broadcast"),
    *("list", "masked", "memmap", "dask", "xarray", "zarr", "unaligned", "subclass"),
)


class Subclass(np.ndarray):
    """An array with another name."""


def shape(rng):
    """Return a shape of 0 to 6 axes, 2 or 3 of them most often, some of them empty."""
    ndim = one_of(rng, [*[2] * 12, *[3] * 6, 0, 1, 4, 5, 6])
    longest = [0, 40, 28, 12, 6, 4, 3][ndim]
    sides = rng.integers(1, longest + 1, ndim) if ndim else np.zeros(0, int)
    if ndim and rng.random() < 0.03:
        sides[rng.integers(ndim)] = one_of(rng, [0, 0, 1])
    return tuple(int(n) for n in sides)


def values(rng, shape):
    """Return what labels, masks or pictures hold: blobs, noise, one value, few, or extremes."""
    kind = one_of(rng, [*["blobs"] * 6, *["mask"] * 6, "noise", "noise", "one", "few", "far"])
    if kind == "one":
        return np.full(shape, one_of(rng, [0.0, 1.0, 255.0, 7.0]))
    if kind == "noise":
        return rng.normal(0, one_of(rng, [1.0, 100.0, 1e-3]), shape)
    if kind == "far":
        return rng.normal(0, 1, shape) * one_of(rng, [1e-320, 1e-40, 1e38, 1e300, 1e308])
    few = np.ones(shape) * rng.integers(0, one_of(rng, [2, 5, 300]), shape)
    if kind == "few":
        return few
    result = np.zeros(shape)
    at = np.indices(shape, sparse=True)
    for n in range(rng.integers(1, 7)):
        centre = [rng.uniform(0, max(side, 1)) for side in shape]
        apart = sum((a - c) ** 2 for a, c in zip(at, centre, strict=True))
        result[np.broadcast_to(apart < rng.uniform(1, 8) ** 2, shape)] = n + 1
    return (result > 0) * one_of(rng, [1.0, 255.0]) if kind == "mask" else result


def plain(rng, shape):
    """Return an ordinary array; now and then it holds no numbers, or some that are none."""
    with np.errstate(all="ignore"):
        found = values(rng, shape)
        if rng.random() < 0.04:
            dtype = one_of(rng, NO_NUMBERS)
            return (
                np.asarray(found.astype(np.int64)).astype(dtype)
                if dtype != "V4"
                else np.zeros(shape, "V4")
            )
        found = found.astype(one_of(rng, DTYPES))
    if found.dtype.kind == "f" and found.size and rng.random() < 0.05:
        at = rng.integers(found.size)
        found.reshape(-1)[at] = one_of(rng, [np.nan, np.inf, -np.inf])
    return found


def laid_out(rng, array, folder):
    """Return the same numbers in another layout or container, and what it is."""
    layout = one_of(rng, LAYOUTS)
    if array.dtype.kind in "MmUSOV" and layout in ("dask", "xarray", "zarr", "memmap", "broadcast"):
        layout = "as it is"
    return _LAYOUTS[layout](array, folder), layout


def _backwards(array, _):
    turned = (slice(None, None, -1),) * array.ndim
    return np.array(array[turned])[turned]


def _every_other(array, _):
    large = np.zeros([2 * n for n in array.shape], array.dtype)
    here = (slice(None, None, 2),) * array.ndim
    large[here] = array
    return large[here]


def _memmap(array, folder):
    if array.size == 0:
        return array
    result = np.memmap(folder / "array.bin", array.dtype, "w+", shape=array.shape)
    result[...] = array
    return result


def _unaligned(array, _):
    room = np.empty(array.nbytes + 1, np.uint8)
    if array.dtype.kind == "O" or array.size == 0:
        return array
    result = room[1:].view(array.dtype).reshape(array.shape)
    result[...] = array
    return result


def _read_only(array, _):
    result = np.array(array)
    result.flags.writeable = False
    return result


def _zarr(array, folder):
    if 0 in array.shape or array.dtype == np.longdouble:
        return array
    return zarr.create_array(
        folder / "array.zarr", data=array.astype(array.dtype.newbyteorder("=")), overwrite=True
    )


def _broadcast(array, _):
    return np.broadcast_to(array[:1], array.shape) if array.ndim else array


_LAYOUTS = {
    "as it is": lambda array, _: array,
    "Fortran": lambda array, _: np.asfortranarray(array),
    "backwards": _backwards,
    "every other": _every_other,
    "read only": _read_only,
    "broadcast": _broadcast,
    "list": lambda array, _: array.tolist(),
    "masked": lambda array, _: np.ma.masked_array(array, mask=False),
    "memmap": _memmap,
    "dask": lambda array, _: da.from_array(array, chunks=7) if array.size else array,
    "xarray": lambda array, _: xarray.DataArray(array),
    "zarr": _zarr,
    "unaligned": _unaligned,
    "subclass": lambda array, _: array.view(Subclass),
}
