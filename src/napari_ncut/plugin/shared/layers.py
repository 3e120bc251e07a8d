"""Between layers and arrays: what can be cut, as what, and where the result belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_ncut.runs.stacks import Frame, Source
from napari_ncut.volumes.stored_labels import StoredLabels

# A finer level of a multiscale image is not cut in memory; see `level`.
MAX_PIXELS = 2**27

# Where the metadata of a layer hold how its labels were made.
RECORD = "napari_ncut"

# The share of neighbours in the foreground that are equal where values are labels.
ALIKE = 0.9

TIME_AXES = ("t", "time", "frame", "c", "ch", "channel", "s", "p", "position", "scene")
TIME_UNITS = ("second", "millisecond", "minute", "hour", "day")
DEPTH_AXES = ("z", "depth", "plane", "slice")

# Units of napari as people write them.
POWER = {1: "", 2: "²", 3: "³"}
SHORT_UNITS = {"micrometer": "µm", "nanometer": "nm", "millimeter": "mm"}


def arrays(layer: Layer) -> list[Any]:
    """Return the levels of a layer's data, the finest first."""
    return list(layer.data) if layer.multiscale else [layer.data]


def finest(layer: Layer) -> Any:
    """Return the data of a layer at full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def on_disk(layer: Layer) -> StoredLabels | None:
    """Return the labels of a layer that are corrected where they are, on a disk."""
    data = finest(layer)
    return data if isinstance(data, StoredLabels) else None


def spatial_shape(layer: Layer, level: int = 0) -> tuple[int, ...]:
    """Return the shape of a layer's data without the colours of an RGB image."""
    shape = tuple(arrays(layer)[level].shape)
    return shape[:-1] if isinstance(layer, Image) and layer.rgb else shape


def level(image: Layer) -> int:
    """Return the finest level of a layer that can be cut in memory."""
    n_levels = len(arrays(image))
    fits = (n for n in range(n_levels) if np.prod(spatial_shape(image, n)) <= MAX_PIXELS)
    return next(fits, n_levels - 1)


def is_mask(layer: Layer) -> bool:
    """Return whether a layer can serve as a mask: Labels, or an image that holds a mask or labels.

    An image of booleans does, and one of whole numbers in which what is beside a pixel of an object
    is of the same object, as it never is in a photograph. Only a sample is looked at here; the run
    looks at all of it.
    """
    if isinstance(layer, Labels):
        return True
    if not isinstance(layer, Image) or layer.rgb:
        return False
    data = arrays(layer)[-1]
    return bool(data.dtype == bool or (data.dtype.kind in "iu" and _is_piecewise(data)))


