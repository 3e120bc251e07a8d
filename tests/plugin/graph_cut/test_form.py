"""The form of Graph cut: pixel size, planes or volume, labels in images, what is dropped."""

import numpy as np
import pytest
from napari.layers import Image

from napari_ncut import SplitSettings, scenes
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.model import Form

SPHERES = scenes.spheres()


def settings(layer):
    """Return the recipe that a result holds."""
    return layer.metadata["napari_ncut"]


class TestPixelSize:
    def test_it_is_that_of_the_layer_with_its_unit(self, window):
        window.viewer.add_labels(
            SPHERES.mask.astype(np.uint8), scale=(2, 0.5, 0.5), units=["micrometer"] * 3
        )
        widget = window.dock()
        assert widget.controls.pixel_size.text() == "2 x 0.5 x 0.5 µm"
        window.viewer.layers[0].scale = (1, 0.25, 0.25)
        window.wait_until(lambda: widget.controls.pixel_size.text() == "1 x 0.25 x 0.25 µm")

    def test_sizes_stand_in_the_unit_of_the_layer(self, window):
        layer = window.viewer.add_labels(SPHERES.mask.astype(np.uint8), axis_labels=("z", "y", "x"))
        controls = window.dock().controls

        def units():
            return [
                getattr(controls, name).native.suffix().strip()
                for name in ("min_size", "drop_small", "drop_large", "max_hole", "smoothing")
            ]

        assert units() == ["px³", "px³", "px³", "px³", "px"]
        layer.scale = (2, 0.5, 0.5)
        window.wait_until(lambda: units() == ["unit³", "unit³", "unit³", "unit³", "unit"])
        layer.units = ["micrometer"] * 3
        window.wait_until(lambda: units() == ["µm³", "µm³", "µm³", "µm³", "µm"])
        controls.spatial_ndim.value = 2
        window.wait_until(lambda: units() == ["µm²", "µm²", "µm²", "µm²", "µm"])

    @pytest.mark.parametrize("text", ["3, 1, 1", "3 x 1 x 1", "3 1 1", "3;1;1", "3 x 1 x 1 µm"])
    def test_what_is_typed_becomes_the_scale_of_the_layers_and_of_the_run(self, window, text):
        window.viewer.add_labels(SPHERES.mask.astype(np.uint8), axis_labels=("z", "y", "x"))
        widget = window.dock()
        edit = widget.controls.pixel_size
        assert edit.text() == ""
        assert "not known" in edit.placeholderText()
        assert "pixel size is not known" in window.status(widget)
        edit.setText(text)
        edit.editingFinished.emit()
        assert window.viewer.layers[0].scale.tolist() == [3, 1, 1]
        assert edit.text() == "3 x 1 x 1"
        result = window.run(widget)
        assert settings(result)["spacing"] == [3, 1, 1]
        assert result.scale.tolist() == [3, 1, 1]

    def test_one_number_holds_for_all_axes(self, window):
        window.viewer.add_labels(scenes.circles(2).mask.astype(np.uint8))
        widget = window.dock()
        widget.controls.pixel_size.setText("0.25")
        widget.controls.pixel_size.editingFinished.emit()
        assert window.viewer.layers[0].scale.tolist() == [0.25, 0.25]

    @pytest.mark.parametrize("text", ["big", "1 x 2 x 3", "0", "-1", "nan"])
    def test_what_is_no_size_is_said_and_changes_nothing(self, window, text):
        window.viewer.add_labels(scenes.circles(2).mask.astype(np.uint8), scale=(0.5, 0.5))
        widget = window.dock()
        edit = widget.controls.pixel_size
        edit.setText(text)
        edit.editingFinished.emit()
        assert window.viewer.layers[0].scale.tolist() == [0.5, 0.5]
        window.wait_until(lambda: window.status(widget).startswith("Pixel size is"))
        assert not window.control(widget, "run").isEnabled()
        edit.setText("0.5 x 0.5")
        edit.editingFinished.emit()
        window.wait_until(lambda: window.control(widget, "run").isEnabled())


class TestPlanesOrVolume:
    @pytest.mark.parametrize(
        ("options", "is_volume", "why"),
        [
            ({"axis_labels": ("z", "y", "x")}, True, "called z"),
            ({"axis_labels": ("t", "y", "x")}, False, "called t"),
            ({"scale": (2, 1, 1)}, True, "scale along the axis is 2"),
            ({"units": ["second", "micrometer", "micrometer"]}, False, "in seconds"),
            ({"units": ["micrometer"] * 3}, True, "in micrometers"),
            ({}, False, "No axis is called z or t"),
        ],
    )
    def test_it_is_guessed_and_said(self, window, options, is_volume, why):
        window.viewer.add_labels(SPHERES.mask.astype(np.uint8), **options)
        widget = window.dock()
        assert (widget.controls.spatial_ndim.value == 3) == is_volume
        assert why in window.status(widget)


