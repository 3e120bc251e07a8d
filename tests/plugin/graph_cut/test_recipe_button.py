"""The Recipe menu, regions and seeds, done in a real window."""

import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QPushButton

from napari_ncut import scenes
from napari_ncut.files import read_image, read_labels, read_provenance, write_labels
from napari_ncut.plugin.shared.result_record import recipe_of


def pick(window, widget, *names):
    """Open the Recipe menu and choose an entry, in a submenu perhaps."""
    menu = widget.findChild(QPushButton, "recipe").menu()
    menu.aboutToShow.emit()
    for name in names:
        action = next(a for a in menu.actions() if name in (a.objectName(), a.text()))
        # PySide deletes what `QAction.menu` returns.
        submenus = [m for m in menu.findChildren(QMenu) if m.title() == name]
        menu = submenus[-1] if submenus else None
    assert action.isEnabled(), f"{names} can not be chosen"
    action.trigger()
    window.qtbot.wait(20)


@pytest.fixture
def files(window, tmp_path):
    """Open the circles from files, as a lab does."""
    scene = scenes.circles(4)
    np.save(tmp_path / "cells.npy", scene.image)
    write_labels(tmp_path / "mask.tif", scene.mask.astype(np.uint8))
    window.viewer.open(tmp_path / "cells.npy", plugin="napari")
    window.viewer.open(tmp_path / "mask.tif", plugin="napari", layer_type="labels")
    return tmp_path


class TestPython:
    def test_the_copied_script_makes_the_same_labels_corrections_included(self, window, files):
        widget = window.dock()
        layer = window.run(widget)
        layer.fill((28, 24), 9)
        layer.data_setitem((np.array([1, 2]), np.array([3, 3])), 9)
        pick(window, widget, "copy_python")
        code = QApplication.clipboard().text()
        (files / "again.py").write_text(code)
        subprocess.run([sys.executable, "again.py"], cwd=files, check=True)
        made = read_labels(files / f"{layer.name}.tif").data
        np.testing.assert_array_equal(made, layer.data)

    def test_a_layer_without_a_file_is_named_in_the_script(self, window):
        window.viewer.open_sample("napari-ncut", "circles2")
        widget = window.dock()
        window.run(widget)
        pick(window, widget, "copy_python")
        code = QApplication.clipboard().text()
        assert "'circles2' was not read from a file" in code
        compile(code, "script", "exec")


class TestCorrections:
    def test_undo_takes_them_back(self, window):
        window.viewer.open_sample("napari-ncut", "circles4")
        widget = window.dock()
        layer = window.run(widget)
        assert recipe_of(layer).corrections is None
        layer.fill((28, 24), 9)
        assert recipe_of(layer).corrections is not None
        layer.undo()
        assert recipe_of(layer).corrections is None


class TestSave:
    def test_the_file_holds_labels_spacing_and_recipe(self, window, tmp_path, monkeypatch):
        scene = scenes.circles(4)
        place = {"scale": (0.5, 0.5), "translate": (3.0, 4.0), "units": ("um", "um")}
        window.viewer.add_image(scene.image, name="cells", **place)
        window.viewer.add_labels(scene.mask.astype(int), name="mask", **place)
        widget = window.dock()
        layer = window.run(widget)
        layer.fill((28, 24), 9)
        # The line tells of the edit first, and only then of what is done next.
        window.wait_until(lambda: "corrected by hand" in window.status(widget))
        path = tmp_path / "saved"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        pick(window, widget, "save")
        window.wait_until(lambda: "Saved" in window.status(widget))
        saved = read_image(tmp_path / "saved.tif")
        np.testing.assert_array_equal(saved.data, layer.data)
        assert saved.spacing == (0.5, 0.5)
        assert saved.unit == "µm"
        assert saved.origin == pytest.approx((3.0, 4.0))
        assert read_provenance(tmp_path / "saved.tif")["corrections"] is not None

    def test_a_place_that_can_not_be_written_is_a_sentence(self, window, tmp_path, monkeypatch):
        window.viewer.open_sample("napari-ncut", "circles2")
        widget = window.dock()
        window.run(widget)
        path = tmp_path / "no folder" / "saved.tif"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        pick(window, widget, "save")
        window.wait_until(lambda: "no folder" in window.status(widget))


class TestAgain:
    def test_the_recipe_of_a_result_runs_on_another_image(self, window):
        window.viewer.open_sample("napari-ncut", "circles4")
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.set(widget, "n_segments", 3)
        first = window.run(widget)
        window.viewer.open_sample("napari-ncut", "circles2")
        window.choose(widget, "mode", "Split touching objects")
        window.viewer.layers.selection.active = first
        pick(window, widget, "run_again")
        window.wait_idle(widget)
        second = window.viewer.layers[-1]
        assert second.name == "circles2 segments"
        assert second.data.max() == 3


