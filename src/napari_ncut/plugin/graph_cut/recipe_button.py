"""The menu of recipes: save, copy as Python, run again on other data, presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.io.files import write_labels
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.model import Form, Model
from napari_ncut.plugin.shared.result_record import Snapshot
from napari_ncut.runs.presets import Presets, read_preset, write_preset
from napari_ncut.runs.recipe import Recipe, script


class RecipeButton(QPushButton):
    """A button with a menu of what can be done with a result's recipe, and of presets.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where the results are.
    model : Model
        Holds the settings, and shows what is said.
    dock : Dock
        Where it lies, and what starts its runs.
    """

    run_wanted = Signal()

    def __init__(self, viewer: ViewerModel, model: Model, dock: Dock) -> None:
        super().__init__()
        self._viewer = viewer
        self._model = model
        self._dock = dock
        self._presets = Presets()
        self.setObjectName("recipe")
        self.setText("Recipe")
        self.setToolTip("Save the result, do it again elsewhere, keep the settings")
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.setMenu(menu)

    def show_last_used(self) -> None:
        """Show the settings that were used last, if there are any."""
        recipe = self._presets.last_used()
        if recipe is not None:
            self._show(recipe)

    def keep_last_used(self, recipe: Recipe) -> None:
        """Keep the settings for the next start; a folder that can not be written is no error."""
        try:
            self._presets.save("last used", recipe)
        except OSError:
            return

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        # The entries are gone with that, their menus are not.
        for submenu in menu.findChildren(QMenu):
            submenu.deleteLater()
        layer = self._result()
        of = f' of "{layer.name}"' if layer is not None else ""
        for name, text, action in (
            ("save", f"Save result{of}…", self.save),
            ("copy_python", f"Copy as Python{of}", self.copy_python),
            ("run_again", f"Run again on this image: recipe{of}", self.run_again),
        ):
            self._add(menu, name, text, action).setEnabled(layer is not None)
        menu.addSeparator()
        self._add(menu, "save_preset", "Keep settings as preset…", self.save_preset)
        presets = self._presets.names()
        load, delete = menu.addMenu("Load preset"), menu.addMenu("Delete preset")
        for submenu in (load, delete):
            submenu.setEnabled(bool(presets))
        for name in presets:
            load.addAction(name, lambda name=name: self.load_preset(name))
            delete.addAction(name, lambda name=name: self.delete_preset(name))
        self._add(menu, "defaults", "Defaults", self.show_defaults)
        self._add(menu, "import_preset", "Read preset from file…", self.import_preset)
        self._add(menu, "export_preset", "Write settings to file…", self.export_preset)

    @staticmethod
    def _add(menu: QMenu, name: str, text: str, action: Callable[[], None]) -> QAction:
        added = menu.addAction(text)
        added.setObjectName(name)
        added.triggered.connect(lambda _: action())
        return added

    def _result(self) -> Labels | None:
        """Return the selected result, or else the newest."""
        viewer_layers = self._viewer.layers
        candidates = [viewer_layers.selection.active, *reversed(viewer_layers)]
        return next(
            (x for x in candidates if isinstance(x, Labels) and layers.is_ours(x) and x.editable),
            None,
        )

    # Results

    def copy_python(self) -> None:
        """Copy a script that makes the same labels, corrections included."""
        layer = self._result()
        if layer is None:
            return
        result, paths = Snapshot.of(layer, copy=True), layer.metadata[layers.RECORD].get("paths")

        def copy(code: str, _: float) -> None:
            QApplication.clipboard().setText(code)
            self._model.say(f"Copied a script that makes {result.name} again.")

        self._dock.start_run(
            "script", lambda _: python_of(result.name, result.recipe(), paths or {}), copy
        )

    def run_again(self) -> None:
        """Run the recipe of the selected result on the chosen image."""
        layer = self._result()
        if layer is not None:
            record = layer.metadata[layers.RECORD]
            self._show(Recipe.from_dict(record | {"corrections": None}))
            self.run_wanted.emit()

    def save(self) -> None:
        """Write the result and its recipe to a TIFF, in a thread."""
        layer = self._result()
        if layer is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self, "Save result", f"{layer.name}.tif", "TIFF (*.tif *.tiff)"
        )
        if not path:
            return
        if not path.lower().endswith((".tif", ".tiff")):
            path += ".tif"
        result = Snapshot.of(layer, copy=True)
        ndim = int((result.record or {}).get("spatial_ndim", 2))
        unit = layers.length_unit(layer, ndim)
        translate = [float(value) for value in layer.translate[-ndim:]]

        def write(_: Monitor) -> None:
            recipe = result.recipe()
            # The dialog has asked whether to overwrite.
            write_labels(
                path,
                result.data,
                spacing=recipe.spacing,
                unit=unit,
                translate=translate if any(translate) else None,
                provenance=recipe.to_dict(),
                force=True,
            )

        self._dock.start_run(
            f"save {path}",
            write,
            lambda *_: self._model.say(f"Saved {path} with its recipe."),
            in_activity_dock="napari-ncut: saving",
        )

    # Presets

    def save_preset(self) -> None:
        """Keep the settings under a name that the user gives."""
        name, accepted = QInputDialog.getText(self, "Keep settings", "Name of the preset:")
        if accepted:
            self._do(lambda: self._presets.save(name, self._settings()), f"Kept as {name}.")

    def load_preset(self, name: str) -> None:
        """Show the settings of a preset."""
        self._do(lambda: self._show(self._presets.load(name)), f"Settings of {name}.")

    def show_defaults(self) -> None:
        """Show the settings that the program begins with, in the mode that is chosen."""
        usual = Form(mode=self._model.form.mode)
        self._do(lambda: self._show(Recipe(usual.settings())), "The usual settings.")

    def delete_preset(self, name: str) -> None:
        """Take a preset away."""
        self._do(lambda: self._presets.delete(name), f"Deleted the preset {name}.")

    def import_preset(self) -> None:
        """Show the settings in a file, of a preset or of a result that was saved."""
        path, _ = QFileDialog.getOpenFileName(self, "Read preset", "", "Presets (*.json)")
        if path:
            self._do(lambda: self._show(read_preset(path)), f"Settings of {Path(path).name}.")

    def export_preset(self) -> None:
        """Write the settings to a file that the user chooses."""
        path, _ = QFileDialog.getSaveFileName(
            self, "Write settings", "napari-ncut.json", "Presets (*.json)"
        )
        if path:
            self._do(lambda: write_preset(path, self._settings()), f"Wrote {path}.")

    def _settings(self) -> Recipe:
        return Recipe(self._model.form.settings())

    def _show(self, recipe: Recipe) -> None:
        self._model.change(**Form.values_of(recipe.settings))

    def _do(self, action: Callable[[], object], text: str) -> None:
        try:
            action()
        except (ValueError, OSError) as error:
            self._model.say(str(error), error=True)
        else:
            self._model.say(text)


def python_of(name: str, recipe: Recipe, paths: dict[str, str | None]) -> str:
    """Return a script that makes the labels of a result again, from the files of its sources.

    Layers that were not read from a file are named in the script, with what to do.

    Parameters
    ----------
    name : str
        Name of the result; the script writes to a file of that name.
    recipe : Recipe
        How it was made.
    paths : dict
        The files of image and mask, where they were read from one.
    """
    notes = "".join(
        f"# The layer {source!r} was not read from a file: save it as {f'{source}.tif'!r} first.\n"
        for key, source in (("image", recipe.image), ("mask", recipe.mask))
        if source and not paths.get(key)
    )
    recipe = replace(
        recipe,
        image=paths.get("image") or (recipe.image and f"{recipe.image}.tif"),
        mask=paths.get("mask") or (recipe.mask and f"{recipe.mask}.tif"),
    )
    return notes + script(recipe, f"{name}.tif")
