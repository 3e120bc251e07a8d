"""What the form of the Graph cut widget asks for, as a job."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray

from napari_ncut.plugin.graph_cut import regions
from napari_ncut.plugin.graph_cut.controls import Controls
from napari_ncut.plugin.graph_cut.job import Job
from napari_ncut.plugin.shared import layers
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.stacks import Frame


def new_job(
    viewer: ViewerModel,
    controls: Controls,
    preview: bool,
    previous: Labels | None,
    before: str | None,
) -> Job:
    """Return the job that the form asks for.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Tells which frame is shown.
    controls : Controls
        The form; it has no problem.
    preview : bool
        Whether only the frame that is shown is done, to look at.
    previous : napari.layers.Labels or None
        The layer of the result that was applied last.
    before : str or None
        The packed labels of that result as they were made.

    Raises
    ------
    ValueError
        If the region or the seeds are empty or do not fit.
    """
    main, image, mask = controls.main_layer(), controls.image.value, controls.mask_layer()
    assert main is not None
    threshold = controls.threshold.value if controls.thresholds else None
    dark = controls.foreground.value == "dark"
    ndim = controls.work_ndim
    source = layers.source(image, mask, ndim, threshold=threshold, dark=dark)
    source = replace(
        source,
        region=_region(controls, source.shape),
        seeds=_seeds(controls, source.shape),
    )
    only_current = preview or "current" in (controls.frames.value, controls.region.value)
    recipe = Recipe(
        controls.settings(),
        image=None if image is None else image.name,
        mask=None if mask is None else mask.name,
        spatial_ndim=ndim,
        spacing=source.spacing,
        has_channels=source.has_channels,
        threshold=threshold,
        dark=dark,
        frames=(current_frame(viewer, controls),) if only_current else None,
        level=layers.level(main),
    )
    return Job(
        source,
        recipe,
        f"{main.name} segments",
        layers.place(main),
        {"image": layers.path(image), "mask": layers.path(mask)},
        preview,
        previous,
        before,
    )


def current_frame(viewer: ViewerModel, controls: Controls) -> Frame:
    """Return the index of the frame that is shown."""
    main = controls.main_layer()
    if main is None:
        return ()
    return layers.current_frame(main, viewer.dims.point[-main.ndim :], controls.work_ndim)


def _region(controls: Controls, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    main = controls.main_layer()
    match controls.region.value:
        case "label":
            return regions.of_label(controls.mask.value, shape)
        case "shapes":
            return regions.inside_shapes(controls.shapes.value, main, shape)
        case "view":
            return regions.in_view(main, shape)
    return None


def _seeds(controls: Controls, shape: tuple[int, ...]) -> NDArray[np.int32] | None:
    layer = controls.seeds.value
    if layer is None or controls.splits:
        return None
    return regions.seeds(layer, controls.main_layer(), shape)