class TestPresets:
    def test_keep_load_and_delete(self, window, monkeypatch):
        window.viewer.open_sample("napari-ncut", "circles4")
        widget = window.dock()
        window.set(widget, "neck", 0.61)
        monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("mine", True))
        pick(window, widget, "save_preset")
        window.set(widget, "neck", 0.3)
        pick(window, widget, "Load preset", "mine")
        assert widget.controls.neck.value == 0.61
        pick(window, widget, "Delete preset", "mine")
        assert widget.recipe._presets.names() == []

    def test_a_bad_name_is_a_sentence(self, window, monkeypatch):
        widget = window.dock()
        monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("../up", True))
        pick(window, widget, "save_preset")
        assert "can not be the name" in window.status(widget)

    def test_write_to_and_read_from_a_file(self, window, tmp_path, monkeypatch):
        widget = window.dock()
        path = tmp_path / "shared.json"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
        window.set(widget, "neck", 0.44)
        pick(window, widget, "export_preset")
        window.set(widget, "neck", 0.9)
        pick(window, widget, "import_preset")
        assert widget.controls.neck.value == 0.44

    def test_the_last_used_settings_come_back(self, window):
        window.viewer.open_sample("napari-ncut", "circles4")
        widget = window.dock()
        window.set(widget, "neck", 0.77)
        window.wait_idle(widget)
        window.run(widget)
        window.viewer.window.remove_dock_widget(widget.parent())
        assert window.dock().controls.neck.value == 0.77


class TestRegions:
    def test_selected_label_only(self, window):
        scene = scenes.circles(4)
        labels = np.where(scene.truth <= 2, 1, 2) * scene.mask
        layer = window.viewer.add_labels(labels, name="clumps")
        layer.selected_label = 2
        widget = window.dock()
        window.choose(widget, "region", "selected label")
        result = window.run(widget)
        np.testing.assert_array_equal(result.data == 1, labels == 1)
        assert len(np.unique(result.data[labels == 2])) >= 2

    def test_inside_shapes(self, window):
        scene = scenes.circles(4)
        window.viewer.add_image(scene.image, name="cells")
        window.viewer.add_labels(scene.mask.astype(int), name="mask")
        window.viewer.add_shapes([[0, 0], [99, 45]], shape_type="rectangle", name="box")
        widget = window.dock()
        window.choose(widget, "region", "inside shapes")
        assert "Shapes layer" in window.status(widget)
        window.choose(widget, "shapes", "box")
        result = window.run(widget)
        assert (result.data[:, 47:] == scene.mask[:, 47:]).all()
        assert result.data[:, :45].max() > 1

    def test_current_view(self, window):
        window.viewer.open_sample("napari-ncut", "nuclei")
        widget = window.dock()
        window.viewer.scene.camera.zoom = 12
        window.qtbot.wait(100)
        window.choose(widget, "region", "current view")
        result = window.run(widget)
        mask = window.viewer.layers["nuclei mask"].data
        changed = (result.data != mask).any(axis=0)
        assert changed.any()
        assert not changed[:20].any()
        np.testing.assert_array_equal(result.data > 0, mask > 0)


class TestSeeds:
    def test_a_point_per_object_and_another_point_cuts_again(self, window):
        scene = scenes.circles(4)
        window.viewer.add_image(scene.image, name="cells")
        window.viewer.add_labels(scene.mask.astype(int), name="mask")
        points = window.viewer.add_points([[28, 24], [67, 58]], name="objects")
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.choose(widget, "seeds", "objects")
        window.wait_until(lambda: "2 segments" in window.status(widget))
        assert not window.control(widget, "n_segments").isEnabled()
        points.add([24, 70])
        window.wait_until(lambda: "3 segments" in window.status(widget))
        result = window.run(widget)
        assert [result.data[p] for p in [(28, 24), (67, 58), (24, 70)]] == [1, 2, 3]

    def test_a_name_in_the_column_object_cuts_again_and_the_points_stay_on_top(self, window):
        viewer = window.viewer
        viewer.open_sample("napari-ncut", "circles4")
        points = viewer.add_points([[28, 24], [40, 50]], features={"object": ["a", "b"]})
        widget = window.dock()
        window.choose(widget, "mode", "Cut into N")
        window.choose(widget, "seeds", points.name)
        window.wait_idle(widget)
        preview = widget.result_layer
        assert viewer.layers.index(preview) < viewer.layers.index(points)
        assert preview.data[28, 24] != preview.data[40, 50]
        points.features = {"object": ["a", "a"]}
        window.wait_idle(widget)
        assert preview.data[28, 24] == preview.data[40, 50]

    def test_scribbles(self, window):
        scene = scenes.circles(2)
        window.viewer.add_image(scene.image, name="cells")
        window.viewer.add_labels(scene.mask.astype(int), name="mask")
        scribbles = np.zeros((100, 100), int)
        scribbles[28, 20:28], scribbles[40, 46:55] = 5, 8
        window.viewer.add_labels(scribbles, name="scribbles")
        widget = window.dock()
        window.choose(widget, "mask", "mask")
        window.choose(widget, "mode", "Cut into N")
        window.choose(widget, "seeds", "scribbles")
        result = window.run(widget)
        assert len(set(result.data[28, 20:28])) == len(set(result.data[40, 46:55])) == 1
        assert result.data[28, 24] != result.data[40, 50]
