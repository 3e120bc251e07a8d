"""The dock "Batch": files and folders go in, labels and a report come out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import napari
from napari.layers import Layer
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSpinBox,
)

from napari_ncut.batches.inputs import Pair, pairs
from napari_ncut.batches.task import FAILED
from napari_ncut.core.parallel import number_of_threads
from napari_ncut.io.ome_zarr import is_store
from napari_ncut.plugin.batch.batch_process import BatchProcess
from napari_ncut.plugin.batch.file_list import FileList
from napari_ncut.plugin.batch.report_table import ReportTable
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock
from napari_ncut.plugin.shared.result_record import recipe_of
from napari_ncut.reader import LayerData, read
from napari_ncut.runs.presets import Presets
from napari_ncut.runs.recipe import Recipe

MASKS = (
    ("the files are masks", "files"),
    ("files of the name", "pattern"),
    ("what is bright", "bright"),
    ("what is dark", "dark"),
)
PATTERN = "{name}_mask.tif"


class BatchDock(Dock):
    """Does many files with the same settings, in processes of their own.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose settings are taken, and in which results are opened.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._process: BatchProcess | None = None
        self._pairs: list[Pair] = []
        self._missing = 0  # masks that are not there
        self._done = self._failed = 0
        self._began = 0.0
        self._opened: list[Layer] = []

        self.files = FileList()
        self.masks = QComboBox()
        for text, value in MASKS:
            self.masks.addItem(text, value)
        self.pattern = QLineEdit(PATTERN)
        self.channel = QLineEdit()
        self.channel.setPlaceholderText("all")
        self.settings = QComboBox()
        self.output = QLineEdit()
        self.workers = QSpinBox()
        self.workers.setRange(1, max(number_of_threads(), 1))
        self.workers.setValue(number_of_threads())
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, text, tip in (
            (
                "masks",
                "Masks",
                "Where the objects are: in the files themselves, in others whose name is "
                "made of theirs, or what is bright or dark.",
            ),
            (
                "pattern",
                "Named",
                "The mask of image.tif, if {name} is image; a folder may stand before. "
                "labels/NAME: the labels of this name in each OME-Zarr.",
            ),
            ("channel", "Channel", "The one that is the image, by its name or number from 1."),
            (
                "settings",
                "Settings",
                "Those of Graph cut, of a result in the layer list, or saved ones.",
            ),
            (
                "output",
                "Results",
                "The folder of the labels and of report.csv; made if it is missing.",
            ),
            ("workers", "Processes", "How many files are done at once."),
        ):
            control = getattr(self, name)
            control.setToolTip(tip)
            control.setAccessibleName(text)
            control.setObjectName(name)
            form.addRow(text, control)
        for combo in (self.masks, self.settings):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(6)
        self.form = form
        self.files.setObjectName("files")
        self.files.setAccessibleName("Files")
        self.add = self._button("add", "Files…", "Choose files")
        self.add_folder = self._button("add_folder", "Folder…", "Choose a folder")
        self.empty = self._button("empty", "Empty", "Take all files away")
        self.run = self._button("run", "Run", "Do the files; those that are done are kept")
        self.progress = QProgressBar()
        self.progress.setObjectName("progress")
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.table = ReportTable()
        self.table.setObjectName("table")
        self.table.setAccessibleName("Report")
        self.table.setToolTip("Click a row that is done: its image and labels are opened")
        buttons = QHBoxLayout()
        for button in (self.add, self.add_folder, self.empty):
            buttons.addWidget(button)
        layout = self.column
        layout.addWidget(self.files)
        layout.addLayout(buttons)
        layout.addLayout(form)
        layout.addWidget(self.run)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addWidget(self.table, stretch=1)

        self._soon = self.debounced(150, self._look)
        self.files.changed.connect(self._on_files)
        self.masks.currentIndexChanged.connect(self._on_masks)
        self.pattern.textChanged.connect(self._soon.trigger)
        self.output.textChanged.connect(self._soon.trigger)
        self.add.clicked.connect(self._on_add)
        self.add_folder.clicked.connect(self._on_add_folder)
        self.empty.clicked.connect(self.files.empty)
        self.run.clicked.connect(self._on_run)
        self.table.cellClicked.connect(self._on_row)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.renamed):
            self.follow(event, self._fill_settings)
        self._fill_settings()
        self._on_masks()
        self._say_what_is_missing()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return super().is_idle and self._process is None

    # What is to be done

    def _fill_settings(self, _: object = None) -> None:
        chosen = self.settings.currentText()
        self.settings.clear()
        self.settings.addItem("those of Graph cut")
        for layer in self._viewer.layers:
            if layers.is_ours(layer):
                self.settings.addItem(f"those of {layer.name}", ("layer", layer.name))
        for name in Presets().names():
            self.settings.addItem(f"saved: {name}", ("preset", name))
        self.settings.setCurrentIndex(max(self.settings.findText(chosen), 0))

    def _recipe(self) -> Recipe:
        """Return the settings that are chosen.

        Raises
        ------
        ValueError
            If they can not be read.
        """
        kind, name = self.settings.currentData() or ("form", "")
        if kind == "preset":
            return Presets().load(name)
        if kind == "layer":
            return recipe_of(self._viewer.layers[name]).for_other_data()
        form = self._model.form
        return Recipe(form.settings(), spatial_ndim=form.spatial_ndim)

    def _on_files(self) -> None:
        if not self.output.text() and self.files.paths:
            first = Path(self.files.paths[0])
            folder = first if first.is_dir() and not is_store(first) else first.parent
            self.output.setText(str(folder / "results"))
        self._soon.trigger()

    def _on_masks(self) -> None:
        has_pattern = self.masks.currentData() == "pattern"
        self.form.labelForField(self.pattern).setVisible(has_pattern)
        self.pattern.setVisible(has_pattern)
        self._soon.trigger()

    def _on_add(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Files of the batch")
        self.files.add(paths)

    def _on_add_folder(self) -> None:
        self.files.add([QFileDialog.getExistingDirectory(self, "Folder of the batch")])

    def _pattern(self) -> str | None:
        return self.pattern.text() if self.masks.currentData() == "pattern" else None

    def _look(self) -> None:
        """Look which files there are, and which masks."""
        if self._process is not None:
            return
        inputs, output, pattern = self.files.paths, Path(self.output.text()), self._pattern()
        if not inputs:
            self._show_pairs([], 0)
            return

        def look(_: object) -> tuple[list[Pair], int]:
            found, _ = pairs(inputs, output, pattern)
            return found, sum(pair.is_mask_missing for pair in found)

        self.start_run(
            "look",
            look,
            lambda found, _: self._show_pairs(*found),
            failed=self._on_wrong_files,
        )

    def _on_wrong_files(self, error: Exception) -> None:
        self._show_pairs([], 0)
        self.say(str(error).replace("--mask", "Named"), error=True)

    def _show_pairs(self, found: list[Pair], missing: int) -> None:
        self._pairs, self._missing = found, missing
        self.table.show_pairs(found)
        self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        n, missing = len(self._pairs), self._missing
        self.run.setEnabled(n > 0)
        if n == 0:
            self.say("Add the files, or a folder of them.")
        elif missing:
            self.say(f"{n} file{'s' * (n != 1)}; {missing} of them without a mask.", error=True)
        else:
            self.say(f"{n} file{'s' * (n != 1)} to do, into {self.output.text()}.")

    # The run

    def _on_run(self) -> None:
        if self._process is not None:
            self._process.stop()
            self.run.setEnabled(False)
            return
        try:
            recipe = self._recipe()
        except (ValueError, OSError, KeyError) as error:
            self.say(str(error), error=True)
            return
        form, side = self._model.form, self.masks.currentData()
        asked: dict[str, Any] = {
            "recipe": recipe.to_dict(),
            "inputs": self.files.paths,
            "output": self.output.text(),
            "mask": self._pattern(),
            "foreground": side if side in ("bright", "dark") else None,
            "threshold": form.method,
            "smoothing": form.smoothing,
            "window": form.window,
            "channel": self.channel.text().strip() or None,
            "workers": self.workers.value(),
        }
        self._done = self._failed = 0
        self._began = time.monotonic()
        self.table.show_pairs(self._pairs)
        self.progress.setRange(0, len(self._pairs))
        self.progress.setValue(0)
        self.progress.show()
        self.run.setText("Stop")
        self.say("Starting.")
        self._process = BatchProcess(asked, self)
        self._process.row.connect(self._on_done)
        self._process.ended.connect(self._on_ended)

    def _on_done(self, row: dict[str, Any]) -> None:
        self._done += 1
        self._failed += row["status"] == FAILED
        self.table.show_row(row)
        self.progress.setValue(self._done)
        left = len(self._pairs) - self._done
        seconds = (time.monotonic() - self._began) / self._done * left
        self.say(self._so_far() + (f"; about {seconds:.0f} s left." if left else "."))

    def _so_far(self) -> str:
        failed = f", {self._failed} of them failed" if self._failed else ""
        return f"{self._done} of {len(self._pairs)} files{failed}"

    def _on_ended(self, text: str, is_error: bool) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self.progress.hide()
        self.run.setText("Run")
        self.run.setEnabled(True)
        self.table.sort_by_doubt()
        so_far = f"{self._so_far()}. " if self._done and not is_error else ""
        self.say(so_far + text, error=is_error)

    # A result

    def _on_row(self, row: int, _: int) -> None:
        """Open the image of a row and its labels; those that were opened before are hidden."""
        path, output = self.table.files_of(row)
        if not output.exists():
            self.say(f"{output.name} is not there yet.")
            return
        self.start_run(
            "open",
            lambda _: [*read(path), *read(output)],
            lambda found, _: self._show_layers(found),
        )

    def _show_layers(self, found: list[LayerData]) -> None:
        for layer in self._opened:
            layer.visible = False
        self._opened = []
        for data, options, kind in found:
            added = getattr(self._viewer, f"add_{kind}")(data, **options)
            self._opened += added if isinstance(added, list) else [added]

    # The end

    def clean_up(self) -> None:
        """End the process: what is done stays."""
        if self._process is not None:
            self._process.end()
            self._process = None
        self._opened = []
