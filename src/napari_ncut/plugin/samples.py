"""Sample data: an Image layer and its mask as a Labels layer, with the truth in the metadata."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_ncut import scenes

LayerData = tuple[Any, dict[str, Any], str]


def _layers(scene: scenes.Scene, name: str, *, source: str = "", **kwargs: Any) -> list[LayerData]:
    axes = ("z", "y", "x")[-scene.image.ndim :]
    metadata = {"truth": scene.truth, "source": source or "synthetic: napari_ncut.scenes"}
    low, high = np.percentile(scene.image, [0.5, 99.5])
    image = {
        "name": name,
        "metadata": metadata,
        "axis_labels": axes,
        "contrast_limits": (float(low), float(high)),
        **kwargs,
    }
    # Half transparent and underneath the result, so that the image shows through.
    mask = {"name": f"{name} mask", "opacity": 0.3, "axis_labels": axes, **kwargs}
    return [(scene.image, image, "image"), (scene.mask.astype(np.uint8), mask, "labels")]


def circles4() -> list[LayerData]:
    """Four connected circles with noise, from scikit-learn's example."""
    return _layers(scenes.circles(4), "circles4")


def circles2() -> list[LayerData]:
    """Two connected circles with noise, from scikit-learn's example."""
    return _layers(scenes.circles(2), "circles2")


def unequal() -> list[LayerData]:
    """Touching circles of very different size."""
    return _layers(scenes.unequal(), "unequal")


def spheres() -> list[LayerData]:
    """Four touching spheres: a volume."""
    return _layers(scenes.spheres(), "spheres")


def field() -> list[LayerData]:
    """About two hundred touching discs."""
    return _layers(scenes.field(), "field")


def nuclei() -> list[LayerData]:
    """Touching nuclei under a fluorescence microscope."""
    return _layers(
        scenes.nuclei(),
        "nuclei",
        source="2018 Data Science Bowl, BBBC038v1, image 5afb7932, rows 0:256, columns 141:461; "
        "CC0. Caicedo et al., Nature Methods 16, 1247 (2019).",
    )
