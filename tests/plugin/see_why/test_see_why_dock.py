"""The dock See why in a real window: histogram, cut profile, number of segments."""

import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from tests.plugin.hands import check_nothing_is_cut_off, idle, point_at, press

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def explained(window):
    """The sample nuclei as a live preview, and the dock See why."""
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock()
    window.set(graph_cut, "neck", 0.85)
    window.wait_until(lambda: graph_cut.is_idle and graph_cut.result_layer is not None)
    dock = window.dock("See why")
    idle(window, dock)
    return window, graph_cut, dock


@pytest.fixture
def counted(window):
    """The sample circles4, cut into 2, and the dock See why."""
    window.viewer.open_sample("napari-ncut", "circles4")
    graph_cut = window.dock()
    window.choose(graph_cut, "mode", "Cut into N")
    window.run(graph_cut)
    dock = window.dock("See why")
    idle(window, dock, graph_cut)
    return window, graph_cut, dock


def drag(window, histogram, start, stop):
    """Drag the threshold from one ratio to another."""
    window.qtbot.wait(30)
    y = histogram.height() // 2
    left, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    QTest.mousePress(histogram, button, left, QPoint(histogram.x_of(start), y))
    for ratio in np.linspace(start, stop, 4)[1:]:
        # QTest's moves carry no buttons; what the plot reacts to is where the mouse is.
        QTest.mouseMove(histogram, QPoint(histogram.x_of(ratio), y))
        window.qtbot.wait(20)
    QTest.mouseRelease(histogram, button, left, QPoint(histogram.x_of(stop), y))


