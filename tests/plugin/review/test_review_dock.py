"""The dock Review in a real window: next, keep, merge, cut, by button and by key."""

import threading

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLineEdit
from tests.plugin.canvas import Canvas
from tests.plugin.hands import check_nothing_is_cut_off, idle, press

from napari_ncut import scenes
from napari_ncut.objects import review


@pytest.fixture
def reviewed(window):
    """The sample nuclei as a live preview, and the dock Review."""
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock()
    window.set(graph_cut, "neck", 0.85)
    window.wait_until(lambda: graph_cut.is_idle and graph_cut.result_layer is not None)
    return window, graph_cut, open_review(window)


def open_review(window):
    dock = window.dock("Review")
    idle(window, dock)
    return dock


def go(window, dock, name="next"):
    window.click(dock, name)
    idle(window, dock)


def sides(dock):
    """Return the labels on both sides of the neck that is shown."""
    neck = dock._at
    first, second = neck.sides
    labels = np.asarray(dock._layer.data[neck.frame])
    return int(labels.flat[first]), int(labels.flat[second])


def left(dock):
    text = dock.left.text().partition(" At random")[0]
    return tuple(int(part.split()[0]) for part in text.split(", "))


def go_to_a(window, dock, *, split):
    """Go on to a neck that is cut, or is not."""
    for _ in range(40):
        go(window, dock)
        first, second = sides(dock)
        if (first != second) == split:
            return first, second
    raise AssertionError("there is no such neck")


