"""The Graph cut widget in a real window: choose, click, wait, look."""

import threading

import numpy as np
import pytest
from napari.layers import Image, Labels
from sklearn.metrics import adjusted_rand_score

from napari_ncut import scenes
from napari_ncut.plugin.shared import layers
from napari_ncut.runs.stacks import StackSession


@pytest.fixture
def slow(monkeypatch):
    """Make every frame take half a second, in steps that can be cancelled."""
    run = StackSession.run

    def slow_run(self, source, settings, frames=None, monitor=None, **kwargs):
        import time

        for step in range(50):
            monitor.report(step / 100, "thinking")
            time.sleep(0.01)
        return run(self, source, settings, frames, monitor.part(0.5, 1), **kwargs)

    monkeypatch.setattr(StackSession, "run", slow_run)


def rand(layer, truth):
    inside = truth > 0
    return adjusted_rand_score(truth[inside], layer.data[inside])


def add_scene(window, scene, **kwargs):
    image = window.viewer.add_image(scene.image, name="cells", **kwargs)
    mask = window.viewer.add_labels(scene.mask.astype(np.uint8), name="cells mask", **kwargs)
    return image, mask


class TestFirstClick:
    @pytest.mark.parametrize("mode", ["Split touching objects", "Cut into N"])
    def test_four_circles_fall_into_four(self, window, threads_of, mode):
        window.viewer.open_sample("napari-ncut", "circles4")
        widget = window.dock()
        window.choose(widget, "mode", mode)
        window.set(widget, "n_segments", 4)
        window.wait_idle(widget)
        threads = threads_of(StackSession, "run")
        layer = window.run(widget)
        assert threads
        assert threading.main_thread() not in threads
        assert isinstance(layer, Labels)
        assert layer.name == "circles4 segments"
        assert layer.data.max() == 4
        assert ("why" in layer.metadata["napari_ncut"]) == (mode != "Cut into N")
        assert rand(layer, window.viewer.layers["circles4"].metadata["truth"]) > 0.93
        assert "4 segments" in window.status(widget)

    def test_spheres_are_cut_as_a_volume_and_the_status_says_so(self, window):
        window.viewer.open_sample("napari-ncut", "spheres")
        widget = window.dock()
        assert "volume of 64 x 64 x 64" in window.status(widget)
        layer = window.run(widget)
        assert layer.data.max() == 4

    def test_the_result_says_how_it_was_made(self, window):
        add_scene(window, scenes.circles(2), scale=(0.5, 0.5))
        widget = window.dock()
        record = window.run(widget).metadata["napari_ncut"]
        assert record["mode"] == "split"
        assert record["image"] == "cells"
        assert record["mask"] == "cells mask"
        assert record["settings"]["neck"] == widget.controls.neck.value
        assert record["spacing"] == [0.5, 0.5]
        assert record["n_segments"] == [2]
        assert record["seconds"] > 0
        assert not record["preview"]

    def test_a_cut_holds_its_normalised_cut(self, window):
        add_scene(window, scenes.circles(2))
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        layer = window.run(widget)
        (value,) = layer.metadata["napari_ncut"]["ncut"]
        assert 0 < value < 1
        assert "normalised cut" in window.status(widget)

    def test_the_result_lies_where_the_image_lies(self, window):
        image, _ = add_scene(
            window,
            scenes.circles(2),
            scale=(0.5, 0.25),
            translate=(3, 4),
            rotate=20,
            shear=[0.1],
            units=("um", "um"),
            axis_labels=("y", "x"),
        )
        widget = window.dock()
        layer = window.run(widget)
        for point in [(0, 0), (7, 31), (99, 50)]:
            np.testing.assert_allclose(layer.data_to_world(point), image.data_to_world(point))
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels

    def test_no_layer_of_the_user_is_changed(self, window):
        image, mask = add_scene(window, scenes.circles(2))
        before = image.data.copy(), mask.data.copy()
        widget = window.dock()
        window.run(widget)
        np.testing.assert_array_equal(image.data, before[0])
        np.testing.assert_array_equal(mask.data, before[1])
        assert (image.name, mask.name) == ("cells", "cells mask")