def test_matplotlib_is_imported_only_with_the_dock():
    code = (
        "import sys, napari_ncut.plugin.graph_cut.graph_cut_widget, "
        "napari_ncut.plugin.review.review_dock, napari_ncut.plugin.measure.measure_dock; "
        "sys.exit('matplotlib.pyplot' in sys.modules "
        "or 'matplotlib.figure' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_a_result_it_says_what_to_do_first(window):
    dock = window.dock("See why")
    assert "Graph cut first" in window.status(dock)
    assert not window.control(dock, "fiedler").isEnabled()
    press(window, "e", modifier=ALT)
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock()
    window.run(graph_cut)
    idle(window, dock)
    assert len(dock.histogram.ratios) > 0


def test_the_histogram_shows_every_neck_and_follows_the_slider(explained):
    window, graph_cut, dock = explained
    histogram = window.control(dock, "histogram")
    tree = dock._model.last.result.trees[()]
    assert len(histogram.ratios) == np.count_nonzero(tree.ratio < 1)
    assert histogram.threshold == 0.85
    before = histogram.ratios
    window.set(graph_cut, "neck", 0.4)
    idle(window, graph_cut, dock)
    assert histogram.threshold == 0.4
    np.testing.assert_array_equal(histogram.ratios, before)
    n_cut = np.count_nonzero(tree.ratio < 0.4)
    assert histogram.figure.axes[0].get_title().startswith(f"{n_cut} of")


def test_the_line_is_moved_by_mouse_or_keys_and_slider_and_labels_follow(explained):
    window, graph_cut, dock = explained
    n_before = len(np.unique(graph_cut.result_layer.data))
    drag(window, dock.histogram, 0.85, 0.2)
    idle(window, graph_cut, dock)
    assert graph_cut.controls.neck.value == pytest.approx(0.2, abs=0.02)
    assert dock.histogram.threshold == graph_cut.controls.neck.value
    assert len(np.unique(graph_cut.result_layer.data)) < n_before
    # Once released, the mouse drags nothing.
    QTest.mouseMove(dock.histogram, QPoint(dock.histogram.x_of(0.9), 40))
    assert dock.histogram.threshold < 0.3
    window.set(graph_cut, "neck", 0.85)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
        press(window, key, dock.histogram)
    idle(window, graph_cut)
    assert graph_cut.controls.neck.value == pytest.approx(0.84)


def middle_of_the_largest_blob(window):
    mask = window.viewer.layers["nuclei mask"].data
    from skimage.measure import label, regionprops

    blob = max(regionprops(label(mask, connectivity=1)), key=lambda region: region.area)
    return blob.coords[len(blob.coords) // 2], int(blob.area)


def test_the_profile_is_that_of_the_blob_under_the_mouse(explained):
    window, graph_cut, dock = explained
    assert dock.profile.profile is None
    pixel, area = middle_of_the_largest_blob(window)
    point_at(window, graph_cut.result_layer, pixel)
    idle(window, dock)
    assert len(dock.profile.profile) == area - 1
    assert dock.profile.valley.ratio < 0.6
    assert dock.words.text().startswith("<b>One object:</b>")
    assert "<b>Split off:</b>" in dock.words.text()
    shown = dock.profile.profile
    # Beside the objects, on the way to the plot, it stays.
    background = np.argwhere(graph_cut.result_layer.data == 0)
    point_at(window, graph_cut.result_layer, background[len(background) // 2])
    idle(window, dock)
    assert dock.profile.profile is shown


def test_the_strip_below_the_profile_has_the_colours_of_the_objects(explained):
    window, graph_cut, dock = explained
    layer = graph_cut.result_layer
    pixel, _ = middle_of_the_largest_blob(window)
    point_at(window, layer, pixel)
    idle(window, dock)
    labels = layer.data[dock._under.shown]
    colors = dock.profile._colours
    for label in np.unique(labels):
        np.testing.assert_allclose(colors[labels == label][0], layer.get_color(int(label)))
    assert len(np.unique(labels)) > 1
    window.set(graph_cut, "neck", 0.0)
    idle(window, graph_cut, dock)
    assert len(np.unique(dock.profile._colours, axis=0)) == 1


def test_the_fiedler_vector_is_a_layer_on_demand_that_lies_on_its_blob(explained):
    window, graph_cut, dock = explained
    pixel, area = middle_of_the_largest_blob(window)
    point_at(window, graph_cut.result_layer, pixel)
    idle(window, dock)
    active = window.viewer.layers.selection.active
    window.click(dock, "fiedler")
    layer = window.viewer.layers["end to end"]
    assert window.viewer.layers.selection.active == active
    assert np.count_nonzero(~np.isnan(layer.data)) == area
    assert np.isfinite(layer.get_value(pixel, world=True))
    mask = window.viewer.layers["nuclei mask"].data
    inside = np.argwhere(~np.isnan(layer.data))
    world = np.array([layer.data_to_world(position) for position in inside]).round().astype(int)
    assert mask[tuple(world.T)].all()
    # Asked again, it is replaced; it is never taken for an image to cut.
    press(window, "e", modifier=ALT)
    assert sum(layer.name.startswith("end to end") for layer in window.viewer.layers) == 1
    assert graph_cut.controls.image.value.name == "nuclei"


def test_the_suggested_number_is_marked_and_taken_by_click_or_key(counted):
    window, graph_cut, dock = counted
    assert not window.control(dock, "histogram").isVisible()
    assert window.control(dock, "eigenvalues").isVisible()
    assert dock.eigenvalues.counts.suggested == 4
    button = window.control(dock, "take_n")
    assert "4" in button.text()
    assert "N = 4" in dock.eigenvalues.figure.axes[0].get_title()
    window.click(dock, "take_n")
    assert graph_cut.controls.n_segments.value == 4
    counts = dock.eigenvalues.counts
    window.wait_until(lambda: graph_cut.result_layer.data.max() == 4)
    idle(window, graph_cut, dock)
    # The number of segments changes nothing about the plot.
    assert dock.eigenvalues.counts is counts
    window.set(graph_cut, "beta", 1.0)
    window.set(graph_cut, "n_segments", 3)
    idle(window, graph_cut, dock)
    plot = dock.eigenvalues
    window.wait_until(lambda: plot.counts is not None and plot.counts is not counts)
    press(window, "n", modifier=ALT)
    assert graph_cut.controls.n_segments.value == 4
    window.choose(graph_cut, "mode", "Split touching objects")
    window.run(graph_cut)
    idle(window, dock)
    assert window.control(dock, "histogram").isVisible()
    assert not button.isVisible()


def test_a_deleted_result_leaves_sentences(explained):
    window, graph_cut, dock = explained
    pixel, _ = middle_of_the_largest_blob(window)
    point_at(window, graph_cut.result_layer, pixel)
    window.viewer.layers.remove(graph_cut.result_layer)
    idle(window, dock)
    assert "deleted" in window.status(dock)
    assert dock.profile.profile is None
    assert not window.control(dock, "fiedler").isEnabled()
    press(window, Qt.Key.Key_Left, dock.histogram)
    window.viewer.layers.clear()
    idle(window, dock, graph_cut)


def test_closing_either_dock_or_the_theme_changing_does_no_harm(explained):
    window, graph_cut, dock = explained
    dark = dock.histogram.figure.get_facecolor()
    window.viewer.theme = "light"
    assert dock.histogram.figure.get_facecolor() != dark
    assert dock.profile.figure.get_facecolor() == dock.histogram.figure.get_facecolor()
    pixel, _ = middle_of_the_largest_blob(window)
    layer = window.viewer.layers["nuclei mask"]
    window.viewer.window.remove_dock_widget(graph_cut)
    window.qtbot.wait(30)
    point_at(window, layer, pixel)
    window.viewer.window.remove_dock_widget(dock)
    window.qtbot.wait(30)
    point_at(window, layer, pixel)
    window.viewer.theme = "dark"
    window.qtbot.wait(100)


def test_everything_can_be_read_at_300_pixels_and_nothing_is_cut_off_at_250(counted):
    window, _, dock = counted
    check_nothing_is_cut_off(window, dock)
    dock.resize(300, dock.minimumHeight())
    window.qtbot.wait(50)
    for plot in (dock.eigenvalues, dock.profile):
        plot.draw()
        inside = plot.figure.bbox
        for axes in plot.figure.axes:
            box = axes.get_tightbbox()
            assert box.x0 >= inside.x0 - 1
            assert box.x1 <= inside.x1 + 1
            assert axes.xaxis.label.get_size() >= 8


def test_in_a_volume_the_profile_is_that_of_the_volume(window):
    window.viewer.open_sample("napari-ncut", "spheres")
    graph_cut = window.dock()
    layer = window.run(graph_cut)
    dock = window.dock("See why")
    step = window.viewer.dims.current_step[0]
    inside = np.argwhere(layer.data[step])
    point_at(window, layer, (step, *inside[len(inside) // 2]))
    idle(window, dock)
    assert len(dock.profile.profile) == np.count_nonzero(layer.data) - 1
    window.click(dock, "fiedler")
    assert window.viewer.layers["end to end"].data.ndim == 3
