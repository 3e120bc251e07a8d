"""The dock Measure in a real window: the table, its order, its rows, its file."""

import csv
import threading

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QAction
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog
from skimage.measure import regionprops
from tests.plugin.hands import check_nothing_is_cut_off, idle, press

from napari_ncut import scenes
from napari_ncut.plugin.measure import measure_dock

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def measured(window):
    """The sample nuclei, split and kept, and the dock Measure."""
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock()
    window.run(graph_cut)
    return window, graph_cut.result_layer, open_measure(window)


def open_measure(window):
    dock = window.dock("Measure")
    idle(window, dock)
    return dock


def shown(dock):
    """Return the table as it is on the screen: names, and rows of texts."""
    model = dock.table.model()
    names = [
        model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())
    ]
    rows = [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]
    return names, rows


def click_row(window, dock, row):
    area = dock.table.visualRect(dock.table.model().index(row, 0))
    QTest.mouseClick(
        dock.table.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        area.center(),
    )
    window.qtbot.wait(20)


def click_header(window, dock, name):
    header = dock.table.horizontalHeader()
    column = shown(dock)[0].index(name)
    x = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    QTest.mouseClick(
        header.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        QPoint(x, header.height() // 2),
    )
    window.qtbot.wait(20)


def test_without_labels_it_says_what_is_missing(window):
    dock = open_measure(window)
    assert "no Labels layer" in window.status(dock)
    assert not window.control(dock, "measure").isEnabled()
    assert not window.control(dock, "export").isEnabled()
    window.viewer.add_labels(np.zeros((9, 9), int))
    window.click(dock, "measure")
    idle(window, dock)
    assert "empty" in window.status(dock)
    assert not window.control(dock, "export").isEnabled()


def test_a_result_is_measured_when_the_dock_opens(measured):
    window, layer, dock = measured
    names, rows = shown(dock)
    assert names[:5] == ["label", "area", "centroid y", "centroid x", "mean intensity"]
    assert names[5:] == ["neck", "neck inside"]
    assert len(rows) == layer.data.max()
    assert f"{len(rows)} objects" in window.status(dock)
    image = window.viewer.layers["nuclei"].data
    for region, row in zip(regionprops(layer.data, image), rows, strict=True):
        assert int(row[0]) == region.label
        assert float(row[1]) == region.area
        assert float(row[4]) == pytest.approx(region.intensity_mean, rel=1e-4)
    check_nothing_is_cut_off(window, dock)


def test_the_table_is_stored_with_the_layer_and_the_colours_stay(measured):
    window, layer, _ = measured
    features = layer.features
    # napari takes row k for label k.
    np.testing.assert_array_equal(features["label"], np.arange(layer.data.max() + 1))
    sizes = np.bincount(layer.data.ravel())
    np.testing.assert_array_equal(features["area"][1:], sizes[1:])
    assert np.isnan(features["area"][0])
    y, x = np.argwhere(layer.data == 5)[0]
    text = layer.get_status((float(y), float(x)), world=True)["value"]
    assert f"area: {sizes[5]}" in text
    plain = Labels(layer.data.copy())
    for label in (1, 5, 9):
        np.testing.assert_array_equal(layer.get_color(label), plain.get_color(label))
    # napari's own table selects the same object.
    window.viewer.layers.selection.active = layer
    _, table = window.viewer.window.add_plugin_dock_widget("napari", "Features table widget")
    window.qtbot.wait(50)
    table.table.selectRow(7)
    assert layer.selected_label == 7


def test_a_row_clicked_or_reached_by_key_goes_to_the_object_and_selects_its_label(measured):
    window, layer, dock = measured
    viewer = window.viewer
    zoom = viewer.scene.camera.zoom
    click_row(window, dock, 3)
    label = int(shown(dock)[1][3][0])
    center = np.argwhere(layer.data == label).mean(axis=0)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], center, atol=0.01)
    assert viewer.scene.camera.zoom > zoom
    assert layer.selected_label == label
    assert viewer.layers.selection.active == layer
    dock.table.setFocus()
    press(window, Qt.Key.Key_Down, dock.table)
    press(window, Qt.Key.Key_Down, dock.table)
    assert layer.selected_label == int(shown(dock)[1][5][0])


def test_a_click_on_a_column_sorts_by_its_numbers(measured):
    window, layer, dock = measured
    click_header(window, dock, "area")
    areas = [float(row[1]) for row in shown(dock)[1]]
    assert areas in (sorted(areas), sorted(areas, reverse=True))
    click_header(window, dock, "area")
    assert [float(row[1]) for row in shown(dock)[1]] == areas[::-1]
    click_row(window, dock, 0)
    label = int(shown(dock)[1][0][0])
    assert layer.selected_label == label
    assert np.count_nonzero(layer.data == label) == float(shown(dock)[1][0][1])
    # Missing values come last.
    dock.table.sortByColumn(shown(dock)[0].index("neck"), Qt.SortOrder.AscendingOrder)
    texts = [row[5] for row in shown(dock)[1]]
    values = [float(text) for text in texts if text]
    assert values == sorted(values)
    assert texts[len(values) :] == [""] * (len(texts) - len(values))
    assert 0 < len(values) < len(texts)


def test_the_order_stays_when_it_is_measured_again(measured):
    window, layer, dock = measured
    dock.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    largest = int(shown(dock)[1][0][0])
    layer.data_setitem(np.nonzero(layer.data == largest), 0)
    window.qtbot.wait(250)
    assert "changed" in window.status(dock)
    press(window, "m", modifier=ALT)
    idle(window, dock)
    areas = [float(row[1]) for row in shown(dock)[1]]
    assert areas == sorted(areas, reverse=True)
    assert largest not in [int(row[0]) for row in shown(dock)[1]]
    assert np.isnan(layer.features["area"][largest])


