"""Whether a Labels layer can be corrected, why not, and the copy that can."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray

from napari_ncut.objects.edits import wider_dtype
from napari_ncut.plugin.shared import layers

Remedy = Literal["apply", "copy", "show"]
HIDDEN = "This layer is hidden. Show it (the eye in the list of layers) to correct it."


def obstacle(layer: Labels) -> tuple[Remedy, str] | None:
    """Return what keeps a layer from being corrected, and what helps; None if nothing does."""
    data = layers.finest(layer)
    record = layer.metadata.get(layers.RECORD)
    if not layer.editable and isinstance(record, dict) and record.get("preview"):
        return "apply", (
            "This is a preview of the Graph cut widget. Click Split (or Cut) there to keep it; "
            "then correct it here."
        )
    if layers.on_disk(layer) is not None:
        return None if layer.visible else ("show", HIDDEN)
    if layer.multiscale:
        what = "is a pyramid of resolutions"
    elif hasattr(data, "dask"):
        what = "is read piece by piece from a file (dask)"
    elif isinstance(data, np.ndarray) and not data.flags.writeable:
        what = "is open for reading only"
    elif getattr(data, "read_only", False):
        what = "is a file open for reading only"
    elif not layer.editable:
        what = "is locked"
    elif layer.ndim < 2:
        return "copy", f"The labels have {layer.ndim} axis; wanted two or more."
    elif not layer.visible:
        # Napari has no picture of it, and fails half way through an edit in another frame.
        return "show", HIDDEN
    else:
        return None
    return "copy", f"This layer {what}. Make an editable copy of it and correct that."


def widened(data: Any) -> NDArray[Any]:
    """Return labels in a dtype with more numbers."""
    array = np.asarray(data)
    return array.astype(wider_dtype(array.dtype))


def add_copy(viewer: ViewerModel, layer: Labels, data: NDArray[Any], suffix: str) -> Labels:
    """Add a layer with other data in the place of a layer, which is hidden, and select it."""
    place = layers.place(layer)
    copy = Labels(
        data,
        name=f"{layer.name} {suffix}",
        opacity=layer.opacity,
        blending=layer.blending,
        metadata=dict(layer.metadata),
        **place,
    )
    copy.contour = layer.contour
    index = viewer.layers.index(layer) + 1 if layer in viewer.layers else len(viewer.layers)
    viewer.layers.insert(index, copy)
    layer.visible = False
    viewer.layers.selection.active = copy
    return copy
