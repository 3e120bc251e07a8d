"""The form of the Graph cut widget: which layers, which settings, and why it can not run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from psygnal import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_ncut.plugin.graph_cut.by_parts import is_large
from napari_ncut.plugin.graph_cut.float_slider import FloatSlider
from napari_ncut.plugin.graph_cut.layer_choice import COMBOS, LayerChoice
from napari_ncut.plugin.graph_cut.pixel_size_edit import PixelSizeEdit
from napari_ncut.plugin.graph_cut.rows import FOREGROUND, METHOD, MODES, REGIONS, RESOLUTIONS, ROWS
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.colours import error_colour, set_style
from napari_ncut.plugin.shared.model import Model

# The rows whose values the model holds.
SETTINGS = tuple(name for name in ROWS if name not in (*COMBOS, "pixel_size"))
SIZES = ("min_size", "max_hole", "drop_small", "drop_large")
LENGTHS = ("smoothing", "window")
DROPS = ("drop_small", "drop_large", "drop_border", "keep_labels")


class Controls:
    """A form that shows and changes the settings of the model, and names the layers.

    Every control is an attribute with the name of its setting, which is its Qt objectName too.
    ``form`` is the widget that shows them.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers there are to choose from.
    model : Model
        Holds the settings.
    """

    layers_changed = Signal(str)  # the name of the control

    def __init__(self, viewer: ViewerModel, model: Model) -> None:
        self.form = QWidget()
        self._viewer = viewer
        self._model = model
        self._is_showing = False
        self._problem: tuple[str, str] | None = None
        self.choice = LayerChoice(viewer, model)
        form = model.form
        self.mode = ComboBox(choices=MODES, value=form.mode)
        self.image = self.choice.image
        self.foreground = ComboBox(choices=FOREGROUND, value=form.foreground)
        self.mask = self.choice.mask
        self.method = ComboBox(choices=METHOD, value=form.method)
        self.smoothing = FloatSpinBox(min=0, max=1e6, step=0.5, value=form.smoothing)
        self.window = FloatSpinBox(min=0, max=1e6, step=5, value=form.window)
        self.threshold = FloatSlider(0.5)
        self.set_threshold_range(*model.threshold_range)
        self.threshold.value = form.threshold
        self.pixel_size = PixelSizeEdit()
        self.pixel_size.typed.connect(self._on_pixel_size)
        self.spatial_ndim = ComboBox(choices=(("planes", 2), ("volume", 3)), value=2)
        self.spatial_ndim.value = form.spatial_ndim
        self.frames = ComboBox(
            choices=(("all", "all"), ("current one", "current")), value=form.frames
        )
        self.region = ComboBox(choices=REGIONS, value=form.region)
        self.resolution = ComboBox(choices=RESOLUTIONS, value=form.resolution)
        self.shapes = self.choice.shapes
        self.neck = FloatSlider(form.neck)
        self.min_size = FloatSpinBox(min=0, max=1e12, step=1, value=form.min_size)
        self.n_segments = SpinBox(min=1, max=1_000_000, value=form.n_segments)
        self.seeds = self.choice.seeds
        self.beta = FloatSpinBox(min=0, max=1000, step=0.05, value=form.beta)
        self.connectivity = ComboBox(
            choices=(("faces", "faces"), ("and corners", "corners")), value=form.connectivity
        )
        self.more = CheckBox(text="More settings", value=form.more)
        self.max_hole = FloatSpinBox(min=-1, max=1e12, step=1, value=form.max_hole)
        self.max_hole.native.setSpecialValueText("judged")
        self.drop_small = FloatSpinBox(min=0, max=1e12, step=1, value=form.drop_small)
        self.drop_large = FloatSpinBox(min=0, max=1e12, step=10, value=form.drop_large)
        self.drop_large.native.setSpecialValueText("any size")
        self.drop_border = CheckBox(text="Drop at the border", value=form.drop_border)
        self.keep_labels = CheckBox(text="Keep numbers", value=form.keep_labels)
        self.preview = CheckBox(text="Preview", value=form.preview)
        self._labels = self._lay_out()

        for name in SETTINGS:
            control = self._control(name)
            control.changed.connect(lambda _, name=name: self._on_control(name))
        model.form_changed.connect(self._on_model)
        self.choice.changed.connect(self._on_layers)
        self._scaled: Layer | None = None
        # Whether the data are those of the result that the model has.
        self.is_restored = self.choice.restore()
        if self.is_restored:
            self._show_rows()
        else:
            self.choice.choose_newest()

    def leave(self) -> None:
        """Follow neither the model nor the viewer any more."""
        self._model.form_changed.disconnect(self._on_model)
        if self._scaled is not None:
            self._scaled.events.scale.disconnect(self._on_scale)
            self._scaled.events.units.disconnect(self._on_scale)
            self._scaled = None
        self.choice.leave()

    # The settings

    def mask_layer(self) -> Layer | None:
        """Return the mask layer that counts, if one does."""
        return None if self._model.form.thresholds else self.mask.value

    def main_layer(self) -> Layer | None:
        """Return the layer whose pixels are cut and whose place the result takes."""
        return self.image.value if self.image.value is not None else self.mask_layer()

    def is_large(self) -> bool:
        """Return whether what is chosen is too large for memory, and can be split by parts."""
        return is_large(self._model.form, self.image.value, self.mask_layer())

    def goes_by_parts(self) -> bool:
        """Return whether it is to be split by parts."""
        return self._model.form.resolution == "full" and self.is_large()

    def can_be_previewed(self) -> bool:
        """Return whether a level of what is chosen fits into memory."""
        main, mask = self.main_layer(), self.mask_layer()
        if main is None or not self.is_large():
            return True
        shape = layers.spatial_shape(main, layers.level(main))
        has_mask = mask is None or layers.fits(mask, main)
        return has_mask and math.prod(shape) <= layers.MAX_PIXELS

    def set_threshold_range(self, low: float, high: float) -> None:
        """Set the brightness at the ends of the threshold's slider."""
        self._model.threshold_range = low, high
        self.threshold.set_range(low, high)

    def problem(self) -> tuple[str, str] | None:
        """Return the control that keeps the run from starting and what to do, or None."""
        form = self._model.form
        image, mask, main = self.image.value, self.mask_layer(), self.main_layer()
        if main is None:
            what = "a mask or a Labels layer" if form.splits else "an image"
            return "image", f"Open {what} first (File > Open Sample > napari-ncut has some)."
        if form.splits and mask is None and not form.thresholds:
            return "mask", (
                "There is no mask of this image's shape. Make one: set Foreground to bright or "
                "dark, or paint a Labels layer."
            )
        shape = layers.spatial_shape(main)
        if len(shape) < 2:
            return "image", f"The layer has {len(shape)} axis; wanted an image with two or more."
        at = 0 if self.goes_by_parts() else None
        if image is not None and mask is not None and not layers.fits(mask, image, at):
            wanted = layers.spatial_shape(image, layers.level(image) if at is None else at)
            return "mask", (
                f"The mask has shape {layers.spatial_shape(mask)}, the image {wanted}; choose a "
                "mask of the same shape."
            )
        if self.pixel_size.problem:
            return "pixel_size", self.pixel_size.problem
        return self._problem_of_the_region(mask)

    def _problem_of_the_region(self, mask: Layer | None) -> tuple[str, str] | None:
        region = self._model.form.region
        if region == "label" and not isinstance(mask, Labels):
            return "region", "Choose a Labels layer as the mask; its selected label is the region."
        if region == "shapes" and self.shapes.value is None:
            return "shapes", "Draw the region in a Shapes layer and choose it here."
        return None

    def what_it_is(self) -> str:
        """Return what the data are that would be cut, if there is no problem."""
        main = self.main_layer()
        assert main is not None
        level = layers.level(main)
        shape = layers.spatial_shape(main, level)
        ndim = self._model.form.work_ndim
        size = " x ".join(str(n) for n in shape[-ndim:])
        unit = "plane" if ndim == 2 else "volume"
        n_frames = math.prod(shape[:-ndim])
        text = f"A {unit} of {size}."
        if n_frames > 1:
            text = f"{n_frames} {unit}s of {size}, each cut on its own."
        if n_frames > 1 or ndim == 3:
            is_volume, why = layers.depth(main)
            if is_volume == (ndim == 3) and why:
                text += f" ({why[0].upper()}{why[1:]}.)"
            elif not why and self._model.form.region != "current":
                text += " (No axis is called z or t: set Data if this is wrong.)"
        if layers.pixel_size(main, ndim) is None and ndim == 3:
            text += " Its pixel size is not known: set it, if the planes are further apart."
        if self.goes_by_parts():
            whole = " x ".join(map(str, layers.spatial_shape(main)))
            text = f"A {unit} of {whole}, too large for memory: it is split by parts, into a store."
            if self.can_be_previewed():
                text += f" Previews are of level {level} of its pyramid."
        elif level > 0:
            text += f" The image is large: level {level} of its pyramid is cut."
        return text

    # The rows

    def _lay_out(self) -> dict[str, QLabel]:
        form = QFormLayout(self.form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        labels = {}
        for name, (text, tip) in ROWS.items():
            control, native = self._control(name), self._native(name)
            native.setObjectName(name)
            native.setToolTip(tip)
            if isinstance(control, FloatSlider):
                control.describe(text)
            else:
                native.setAccessibleName(text or name)
            label = labels[name] = QLabel(text)
            label.setToolTip(tip)
            label.setBuddy(native)
            if name == "mode":
                form.addRow(native)
            else:
                form.addRow(label, native)
        return labels

    def _control(self, name: str) -> Any:
        return getattr(self, name)

    def _native(self, name: str) -> QWidget:
        """Return the Qt widget of a control."""
        control = self._control(name)
        return control if isinstance(control, QWidget) else control.native

    def mark(self, problem: tuple[str, str] | None) -> None:
        """Mark the control that keeps the run from starting; its tooltip says why."""
        self._problem = problem
        colour = error_colour(self._viewer.theme)
        for name, label in self._labels.items():
            wrong = problem is not None and problem[0] == name
            tip = problem[1] if problem is not None and wrong else ROWS[name][1]
            set_style(label, f"color: {colour}; font-weight: bold;" if wrong else "")
            label.setToolTip(tip)
            self._native(name).setToolTip(tip)

    def follow_theme(self) -> None:
        """Take the colours of another theme."""
        self.mark(self._problem)

    def _show(self, names: Iterable[str], visible: bool) -> None:
        for name in names:
            self._labels[name].setVisible(visible)
            self._native(name).setVisible(visible)

    def _show_rows(self) -> None:
        form, main = self._model.form, self.main_layer()
        ndim = 2 if main is None else len(layers.spatial_shape(main))
        self._show(["neck"], form.splits)
        self._show(["n_segments", "seeds", "connectivity"], not form.splits)
        self.n_segments.enabled = self.seeds.value is None
        self._show(["mask"], not form.thresholds)
        self._show(["threshold"], form.thresholds)
        self._show(["method"], form.thresholds)
        self._show(["smoothing", "window"], form.thresholds and form.more)
        self._show(["more"], form.splits or form.thresholds)
        self._show(("max_hole", *DROPS), form.splits and form.more)
        self._show(["keep_labels"], form.splits and form.more and not form.thresholds)
        self.pixel_size.show_layer(main, min(form.work_ndim, ndim))
        self._show_units(main, min(form.work_ndim, ndim))
        self._follow_scale()
        self._show(["shapes"], form.region == "shapes")
        self._show(["resolution"], self.is_large())
        self._show(["spatial_ndim"], ndim > 2)
        self._show(["frames"], ndim > form.spatial_ndim and form.region != "current")

    def _show_units(self, main: Layer | None, ndim: int) -> None:
        """Show in which unit sizes and lengths are."""
        for names, power in ((SIZES, ndim), (LENGTHS, 1)):
            unit = layers.unit_of(main, ndim, power)
            for name in names:
                self._control(name).native.setSuffix(f" {unit}")

    def _on_pixel_size(self, sizes: tuple[float, ...] | None) -> None:
        """Give the layers that are cut, and the result, another scale."""
        if sizes is None:
            self.layers_changed.emit("pixel_size")
            return
        for layer in filter(None, (self.main_layer(), self.mask_layer(), self._model.layer)):
            scale = layer.scale.copy()
            n = min(len(sizes), len(scale))
            scale[-n:] = sizes[-n:]
            layer.scale = scale

    def _follow_scale(self) -> None:
        """Show the pixel size of the layer that is cut, wherever it is changed."""
        main = self.main_layer()
        if main is self._scaled:
            return
        for layer, act in ((self._scaled, "disconnect"), (main, "connect")):
            if layer is not None:
                getattr(layer.events.scale, act)(self._on_scale)
                getattr(layer.events.units, act)(self._on_scale)
        self._scaled = main

    def _on_scale(self, _: object = None) -> None:
        self._show_rows()
        self.layers_changed.emit("pixel_size")

    def _on_layers(self, name: str) -> None:
        if name in ("image", "mask"):
            main = self.main_layer()
            values: dict[str, Any] = {
                "spatial_ndim": 2 if main is None else layers.guess_spatial_ndim(main)
            }
            if self.image.value is None:
                values["foreground"] = "mask"
            # What follows from the layers is told with them.
            self._model.change_quietly(**values)
            for setting in values:
                self._show_value(setting)
        self._show_rows()
        self.layers_changed.emit(name)

    def _on_control(self, name: str) -> None:
        if not self._is_showing:
            self._model.change(**{name: self._control(name).value})

    def _on_model(self, name: str) -> None:
        if name in SETTINGS:
            self._show_value(name)
        self._show_rows()

    def _show_value(self, name: str) -> None:
        control, value = self._control(name), getattr(self._model.form, name)
        if control.value != value:
            # What a slider rounds is no change of the setting.
            self._is_showing = True
            try:
                # A recipe may hold more than anyone would set by hand.
                if isinstance(value, (int, float)) and getattr(control, "max", value) < value:
                    control.max = value
                control.value = value
            finally:
                self._is_showing = False
