"""The dock "Measure": a table of the objects of a Labels layer, stored with the layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
import numpy as np
from magicgui.widgets import ComboBox
from napari.layers import Image, Labels
from qtpy.QtCore import QModelIndex, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QTableView,
)

from napari_ncut.objects.measure import Frame, Table, features, measure, write_csv
from napari_ncut.plugin.measure.sorted_table import SortedTable, TableModel
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock, GraphCutLink, in_viewer
from napari_ncut.plugin.shared.go_to import go_to
from napari_ncut.plugin.shared.run import Run


class MeasureDock(Dock):
    """Measures the objects of a Labels layer; a click on a row goes to the object.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are measured.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._link = GraphCutLink(viewer, self)
        self._run: Run | None = None
        self._measured: Labels | None = None
        self._spatial_ndim = 2
        self._stored: Frame | None = None
        self._choosing = False

        self.labels = ComboBox(choices=self._labels_choices, name="labels")
        self.image = ComboBox(choices=self._image_choices, name="image", nullable=True)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, control, tip in (
            ("Labels", self.labels, "The layer whose objects are measured."),
            ("Image", self.image, "The image whose mean intensity is measured, if any."),
        ):
            control.native.setObjectName(control.name)
            control.native.setAccessibleName(text)
            control.native.setToolTip(tip)
            form.addRow(text, control.native)
        self.measure = self._button("measure", "Measure (Alt+M)", "Measure the layer as it is now")
        self.export = self._button("export", "CSV… (Alt+X)", "Write the table to a file")
        self.add_shortcut("Alt+M", self.measure)
        self.add_shortcut("Alt+X", self.export)
        buttons = QHBoxLayout()
        buttons.addWidget(self.measure)
        buttons.addWidget(self.export)
        self.table = QTableView()
        self.table.setObjectName("table")
        self.table.setAccessibleName("Measurements")
        self.table.setToolTip("Click a row, or go there by arrow keys: the view follows")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.setSortingEnabled(True)
        self.table.setMinimumHeight(120)
        layout = self.column
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.status)
        layout.addWidget(self.table, stretch=1)
        self._show_table({})

        # An object is painted in many small steps.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(100)
        self._soon.timeout.connect(self._on_labels_changed)
        self.measure.clicked.connect(self._on_measure)
        self.export.clicked.connect(self._on_export)
        self.table.clicked.connect(lambda index: self._go_to(index.row()))
        self.labels.changed.connect(self._on_chosen)
        self.image.changed.connect(self._on_chosen)
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)
        viewer.layers.events.renamed.connect(self._on_layers)
        viewer.dims.events.current_step.connect(self._on_frame)
        self._choosing = True
        self._choose_labels()
        self._choosing = False
        self._refresh()
        if self.labels.value is not None:
            self._on_measure()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return self._run is None and not self._soon.isActive()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    # Layers

    def _labels_choices(self, _: object = None) -> list[tuple[str, Labels]]:
        return [(layer.name, layer) for layer in self._viewer.layers if isinstance(layer, Labels)]

    def _image_choices(self, _: object = None) -> list[tuple[str, Image | None]]:
        found: list[tuple[str, Image | None]] = [
            (layer.name, layer) for layer in self._viewer.layers if isinstance(layer, Image)
        ]
        return [*found, ("none", None)]

    def _on_layers(self, event: Any = None) -> None:
        """Keep what is chosen, as long as it is there."""
        self._choosing = True
        try:
            before = self.labels.value
            self.labels.reset_choices()
            self.image.reset_choices()
            if before is None or not in_viewer(before, self._viewer):
                self._choose_labels()
        finally:
            self._choosing = False
        gone = self._measured
        if gone is None or in_viewer(gone, self._viewer):
            self._refresh()
            return
        self._forget()
        self._refresh()
        if self._problem() is None:
            self.say(f"{gone.name} was deleted. Measure makes a table of {self.labels.value.name}.")

    def _choose_labels(self) -> None:
        """Choose the newest result of this plugin, else the active layer, else the newest."""
        choices = [layer for _, layer in self._labels_choices()]
        results = [layer for layer in choices if layers.is_ours(layer)]
        active = self._viewer.layers.selection.active
        if results:
            self.labels.value = results[-1]
        elif choices:
            self.labels.value = active if active in choices else choices[-1]
        self._choose_image()

    def _choose_image(self) -> None:
        labels = self.labels.value
        fitting = [
            layer
            for _, layer in self._image_choices()
            if layer is not None
            and not layers.is_mask(layer)
            and not layers.is_ours(layer)
            and labels is not None
            and _fits(layer, labels)
        ]
        self.image.value = fitting[-1] if fitting else None

    def _on_chosen(self) -> None:
        if self._choosing:
            return
        self._choosing = True
        try:
            if self.labels.value != self._measured:
                self._choose_image()
        finally:
            self._choosing = False
        self._on_measure()

    def _forget(self) -> None:
        if self._measured is not None:
            self._measured.events.set_data.disconnect(self._soon_changed)
            self._measured.events.paint.disconnect(self._soon_changed)
            self._measured = None
            self._stop()
            self._show_table({})

    # Measuring

    def _on_measure(self) -> None:
        labels, image = self.labels.value, self.image.value
        self._stop()
        if self._problem() is not None or labels is None:
            self._refresh()
            return
        level = layers.level(labels)
        data = layers.arrays(labels)[level]
        values = None
        if image is not None:
            values = layers.image_of_shape(image, tuple(data.shape))
        spatial_ndim = self._spatial_ndim_of(labels)
        spacing = layers.source(None, labels, spatial_ndim).spacing
        has_channels = image is not None and image.rgb
        trees = self._trees_of(labels)

        run = self._run = Run(
            lambda monitor: measure(
                data,
                values,
                spatial_ndim=spatial_ndim,
                spacing=spacing,
                has_channels=has_channels,
                trees=trees,
                monitor=monitor,
            ),
            f"napari-ncut: measuring {labels.name}",
            self,
        )
        run.returned.connect(
            lambda table, seconds: self._on_table(labels, spatial_ndim, table, seconds)
        )
        run.failed.connect(lambda error: self.say(str(error), error=True))
        run.finished.connect(lambda: self._on_finished(run))
        self.say("measuring")

    def _spatial_ndim_of(self, labels: Labels) -> int:
        record = labels.metadata.get(layers.RECORD, {})
        return int(record.get("spatial_ndim", layers.guess_spatial_ndim(labels)))

    def _trees_of(self, labels: Labels) -> Any:
        """Return the split trees of a layer that Graph cut has made, or None."""
        widget = self._link.widget
        if widget is None or widget.last is None or widget.result_layer != labels:
            return None
        return widget.last[1].trees or None

    def _on_table(self, labels: Labels, spatial_ndim: int, table: Table, seconds: float) -> None:
        if not in_viewer(labels, self._viewer):
            return
        if labels != self._measured:
            self._forget()
            self._measured = labels
            labels.events.set_data.connect(self._soon_changed)
            labels.events.paint.connect(self._soon_changed)
        self._spatial_ndim = spatial_ndim
        self._show_table(table)
        self._store_features()
        n_objects = len(table["label"])
        if n_objects == 0:
            self.say("The layer is empty: there is no object in it.")
            return
        unit = layers.unit_of(labels, spatial_ndim)
        size = "volume" if "volume" in table else "area"
        self.say(
            f"{n_objects} object{'s' * (n_objects != 1)}, mean {size} "
            f"{np.mean(table[size]):.4g} {unit}. Click a row: the view goes there."
        )

    def _on_finished(self, run: Run) -> None:
        if run is self._run:
            self._run = None

    def _stop(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _soon_changed(self) -> None:
        self._soon.start()

    def _on_labels_changed(self) -> None:
        if self._run is None and self._measured is not None:
            self.say("The labels have changed since; Measure again.")

    # The table

    @property
    def model(self) -> TableModel:
        """The table that is shown, in the order of the labels."""
        model = self._sorted.sourceModel()
        assert isinstance(model, TableModel)
        return model

    def _show_table(self, table: Table) -> None:
        header = self.table.horizontalHeader()
        section, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
        self._sorted = SortedTable(self)
        source = TableModel(table)
        source.setParent(self._sorted)
        self._sorted.setSourceModel(source)
        self.table.setModel(self._sorted)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        if section < len(table):
            self.table.sortByColumn(section, order)
        else:
            self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.table.resizeColumnsToContents()
        self.export.setEnabled(bool(table) and len(table["label"]) > 0)

    def _on_row(self, current: QModelIndex, _: QModelIndex) -> None:
        # By keyboard; a click comes here too, and once more if the row was current already.
        if current.isValid():
            self._go_to(current.row())

    def _go_to(self, row: int) -> None:
        labels = self._measured
        if labels is None or not in_viewer(labels, self._viewer):
            return
        row = self._sorted.mapToSource(self._sorted.index(row, 0)).row()
        table = self.model.table
        axes = "zyx"[-self._spatial_ndim :]
        scale = np.abs(np.asarray(labels.scale))[-self._spatial_ndim :]
        frame = [table[name][row] for name in table if name.startswith("frame")]
        center = np.array([table[f"centroid_{axis}"][row] for axis in axes]) / scale
        size = table["volume" if "volume" in table else "area"][row]
        radius = (size / np.prod(scale)) ** (1 / self._spatial_ndim)
        low, high = ([*frame, *(center + sign * radius)] for sign in (-1, 1))
        go_to(self._viewer, labels, low, high)
        self._viewer.layers.selection.active = labels
        labels.selected_label = int(table["label"][row])

    def _on_frame(self) -> None:
        if self._measured is not None and self._frame() != self._stored:
            self._store_features()

    def _store_features(self) -> None:
        """Store the measurements with the layer, where napari looks for them."""
        labels, table = self._measured, self.model.table
        if labels is not None and table and in_viewer(labels, self._viewer):
            self._stored = self._frame()
            labels.features = features(table, self._stored)

    def _frame(self) -> Frame:
        assert self._measured is not None
        point = self._viewer.dims.point[-self._measured.ndim :]
        return layers.current_frame(self._measured, point, self._spatial_ndim)

    # The file

    def _on_export(self) -> None:
        if self._measured is None:
            return
        name = f"{self._measured.name}.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Export the table", name, "CSV (*.csv)")
        if not path:
            return
        if not Path(path).suffix:
            path += ".csv"
        try:
            write_csv(self.model.table, path)
        except OSError as error:
            reason = error.strerror or str(error)
            self.say(f"{path} was not written: {reason}. Choose another folder.", error=True)
        else:
            self.say(f"Written to {path}.")

    # What it says

    def _problem(self) -> str | None:
        labels, image = self.labels.value, self.image.value
        if labels is None:
            return "There is no Labels layer to measure: split or paint some objects first."
        if labels.ndim < 2:
            return "The layer has one axis; wanted an image with two or more."
        if image is not None and not _fits(image, labels):
            return (
                f"The image has shape {layers.spatial_shape(image)}, the labels "
                f"{layers.spatial_shape(labels)}; choose an image of the same shape."
            )
        return None

    def _refresh(self) -> None:
        problem = self._problem()
        self.measure.setEnabled(problem is None)
        if problem is not None:
            self.say(problem)
        elif self._measured is None and self._run is None:
            self.say("Measure makes a table of the objects.")

    def leave(self) -> None:
        """Stop what runs and listen no more."""
        self._stop()
        self._soon.stop()
        self._forget()
        self._link.leave()
        for event in ("inserted", "removed", "renamed"):
            getattr(self._viewer.layers.events, event).disconnect(self._on_layers)
        self._viewer.dims.events.current_step.disconnect(self._on_frame)


def _fits(image: Image, labels: Labels) -> bool:
    wanted = layers.spatial_shape(labels, layers.level(labels))
    return layers.image_of_shape(image, wanted) is not None