def choose_file(monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))


def test_the_table_is_exported_with_all_digits_or_it_is_told_why_not(
    measured, monkeypatch, tmp_path
):
    window, layer, dock = measured
    choose_file(monkeypatch, tmp_path / "nuclei")
    press(window, "x", modifier=ALT)
    path = tmp_path / "nuclei.csv"
    assert str(path) in window.status(dock)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == list(range(1, layer.data.max() + 1))
    np.testing.assert_array_equal(
        [float(row["centroid_y"]) for row in rows], layer.features["centroid_y"][1:]
    )
    assert not list(tmp_path.glob("*.part"))
    choose_file(monkeypatch, tmp_path / "nowhere" / "nuclei.csv")
    window.click(dock, "export")
    assert "was not written: No such file or directory" in window.status(dock)
    choose_file(monkeypatch, "")
    window.click(dock, "export")


def test_sizes_are_in_the_units_of_the_layer(window):
    labels = np.zeros((20, 30), int)
    labels[5:10, 5:15] = 3
    window.viewer.add_labels(
        labels, name="objects", scale=(0.5, 0.5), translate=(100, 200), units=("um", "um")
    )
    dock = open_measure(window)
    assert shown(dock)[1][0][1] == "12.5"
    assert "12.5 µm²" in window.status(dock)
    click_row(window, dock, 0)
    np.testing.assert_allclose(
        window.viewer.scene.camera.center[-2:], (100 + 3.5, 200 + 4.75), atol=0.01
    )


def test_a_movie_has_a_frame_column_and_a_row_goes_to_its_frame(window):
    scene = scenes.circles(4)
    truth = scene.truth.astype(int)
    movie = np.stack([truth, np.zeros_like(truth), truth * (truth == 3)])
    layer = window.viewer.add_labels(movie, name="movie")
    window.viewer.dims.set_current_step(0, 0)
    dock = open_measure(window)
    names, rows = shown(dock)
    assert names[0] == "frame"
    assert [row[0] for row in rows] == ["0"] * 4 + ["2"]
    click_row(window, dock, 4)
    assert window.viewer.dims.current_step[0] == 2
    assert layer.selected_label == 3
    # The status line tells of the object that is shown, not of its namesake in another frame.
    np.testing.assert_array_equal(layer.features["area"][1:3], [np.nan, np.nan])
    assert layer.features["area"][3] == np.count_nonzero(truth == 3)
    window.viewer.dims.set_current_step(0, 0)
    assert layer.features["area"][1] == np.count_nonzero(truth == 1)


def test_a_volume_has_volumes_and_a_row_goes_to_its_slice(window):
    window.viewer.open_sample("napari-ncut", "spheres")
    graph_cut = window.dock()
    layer = window.run(graph_cut)
    dock = open_measure(window)
    names, rows = shown(dock)
    assert names[:2] == ["label", "volume"]
    assert len(rows) == layer.data.max()
    click_row(window, dock, 0)
    label = int(rows[0][0])
    depth = np.nonzero(layer.data == label)[0].mean()
    assert window.viewer.dims.current_step[0] == pytest.approx(depth, abs=0.6)


def test_another_layer_and_an_image_that_does_not_fit(measured):
    window, _, dock = measured
    window.choose(dock, "labels", "nuclei mask")
    idle(window, dock)
    assert len(shown(dock)[1]) == 1
    assert "neck" not in shown(dock)[0]
    window.viewer.add_image(np.zeros((5, 5)), name="small")
    window.choose(dock, "image", "small")
    assert "choose an image of the same shape" in window.status(dock)
    assert not window.control(dock, "measure").isEnabled()
    window.choose(dock, "image", "none")
    idle(window, dock)
    assert "mean intensity" not in shown(dock)[0]


def test_layers_deleted_and_the_dock_closed_do_no_harm(measured):
    window, layer, dock = measured
    window.viewer.layers.remove(layer)
    idle(window, dock)
    assert shown(dock)[1] == []
    assert not window.control(dock, "export").isEnabled()
    window.viewer.layers.clear()
    assert "no Labels layer" in window.status(dock)
    labels = window.viewer.add_labels(np.ones((9, 9), int))
    press(window, "m", modifier=ALT)
    idle(window, dock)
    assert len(shown(dock)[1]) == 1
    window.viewer.window.remove_dock_widget(dock)
    window.qtbot.wait(30)
    labels.data_setitem((np.array([0]), np.array([0])), 2)
    window.viewer.layers.clear()
    window.qtbot.wait(150)


def test_a_deleted_result_is_told_and_what_is_measured_next(measured):
    window, _, dock = measured
    window.viewer.layers.remove(dock.labels.value)
    window.wait_idle(dock)
    said = window.status(dock)
    assert "segments was deleted" in said
    assert dock.labels.value.name in said


def test_it_measures_in_a_thread(window, threads_of):
    scene = scenes.field()
    window.viewer.add_labels(scene.truth.astype(int))
    dock = open_measure(window)
    threads = threads_of(measure_dock, "measure")
    window.click(dock, "measure")
    idle(window, dock)
    assert threads
    assert threading.main_thread() not in threads
    assert len(shown(dock)[1]) == len(np.unique(scene.truth)) - 1


def test_properties_are_chosen_in_a_list(measured):
    window, labels, dock = measured
    button = window.control(dock, "properties")
    assert button.text() == "Size and place"
    before = set(labels.features.columns)
    for name in ("border", "solidity"):
        button.findChild(QAction, name).trigger()
        window.wait_idle(dock)
    assert button.text() == "Size, place and 2 more"
    assert set(labels.features.columns) - before == {"perimeter", "solidity"}
    button.choose(())
    window.wait_idle(dock)
    assert set(labels.features.columns) == before
