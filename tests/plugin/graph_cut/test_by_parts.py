"""What is larger than memory is split by parts, into a store, and shown while it fills."""

import dask.array as da
import numpy as np
import pytest
import zarr
from qtpy.QtWidgets import QFileDialog

from napari_ncut import Recipe, scenes, split_touching
from napari_ncut.files import read_labels, read_provenance
from napari_ncut.plugin.graph_cut import by_parts
from napari_ncut.plugin.shared import layers
from napari_ncut.volumes import split_volume as volumes


@pytest.fixture(autouse=True)
def little_memory(monkeypatch):
    """Let images of more than 10,000 pixels be large, and tasks small."""
    monkeypatch.setattr(layers, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(by_parts, "MOST_MEMORY", 2e7)
    monkeypatch.setattr(by_parts, "LOOK_EVERY", 20)


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """Choose a place in the dialog; the name that it proposes is noted."""
    asked = []

    def answer(parent, title, proposed, kinds):
        asked.append(proposed)
        return (str(tmp_path / "mine"), kinds) if answer.yes else ("", "")

    answer.yes, answer.asked = True, asked
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return answer


def mosaic():
    scene = scenes.circles(4)
    return np.kron(np.ones((3, 3), np.uint8), scene.mask), np.tile(scene.image, (3, 3))


def add_lazy(window, has_levels=True):
    """Add an image of dask with a pyramid, and its mask, which may have none."""
    mask, image = mosaic()
    lazy = da.from_array(image, chunks=64)
    levels = [da.from_array(mask, chunks=50)]
    if has_levels:
        levels.append(levels[0][::4, ::4])
    place = {"scale": (0.5, 0.5), "translate": (3, 4), "units": ("um", "um")}
    window.viewer.add_image([lazy, lazy[::4, ::4]], name="big", multiscale=True, **place)
    data = levels if has_levels else levels[0]
    window.viewer.add_labels(data, name="big mask", multiscale=has_levels, **place)
    return mask, image


def test_a_large_layer_is_split_into_the_store_that_was_chosen(window, chosen, tmp_path):
    mask, image = add_lazy(window)
    widget = window.dock()
    window.wait_idle(widget)
    assert "too large for memory" in window.status(widget)
    assert widget.controls.resolution.native.isVisible()
    window.click(widget)
    window.wait_idle(widget)
    assert chosen.asked[0].endswith("big segments.ome.zarr")
    wanted = split_touching(mask, image, spacing=0.5)
    store = tmp_path / "mine.ome.zarr"
    np.testing.assert_array_equal(zarr.open_array(store / "0")[:], wanted)
    layer = window.viewer.layers["big segments"]
    level = layer.data[0] if layer.multiscale else layer.data
    np.testing.assert_array_equal(np.asarray(level), wanted)
    np.testing.assert_allclose(layer.scale, (0.5, 0.5))
    np.testing.assert_allclose(layer.translate, (3, 4))
    # Opened again it lies where it was, and tells how it was made.
    again = read_labels(store)
    assert (again.spacing, again.unit, again.origin) == ((0.5, 0.5), "µm", (3, 4))
    recipe = Recipe.from_dict(read_provenance(store))
    assert (recipe.image, recipe.mask, recipe.settings.neck) == ("big", "big mask", 0.74)
    assert Recipe.from_dict(layer.metadata["napari_ncut"]) == recipe
    assert f"{wanted.max()} segments in mine.ome.zarr" in window.status(widget)
    assert [x.name for x in window.viewer.layers] == ["big", "big mask", "big segments"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.ome.zarr"]


def test_a_preview_and_in_memory_are_of_a_level_that_fits(window, chosen):
    add_lazy(window)
    widget = window.dock()
    window.set(widget, "neck", 0.5)
    window.wait_idle(widget)
    assert widget.result_layer.data.shape == (75, 75)
    window.choose(widget, "resolution", "in memory")
    layer = window.run(widget)
    assert layer.data.shape == (75, 75)
    assert not chosen.asked


def test_a_mask_without_a_pyramid_is_split_by_parts_alone(window, chosen):
    add_lazy(window, has_levels=False)
    widget = window.dock()
    window.set(widget, "neck", 0.5)
    window.wait_idle(widget)
    assert "too large for memory" in window.status(widget)
    assert widget.result_layer is None
    window.choose(widget, "resolution", "in memory")
    assert "choose a mask of the same shape" in window.status(widget)


def test_nothing_is_previewed_where_no_level_fits(window, chosen):
    mask, image = mosaic()
    window.viewer.add_image(da.from_array(image), name="big")
    window.viewer.add_labels(mask, name="big mask")
    widget = window.dock()
    window.set(widget, "neck", 0.5)
    window.wait_idle(widget)
    assert widget.result_layer is None
    assert len(window.viewer.layers) == 2


def test_without_a_place_nothing_is_done(window, chosen):
    add_lazy(window)
    chosen.yes = False
    widget = window.dock()
    window.click(widget)
    window.wait_idle(widget)
    assert "Nothing was split" in window.status(widget)
    assert len(window.viewer.layers) == 2


def test_what_is_done_is_seen_and_a_cancelled_run_goes_on(
    window, chosen, tmp_path, monkeypatch, qtbot
):
    mask, _ = add_lazy(window)
    widget = window.dock()
    window.wait_idle(widget)
    original, done = volumes.do, []

    def slow(work, task, path, monitor):
        if len(done) == 2:
            while True:
                monitor.check()
        done.append(task)
        return original(work, task, path, monitor)

    monkeypatch.setattr(volumes, "do", slow)
    monkeypatch.setattr(volumes, "memory_of", lambda _: 12_000 * 84)
    window.click(widget)
    qtbot.waitUntil(lambda: "big segments (so far)" in window.viewer.layers, timeout=20_000)
    filling = window.viewer.layers["big segments (so far)"]
    qtbot.waitUntil(lambda: bool(np.asarray(filling.data[:]).any()), timeout=60_000)
    folder = tmp_path / "mine.ome.zarr.parts"
    qtbot.waitUntil(lambda: len(list(folder.glob("task-*.npz"))) == 2, timeout=60_000)
    seen = filling.data[:]
    assert seen.shape == mask.shape
    assert not seen[mask == 0].any()
    assert filling.get_value((100.0, 100.0), world=False) is not None
    assert widget.run.text() == "Cancel"
    window.click(widget)
    window.wait_idle(widget)
    assert "goes on where it was" in window.status(widget)
    assert [x.name for x in window.viewer.layers] == ["big", "big mask"]
    n_done = len(done)
    assert n_done == 2
    monkeypatch.setattr(
        volumes, "do", lambda *call, monitor: (done.append(call[1]), original(*call, monitor))[1]
    )
    window.click(widget)
    window.wait_idle(widget)
    assert len({task.box for task in done}) == len(done)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "mine.ome.zarr/0")[:] > 0, mask > 0)


def test_an_error_is_a_sentence_and_leaves_no_layer(window, chosen, monkeypatch):
    add_lazy(window)
    widget = window.dock()
    window.wait_idle(widget)

    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(volumes, "do", broken)
    window.click(widget)
    window.wait_idle(widget)
    assert "No space left" in window.status(widget)
    assert len(window.viewer.layers) == 2


def test_closing_the_dock_ends_the_run_and_takes_the_layer_away(window, chosen, monkeypatch, qtbot):
    add_lazy(window)
    widget = window.dock()
    window.wait_idle(widget)

    def endless(*_, monitor):
        while True:
            monitor.check()

    monkeypatch.setattr(volumes, "do", endless)
    window.click(widget)
    qtbot.waitUntil(lambda: len(window.viewer.layers) == 3, timeout=20_000)
    widget.leave()
    assert len(window.viewer.layers) == 2