class TestAgain:
    def test_other_settings_update_the_layer(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.set(widget, "preview", False)
        first = window.run(widget)
        window.set(widget, "n_segments", 4)
        second = window.run(widget)
        assert second is first
        assert first.data.max() == 4
        assert len(window.viewer.layers) == 3

    def test_a_layer_painted_on_is_left_alone(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        first = window.run(widget)
        first.fill((28, 24), 77)
        painted = first.data.copy()
        second = window.run(widget)
        assert second is not first
        np.testing.assert_array_equal(first.data, painted)

    def test_a_mask_painted_on_is_read_again(self, window):
        _, mask = add_scene(window, scenes.circles(4))
        widget = window.dock()
        assert window.run(widget).data.max() == 4
        mask.data_setitem(np.nonzero(scenes.circles(4).truth == 4), 0)
        assert window.run(widget).data.max() == 3


class TestPreview:
    def test_the_result_follows_the_slider_in_one_layer(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.set(widget, "neck", 0.0)
        window.wait_idle(widget)
        layer = window.viewer.layers[-1]
        assert layer.name == "cells segments (preview)"
        assert layer.metadata["napari_ncut"]["preview"]
        assert layer.data.max() == 1
        window.set(widget, "neck", 0.9)
        window.wait_idle(widget)
        assert window.viewer.layers[-1] is layer
        assert layer.data.max() == 4

    def test_run_keeps_it(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.set(widget, "neck", 0.85)
        window.wait_idle(widget)
        layer = window.run(widget)
        assert len(window.viewer.layers) == 3
        assert layer.name == "cells segments"
        assert layer.editable
        window.viewer.window.remove_dock_widget(widget.parent())
        assert layer in window.viewer.layers

    def test_leaving_takes_it_away(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.set(widget, "neck", 0.85)
        window.wait_idle(widget)
        assert len(window.viewer.layers) == 3
        window.viewer.window.remove_dock_widget(widget.parent())
        assert len(window.viewer.layers) == 2

    def test_leaving_brings_back_what_was_kept(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        layer = window.run(widget)
        kept = layer.data.copy()
        window.set(widget, "neck", 0.0)
        window.wait_idle(widget)
        assert layer.data.max() == 1
        window.set(widget, "preview", False)
        np.testing.assert_array_equal(layer.data, kept)
        assert layer.name == "cells segments"
        assert layer.editable

    def test_no_preview_without_the_tick(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.set(widget, "preview", False)
        window.set(widget, "neck", 0.5)
        window.wait_idle(widget)
        assert len(window.viewer.layers) == 2

    def test_undo_never_reaches_behind_a_new_result(self, window):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        layer = window.run(widget)
        window.set(widget, "neck", 0.0)
        window.wait_idle(widget)
        window.run(widget)
        layer.undo()
        assert layer.data.max() == 1

    def test_the_newest_setting_wins(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        for neck in (0.1, 0.5, 0.0):
            window.set(widget, "neck", neck)
            window.qtbot.wait(60)
        window.wait_idle(widget)
        assert window.viewer.layers[-1].metadata["napari_ncut"]["settings"]["neck"] == 0.0


class TestForeground:
    def test_otsu_makes_the_mask_that_is_missing(self, window):
        scene = scenes.circles(4, noise=0.05)
        window.viewer.add_image(scene.image, name="cells")
        widget = window.dock()
        assert not window.control(widget, "run").isEnabled()
        window.choose(widget, "foreground", "what is bright")
        window.wait_until(lambda: 1.1 < widget.controls.threshold.value < 1.9)
        window.wait_idle(widget)
        layer = window.run(widget)
        assert rand(layer, scene.truth) > 0.93
        assert np.mean((layer.data > 0) == scene.mask) > 0.999

    def test_dark_objects(self, window):
        scene = scenes.circles(4, noise=0.05)
        window.viewer.add_image(-scene.image, name="cells")
        widget = window.dock()
        window.choose(widget, "foreground", "what is dark")
        window.wait_until(lambda: -1.9 < widget.controls.threshold.value < -1.1)
        window.wait_idle(widget)
        assert rand(window.run(widget), scene.truth) > 0.93

    def test_a_click_before_the_threshold_is_found_waits_for_it(self, window):
        scene = scenes.circles(4, noise=0.05)
        window.viewer.add_image((30_000 + 1000 * scene.image).astype(np.uint16), name="cells")
        widget = window.dock()
        window.choose(widget, "foreground", "what is bright")
        layer = window.run(widget)
        assert layer.metadata["napari_ncut"]["threshold"] > 31_000
        assert rand(layer, scene.truth) > 0.93

    def test_the_threshold_can_be_turned(self, window):
        scene = scenes.circles(4, noise=0.0)
        window.viewer.add_image(scene.image * np.where(scene.truth == 4, 0.8, 1.0), name="cells")
        widget = window.dock()
        window.choose(widget, "foreground", "what is bright")
        window.qtbot.wait(200)
        window.wait_idle(widget)
        window.set(widget, "threshold", 1.8)
        window.wait_idle(widget)
        assert window.viewer.layers[-1].data.max() == 3


class TestChoosing:
    def test_the_newest_image_and_its_mask_are_chosen(self, window):
        widget = window.dock()
        for key in ("circles4", "circles2"):
            window.viewer.open_sample("napari-ncut", key)
            assert widget.controls.image.value.name == key
            assert widget.controls.mask.value.name == f"{key} mask"

    def test_a_mask_of_another_shape_is_not_chosen_and_says_why_when_it_is(self, window):
        window.viewer.add_labels(np.ones((9, 9), int), name="small")
        window.viewer.add_image(np.zeros((20, 20)), name="cells")
        widget = window.dock()
        assert widget.controls.mask.value is None
        window.choose(widget, "mask", "small")
        assert "(9, 9)" in window.status(widget)
        assert not window.control(widget, "run").isEnabled()
        assert "(9, 9)" in window.control(widget, "run").toolTip()

    def test_a_new_empty_labels_layer_is_not_taken_for_the_mask(self, window):
        _, mask = add_scene(window, scenes.circles(2))
        widget = window.dock()
        window.viewer.add_labels(np.zeros((100, 100), int), name="scribbles")
        assert widget.controls.mask.value is mask

    def test_a_deleted_layer_leaves_the_choices(self, window):
        image, mask = add_scene(window, scenes.circles(2))
        widget = window.dock()
        window.viewer.layers.remove(mask)
        window.viewer.layers.remove(image)
        assert widget.controls.image.value is None
        assert widget.controls.mask.value is None
        assert "Open" in window.status(widget)

    def test_an_empty_viewer_is_told_what_to_do(self, window):
        widget = window.dock()
        assert "Open Sample" in window.status(widget)
        assert not window.control(widget, "run").isEnabled()

    def test_a_mask_alone_is_enough(self, window):
        window.viewer.add_labels(scenes.circles(4).mask.astype(int), name="only a mask")
        widget = window.dock()
        assert window.run(widget).data.max() == 4

    def test_choosing_no_mask_and_no_image_is_heard(self, window):
        add_scene(window, scenes.circles(2))
        widget = window.dock()
        window.choose(widget, "mask", "whole image")
        assert "no mask" in window.status(widget)
        window.choose(widget, "mask", "cells mask")
        window.choose(widget, "image", "none: shape only")
        assert window.run(widget).metadata["napari_ncut"]["image"] is None

    def test_a_mask_image_of_zero_and_255(self, window):
        scene = scenes.circles(4)
        window.viewer.add_image(scene.image, name="cells")
        window.viewer.add_image(scene.mask.astype(np.uint8) * 255, name="threshold")
        widget = window.dock()
        assert widget.controls.mask.value.name == "threshold"
        assert window.run(widget).data.max() == 4

    def test_the_whole_image_can_be_cut(self, window):
        data = np.zeros((30, 40))
        data[:, 20:] = 1
        window.viewer.add_image(data, name="halves")
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.set(widget, "beta", 1.0)
        layer = window.run(widget)
        assert len(np.unique(layer.data[:, :20])) == len(np.unique(layer.data[:, 20:])) == 1


class TestDimensions:
    def movie(self, n=3):
        return np.stack([scenes.circles(4, seed=s).image for s in range(n)])

    def mask(self, n=3):
        return np.stack([scenes.circles(4).mask.astype(np.uint8)] * n)

    def test_a_movie_is_cut_plane_by_plane_and_the_status_says_so(self, window):
        window.viewer.add_image(self.movie(), name="movie")
        window.viewer.add_labels(self.mask(), name="movie mask")
        widget = window.dock()
        assert "3 planes of 100 x 100, each cut on its own" in window.status(widget)
        layer = window.run(widget)
        assert [plane.max() for plane in layer.data] == [4, 4, 4]
        assert "12 segments in 3 frames" in window.status(widget)

    def test_empty_planes_are_counted(self, window):
        mask = self.mask()
        mask[2] = 0
        window.viewer.add_labels(mask)
        widget = window.dock()
        window.run(widget)
        assert "in 3 frames (1 of them empty)" in window.status(widget)

    def test_only_the_current_plane_if_wanted(self, window):
        window.viewer.add_image(self.movie(), name="movie")
        window.viewer.add_labels(self.mask(), name="movie mask")
        window.viewer.dims.set_current_step(0, 1)
        widget = window.dock()
        window.choose(widget, "frames", "current one")
        layer = window.run(widget)
        assert [plane.max() for plane in layer.data] == [0, 4, 0]

    def test_the_other_planes_stay_as_they_are(self, window):
        window.viewer.add_image(self.movie(), name="movie")
        window.viewer.add_labels(self.mask(), name="movie mask")
        widget = window.dock()
        layer = window.run(widget)
        window.viewer.dims.set_current_step(0, 1)
        window.set(widget, "neck", 0.0)
        window.wait_idle(widget)
        assert [plane.max() for plane in layer.data] == [4, 1, 4]
        window.choose(widget, "frames", "current one")
        assert window.run(widget) is layer
        assert [plane.max() for plane in layer.data] == [4, 1, 4]
        window.set(widget, "neck", 0.9)
        window.wait_idle(widget)
        assert window.run(widget) is layer
        assert [plane.max() for plane in layer.data] == [4, 4, 4]

    def test_the_current_slice_of_a_volume_is_cut_as_a_plane(self, window):
        window.viewer.open_sample("napari-ncut", "spheres")
        widget = window.dock()
        window.viewer.dims.set_current_step(0, 32)
        window.choose(widget, "region", "current slice")
        assert "each cut on its own" in window.status(widget)
        layer = window.run(widget)
        assert layer.data.any(axis=(1, 2)).sum() == 1
        assert layer.data[32].max() == 4

    def test_the_preview_follows_the_plane_you_look_at(self, window):
        window.viewer.add_image(self.movie(), name="movie")
        window.viewer.add_labels(self.mask(), name="movie mask")
        widget = window.dock()
        window.set(widget, "neck", 0.89)
        window.wait_idle(widget)
        window.viewer.dims.set_current_step(0, 2)
        window.wait_until(lambda: window.viewer.layers[-1].data[2].max() == 4)

    def test_planes_or_a_volume_is_a_choice(self, window):
        scene = scenes.spheres(size=32)
        window.viewer.add_image(scene.image, name="stack")
        window.viewer.add_labels(scene.mask.astype(int), name="stack mask")
        widget = window.dock()
        assert "planes" in window.status(widget)
        window.choose(widget, "spatial_ndim", "volume")
        assert "A volume of 32 x 32 x 32" in window.status(widget)
        assert window.run(widget).data.max() == 4

    def test_a_time_series_of_volumes(self, window):
        scene = scenes.spheres(size=32)
        axes = ("t", "z", "y", "x")
        window.viewer.add_image(np.stack([scene.image] * 2), name="4-D", axis_labels=axes)
        window.viewer.add_labels(np.stack([scene.mask.astype(int)] * 2), axis_labels=axes)
        widget = window.dock()
        assert "2 volumes of 32 x 32 x 32" in window.status(widget)
        layer = window.run(widget)
        assert [volume.max() for volume in layer.data] == [4, 4]

    def test_rgb(self, window):
        scene = scenes.circles(4)
        rgb = np.repeat((60 * scene.image)[..., None], 3, axis=-1).clip(0, 255).astype(np.uint8)
        window.viewer.add_image(rgb, name="colours", rgb=True)
        window.viewer.add_labels(scene.mask.astype(int), name="mask")
        widget = window.dock()
        layer = window.run(widget)
        assert layer.data.shape == (100, 100)
        assert layer.data.max() == 4

    def test_dask(self, window):
        da = pytest.importorskip("dask.array")
        scene = scenes.circles(4)
        window.viewer.add_image(da.from_array(scene.image, chunks=50), name="lazy")
        window.viewer.add_labels(da.from_array(scene.mask.astype(int), chunks=50), name="mask")
        widget = window.dock()
        assert window.run(widget).data.max() == 4

    def test_multiscale_takes_the_finest_level_that_fits_and_says_so(self, window, monkeypatch):
        monkeypatch.setattr(layers, "MAX_PIXELS", 100 * 100)
        fine, coarse = scenes.circles(4, size=200), scenes.circles(4)
        window.viewer.add_image([fine.image, coarse.image], multiscale=True, name="pyramid")
        window.viewer.add_labels(coarse.mask.astype(int), name="mask", scale=(2, 2))
        widget = window.dock()
        assert "level 1" in window.status(widget)
        layer = window.run(widget)
        assert layer.data.shape == (100, 100)
        np.testing.assert_allclose(layer.scale, (2, 2))


class TestTrouble:
    def test_cancel_answers_at_once_and_changes_nothing(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        assert window.control(widget, "run").text() == "Cancel"
        window.click(widget)
        window.wait_until(lambda: widget.is_idle, timeout=0.2)
        assert "Cancelled" in window.status(widget)
        assert window.control(widget, "run").text() == "Split"
        window.qtbot.wait(700)
        assert len(window.viewer.layers) == 2

    def test_cancel_in_the_activity_dock(self, window, slow):
        from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar

        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        bars = window.viewer.window._qt_window.findChildren(QtLabeledProgressBar)
        assert len(bars) == 1
        bars[0].cancel_button.click()
        window.wait_until(lambda: widget.is_idle, timeout=0.2)
        assert "Cancelled" in window.status(widget)

    def test_progress_is_shown_in_words(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.wait_until(lambda: window.status(widget) == "thinking")
        window.wait_until(lambda: window.control(widget, "progress").value() > 100)
        window.wait_idle(widget)

    @pytest.mark.parametrize("victim", ["cells", "cells mask"])
    def test_a_source_deleted_while_it_runs(self, window, slow, victim):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        window.viewer.layers.remove(victim)
        window.wait_idle(widget)

    def test_the_result_deleted_while_it_is_updated(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        layer = window.run(widget)
        window.click(widget)
        window.qtbot.wait(100)
        window.viewer.layers.remove(layer)
        window.wait_idle(widget)
        assert window.viewer.layers[-1].data.max() == 4

    def test_a_layer_renamed_while_it_runs(self, window, slow):
        image, _ = add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        image.name = "renamed"
        window.wait_idle(widget)
        assert window.viewer.layers[-1].data.max() == 4

    def test_the_data_replaced_while_it_runs(self, window, slow):
        image, _ = add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        image.data = np.zeros((7, 7))
        window.wait_idle(widget)

    def test_the_widget_closed_while_it_runs(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        window.viewer.window.remove_dock_widget(widget.parent())
        window.qtbot.wait(700)
        assert len(window.viewer.layers) == 2

    def test_the_viewer_closed_while_it_runs(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.qtbot.wait(100)
        window.viewer.close()
        window.qtbot.wait(700)

    def test_two_clicks_are_run_and_cancel(self, window, slow):
        add_scene(window, scenes.circles(4))
        widget = window.dock()
        window.click(widget)
        window.click(widget)
        assert widget.is_idle

    def test_bad_input_is_a_sentence_and_no_layer(self, window):
        scene = scenes.circles(4)
        scene.image[28, 24] = np.nan
        add_scene(window, scene)
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.click(widget)
        window.wait_idle(widget)
        assert "1 of the 2678 pixels" in window.status(widget)
        assert len(window.viewer.layers) == 2

    def test_fewer_segments_than_components_names_both(self, window):
        scene = scenes.nuclei()
        add_scene(window, scene)
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.click(widget)
        window.wait_idle(widget)
        assert "Segments is 2" in window.status(widget)
        assert "set Segments to 41" in window.status(widget)

    @pytest.mark.parametrize("foreground", ["what is bright", "what is dark"])
    def test_a_constant_image_says_why_nothing_is_found(self, window, foreground):
        window.viewer.add_image(np.full((40, 50), 7, np.uint8))
        widget = window.dock()
        window.choose(widget, "foreground", foreground)
        window.wait_idle(widget)
        window.run(widget)
        side = foreground.split()[-1]
        assert window.status(widget).startswith(f"0 segments: no pixel is {side}er than the thr")

    def test_an_empty_mask_says_why_nothing_is_found(self, window):
        window.viewer.add_image(np.random.default_rng(0).random((40, 50)))
        window.viewer.add_labels(np.zeros((40, 50), int))
        widget = window.dock()
        window.choose(widget, "mask", window.viewer.layers[-1].name)
        window.run(widget)
        assert "the mask is empty" in window.status(widget).lower()

    def test_an_image_without_two_axes(self, window):
        window.viewer.add_layer(Image(np.zeros((4, 4))))
        widget = window.dock()
        window.viewer.layers[0].data = np.zeros((4, 4))
        assert not window.control(widget, "run").isEnabled()
