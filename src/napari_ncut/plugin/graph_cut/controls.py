"""The form of the Graph cut widget: which layers, which settings, and why it can not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QAbstractSlider, QFormLayout, QLabel, QWidget
from superqt import QLabeledDoubleSlider

from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.plugin.graph_cut.layer_choice import LayerChoice
from napari_ncut.plugin.shared import layers

MODES = (("Split touching objects", "split"), ("Cut into N", "cut"))
FOREGROUND = (("mask layer", "mask"), ("bright (Otsu)", "bright"), ("dark (Otsu)", "dark"))
REGIONS = (
    ("whole image", "whole"),
    ("current slice", "current"),
    ("selected label", "label"),
    ("inside shapes", "shapes"),
    ("current view", "view"),
)

# Every control: its label, and what it does in the user's words.
ROWS = {
    "mode": (
        "Mode",
        "Split touching objects: every blob of the mask falls into its objects, however many "
        "there are.\nCut into N: the mask, or the whole image, is cut into a given number of "
        "segments.",
    ),
    "image": ("Image", "The picture. Dark lines and steps of brightness guide the cut."),
    "foreground": (
        "Foreground",
        "Where the objects are: a mask layer, or what is brighter or darker than a threshold "
        "(Otsu's, or your own).",
    ),
    "mask": (
        "Mask",
        "A Labels layer, or an image of 0 and 255: only what is inside is cut.\n"
        "Splitting never merges two labels.",
    ),
    "threshold": (
        "Threshold",
        "Pixels on one side of it are objects. It starts at Otsu's threshold.",
    ),
    "spatial_ndim": (
        "Data",
        "Planes: every plane is cut on its own, as in a movie.\n"
        "Volume: the last three axes are cut together.",
    ),
    "frames": ("Frames", "Whether every frame is done, or only the one you see."),
    "region": (
        "Region",
        "Where to work. Outside, the labels of the mask stay as they are.\n"
        "Selected label: the one that is selected in the mask layer.",
    ),
    "shapes": ("Shapes", "The Shapes layer whose inside is the region."),
    "neck": (
        "Neck",
        "Split where an object is narrower than this share of the parts on both sides.\n"
        "Higher: more splits. 0 never splits.",
    ),
    "min_size": (
        "Min. size",
        "Smaller pieces (area or volume, in the units of the layer's scale) are merged with "
        "their neighbour.\nNo pixel is deleted.",
    ),
    "n_segments": ("Segments", "How many segments."),
    "seeds": (
        "Seeds",
        "Objects given by hand: a point each, or a scribble each in its own colour.\n"
        "Several points of one object: give them the same number in a features column 'object'.",
    ),
    "beta": (
        "Sensitivity",
        "Sensitivity to edges: how strongly a step of brightness attracts the cut.\n"
        "0: only the shape counts.",
    ),
    "connectivity": (
        "Neighbours",
        "Which pixels are linked: those that share a face, or a corner too (smoother borders, "
        "slower).",
    ),
    "preview": ("", "Show the result while you turn the settings. Run keeps it."),
}


# By how many steps a key moves a slider.
STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_Home: -100,
    Qt.Key.Key_End: 100,
}


class SliderKeys(QObject):
    """Moves a slider by keys, which superqt's sliders of floats do not hear."""

    def eventFilter(self, slider: Any, event: Any) -> bool:
        """Take the keys that move a slider, and no other event."""
        if event.type() != QEvent.Type.KeyPress or event.key() not in STEPS:
            return False
        slider.setValue(slider.value() + STEPS[event.key()] * slider.singleStep())
        return True


class FloatSlider:
    """A slider with the face of a magicgui widget.

    The Qt slider under magicgui's own counts in millionths; this one holds the number itself,
    for the tests and assistive tools that find it by its name.
    """

    def __init__(self, value: float) -> None:
        self.native = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.native.setDecimals(2)
        # One stop of the Tab key, not one for the slider and one for the box around it.
        self._slider = self.native.findChild(QAbstractSlider)
        self.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.native.setFocusProxy(self._slider)
        self._slider.installEventFilter(SliderKeys(self.native))
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

    def describe(self, text: str) -> None:
        """Set what a screen reader says of the slider."""
        self.native.setAccessibleName(text)
        self._slider.setAccessibleName(text)

    def set_range(self, low: float, high: float) -> None:
        """Set the ends of the slider; a step is a hundredth of the way between them."""
        self.native.setRange(low, high)
        self.native.setSingleStep((high - low) / 100)


