"""The form of the Graph cut widget: which layers, which settings, and why it can not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget
from superqt import QLabeledDoubleSlider

from napari_ncut.plugin import layers
from napari_ncut.settings import CutSettings, SplitSettings

Mode = Literal["split", "cut"]
MODES: tuple[tuple[str, Mode], ...] = (
    ("Split touching objects", "split"),
    ("Cut into N", "cut"),
)
FOREGROUND = (
    ("mask layer", "mask"),
    ("bright (Otsu)", "bright"),
    ("dark (Otsu)", "dark"),
)
SPLIT_ONLY = ("neck", "min_size")
CUT_ONLY = ("n_segments", "connectivity")


class FloatSlider:
    """A slider with the face of a magicgui widget.

    The Qt slider under magicgui's own counts in millionths; this one holds the number itself,
    for the tests and assistive tools that find it by its name.
    """

    def __init__(self, value: float) -> None:
        self.native = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.native.setDecimals(2)
        self.changed = self.native.valueChanged
        self.set_range(0.0, 1.0)
        self.value = value
        self.name = self.tooltip = ""

    @property
    def value(self) -> float:
        """The number that the slider shows."""
        return round(float(self.native.value()), 6)

    @value.setter
    def value(self, value: float) -> None:
        self.native.setValue(value)

    def set_range(self, low: float, high: float) -> None:
        """Set the ends of the slider; a step is a hundredth of the way between them."""
        self.native.setRange(low, high)
        self.native.setSingleStep((high - low) / 100)


class Controls(QWidget):
    """A form that edits the settings and names the layers.

    Every control is an attribute with the name of its setting, which is its Qt objectName too.
    """

    layers_changed = Signal()
    settings_changed = Signal(str)  # the name of the setting

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._mask_is_chosen_by_hand = False
        self._choosing = False
        cut, split = CutSettings(), SplitSettings()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._labels: dict[str, QLabel] = {}

        self.mode = self._add(
            "mode",
            "Mode",
            ComboBox(choices=MODES, value="split"),
            "Split touching objects: every blob of the mask falls into its objects, however many "
            "there are.\nCut into N: the mask, or the whole image, is cut into a given number of "
            "segments.",
        )
        self.image = self._add(
            "image",
            "Image",
            ComboBox(choices=self._images),
            "The picture. Dark lines and steps of brightness guide the cut.",
        )
        self.foreground = self._add(
            "foreground",
            "Foreground",
            ComboBox(choices=FOREGROUND),
            "Where the objects are: a mask layer, or what is brighter or darker than a "
            "threshold (Otsu's, or your own).",
        )
        self.mask = self._add(
            "mask",
            "Mask",
            ComboBox(choices=self._masks),
            "A Labels layer, or an image of 0 and 255: only what is inside is cut.\n"
            "Two labels are never merged.",
        )
        self.threshold = self._add(
            "threshold",
            "Threshold",
            FloatSlider(0.5),
            "Pixels on one side of it are objects. It starts at Otsu's threshold.",
        )
        self.spatial_ndim = self._add(
            "spatial_ndim",
            "Data",
            ComboBox(choices=(("planes", 2), ("volume", 3)), value=2),
            "Planes: every plane is cut on its own, as in a movie.\nVolume: the last three axes "
            "are cut together.",
        )
        self.frames = self._add(
            "frames",
            "Frames",
            ComboBox(choices=(("all", "all"), ("current one", "current"))),
            "Whether Run does every frame or only the one you see.",
        )
        self.neck = self._add(
            "neck",
            "Neck",
            FloatSlider(split.neck),
            "Split where an object is narrower than this share of the parts on both sides.\n"
            "Higher: more splits. 0 never splits.",
        )
        self.min_size = self._add(
            "min_size",
            "Min. size",
            FloatSpinBox(min=0, max=1e12, step=1, value=split.min_size),
            "Pieces with less area (volume) than this, in the units of the layer's scale, are "
            "merged with their neighbour. No pixel is deleted.",
        )
        self.n_segments = self._add(
            "n_segments",
            "Segments",
            SpinBox(min=1, max=1_000_000, value=cut.n_segments),
            "How many segments.",
        )
        self.beta = self._add(
            "beta",
            "Edge sensitivity",
            FloatSpinBox(min=0, max=1000, step=0.05, value=cut.beta),
            "How strongly a step of brightness attracts the cut. 0: only the shape counts.",
        )
        self.connectivity = self._add(
            "connectivity",
            "Neighbours",
            ComboBox(choices=(("faces", "faces"), ("faces and corners", "corners"))),
            "Which pixels are linked: those that share a face, or a corner too (smoother "
            "borders, slower).",
        )
        self.preview = self._add(
            "preview",
            "",
            CheckBox(text="Preview", value=True),
            "Show the result while you turn the settings. Run keeps it.",
        )

        for name in ("mode", "foreground", "spatial_ndim"):
            self._control(name).changed.connect(self._show_rows)
        self.image.changed.connect(self._on_image)
        self.mask.changed.connect(self._on_mask)
        for name in (
            "mode",
            "foreground",
            "threshold",
            "spatial_ndim",
            "frames",
            "neck",
            "min_size",
            "n_segments",
            "beta",
            "connectivity",
            "preview",
        ):
            self._control(name).changed.connect(lambda _, name=name: self._on_setting(name))
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_layers)
        viewer.layers.events.renamed.connect(self._on_layers)
        self.choose_newest()

    # The settings

    def settings(self) -> CutSettings | SplitSettings:
        """Return the settings of the mode, as the form shows them."""
        if self.mode.value == "split":
            return SplitSettings(
                neck=self.neck.value, min_size=self.min_size.value, beta=self.beta.value
            )
        return CutSettings(
            n_segments=self.n_segments.value,
            beta=self.beta.value,
            connectivity=1 if self.connectivity.value == "faces" else self.spatial_ndim.value,
        )

    def mask_layer(self) -> Layer | None:
        """Return the mask layer that counts, if one does."""
        return self.mask.value if self.foreground.value == "mask" else None

    def main_layer(self) -> Layer | None:
        """Return the layer whose pixels are cut and whose place the result takes."""
        return self.image.value if self.image.value is not None else self.mask_layer()

    def problem(self) -> tuple[str, str] | None:
        """Return the control that keeps the run from starting and what to do, or None."""
        image, mask, splits = self.image.value, self.mask_layer(), self.mode.value == "split"
        if self.foreground.value != "mask" and image is None:
            return "image", "A threshold needs an image: open one, or choose a mask layer."
        if image is None and mask is None:
            what = "a mask or a Labels layer" if splits else "an image"
            return "image", f"Open {what} first (File > Open Sample > napari-ncut has some)."
        if splits and mask is None and self.foreground.value == "mask":
            return "mask", (
                "There is no mask of this image's shape. Make one: set Foreground to bright or "
                "dark, paint a Labels layer, or run a threshold."
            )
        main = self.main_layer()
        ndim = len(layers.spatial_shape(main))
        if ndim < 2:
            return "image", f"The layer has {ndim} axis; wanted an image with two or more."
        if image is not None and mask is not None and not layers.fits(mask, image):
            return "mask", (
                f"The mask has shape {layers.spatial_shape(mask)}, the image "
                f"{layers.spatial_shape(image)}; choose a mask of the same shape."
            )
        if self.spatial_ndim.value > ndim:
            return "spatial_ndim", "This is a single plane; set Data to planes."
        return None

    # The rows

    def _add(self, name: str, text: str, control: Any, tip: str) -> Any:
        control.name = name
        control.tooltip = tip
        control.native.setObjectName(name)
        control.native.setAccessibleName(text or name)
        label = QLabel(text)
        label.setToolTip(tip)
        label.setBuddy(control.native)
        self._labels[name] = label
        self._form.addRow(label, control.native)
        return control

    def _control(self, name: str) -> Any:
        return getattr(self, name)

    def mark(self, problem: tuple[str, str] | None) -> None:
        """Mark the control that keeps the run from starting; its tooltip says why."""
        for name, label in self._labels.items():
            wrong = problem is not None and problem[0] == name
            control = self._control(name)
            label.setStyleSheet("color: #e8553e; font-weight: bold;" if wrong else "")
            control.native.setToolTip(problem[1] if wrong and problem else control.tooltip)

    def _show(self, names: Iterable[str], visible: bool) -> None:
        for name in names:
            self._labels[name].setVisible(visible)
            self._control(name).native.setVisible(visible)

    def _show_rows(self) -> None:
        main = self.main_layer()
        ndim = len(layers.spatial_shape(main)) if main is not None else 2
        splits = self.mode.value == "split"
        self._show(SPLIT_ONLY, splits)
        self._show(CUT_ONLY, not splits)
        self._show(["mask"], self.foreground.value == "mask")
        self._show(["threshold"], self.foreground.value != "mask")
        self._show(["spatial_ndim"], ndim > 2)
        self._show(["frames"], ndim > self.spatial_ndim.value)

    # The layers

    def _images(self, _: object = None) -> list[tuple[str, Layer | None]]:
        found: list[tuple[str, Layer | None]] = [
            (layer.name, layer) for layer in self._viewer.layers if isinstance(layer, Image)
        ]
        return [*found, ("none: shape only", None)]

    def _masks(self, _: object = None) -> list[tuple[str, Layer | None]]:
        found: list[tuple[str, Layer | None]] = [
            (layer.name, layer) for layer in self._viewer.layers if layers.is_mask(layer)
        ]
        return [*found, ("whole image", None)]

    def choose_newest(self) -> None:
        """Choose the newest image, and the newest mask that fits it."""
        self._choosing = True
        try:
            self._reset_choices()
            images = [
                layer
                for layer in self._viewer.layers
                if isinstance(layer, Image) and not layers.is_mask(layer)
            ]
            self.image.value = images[-1] if images else None
            self.spatial_ndim.value = self._guess_spatial_ndim()
            self._choose_mask()
        finally:
            self._choosing = False
        self._layers_are_chosen()

    def _choose_mask(self) -> None:
        image = self.image.value
        masks = [
            layer
            for layer in self._viewer.layers
            if layers.is_mask(layer)
            and layer is not image
            and "napari_ncut" not in layer.metadata
            and (image is None or layers.fits(layer, image))
            and not layers.is_blank(layer)
        ]
        self.mask.value = masks[-1] if masks else None
        self._mask_is_chosen_by_hand = False
        if image is None:
            self.foreground.value = "mask"

    def _guess_spatial_ndim(self) -> int:
        main = self.main_layer()
        return 2 if main is None else layers.guess_spatial_ndim(main)

    def _reset_choices(self) -> None:
        self.image.reset_choices()
        self.mask.reset_choices()

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if "napari_ncut" in layer.metadata or not isinstance(layer, (Image, Labels)):
            self._on_layers()
        elif isinstance(layer, Image) and not layers.is_mask(layer):
            self.choose_newest()
        else:
            self._on_layers()
            if not self._mask_is_chosen_by_hand:
                self._choose_quietly()

    def _choose_quietly(self) -> None:
        self._choosing = True
        try:
            self._choose_mask()
        finally:
            self._choosing = False
        self._layers_are_chosen()

    def _on_layers(self, _: object = None) -> None:
        before = self.image.value, self.mask.value
        self._choosing = True
        try:
            self._reset_choices()
        finally:
            self._choosing = False
        if (self.image.value, self.mask.value) != before:
            self._layers_are_chosen()

    def _on_image(self) -> None:
        if self._choosing:
            return
        self._choosing = True
        try:
            self.spatial_ndim.value = self._guess_spatial_ndim()
            self._choose_mask()
        finally:
            self._choosing = False
        self._layers_are_chosen()

    def _on_mask(self) -> None:
        if self._choosing:
            return
        self._mask_is_chosen_by_hand = True
        self._layers_are_chosen()

    def _layers_are_chosen(self) -> None:
        self._show_rows()
        self.layers_changed.emit()

    def _on_setting(self, name: str) -> None:
        if not self._choosing:
            self.settings_changed.emit(name)