def same_partition(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_without_a_result_it_says_what_to_do_first(window):
    dock = open_review(window)
    assert "Graph cut first" in window.status(dock)
    for name in ("next", "keep", "merge", "cut"):
        assert not window.control(dock, name).isEnabled()
    press(window, "n")
    assert len(window.viewer.layers) == 0


def test_it_finds_a_result_that_comes_after_it_was_opened(window):
    dock = open_review(window)
    window.viewer.open_sample("napari-ncut", "nuclei")
    graph_cut = window.dock()
    window.run(graph_cut)
    idle(window, dock, graph_cut)
    assert window.control(dock, "next").isEnabled()


def test_next_goes_to_the_neck_nearest_to_the_threshold_and_marks_it_between_the_objects(reviewed):
    window, graph_cut, dock = reviewed
    viewer = window.viewer
    zoom = viewer.scene.camera.zoom
    active = viewer.layers.selection.active
    go(window, dock)
    doubts = np.abs(dock._necks.ratio - 0.85)
    assert abs(dock._at.ratio - 0.85) == doubts.min()
    assert (np.diff(doubts) >= 0).all()
    assert viewer.scene.camera.zoom > 1.5 * zoom
    mark = viewer.layers["review mark"]
    center = np.array(viewer.scene.camera.center[-2:])
    assert np.abs(mark.data.mean(axis=0) - center).max() < 25
    assert viewer.layers.selection.active == active
    assert f"{dock._at.ratio:.3f}" in window.status(dock)
    tree = dock._necks.trees[dock._at.frame]
    assert tree.why(dock._at.row, 1)[0].text[1:] in window.status(dock)
    first, second = go_to_a(window, dock, split=True)
    points = window.viewer.layers["review mark"].data
    labels = graph_cut.result_layer.data
    for point in points:
        low, high = np.floor(point).astype(int), np.ceil(point).astype(int)
        assert {labels[tuple(low)], labels[tuple(high)]} == {first, second}


def test_keep_counts_down_and_goes_on(reviewed):
    window, _, dock = reviewed
    before = left(dock)
    go(window, dock)
    at = dock._at
    press(window, "k")
    idle(window, dock)
    assert left(dock) == (before[0] - 1, before[1])
    assert dock._at != at
    press(window, "n")
    idle(window, dock)
    assert left(dock) == (before[0] - 1, before[1])


def test_merge_joins_two_objects_and_nothing_else(reviewed):
    window, graph_cut, dock = reviewed
    first, second = go_to_a(window, dock, split=True)
    before = graph_cut.result_layer.data.copy()
    camera = window.viewer.scene.camera
    view = camera.center, camera.zoom
    press(window, "j")
    idle(window, dock, graph_cut)
    assert (camera.center, camera.zoom) == view
    expected = np.where(before == second, first, before)
    assert same_partition(graph_cut.result_layer.data, expected)
    assert "not cut, decided by you" in window.status(dock)


def test_cut_cuts_an_object_in_two_and_nothing_else(reviewed):
    window, graph_cut, dock = reviewed
    first, _ = go_to_a(window, dock, split=False)
    before = graph_cut.result_layer.data.copy()
    press(window, "c")
    idle(window, dock, graph_cut)
    after = graph_cut.result_layer.data
    assert after.max() == before.max() + 1
    assert same_partition(after[before != first], before[before != first])
    a, b = sides(dock)
    assert a != b
    np.testing.assert_array_equal(np.isin(after, (a, b)), before == first)


def test_what_is_mended_by_hand_is_an_answer_until_it_is_undone(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    waiting = left(dock)
    tree = dock._necks.trees[()]
    for split in (True, False):
        first, second = go_to_a(window, dock, split=split)
        neck, labels = dock._at, layer.data
        # Whoever changes the labels: the hand tools, or a brush.
        if split:
            at = np.nonzero(labels == second)
            layer.data_setitem(at, np.full(len(at[0]), first))
        else:
            at = np.nonzero(review.parts(tree, labels, neck.row) == 2)
            layer.data_setitem(at, np.full(len(at[0]), labels.max() + 1))
        idle(window, dock)
        assert dict(dock._model.decisions[()]) == {neck.sides: not split}
        assert sum(left(dock)) == sum(waiting) - 1
        layer.undo()
        idle(window, dock)
        assert not dock._model.decisions[()]
        assert left(dock) == waiting


def test_merge_and_cut_have_the_keys_that_they_have_by_hand(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    go_to_a(window, dock, split=False)
    correct = window.dock("Correct")
    raise_dock(window, dock)
    canvas = Canvas(window, layer)
    assert {tool.name: tool.key for tool in correct._tools.values()}.items() >= {
        ("merge", dock._shortcuts["merge"].key().toString()),
        ("cut", dock._shortcuts["cut"].key().toString()),
    }
    # With a neck marked they decide it; while a hand tool is in use, they are the tools'.
    correct._use("merge")
    before = layer.data.copy()
    canvas.key(Qt.Key.Key_C)
    idle(window, dock, correct)
    assert correct.tool.name == "cut"
    np.testing.assert_array_equal(layer.data, before)
    canvas.key(Qt.Key.Key_Escape)
    canvas.key(Qt.Key.Key_C)
    idle(window, dock, correct)
    assert correct.tool is None
    assert layer.data.max() == before.max() + 1
    canvas.key(Qt.Key.Key_J)
    idle(window, dock, correct)
    assert same_partition(layer.data, before)
    # Behind another dock, Review decides nothing.
    raise_dock(window, correct)
    canvas.key(Qt.Key.Key_C)
    idle(window, dock, correct)
    assert correct.tool.name == "cut"
    assert same_partition(layer.data, before)


def raise_dock(window, dock):
    """Bring a dock to the front of its tabs, and the window to the front of the screen."""
    dock.parentWidget().raise_()
    window.wait_until(lambda: dock._is_in_front)
    main = window.viewer.window._qt_window

    def is_active():
        main.activateWindow()
        return QApplication.activeWindow() is main

    window.wait_until(is_active)


def test_the_mark_is_outlined_in_two_tones(reviewed):
    window, _, dock = reviewed
    go(window, dock)
    mark = window.viewer.layers["review mark"]
    n = len(np.unique(mark.data, axis=0))
    assert len(mark.data) == 3 * n
    # What comes later lies on top: each ring is seen around the next.
    sizes = mark.size.reshape(3, n)
    assert (sizes[0] > sizes[1]).all()
    assert (sizes[1] > sizes[2]).all()
    colours = mark.face_color.reshape(3, n, 4)[:, 0, :3]
    assert colours[0].tolist() == [0, 0, 0]
    assert colours[1].tolist() == [1, 1, 1]
    assert np.ptp(colours[2]) > 0.5


def test_decisions_survive_the_slider(reviewed):
    window, graph_cut, dock = reviewed
    go_to_a(window, dock, split=True)
    merged = dock._at
    go(window, dock, "merge")
    idle(window, graph_cut)
    go_to_a(window, dock, split=False)
    cut = dock._at
    go(window, dock, "cut")
    for neck in (0.1, 1.0, 0.85):
        window.set(graph_cut, "neck", neck)
        idle(window, graph_cut, dock)
        labels = graph_cut.result_layer.data
        assert labels.flat[merged.sides[0]] == labels.flat[merged.sides[1]]
        assert labels.flat[cut.sides[0]] != labels.flat[cut.sides[1]]
    window.run(graph_cut)
    labels = graph_cut.result_layer.data
    assert labels.flat[merged.sides[0]] == labels.flat[merged.sides[1]]


def test_another_image_begins_without_decisions(reviewed):
    window, graph_cut, dock = reviewed
    go(window, dock)
    go(window, dock, "keep")
    assert dock._model.decisions
    window.viewer.open_sample("napari-ncut", "unequal")
    idle(window, graph_cut)
    assert not dock._model.decisions


@pytest.fixture
def applied(reviewed):
    """The result kept as the user's own layer."""
    window, graph_cut, dock = reviewed
    window.run(graph_cut)
    idle(window, dock)
    return window, graph_cut, dock


def test_in_a_layer_of_the_user_a_decision_is_one_step_back(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    go_to_a(window, dock, split=True)
    before, waiting = layer.data.copy(), left(dock)
    go(window, dock, "merge")
    assert (layer.data != before).any()
    assert sum(left(dock)) == sum(waiting) - 1
    layer.undo()
    idle(window, dock)
    np.testing.assert_array_equal(layer.data, before)
    # What was undone is no decision any more.
    assert left(dock) == waiting
    go_to_a(window, dock, split=False)
    go(window, dock, "cut")
    assert (layer.data != before).any()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    # What was painted by hand stays.
    layer.data_setitem((np.array([0, 0, 1]), np.array([0, 1, 0])), 999)
    go_to_a(window, dock, split=False)
    go(window, dock, "cut")
    assert np.count_nonzero(layer.data == 999) == 3
    assert layer.data.max() == 1000


def test_keys_pressed_in_haste_lose_nothing(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    go_to_a(window, dock, split=True)
    neck = dock._at
    for key in "jnkn":
        press(window, key)
    idle(window, dock)
    assert layer.data.flat[neck.sides[0]] == layer.data.flat[neck.sides[1]]
    assert neck.sides in dock._model.decisions[()]


def test_a_deleted_result_leaves_a_sentence_and_no_mark(reviewed):
    window, graph_cut, dock = reviewed
    go(window, dock)
    window.viewer.layers.remove(graph_cut.result_layer)
    idle(window, dock)
    assert "review mark" not in window.viewer.layers
    assert "first" in window.status(dock)
    press(window, "j")
    press(window, "n")
    idle(window, dock)


def test_a_deleted_mark_comes_back_and_goes_with_the_dock(reviewed):
    window, graph_cut, dock = reviewed
    go(window, dock)
    window.viewer.layers.remove("review mark")
    go(window, dock)
    assert "review mark" in window.viewer.layers
    window.viewer.window.remove_dock_widget(dock)
    window.qtbot.wait(50)
    assert "review mark" not in window.viewer.layers
    window.set(graph_cut, "neck", 0.5)
    idle(window, graph_cut)
    press(window, "n")


def test_closing_graph_cut_leaves_an_applied_result_to_review(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    window.viewer.window.remove_dock_widget(graph_cut)
    window.qtbot.wait(50)
    first, second = go_to_a(window, dock, split=True)
    go(window, dock, "merge")
    assert sides(dock) in ((first, first), (second, second))
    assert layer in window.viewer.layers


def test_a_cut_into_n_has_no_necks_to_review(window):
    window.viewer.open_sample("napari-ncut", "circles4")
    graph_cut = window.dock()
    window.choose(graph_cut, "mode", "Cut into N")
    window.run(graph_cut)
    dock = open_review(window)
    assert "no necks" in window.status(dock)


def test_in_a_movie_it_goes_to_the_frame(window):
    scene = scenes.circles(4)
    empty = np.zeros_like(scene.mask)
    window.viewer.add_image(np.stack([scene.image] * 3), name="movie", scale=(1, 2.0, 2.0))
    window.viewer.add_labels(
        np.stack([empty, empty, scene.mask]).astype(int), name="mask", scale=(1, 2.0, 2.0)
    )
    graph_cut = window.dock()
    window.choose(graph_cut, "frames", "all")
    window.viewer.dims.set_current_step(0, 0)
    layer = window.run(graph_cut)
    dock = open_review(window)
    go(window, dock)
    assert window.viewer.dims.current_step[0] == 2
    center = np.array(window.viewer.scene.camera.center[-2:]) / 2.0
    assert scene.mask[tuple(np.round(center).astype(int))]
    before = layer.data.copy()
    split = sides(dock)[0] != sides(dock)[1]
    go(window, dock, "merge" if split else "cut")
    assert (layer.data[2] != before[2]).any()
    assert not layer.data[:2].any()


def test_in_a_volume_it_goes_to_the_slice(window):
    window.viewer.open_sample("napari-ncut", "spheres")
    graph_cut = window.dock()
    window.run(graph_cut)
    dock = open_review(window)
    window.viewer.dims.set_current_step(0, 0)
    go(window, dock)
    mark = window.viewer.layers["review mark"]
    low, high = mark.data[:, 0].min(), mark.data[:, 0].max()
    assert low <= window.viewer.dims.current_step[0] <= high


def test_nothing_is_cut_off_in_250_pixels_and_typing_a_name_does_not_decide(reviewed):
    window, _, dock = reviewed
    go(window, dock)
    check_nothing_is_cut_off(window, dock)
    before = left(dock)
    line = QLineEdit(dock)
    line.show()
    line.setFocus()
    press(window, "k", line)
    press(window, "j", line)
    assert line.text() == "kj"
    assert left(dock) == before


def test_where_the_necks_lie_is_found_and_changed_in_threads(window, threads_of):
    window.viewer.open_sample("napari-ncut", "field")
    graph_cut = window.dock()
    window.run(graph_cut)
    dock = open_review(window)
    go(window, dock)
    looks, merges = threads_of(review, "look"), threads_of(review, "merge")
    for name in ("next", "next", "keep", "next"):
        go(window, dock, name)
    go_to_a(window, dock, split=True)
    go(window, dock, "merge")
    assert looks
    assert merges
    assert threading.main_thread() not in looks + merges


def test_a_decision_in_a_locked_layer_says_why_not_and_is_none(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    go_to_a(window, dock, split=True)
    before = layer.data.copy()
    layer.editable = False
    go(window, dock, "merge")
    assert "locked" in window.status(dock)
    np.testing.assert_array_equal(layer.data, before)
    assert not any(dock._model.decisions.values())
    layer.editable = True
    go(window, dock, "merge")
    assert (layer.data != before).any()


def test_labels_changed_while_it_is_decided_are_cut_as_they_are_now(applied):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    first, second = go_to_a(window, dock, split=True)
    window.click(dock, "merge")
    # Before the window can hear of the edit, both objects get other numbers.
    layer.data_setitem(np.nonzero(layer.data == second), 900)
    layer.data_setitem(np.nonzero(layer.data == first), 901)
    idle(window, dock)
    assert sides(dock) in ((900, 900), (901, 901))
    assert len(np.intersect1d(layer.data, [900, 901])) == 1


def test_labels_that_are_gone_when_they_are_looked_for_are_looked_for_again(applied, monkeypatch):
    window, graph_cut, dock = applied
    layer = graph_cut.result_layer
    first, second = go_to_a(window, dock, split=True)
    merge_edit, is_read, is_painted = review.edits.merge_edit, threading.Event(), threading.Event()

    def late(*arguments):
        is_read.set()
        assert is_painted.wait(20)
        return merge_edit(*arguments)

    monkeypatch.setattr(review.edits, "merge_edit", late)
    window.click(dock, "merge")
    assert is_read.wait(20)
    layer.data_setitem(np.nonzero(layer.data == second), 900)
    layer.data_setitem(np.nonzero(layer.data == first), 901)
    is_painted.set()
    idle(window, dock)
    assert sides(dock) in ((900, 900), (901, 901))
