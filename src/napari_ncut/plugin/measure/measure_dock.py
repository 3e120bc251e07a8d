"""The dock "Measure": a table of the objects of a Labels layer, stored with the layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QTableView,
)

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.measure import Frame, Table, features, measure, write_csv
from napari_ncut.plugin.measure.properties_button import PropertiesButton
from napari_ncut.plugin.measure.sorted_table import SortedTable, TableModel
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock, in_viewer
from napari_ncut.plugin.shared.go_to import go_to
from napari_ncut.plugin.shared.layer_combo import LayerCombo
from napari_ncut.volumes.measure_parts import measure_parts


class MeasureDock(Dock):
    """Measures the objects of a Labels layer; a click on a row goes to the object.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose layers are measured.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._measured: Labels | None = None
        self._spatial_ndim = 2
        self._stored: Frame | None = None
        self._watched: Labels | None = None
        self._has_changed = False  # since the measuring began
        self._is_users_choice = False

        self.labels = LayerCombo(lambda layer: isinstance(layer, Labels))
        self.image = LayerCombo(lambda layer: isinstance(layer, Image), "none")
        self.properties = PropertiesButton()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, control, tip in (
            ("Labels", self.labels, "The layer whose objects are measured."),
            ("Image", self.image, "The image whose mean intensity is measured, if any."),
            ("Properties", self.properties, "What is measured of each object."),
        ):
            control.setObjectName(text.lower())
            control.setAccessibleName(text)
            control.setToolTip(tip)
            form.addRow(text, control)
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
        self._soon = self.debounced(100, self._on_labels_changed)
        self.measure.clicked.connect(self._on_measure)
        self.export.clicked.connect(self._on_export)
        self.table.clicked.connect(lambda index: self._go_to(index.row()))
        self.labels.changed.connect(self._on_labels_chosen)
        self.image.changed.connect(self._on_chosen)
        self.properties.changed.connect(self._on_measure)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.renamed):
            self.follow(event, self._on_layers)
        self.follow(self._viewer.dims.events.current_step, self._on_frame)
        self._fill()
        self._choose_labels()
        self._refresh()
        if self.labels.value is not None:
            self._on_measure()

    # Layers

    def _fill(self) -> None:
        for combo in (self.labels, self.image):
            combo.fill(self._viewer.layers)

    def _on_layers(self, event: Any = None) -> None:
        """Keep what is chosen, as long as it is there."""
        before = self.labels.value
        self._fill()
        if before is None or not in_viewer(before, self._viewer):
            self._choose_labels()
        gone = self._measured
        if gone is None or in_viewer(gone, self._viewer):
            if event is not None and event.type == "inserted" and self._is_awaited(event.value):
                self._choose_labels()
                self._on_measure()
            self._refresh()
            return
        self._forget()
        self._refresh()
        if self._problem() is None and self.labels.value is not None:
            self.say(f"{gone.name} was deleted. Measure makes a table of {self.labels.value.name}.")

    def _is_awaited(self, layer: Layer) -> bool:
        """Tell whether a new layer is a result, and nobody has chosen another one."""
        record = layer.metadata.get(layers.RECORD)
        is_result = isinstance(layer, Labels) and isinstance(record, dict)
        return is_result and not record.get("is_partial") and not self._is_users_choice

    def _choose_labels(self) -> None:
        """Choose the newest result of this plugin, else the active layer, else the newest."""
        choices = self.labels.offered
        results = [layer for layer in choices if layers.is_ours(layer)]
        active = self._viewer.layers.selection.active
        with self.labels.quiet():
            if results:
                self.labels.value = results[-1]
            elif choices:
                self.labels.value = active if active in choices else choices[-1]
        self._choose_image()

    def _choose_image(self) -> None:
        labels = self.labels.value
        fitting = [
            layer
            for layer in self.image.offered
            if not layers.is_mask(layer)
            and not layers.is_ours(layer)
            and labels is not None
            and _fits(layer, labels)
        ]
        with self.image.quiet():
            self.image.value = fitting[-1] if fitting else None

    def _on_labels_chosen(self) -> None:
        self._is_users_choice = True
        self._on_chosen()

    def _on_chosen(self) -> None:
        if self.labels.value is not self._measured:
            self._choose_image()
        self._on_measure()

    def _forget(self) -> None:
        if self._measured is not None:
            self._watch(None)
            self._measured = None
            self.stop_run("measure")
            self._show_table({})

    # Measuring

    def _on_measure(self) -> None:
        labels, image = self.labels.value, self.image.value
        self.stop_run("measure")
        if self._problem() is not None or labels is None:
            self._refresh()
            return
        data = layers.finest(labels)
        values = None
        if image is not None:
            values = layers.image_of_shape(image, tuple(data.shape))
        spatial_ndim = self._spatial_ndim_of(labels)
        kwargs: dict[str, Any] = {
            "spacing": tuple(abs(float(size)) for size in labels.scale[-spatial_ndim:]),
            "has_channels": image is not None and image.rgb,
            "properties": self.properties.chosen,
        }
        trees, stored = self._trees_of(labels), self._model.stored
        is_large = data.ndim == spatial_ndim and np.prod(data.shape) > layers.MAX_PIXELS

        def compute(monitor: Monitor) -> Table:
            if not is_large:
                kwargs.update(spatial_ndim=spatial_ndim, trees=trees)
                return measure(data, values, monitor=monitor, **kwargs)
            table = measure_parts(data, values, monitor=monitor, **kwargs)
            if stored is not None and stored.layer is labels:
                table |= stored.neck_columns(table["label"])
            return table

        self._watch(labels)
        self.start_run(
            "measure",
            compute,
            lambda table, seconds: self._on_table(labels, spatial_ndim, table),
            in_activity_dock=f"napari-ncut: measuring {labels.name}",
        )
        self.say("measuring")

    def _spatial_ndim_of(self, labels: Labels) -> int:
        record = labels.metadata.get(layers.RECORD, {})
        return int(record.get("spatial_ndim", layers.guess_spatial_ndim(labels)))

    def _trees_of(self, labels: Labels) -> Any:
        """Return the split trees of the layer that shows the last result, else None."""
        last = self._model.last
        if last is None or labels is not self._model.layer:
            return None
        return last.result.trees or None

    def _watch(self, labels: Labels | None) -> None:
        """Note from now on whether a layer is painted on."""
        if self._watched is not None:
            for signal in layers.changes_of(self._watched):
                self.unfollow(signal, self._on_painted)
        self._watched = labels
        self._has_changed = False
        if labels is not None:
            for signal in layers.changes_of(labels):
                self.follow(signal, self._on_painted)

    def _on_painted(self, _: object = None) -> None:
        self._has_changed = True
        self._soon.trigger()

    def _on_table(self, labels: Labels, spatial_ndim: int, table: Table) -> None:
        if not in_viewer(labels, self._viewer):
            return
        self._measured = labels
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
        if self._has_changed:
            self._say_changed()

    def _on_labels_changed(self) -> None:
        if self._has_changed and self._measured is not None and "measure" not in self._runs:
            self._say_changed()

    def _say_changed(self) -> None:
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
        elif self._measured is None and self.is_idle:
            self.say("Measure makes a table of the objects.")


def _fits(image: Layer, labels: Layer) -> bool:
    wanted = layers.spatial_shape(labels)
    return layers.image_of_shape(image, wanted) is not None