def _is_piecewise(data: Any) -> bool:
    """Tell whether neighbours in the foreground of a sample are equal, but for few."""
    if data.ndim < 2 or 0 in data.shape:
        return False
    rows = max(1, data.shape[-2] // 64)
    planes = tuple(slice(None, None, max(1, size // 4)) for size in data.shape[:-2])
    sample = np.asarray(data[(*planes, slice(None, None, rows), slice(None, 2048))])
    if sample.min() < 0:
        return False
    left, right = sample[..., :-1], sample[..., 1:]
    inside = (left > 0) & (right > 0)
    n = int(np.count_nonzero(inside))
    if n == 0:
        # Nothing but 0, or single pixels.
        return not sample.any()
    # A picture whose background is not 0 has few pixels of 0, if any.
    has_background = bool((sample == 0).any())
    alike = int(np.count_nonzero(left[inside] == right[inside]))
    return has_background and alike >= ALIKE * n


def is_blank(layer: Layer) -> bool:
    """Return whether a layer in memory holds nothing but zeros, as a new Labels layer does."""
    data = arrays(layer)[-1]
    return isinstance(data, np.ndarray) and not data.any()


def is_ours(layer: Layer) -> bool:
    """Return whether a layer is a result of this plugin."""
    return RECORD in layer.metadata


def fits(mask: Layer, image: Layer, at: int | None = None) -> bool:
    """Return whether a mask has the shape of a level of an image, or of the frames of it.

    By default that is the level that is cut.
    """
    shape = spatial_shape(image, level(image) if at is None else at)
    return any(
        2 <= array.ndim <= len(shape) and tuple(array.shape) == shape[-array.ndim :]
        for array in arrays(mask)
    )


def guess_spatial_ndim(layer: Layer) -> int:
    """Return 3 where the axes say that the data is a volume, else 2: planes."""
    return 2 + depth(layer)[0]


def depth(layer: Layer) -> tuple[bool, str]:
    """Tell whether the third axis from the end is depth, and what says so, "" if nothing does.

    It is asked, in this order: its name, its unit, and whether the layer's scale gives it a size of
    its own. A movie is never taken for a volume.
    """
    if len(spatial_shape(layer)) < 3:
        return False, ""
    name = str(layer.axis_labels[-3]).lower()
    if name in DEPTH_AXES or name in TIME_AXES:
        return name in DEPTH_AXES, f"its axis is called {name}"
    units = [str(unit) for unit in layer.units[-3:]]
    if units[0] in TIME_UNITS:
        return False, f"its axis is in {units[0]}s"
    if layer.scale[-3] != 1:
        return True, f"its scale along the axis is {layer.scale[-3]:.4g}"
    if units[0] != "pixel":
        return True, f"its axis is in {units[0]}s"
    return False, ""


def pixel_size(layer: Layer, ndim: int) -> tuple[float, ...] | None:
    """Return the pixel size along the last axes; None if nothing tells it: 1 pixel along each."""
    sizes = tuple(abs(float(size)) for size in layer.scale[-ndim:])
    units = {str(unit) for unit in layer.units[-ndim:]}
    return None if sizes == (1.0,) * ndim and units == {"pixel"} else sizes


def source(
    image: Layer | None,
    mask: Layer | None,
    spatial_ndim: int,
    *,
    threshold: float | None = None,
    dark: bool = False,
    smoothing: float = 0.0,
    window: float = 0.0,
) -> Source:
    """Return what is to be cut; the data themselves are read later, in the worker."""
    main = image if image is not None else mask
    if main is None:
        raise ValueError("There is no layer to cut; open an image or a mask first.")
    chosen = level(main)
    factors = main.downsample_factors[chosen] if main.multiscale else np.ones(main.ndim)
    scale = np.abs(np.asarray(main.scale) * factors)
    return Source(
        image=None if image is None else arrays(image)[chosen],
        mask=None if mask is None else matching(mask, spatial_shape(main, chosen)),
        spatial_ndim=spatial_ndim,
        spacing=tuple(float(size) for size in scale[-spatial_ndim:]),
        has_channels=isinstance(image, Image) and image.rgb,
        threshold=threshold,
        dark=dark,
        smoothing=smoothing,
        window=window,
    )


def matching(mask: Layer, shape: tuple[int, ...]) -> Any:
    """Return the level of a mask that has the shape, or else its finest level."""
    levels = arrays(mask)
    return next((a for a in levels if tuple(a.shape) == shape[-a.ndim :]), levels[0])


def image_of_shape(image: Image, shape: tuple[int, ...]) -> Any:
    """Return the level of an image that has a shape, its colours aside, or None."""
    levels = enumerate(arrays(image))
    return next((array for n, array in levels if spatial_shape(image, n) == shape), None)


def length_unit(layer: Layer, ndim: int) -> str | None:
    """Return the unit of a layer's last axes as files name it, None if it is none or several."""
    unit = _one_unit(layer, ndim)
    return None if unit in ("pixel", None) else unit


def unit_of(layer: Layer | None, ndim: int, power: int | None = None) -> str:
    """Return the unit of area or volume of a layer as text; of length with a power of 1."""
    unit = "pixel" if layer is None else _one_unit(layer, ndim) or "unit"
    if unit == "pixel":
        # A size without a unit is no pixel.
        unit = "px" if layer is None or pixel_size(layer, ndim) is None else "unit"
    return unit + POWER[ndim if power is None else power]


def _one_unit(layer: Layer, ndim: int) -> str | None:
    """Return the unit of a layer's last axes, "pixel" without any, None if there are several."""
    names = {f"{unit:D}" for unit in layer.units[-ndim:]}
    unit = names.pop()
    return None if names else SHORT_UNITS.get(unit, unit)


def place(layer: Layer, at: int | None = None) -> dict[str, Any]:
    """Return where a layer's pixels lie in the world, as arguments of a new layer.

    For a multiscale layer: where the pixels of a level lie, by default of the one that is cut.
    """
    kwargs = {
        "scale": layer.scale,
        "translate": layer.translate,
        "rotate": layer.rotate,
        "shear": layer.shear,
        "affine": layer.affine,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }
    if layer.multiscale:
        at = level(layer) if at is None else at
        kwargs["scale"] = layer.scale * layer.downsample_factors[at]
    return kwargs


def current_frame(layer: Layer, point: Sequence[float], spatial_ndim: int) -> Frame:
    """Return the index of the frame of a layer at a point of the world, as the sliders show it."""
    shape = spatial_shape(layer, level(layer))
    n_frame_axes = len(shape) - spatial_ndim
    if n_frame_axes <= 0:
        return ()
    position = layer.world_to_data(point)[:n_frame_axes]
    if layer.multiscale:
        position = position / layer.downsample_factors[level(layer)][:n_frame_axes]
    return tuple(
        int(np.clip(round(float(x)), 0, size - 1)) for x, size in zip(position, shape, strict=False)
    )


def changes_of(labels: Labels) -> tuple[Any, ...]:
    """Return the signals of which at least one comes whenever labels are changed.

    Painting and edits come with ``paint``, which alone tells of pixels of a plane that is not
    drawn anew; undo, redo and new data with ``set_data``. Of several levels that one comes with
    every move of the view, and of those on a disk all edits come with ``paint``.
    """
    if labels.multiscale:
        return (labels.events.paint,)
    return labels.events.paint, labels.events.set_data


def path(layer: Layer | None) -> str | None:
    """Return the file that a layer was read from, if it was."""
    return None if layer is None or layer.source.path is None else str(layer.source.path)