class TestLabelsInAnImage:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
    def test_an_image_of_whole_numbers_that_holds_labels_is_a_mask(self, window, dtype):
        scene = scenes.field(40, size=300)
        window.viewer.add_image(scene.image)
        window.viewer.add_image(scene.truth.astype(dtype), name="segmented")
        widget = window.dock()
        assert widget.controls.mask.value.name == "segmented"
        result = window.run(widget)
        np.testing.assert_array_equal(result.data > 0, scene.truth > 0)

    def test_a_photograph_is_none(self):
        rng = np.random.default_rng(0)
        nuclei = scenes.nuclei().image
        for image in (
            nuclei,
            nuclei.astype(np.uint16) * 200,
            rng.poisson(3, (200, 200)).astype(np.uint8),
            np.full((50, 60), 7, np.uint8),
        ):
            assert not layers.is_mask(Image(image))

    def test_a_mask_of_0_and_1_is_one(self):
        mask = scenes.circles(4).mask
        assert layers.is_mask(Image(mask.astype(np.uint8)))
        assert layers.is_mask(Image(mask.astype(np.uint16) * 65535))


class TestDropped:
    def test_settings_that_are_needed_less_often_are_shown_on_demand(self, window):
        window.viewer.add_labels(scenes.circles(4).mask.astype(np.uint8))
        widget = window.dock()
        drop = window.control(widget, "drop_small")
        assert not drop.isVisible()
        window.set(widget, "more", True)
        assert drop.isVisible()

    def test_small_objects_and_those_at_the_border_are_left_out(self, window):
        mask = np.zeros((80, 120), np.uint8)
        mask[10:30, 10:30] = mask[50:52, 60:62] = mask[60:, 90:] = 1
        window.viewer.add_labels(mask)
        widget = window.dock()
        window.set(widget, "more", True)
        window.set(widget, "drop_small", 10.0)
        window.set(widget, "drop_border", True)
        result = window.run(widget)
        assert result.data.max() == 1
        assert settings(result)["settings"]["drop_border"] is True
        window.set(widget, "drop_small", 0.0)
        window.set(widget, "drop_border", False)
        window.set(widget, "drop_large", 100.0)
        assert window.run(widget).data.max() == 1

    def test_labels_that_are_not_split_keep_their_numbers(self, window):
        labels = np.zeros((60, 120), np.uint8)
        labels[10:30, 10:30], labels[10:30, 60:80] = 7, 3
        window.viewer.add_labels(labels)
        widget = window.dock()
        window.set(widget, "more", True)
        window.set(widget, "keep_labels", True)
        np.testing.assert_array_equal(window.run(widget).data, labels)


class TestHoles:
    def test_holes_are_judged_or_closed_up_to_a_size(self, window):
        y, x = np.indices((80, 80)) - 40
        mask = (np.hypot(y, x) < 30) & (np.hypot(y, x) > 8)
        window.viewer.add_labels(mask.astype(np.uint8))
        widget = window.dock()
        window.set(widget, "more", True)
        judged = window.run(widget)
        assert settings(judged)["settings"]["max_hole"] is None
        n_judged = judged.data.max()
        window.set(widget, "max_hole", 300.0)
        closed = window.run(widget)
        assert settings(closed)["settings"]["max_hole"] == 300.0
        assert n_judged == closed.data.max() == 1
        assert not closed.data[~mask].any()
        window.set(widget, "max_hole", 0.0)
        assert settings(window.run(widget))["settings"]["max_hole"] == 0.0

    def test_the_form_gives_the_settings_that_it_was_given(self):
        for max_hole in (None, 0.0, 12.5):
            given = SplitSettings(max_hole=max_hole)
            values = Form.values_of(given)
            assert Form(**values).settings() == given
            assert values["more"] is (max_hole is not None)


class TestForegroundSmoothed:
    def test_a_method_smoothing_and_a_local_mean_find_the_objects(self, window):
        scene = scenes.field(30, size=300, radius=(10, 14))
        uneven = scene.image + np.linspace(0, 4, 300)
        window.viewer.add_image(uneven.astype(np.float32))
        widget = window.dock()
        window.choose(widget, "foreground", "what is bright")
        window.set(widget, "more", True)
        window.set(widget, "smoothing", 1.0)
        window.set(widget, "window", 30.0)
        window.choose(widget, "method", "Otsu")
        window.wait_idle(widget)
        result = window.run(widget)
        assert ((result.data > 0) == scene.mask).mean() > 0.95
        made = settings(result)
        assert (made["smoothing"], made["window"]) == (1.0, 30.0)


def test_the_status_line_says_how_to_get_a_preview(window):
    window.viewer.add_labels(scenes.circles(4).mask.astype(np.uint8))
    widget = window.dock()
    assert "Turn Neck for a preview, or press Split" in window.status(widget)
    window.choose(widget, "mode", "Cut into N")
    assert "Turn Segments for a preview, or press Cut" in window.status(widget)
    window.set(widget, "n_segments", 4)
    window.wait_idle(widget)
    assert widget.result_layer.data.max() == 4
    assert window.status(widget).startswith("Preview: 4 segments")
