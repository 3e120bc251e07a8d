"""What the form of the Graph cut widget asks for, as a job."""

from __future__ import annotations

from collections.abc import Callable

from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_ncut.plugin.graph_cut import regions
from napari_ncut.plugin.graph_cut.controls import Controls
from napari_ncut.plugin.graph_cut.job import Job
from napari_ncut.plugin.graph_cut.regions import MakeRegion, MakeSeeds
from napari_ncut.plugin.graph_cut.steady import Shown
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.model import Form, Model
from napari_ncut.plugin.shared.result_record import AUTOMATIC, SHOWN, Snapshot
from napari_ncut.runs.foreground import Automatic
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.stacks import Frame


def new_job(
    viewer: ViewerModel,
    model: Model,
    controls: Controls,
    preview: bool,
    shown: Shown | None,
    previous: Labels | None,
) -> Job:
    """Return the job that the form asks for; of the layers only what is small is read.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Tells which frame is shown.
    model : Model
        The settings, the decisions of a review, and what was applied last.
    controls : Controls
        The layers; the form has no problem.
    preview : bool
        Whether only the frame that is shown is done, to look at.
    shown : Shown or None
        What the preview before shows.
    previous : napari.layers.Labels or None
        The layer of the result that was applied last.
    """
    form = model.form
    main, image, mask = controls.main_layer(), controls.image.value, controls.mask_layer()
    assert main is not None
    threshold = form.threshold if form.thresholds else None
    dark = form.foreground == "dark"
    smoothing, window = (form.smoothing, form.window) if form.thresholds else (0.0, 0.0)
    source = layers.source(
        image,
        mask,
        form.work_ndim,
        threshold=threshold,
        dark=dark,
        smoothing=smoothing,
        window=window,
    )
    only_current = preview or "current" in (form.frames, form.region)
    recipe = Recipe(
        form.settings(),
        image=None if image is None else image.name,
        mask=None if mask is None else mask.name,
        spatial_ndim=form.work_ndim,
        spacing=source.spacing,
        has_channels=source.has_channels,
        threshold=threshold,
        dark=dark,
        smoothing=smoothing,
        window=window,
        frames=(current_frame(viewer, form, controls),) if only_current else None,
        level=layers.level(main),
    )
    applied = {} if model.applied is None else model.applied.record
    return Job(
        source,
        _region(form, controls, source.shape),
        _seeds(form, controls, source.shape),
        recipe,
        model.decisions,
        f"{main.name} segments",
        layers.place(main),
        {"image": layers.path(image), "mask": layers.path(mask)},
        preview,
        shown,
        None if previous is None else Snapshot.of(previous),
        applied.get(SHOWN) or applied.get(AUTOMATIC),
    )


def threshold_finder(form: Form, image: Image) -> Callable[[], tuple[float, float, float]]:
    """Return what finds the range of an image, and its threshold as the form wants it."""
    automatic = Automatic(form.method, form.smoothing, form.window)
    # What is smoothed must be of the level that is cut.
    is_smoothed = form.smoothing > 0 or form.window > 0
    data = layers.arrays(image)[layers.level(image) if is_smoothed else -1]
    spacing, has_channels = layers.source(image, None, form.work_ndim).spacing, image.rgb
    return lambda: automatic.found(data, spacing, has_channels)


def current_frame(viewer: ViewerModel, form: Form, controls: Controls) -> Frame:
    """Return the index of the frame that is shown."""
    main = controls.main_layer()
    if main is None:
        return ()
    return layers.current_frame(main, viewer.dims.point[-main.ndim :], form.work_ndim)


def _region(form: Form, controls: Controls, shape: tuple[int, ...]) -> MakeRegion | None:
    main = controls.main_layer()
    match form.region:
        case "label":
            return regions.of_label(controls.mask.value, shape)
        case "shapes":
            return regions.inside_shapes(controls.shapes.value, main, shape)
        case "view":
            return regions.in_view(main, shape)
    return None


def _seeds(form: Form, controls: Controls, shape: tuple[int, ...]) -> MakeSeeds | None:
    layer = controls.seeds.value
    if layer is None or form.splits:
        return None
    return regions.seeds(layer, controls.main_layer(), shape)
