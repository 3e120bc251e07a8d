"""What the docks say is true, whatever was done in another dock, before, or after."""

import numpy as np
from tests.plugin.hands import idle

from napari_ncut import scenes


def split_circles(window):
    scene = scenes.circles(4)
    window.viewer.add_image(scene.image, name="cells")
    window.viewer.add_labels(scene.mask.astype(np.uint8), name="cells mask")
    graph_cut = window.dock()
    return graph_cut, window.run(graph_cut)


def close(window, dock):
    window.viewer.window.remove_dock_widget(dock)
    window.qtbot.wait(30)


def delete_object_at(window, correct, pixel):
    """Delete an object by the tool of Correct, as a click does."""
    correct._use("delete")
    layer = correct._desk.layer
    spot = correct_spot(layer, pixel)
    correct.tool.click(spot, shift=False)
    idle(window, correct)


def correct_spot(layer, pixel):
    from napari_ncut.objects.edits import Frame
    from napari_ncut.plugin.correct.pointing import Spot

    return Spot(pixel, Frame((None,) * len(pixel)), int(layer.data[pixel]))


def test_what_was_undone_is_not_said_to_be_done(window):
    layer = window.viewer.add_labels(scenes.circles(4).truth.astype(np.int32))
    correct = window.dock("Correct")
    number = int(layer.data[28, 24])
    delete_object_at(window, correct, (28, 24))
    assert window.status(correct) == f"Deleted object {number}."
    layer.undo()
    idle(window, correct)
    assert window.status(correct) == f"Undone: Deleted object {number}."
    layer.redo()
    idle(window, correct)
    assert window.status(correct) == f"Deleted object {number}."


def test_graph_cut_counts_again_after_a_correction_and_after_its_undo(window):
    graph_cut, layer = split_circles(window)
    assert window.status(graph_cut).startswith("4 segments")
    correct = window.dock("Correct")
    delete_object_at(window, correct, (28, 24))
    idle(window, graph_cut)
    assert window.status(graph_cut) == "3 segments, some of them corrected by hand."
    layer.undo()
    idle(window, graph_cut, correct)
    assert window.status(graph_cut) == "4 segments."


def test_graph_cut_counts_again_after_a_review(window):
    graph_cut, _ = split_circles(window)
    review = window.dock("Review")
    idle(window, review)
    window.click(review, "next")
    idle(window, review)
    split = window.control(review, "cut").isEnabled()
    window.click(review, "cut" if split else "merge")
    idle(window, review, graph_cut)
    n = 5 if split else 3
    assert window.status(graph_cut) == f"{n} segments, some of them corrected by hand."


def test_a_threshold_moved_during_a_preview_cancels_without_a_word(window):
    scene = scenes.field(60, size=700)
    window.viewer.add_image(scene.image, name="cells")
    graph_cut = window.dock()
    window.choose(graph_cut, "foreground", "what is bright")
    idle(window, graph_cut)
    said = []
    graph_cut._model.status_changed.connect(lambda: said.append(graph_cut._model.status.text))
    low, high = graph_cut._model.threshold_range
    for share in (0.3, 0.35, 0.4, 0.45):
        window.set(graph_cut, "threshold", low + share * (high - low))
        window.qtbot.wait(30)
    idle(window, graph_cut)
    assert not any("Cancelled" in text for text in said)
    assert window.status(graph_cut).startswith("Preview: ")


def test_a_dock_that_is_opened_again_shows_what_there_is(window):
    graph_cut, layer = split_circles(window)
    window.set(graph_cut, "preview", False)
    window.set(graph_cut, "neck", 0.55)
    window.set(graph_cut, "min_size", 3.0)
    window.run(graph_cut)
    said = window.status(graph_cut)
    close(window, graph_cut)
    graph_cut = window.dock()
    assert graph_cut.result_layer is layer
    assert window.status(graph_cut) == said
    assert graph_cut.controls.neck.value == 0.55
    assert graph_cut.controls.min_size.value == 3.0
    assert graph_cut.controls.preview.value is False
    assert graph_cut.controls.mask.value.name == "cells mask"
    # And a dock that is opened now, beside a result whose widget was closed.
    close(window, graph_cut)
    why = window.dock("See why")
    idle(window, why)
    assert len(why.histogram.ratios) > 0
    assert "Drag the line" in window.status(why)
    review = window.dock("Review")
    idle(window, review)
    assert window.control(review, "next").isEnabled()


def test_a_mask_chosen_by_hand_is_chosen_again_and_another_image_is_not_missed(window):
    scene = scenes.circles(4)
    window.viewer.add_labels(scene.truth.astype(int), name="first")
    window.viewer.add_image(scene.image, name="cells")
    window.viewer.add_labels(scene.mask.astype(int), name="second")
    graph_cut = window.dock()
    window.choose(graph_cut, "mask", "first")
    close(window, graph_cut)
    graph_cut = window.dock()
    assert graph_cut.controls.mask.value.name == "first"
    layer = window.run(graph_cut)
    close(window, graph_cut)
    window.viewer.open_sample("napari-ncut", "unequal")
    graph_cut = window.dock()
    assert graph_cut.controls.image.value.name == "unequal"
    assert graph_cut.result_layer is None
    assert layer in window.viewer.layers


def test_a_preview_hides_the_corrected_result_and_gives_it_back(window):
    graph_cut, layer = split_circles(window)
    layer.fill((28, 24), 77)
    corrected = layer.data.copy()
    window.set(graph_cut, "neck", 0.3)
    idle(window, graph_cut)
    preview = graph_cut.result_layer
    assert preview is not layer
    assert not layer.visible
    window.set(graph_cut, "preview", False)
    idle(window, graph_cut)
    assert layer.visible
    assert graph_cut.result_layer is layer
    assert preview not in window.viewer.layers
    np.testing.assert_array_equal(layer.data, corrected)
    second = window.run(graph_cut)
    assert second is not layer
    np.testing.assert_array_equal(layer.data, corrected)


def test_settings_of_the_last_session_are_told_and_defaults_brings_back_the_usual(window):
    graph_cut, _ = split_circles(window)
    usual = graph_cut.controls.neck.value
    window.set(graph_cut, "neck", 0.4)
    idle(window, graph_cut)
    window.run(graph_cut)
    # Another session: its viewer has a model of its own.
    from napari_ncut.plugin.shared import model

    close(window, graph_cut)
    del model._models[window.viewer]
    window.viewer.open_sample("napari-ncut", "unequal")
    graph_cut = window.dock()
    assert graph_cut.controls.neck.value == 0.4
    assert "used last; Recipe > Defaults" in window.status(graph_cut)
    graph_cut.recipe.show_defaults()
    assert graph_cut.controls.neck.value == usual
    idle(window, graph_cut)
    assert "used last" not in window.status(graph_cut)