class Controls(QObject):
    """A form that edits the settings and names the layers.

    Every control is an attribute with the name of its setting, which is its Qt objectName too.
    ``form`` is the widget that shows them.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers there are to choose from.
    parent : QObject
        Lives as long as this.
    """

    layers_changed = Signal(str)  # the name of the control
    settings_changed = Signal(str)

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self.form = QWidget()
        self._is_quiet = False
        self.choice = LayerChoice(viewer, self)
        cut, split = CutSettings(), SplitSettings()
        self.mode = ComboBox(choices=MODES, value="split")
        self.image = self.choice.image
        self.foreground = ComboBox(choices=FOREGROUND)
        self.mask = self.choice.mask
        self.threshold = FloatSlider(0.5)
        self.spatial_ndim = ComboBox(choices=(("planes", 2), ("volume", 3)), value=2)
        self.frames = ComboBox(choices=(("all", "all"), ("current one", "current")))
        self.region = ComboBox(choices=REGIONS)
        self.shapes = self.choice.shapes
        self.neck = FloatSlider(split.neck)
        self.min_size = FloatSpinBox(min=0, max=1e12, step=1, value=split.min_size)
        self.n_segments = SpinBox(min=1, max=1_000_000, value=cut.n_segments)
        self.seeds = self.choice.seeds
        self.beta = FloatSpinBox(min=0, max=1000, step=0.05, value=cut.beta)
        self.connectivity = ComboBox(choices=(("faces", "faces"), ("and corners", "corners")))
        self.preview = CheckBox(text="Preview", value=True)
        self._labels = self._lay_out()

        for name in ROWS:
            control = self._control(name)
            if name in ("image", "mask", "seeds", "shapes"):
                continue
            control.changed.connect(lambda _, name=name: self._on_setting(name))
        self.choice.changed.connect(self._on_layers)
        self.choice.choose_newest()

    # The settings

    @property
    def splits(self) -> bool:
        """Whether the mode is *Split touching objects*."""
        return bool(self.mode.value == "split")

    @property
    def work_ndim(self) -> int:
        """Dimensions of what is cut: of a volume, the current slice is a plane."""
        return 2 if self.region.value == "current" else int(self.spatial_ndim.value)

    @property
    def thresholds(self) -> bool:
        """Whether the foreground is taken from the image."""
        return bool(self.foreground.value != "mask")

    def settings(self) -> CutSettings | SplitSettings:
        """Return the settings of the mode, as the form shows them."""
        if self.splits:
            return SplitSettings(
                neck=self.neck.value, min_size=self.min_size.value, beta=self.beta.value
            )
        return CutSettings(
            n_segments=self.n_segments.value,
            beta=self.beta.value,
            connectivity=1 if self.connectivity.value == "faces" else self.work_ndim,
            min_size=self.min_size.value,
        )

    def set_settings(self, settings: CutSettings | SplitSettings) -> None:
        """Show settings in the form, as those of a preset or of another result."""
        self.mode.value = "split" if isinstance(settings, SplitSettings) else "cut"
        self.beta.value = settings.beta
        self.min_size.value = settings.min_size
        if isinstance(settings, SplitSettings):
            self.neck.value = settings.neck
        else:
            self.n_segments.value = settings.n_segments
            self.connectivity.value = "faces" if settings.connectivity == 1 else "corners"

    def mask_layer(self) -> Layer | None:
        """Return the mask layer that counts, if one does."""
        return None if self.thresholds else self.mask.value

    def main_layer(self) -> Layer | None:
        """Return the layer whose pixels are cut and whose place the result takes."""
        return self.image.value if self.image.value is not None else self.mask_layer()

    def problem(self) -> tuple[str, str] | None:
        """Return the control that keeps the run from starting and what to do, or None."""
        image, mask, main = self.image.value, self.mask_layer(), self.main_layer()
        if main is None:
            what = "a mask or a Labels layer" if self.splits else "an image"
            return "image", f"Open {what} first (File > Open Sample > napari-ncut has some)."
        if self.splits and mask is None and not self.thresholds:
            return "mask", (
                "There is no mask of this image's shape. Make one: set Foreground to bright or "
                "dark, or paint a Labels layer."
            )
        shape = layers.spatial_shape(main)
        if len(shape) < 2:
            return "image", f"The layer has {len(shape)} axis; wanted an image with two or more."
        if image is not None and mask is not None and not layers.fits(mask, image):
            return "mask", (
                f"The mask has shape {layers.spatial_shape(mask)}, the image {shape}; choose a "
                "mask of the same shape."
            )
        return self._problem_of_the_region(mask)

    def _problem_of_the_region(self, mask: Layer | None) -> tuple[str, str] | None:
        if self.region.value == "label" and not isinstance(mask, Labels):
            return "region", "Choose a Labels layer as the mask; its selected label is the region."
        if self.region.value == "shapes" and self.shapes.value is None:
            return "shapes", "Draw the region in a Shapes layer and choose it here."
        return None

    # The rows

    def _lay_out(self) -> dict[str, QLabel]:
        form = QFormLayout(self.form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        labels = {}
        for name, (text, tip) in ROWS.items():
            control = self._control(name)
            control.name = name
            control.tooltip = tip
            control.native.setObjectName(name)
            if isinstance(control, FloatSlider):
                control.describe(text)
            else:
                control.native.setAccessibleName(text or name)
            if isinstance(control, ComboBox):
                # Long names of layers are shortened, not the dock widened.
                control.native.setMinimumContentsLength(6)
                control.native.setSizeAdjustPolicy(
                    control.native.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
                )
            label = labels[name] = QLabel(text)
            label.setToolTip(tip)
            label.setBuddy(control.native)
            if name == "mode":
                form.addRow(control.native)
            else:
                form.addRow(label, control.native)
        return labels

    def _control(self, name: str) -> Any:
        return getattr(self, name)

    def mark(self, problem: tuple[str, str] | None) -> None:
        """Mark the control that keeps the run from starting; its tooltip says why."""
        for name, label in self._labels.items():
            wrong = problem is not None and problem[0] == name
            tip = problem[1] if problem is not None and wrong else ROWS[name][1]
            label.setStyleSheet("color: #e8553e; font-weight: bold;" if wrong else "")
            label.setToolTip(tip)
            self._control(name).native.setToolTip(tip)

    def _show(self, names: Iterable[str], visible: bool) -> None:
        for name in names:
            self._labels[name].setVisible(visible)
            self._control(name).native.setVisible(visible)

    def _show_rows(self) -> None:
        main = self.main_layer()
        ndim = 2 if main is None else len(layers.spatial_shape(main))
        self._show(["neck"], self.splits)
        self._show(["n_segments", "seeds", "connectivity"], not self.splits)
        self.n_segments.enabled = self.seeds.value is None
        self._show(["mask"], not self.thresholds)
        self._show(["threshold"], self.thresholds)
        self._show(["shapes"], self.region.value == "shapes")
        self._show(["spatial_ndim"], ndim > 2)
        self._show(["frames"], ndim > self.spatial_ndim.value and self.region.value != "current")

    def _on_layers(self, name: str) -> None:
        if name in ("image", "mask"):
            main = self.main_layer()
            self._is_quiet = True
            self.spatial_ndim.value = 2 if main is None else layers.guess_spatial_ndim(main)
            if self.image.value is None:
                self.foreground.value = "mask"
            self._is_quiet = False
        self._show_rows()
        self.layers_changed.emit(name)

    def _on_setting(self, name: str) -> None:
        if not self._is_quiet:
            self._show_rows()
            self.settings_changed.emit(name)
