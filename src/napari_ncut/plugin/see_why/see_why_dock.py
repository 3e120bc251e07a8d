"""The dock "See why": the plots behind a result, that is why it was cut where it was cut."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.cutting.model_selection import Counts, compare_counts
from napari_ncut.cutting.session import CutSession
from napari_ncut.plugin.see_why import under
from napari_ncut.plugin.see_why.count_plot import CountPlot
from napari_ncut.plugin.see_why.neck_histogram import NeckHistogram
from napari_ncut.plugin.see_why.plot import Plot
from napari_ncut.plugin.see_why.profile_plot import ProfilePlot
from napari_ncut.plugin.see_why.under import Under
from napari_ncut.plugin.shared import layers
from napari_ncut.plugin.shared.dock import Dock, in_viewer
from napari_ncut.plugin.shared.model import LastRun
from napari_ncut.runs.stacks import fingerprint

END_TO_END = "end to end"


class SeeWhyDock(Dock):
    """Shows the necks of a result, the cut profile under the mouse, and how many segments.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose Graph cut widget made the result.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self._under: Under | None = None
        self._position: tuple[float, ...] | None = None
        self._counted: Any = None
        self._fiedler: Image | None = None

        self.histogram = NeckHistogram(viewer)
        self.profile = ProfilePlot(viewer)
        self.eigenvalues = CountPlot(viewer)
        self.take_n = QPushButton("Take N (Alt+N)")
        self.take_n.setEnabled(False)
        self.take_n.setToolTip("Set Segments in Graph cut to the suggested number")
        self.fiedler = QPushButton("End to end as a layer (Alt+E)")
        self.fiedler.setToolTip(
            "Lay the Fiedler vector, which sorts the pixels of this object, over the image"
        )
        # As high as the longest text: the plots stay where they are while the mouse moves.
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setMinimumHeight(8 * self.words.fontMetrics().lineSpacing())
        layout = self.column
        layout.addWidget(self.status)
        for name in ("histogram", "take_n", "eigenvalues", "profile", "words", "fiedler"):
            part = getattr(self, name)
            part.setObjectName(name)
            layout.addWidget(part, stretch=isinstance(part, Plot))
        self.add_shortcut("Alt+N", self.take_n)
        self.add_shortcut("Alt+E", self.fiedler)

        # Only where the mouse comes to rest something is computed.
        self._rest = self.debounced(80, self._on_rest)
        self.histogram.threshold_dragged.connect(self._on_dragged)
        self.take_n.clicked.connect(self._on_take_n)
        self.fiedler.clicked.connect(self._on_fiedler)
        self.follow(self._model.result_changed, self._on_result)
        self.follow(self._model.form_changed, self._on_setting)
        self.follow(self._viewer.layers.events.removed, self._on_removed)
        self._viewer.mouse_move_callbacks.append(self._on_mouse)
        self._on_result()

    # The result

    def _on_result(self) -> None:
        last, stored = self._model.last, self._model.stored
        cuts = last is not None and isinstance(last.recipe.settings, CutSettings)
        self.histogram.setVisible(not cuts)
        self.eigenvalues.setVisible(cuts)
        self.take_n.setVisible(cuts)
        self.words.setVisible(not cuts)
        if not in_viewer(self._layer(), self._viewer):
            self.say("Nothing to explain yet: split or cut something with Graph cut first.")
            self.histogram.show_necks(np.empty(0), 0.0)
            self._forget_blob()
            return
        if last is not None and cuts:
            self.say("Point at an object to see its cut profile.")
            self._count(last)
        else:
            # 1: a dent of the border, no neck.
            ratios = stored.necks.ratio if stored is not None else _ratios(last)
            self.histogram.show_necks(ratios[ratios < 1.0], self._model.form.neck)
            self.say("Drag the line to move Neck. Point at an object to see its cut profile.")
        self._show_profile()

    def _layer(self) -> Labels | None:
        """Return the layer that shows the result."""
        stored = self._model.stored
        return self._model.layer if stored is None else stored.layer

    def _on_removed(self, _: object) -> None:
        layer = self._layer()
        if layer is not None and not in_viewer(layer, self._viewer):
            self.stop_run("profile")
            self.stop_run("count")
            self._counted = None
            self.eigenvalues.show_words("The result has been deleted.")
            self.histogram.show_necks(np.empty(0), 0.0)
            self._forget_blob()
            self.say("The result has been deleted: there is nothing to explain.")

    def _on_setting(self, name: str) -> None:
        if name == "neck":
            self.histogram.move_threshold(self._model.form.neck)
        if name == "n_segments":
            self.eigenvalues.mark(self._model.form.n_segments)

    def _on_dragged(self, neck: float) -> None:
        self._model.change(neck=neck)

    # How many segments

    def _count(self, last: LastRun) -> None:
        """Compare the numbers of segments of a frame, unless that was done."""
        source, settings, known = last.source, last.recipe.settings, self._counted
        frame = (last.recipe.frames or source.frames())[0]
        assert isinstance(settings, CutSettings)

        def compute(monitor: Monitor) -> tuple[Any, Counts | None]:
            image, mask = under.read(source, frame)
            key = (
                fingerprint(image, mask),
                source.spacing,
                source.has_channels,
                settings.beta,
                settings.connectivity,
            )
            if key == known:
                return key, None
            if image is None:
                assert mask is not None
                image = np.zeros(mask.shape, np.float32)
            session = CutSession(
                image,
                None if mask is None else mask > 0,
                spacing=source.spacing,
                channel_axis=-1 if source.has_channels and source.image is not None else None,
            )
            return key, compare_counts(session, settings, monitor=monitor)

        self.eigenvalues.mark(settings.n_segments)
        self.start_run(
            "count",
            compute,
            lambda found, _: self._on_counts(*found),
            failed=self._on_not_counted,
        )

    def _on_counts(self, key: Any, counts: Counts | None) -> None:
        if counts is None:
            return
        self._counted = key
        self.eigenvalues.show_counts(counts, self._model.form.n_segments)
        n = counts.suggested
        self.take_n.setEnabled(n is not None)
        self.take_n.setText("Take N (Alt+N)" if n is None else f"Take N = {n} (Alt+N)")

    def _on_not_counted(self, error: Exception) -> None:
        self._counted = None
        self.take_n.setEnabled(False)
        self.eigenvalues.show_words(str(error))

    def _on_take_n(self) -> None:
        counts = self.eigenvalues.counts
        if counts is not None and counts.suggested is not None:
            self._model.change(n_segments=counts.suggested)

    # The blob under the mouse

    def _on_mouse(self, _: object, event: Any) -> None:
        self._position = tuple(event.position)
        self._rest.trigger()

    def _on_rest(self) -> None:
        layer = self._layer()
        if layer is None or self._position is None or not in_viewer(layer, self._viewer):
            return
        if self._viewer.dims.ndisplay != 2:
            return
        pixel = tuple(int(x) for x in np.round(layer.world_to_data(self._position[-layer.ndim :])))
        shape = layers.spatial_shape(layer)
        if all(0 <= x < size for x, size in zip(pixel, shape, strict=True)):
            self._explain(pixel)

    def _explain(self, pixel: tuple[int, ...]) -> None:
        """Tell what there is to tell of the object at a pixel of the result."""
        last, stored, known = self._model.last, self._model.stored, self._under
        decisions = self._model.decisions
        if stored is not None:
            here, neck = decisions.get((), {}), stored.necks.threshold

            def compute(monitor: Monitor) -> Under:
                return under.on_disk(stored, pixel, neck, here, known, monitor)

        elif last is not None:
            n_frame_axes = len(pixel) - last.source.spatial_ndim
            frame, point = pixel[:n_frame_axes], pixel[n_frame_axes:]
            settings = last.recipe.settings
            if isinstance(settings, SplitSettings):
                self._show_words(
                    under.of_frame(last, frame, point, settings.neck, decisions.get(frame, {}))
                )

            def compute(monitor: Monitor) -> Under:
                return under.in_memory(last, frame, point, known, monitor)

        else:
            return
        self.start_run(
            "profile",
            compute,
            lambda found, _: self._on_explained(found),
            failed=lambda error: self.profile.show_words(str(error)),
        )

    def _show_words(self, words: str) -> None:
        # Beside the objects the last ones stay.
        if words:
            self.words.setText(words)

    def _on_explained(self, found: Under) -> None:
        self._show_words(found.words)
        # Beside the objects the last profile stays: the mouse is on its way to the plot.
        if found.explanation is not None and found is not self._under:
            self._under = found
            self._show_profile()

    def _show_profile(self) -> None:
        found, layer = self._under, self._layer()
        self.fiedler.setEnabled(found is not None)
        if found is None or found.explanation is None:
            return
        explanation, colours = found.explanation, None
        if layer is not None and in_viewer(layer, self._viewer):
            labels = found.labels
            if labels is None and tuple(layer.data.shape) == found.made.shape:
                labels = np.asarray(layer.data[found.frame][found.shown])
            colours = None if labels is None else _colours(layer, labels)
        self.profile.show_profile(explanation.profile, explanation.valley, colours)

    def _forget_blob(self) -> None:
        self._under = None
        self.words.clear()
        self.fiedler.setEnabled(False)
        self.profile.show_words("Point at an object in the image.")

    def _on_fiedler(self) -> None:
        """Add the Fiedler vector of the blob as a layer, or replace the one before."""
        found, layer = self._under, self._layer()
        if found is None or found.explanation is None or layer is None:
            return
        if in_viewer(self._fiedler, self._viewer):
            self._viewer.layers.remove(self._fiedler)
        data = found.explanation.fiedler[(None,) * len(found.frame)]
        top = float(np.nanmax(np.abs(data)))
        corner = zip(found.explanation.box, found.start, strict=True)
        start = [*found.frame, *(axis.start + low for axis, low in corner)]
        active = self._viewer.layers.selection.active
        self._fiedler = Image(
            data,
            name=END_TO_END,
            colormap="coolwarm",
            contrast_limits=(-top, top),
            metadata={layers.RECORD: {"fiedler": True}},
            **_moved(layers.place(layer, 0), start),
        )
        self._viewer.add_layer(self._fiedler)
        self._viewer.layers.selection.active = active

    def clean_up(self) -> None:
        """Listen no more; the layer of the Fiedler vector is the user's."""
        for plot in (self.histogram, self.profile, self.eigenvalues):
            plot.leave()
        self._viewer.mouse_move_callbacks.remove(self._on_mouse)


def _ratios(last: LastRun | None) -> NDArray[np.float64]:
    """Return the ratios of all necks of a result in memory."""
    trees = {} if last is None else last.result.trees
    return np.concatenate([np.empty(0), *(tree.ratio for tree in trees.values())])


def _colours(layer: Labels, labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the colour of each label in its layer, shape (n, 4)."""
    found, inverse = np.unique(labels, return_inverse=True)
    colours = [layer.get_color(int(label)) for label in found]
    table = np.array([(0, 0, 0, 0) if colour is None else colour for colour in colours], float)
    rows: NDArray[np.float64] = table[inverse]
    return rows


def _moved(place: dict[str, Any], start: list[int]) -> dict[str, Any]:
    """Return the place of a part of a layer that begins at a pixel."""
    probe = Image(np.zeros((2,) * len(start)), **place)
    step = np.subtract(probe.data_to_world(start), probe.data_to_world([0] * len(start)))
    inner = np.linalg.solve(np.asarray(probe.affine.linear_matrix), step)
    return {**place, "translate": np.asarray(probe.translate) + inner}
