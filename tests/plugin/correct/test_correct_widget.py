"""Correcting by hand in a real window: the mouse, the keys, and napari's undo."""

import threading

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton
from tests.plugin.canvas import NO_MODIFIER, Canvas

from napari_ncut.objects.edits import Frame, merge_edit
from napari_ncut.plugin.correct.tools import cut_tool

SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT, SQUARE, NOTHING = (50, 45), (50, 97), (20, 140), (5, 5)


def discs(shape=(100, 160), dtype=np.int32):
    """Two touching discs in object 3, and object 7 beside them."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, dtype)
    for cx in (50, 92):
        labels[(y - 50) ** 2 + (x - cx) ** 2 < 24**2] = 3
    labels[10:30, 130:150] = 7
    return labels


class Hand(Canvas):
    """The widget beside the canvas, and hands for both."""

    def __init__(self, window, layer):
        super().__init__(window, layer)
        # Most of the tests' time goes into drawing without a graphics card.
        self.viewer.window.resize(950, 600)
        self.widget = window.dock("Correct")
        # The dock has made the canvas smaller.
        self.viewer.reset_view()
        self.wait(20)

    def idle(self):
        self.wait(10)
        self.window.wait_idle(self.widget)

    def tool(self, key):
        self.key(getattr(Qt.Key, f"Key_{key}"))

    def act(self, pixel, modifiers=NO_MODIFIER):
        self.click(pixel, modifiers)
        self.idle()

    def hover(self, pixel):
        self.move(pixel)
        self.idle()

    @property
    def status(self):
        return self.window.status(self.widget)

    def control(self, name):
        return self.window.control(self.widget, name)

    @property
    def overlay(self):
        return self.widget._desk.overlay

    def numbers(self):
        return np.unique(self.layer.data).tolist()


@pytest.fixture
def hand(window):
    layer = window.viewer.add_labels(discs(), name="cells")
    return Hand(window, layer)


@pytest.fixture
def hand_on(window):
    def make(data, **kwargs):
        return Hand(window, window.viewer.add_labels(data, **kwargs))

    return make


class TestTools:
    def test_a_key_takes_a_tool_and_cursor_line_and_button_say_so(self, hand):
        for key, name, cursor in (
            ("C", "cut", "crosshair"),
            ("J", "merge", "pointing"),
            ("D", "delete", "forbidden"),
            ("S", "seeds", "cross"),
        ):
            hand.tool(key)
            assert hand.widget.tool.name == name
            assert hand.viewer.cursor.style == cursor
            assert hand.control("active").text().startswith(f"<b>{name.title()}.</b>")
            pressed = [b for b in hand.widget.findChildren(QPushButton) if b.isChecked()]
            assert [b.objectName() for b in pressed] == [f"tool_{name}"]

    def test_a_button_takes_the_tool_and_again_puts_it_away(self, hand):
        hand.window.click(hand.widget, "tool_merge")
        assert hand.widget.tool.name == "merge"
        assert hand.viewer.window._qt_window.focusWidget() is hand.native
        hand.window.click(hand.widget, "tool_delete")
        assert hand.widget.tool.name == "delete"
        hand.window.click(hand.widget, "tool_delete")
        assert hand.widget.tool is None

    def test_escape_gives_mouse_keys_and_cursor_back(self, hand):
        layer = hand.layer
        drags, moves = list(layer.mouse_drag_callbacks), list(layer.mouse_move_callbacks)
        keys = dict(layer.keymap)
        hand.tool("C")
        assert len(layer.mouse_drag_callbacks) == len(drags) + 1
        hand.hover(LEFT)
        hand.key(Qt.Key.Key_Escape)
        assert hand.widget.tool is None
        assert layer.mouse_drag_callbacks == drags
        assert layer.mouse_move_callbacks == moves
        assert dict(layer.keymap) == keys
        assert hand.viewer.cursor.style == "standard"
        assert hand.overlay.is_empty
        before = layer.data.copy()
        hand.act(LEFT)
        np.testing.assert_array_equal(layer.data, before)

    def test_escape_in_the_widget_leaves_the_tool_too(self, hand):
        hand.tool("C")
        hand.widget.form.labels.setFocus()
        QTest.keyClick(hand.widget, Qt.Key.Key_Escape)
        assert hand.widget.tool is None

    def test_keys_work_while_the_widget_has_the_focus(self, hand):
        QTest.keyClick(hand.widget, Qt.Key.Key_D)
        assert hand.widget.tool.name == "delete"
        hand.act(SQUARE)
        assert hand.numbers() == [0, 3]
        QTest.keyClick(hand.widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert hand.numbers() == [0, 3, 7]

    def test_a_key_that_the_user_bound_comes_back(self, hand):
        called = []
        hand.layer.bind_key("Space", called.append)
        hand.tool("C")
        hand.key(Qt.Key.Key_Escape)
        hand.key(Qt.Key.Key_Space)
        assert called == [hand.layer]

    def test_painting_takes_the_mouse_from_the_tool(self, hand):
        hand.tool("C")
        hand.layer.mode = "paint"
        assert hand.widget.tool is None
        assert hand.layer.cursor == "circle"
        hand.layer.selected_label = 5
        hand.act(NOTHING)
        assert hand.layer.data[NOTHING] == 5

    def test_a_drag_with_cut_moves_the_picture_and_cuts_nothing(self, hand):
        hand.tool("C")
        before, center = hand.layer.data.copy(), hand.viewer.scene.camera.center
        hand.drag(LEFT, (70, 60))
        hand.idle()
        np.testing.assert_array_equal(hand.layer.data, before)
        assert hand.viewer.scene.camera.center != center

    def test_space_held_lets_the_mouse_move_the_picture(self, hand):
        for key in "JS":
            hand.tool(key)
            center = hand.viewer.scene.camera.center
            hand.drag(LEFT, (60, 60))
            assert hand.viewer.scene.camera.center == center
            QTest.keyPress(hand.native, Qt.Key.Key_Space)
            hand.drag(LEFT, RIGHT)
            QTest.keyRelease(hand.native, Qt.Key.Key_Space)
            assert hand.viewer.scene.camera.center != center
            hand.idle()
        assert hand.numbers() == [0, 3, 7]

    def test_the_right_button_does_nothing(self, hand):
        hand.tool("D")
        QTest.mouseClick(hand.native, Qt.MouseButton.RightButton, NO_MODIFIER, hand.where(LEFT))
        hand.idle()
        assert hand.numbers() == [0, 3, 7]

    def test_all_shortcuts_are_listed_and_every_control_is_reached_by_tab(self, hand):
        shortcuts = hand.control("shortcuts").text()
        for key in ("C J D S", "2 to 9", "Enter", "Backspace", "Esc", "Ctrl+Z", "Ctrl+Shift+Z"):
            assert key in shortcuts
        reached, control = [], hand.widget.form.labels
        for _ in range(60):
            reached.append(control.objectName())
            control = control.nextInFocusChain()
        wanted = ["labels", "image", "n_parts", "tool_cut", "tool_merge", "tool_delete"]
        places = [reached.index(name) for name in [*wanted, "tool_seeds"]]
        assert places == sorted(places)


class TestCut:
    def test_hover_shows_the_cut_and_changes_nothing(self, hand):
        before, layers = hand.layer.data.copy(), list(hand.viewer.layers)
        hand.tool("C")
        hand.hover(LEFT)
        assert not hand.overlay.is_empty
        np.testing.assert_array_equal(hand.layer.data, before)
        assert list(hand.viewer.layers) == layers
        assert hand.viewer.layers.selection.active is hand.layer
        hand.hover(NOTHING)
        assert hand.overlay.is_empty

    def test_the_click_makes_the_cut_that_was_shown(self, hand):
        hand.tool("C")
        hand.hover(LEFT)
        _, corner, parts, hatched = hand.overlay._parts
        assert not hatched
        box = tuple(slice(a, a + n) for a, n in zip(corner, parts.shape, strict=True))
        hand.act(LEFT)
        made = hand.layer.data[box]
        assert len({*zip(parts[parts > 0].tolist(), made[parts > 0].tolist(), strict=True)}) == 2
        assert hand.overlay.is_empty

    def test_a_click_cuts_at_the_neck_and_leaves_the_rest(self, hand):
        before = hand.layer.data.copy()
        hand.tool("C")
        hand.act(LEFT)
        data = hand.layer.data
        assert {data[LEFT], data[RIGHT]} == {3, 8}
        np.testing.assert_array_equal(data[before != 3], before[before != 3])
        assert "Cut object 3 into 2" in hand.status

    def test_a_number_key_chooses_how_many_and_changes_the_cut_on_show(self, hand):
        hand.tool("C")
        hand.hover(LEFT)
        for n in (4, 9, 3):
            hand.tool(n)
            hand.idle()
            assert hand.control("n_parts").value() == n
            assert hand.overlay._parts[2].max() == n
        hand.act(LEFT)
        assert hand.numbers() == [0, 3, 7, 8, 9]

    def test_a_second_click_cuts_between_the_two_and_a_third_cuts_a_part(self, hand):
        hand.tool("C")
        hand.act(LEFT)
        once = hand.layer.data.copy()
        second = (50, 60)
        hand.hover(second)
        assert not hand.overlay.is_empty
        hand.act(second)
        data = hand.layer.data
        assert data[LEFT] != data[second]
        assert hand.numbers() == [0, 3, 7, 8]
        assert (data != once).any()
        assert "Moved the cut" in hand.status
        hand.act(RIGHT)
        assert hand.numbers() == [0, 3, 7, 8, 9]

    def test_a_double_click_is_one_cut_and_after_the_key_again_a_click_cuts_the_part(self, hand):
        hand.tool("C")
        hand.act(LEFT)
        once = hand.layer.data.copy()
        hand.act(LEFT)
        np.testing.assert_array_equal(hand.layer.data, once)
        hand.tool("C")
        hand.act(RIGHT)
        assert hand.numbers() == [0, 3, 7, 8, 9]

    def test_clicks_faster_than_the_cuts_are_all_made(self, hand):
        hand.tool("C")
        hand.click(LEFT)
        hand.click(SQUARE)
        hand.idle()
        assert hand.numbers() == [0, 3, 7, 8, 9]
        hand.act(NOTHING)
        assert "no object here" in hand.status

    def test_the_image_is_used_and_can_be_left_out(self, window):
        square = np.zeros((60, 60), np.int32)
        square[10:50, 10:50] = 1
        image = np.zeros((60, 60), np.float32)
        image[:, 27:] = 100
        window.viewer.add_image(image, name="step")
        hand = Hand(window, window.viewer.add_labels(square))
        assert hand.control("image").currentText() == "step"
        hand.tool("C")
        hand.act((20, 20))
        assert (hand.layer.data[10:50, 10:27] == hand.layer.data[20, 20]).all()
        assert (hand.layer.data[10:50, 27:50] == hand.layer.data[20, 40]).all()
        hand.undo()
        window.choose(hand.widget, "image", "none: shape only")
        hand.act((20, 20))
        sizes = [np.count_nonzero(hand.layer.data == n) for n in (1, 2)]
        assert abs(sizes[0] - sizes[1]) <= 40

    def test_an_rgb_image_serves(self, window):
        square = np.zeros((60, 60), np.int32)
        square[10:50, 10:50] = 1
        image = np.zeros((60, 60, 3), np.uint8)
        image[:, :27, 0] = image[:, 27:, 2] = 200
        window.viewer.add_image(image, rgb=True, name="colours")
        hand = Hand(window, window.viewer.add_labels(square))
        assert hand.control("image").currentText() == "colours"
        hand.tool("C")
        hand.act((20, 20))
        assert (hand.layer.data[10:50, 10:27] == hand.layer.data[20, 20]).all()

    def test_nan_under_the_object_is_said(self, window):
        image = np.zeros((100, 160), np.float32)
        image[50, 50] = np.nan
        window.viewer.add_image(image)
        hand = Hand(window, window.viewer.add_labels(discs()))
        hand.tool("C")
        hand.act(LEFT)
        assert "NaN or infinity at 1 of" in hand.status
        assert hand.numbers() == [0, 3, 7]


class TestMergeDeleteSeeds:
    def test_a_drag_merges_into_the_first(self, hand):
        hand.tool("J")
        hand.drag(SQUARE, RIGHT)
        hand.idle()
        assert hand.numbers() == [0, 7]
        assert hand.status == "Merged 3 into 7."

    def test_a_fast_drag_misses_no_object(self, hand_on):
        data = np.zeros((100, 160), np.int32)
        for n in range(1, 15):
            data[40:60, 10 * n : 10 * n + 4] = n
        hand = hand_on(data)
        hand.tool("J")
        hand.drag((50, 12), (50, 142))
        hand.idle()
        assert hand.numbers() == [0, 1]

    def test_a_drag_of_which_napari_hears_no_move_ends_at_the_release(self, hand):
        hand.tool("J")
        QTest.mousePress(hand.native, Qt.MouseButton.LeftButton, pos=hand.where(SQUARE))
        QTest.mouseRelease(hand.native, Qt.MouseButton.LeftButton, pos=hand.where(RIGHT))
        hand.idle()
        assert hand.status == "Merged 3 into 7."

    def test_a_drag_inside_one_object_says_what_to_do(self, hand):
        hand.tool("J")
        hand.drag(LEFT, RIGHT)
        hand.idle()
        assert "from one object into another" in hand.status
        hand.undo()
        assert hand.numbers() == [0, 3, 7]

    def test_a_click_deletes_all_pieces_and_shift_only_one(self, hand):
        hand.layer.data[80:90, 10:20] = 3
        hand.tool("D")
        hand.act((85, 15), SHIFT)
        assert hand.numbers() == [0, 3, 7]
        assert hand.layer.data[85, 15] == 0
        hand.undo()
        hand.act(LEFT)
        assert hand.numbers() == [0, 7]
        assert hand.layer.data[85, 15] == 0
        assert hand.status == "Deleted object 3 in 2 pieces."

    def test_delete_marks_what_it_would_delete(self, hand):
        hand.tool("D")
        hand.hover(SQUARE)
        _, corner, parts, hatched = hand.overlay._parts
        assert hatched
        assert corner == (10, 130)
        assert parts.shape == (20, 20)

    def test_scribbles_cut_and_every_scribble_stays_in_its_part(self, hand):
        hand.tool("S")
        hand.drag((40, 40), (60, 40))
        hand.drag((40, 60), (60, 60))
        hand.drag((40, 95), (60, 95))
        assert not hand.overlay.is_empty
        assert hand.numbers() == [0, 3, 7]
        hand.key(Qt.Key.Key_Return)
        hand.idle()
        data = hand.layer.data
        assert hand.numbers() == [0, 3, 7, 8, 9]
        assert len({data[50, 40], data[50, 60], data[50, 95]}) == 3
        for column in (40, 60, 95):
            assert (data[41:60, column] == data[50, column]).all()
        assert hand.overlay.is_empty

    def test_a_number_key_goes_on_in_a_colour(self, hand):
        hand.tool("S")
        hand.drag((45, 40), (55, 40))
        hand.drag((45, 70), (55, 70))
        hand.tool(1)
        hand.drag((45, 100), (55, 100))
        hand.key(Qt.Key.Key_Return)
        hand.idle()
        data = hand.layer.data
        assert data[50, 40] == data[50, 100] != data[50, 70]

    def test_backspace_takes_a_stroke_back_and_what_is_missing_is_said(self, hand):
        hand.tool("S")
        hand.drag((40, 40), (60, 40))
        hand.drag((40, 95), (60, 95))
        hand.key(Qt.Key.Key_Backspace)
        hand.key(Qt.Key.Key_Return)
        hand.idle()
        assert "scribbles of one colour" in hand.status
        assert hand.numbers() == [0, 3, 7]
        hand.tool("S")
        hand.key(Qt.Key.Key_Return)
        assert "Scribble inside an object first" in hand.status
        hand.drag((2, 2), (2, 9))
        hand.key(Qt.Key.Key_Return)
        hand.idle()
        assert "lie on the background" in hand.status


class TestUndo:
    def test_one_step_an_action_and_painting_in_between(self, hand):
        layer, states = hand.layer, [hand.layer.data.copy()]

        def done():
            hand.idle()
            assert (layer.data != states[-1]).any()
            states.append(layer.data.copy())

        hand.tool("C")
        hand.act(LEFT)
        done()
        hand.act((50, 60))
        done()
        hand.layer.mode = "paint"
        layer.selected_label = 5
        hand.drag((80, 20), (80, 140))
        done()
        hand.tool("J")
        hand.drag(SQUARE, (80, 139), RIGHT)
        done()
        hand.tool("D")
        hand.act(SQUARE)
        done()
        hand.tool("C")
        hand.tool(4)
        hand.act(LEFT)
        done()
        hand.tool("S")
        # Both strokes in one part, wherever the four parts lie.
        part = np.flatnonzero(layer.data[50] == layer.data[50, 35])
        for column in (int(part[2]), int(part[-3])):
            hand.drag((48, column), (52, column))
        hand.key(Qt.Key.Key_Return)
        done()
        for state in states[-2::-1]:
            hand.undo()
            np.testing.assert_array_equal(layer.data, state)
        for state in states[1:]:
            hand.redo()
            np.testing.assert_array_equal(layer.data, state)

    def test_after_undo_the_number_is_free_and_there_is_no_cut_to_move(self, hand):
        hand.tool("C")
        hand.act(LEFT)
        hand.undo()
        hand.act((50, 60))
        assert "Cut object 3" in hand.status
        assert hand.numbers() == [0, 3, 7, 8]

    def test_where_no_number_is_left_a_wider_copy_goes_on(self, hand_on):
        data = discs(dtype=np.uint8)
        data[90:, :] = 0
        free = np.setdiff1d(np.arange(1, 256), [3, 7])
        data[98, : len(free) // 2] = free[: len(free) // 2]
        data[99, : len(free) - len(free) // 2] = free[len(free) // 2 :]
        hand = hand_on(data, name="narrow", scale=(2, 2))
        narrow = hand.layer
        hand.tool("C")
        hand.act(LEFT)
        wide = hand.viewer.layers.selection.active
        assert wide is not narrow
        assert wide.data.dtype == np.uint16
        assert {wide.data[LEFT], wide.data[RIGHT]} == {3, 256}
        assert tuple(wide.scale) == (2, 2)
        assert not narrow.visible
        np.testing.assert_array_equal(narrow.data, data)
        assert "uint8 had no number left: this is a copy in uint16" in hand.status
        assert hand.widget.tool.name == "cut"
        hand.undo()
        np.testing.assert_array_equal(wide.data, data)


class TestStacks:
    def stack(self):
        return np.stack([discs(), discs(), discs()])

    def test_in_a_movie_only_the_current_frame_changes(self, hand_on):
        hand = hand_on(self.stack(), axis_labels=("t", "y", "x"))
        assert hand.control("spatial_ndim").currentText() == "planes"
        hand.viewer.dims.set_current_step(0, 1)
        hand.tool("C")
        hand.act((1, *LEFT))
        assert len(np.unique(hand.layer.data[1])) == 4
        for t in (0, 2):
            np.testing.assert_array_equal(hand.layer.data[t], discs())
        hand.tool("J")
        hand.drag((1, *LEFT), (1, *RIGHT))
        hand.idle()
        hand.tool("D")
        hand.act((1, *SQUARE))
        np.testing.assert_array_equal(hand.layer.data[0], discs())
        assert len(np.unique(hand.layer.data[1])) == 2

    def test_objects_of_a_volume_are_cut_as_a_whole(self, hand_on):
        hand = hand_on(self.stack(), scale=(2, 1, 1))
        assert hand.control("spatial_ndim").currentText() == "volume"
        hand.tool("C")
        hand.hover((1, *LEFT))
        assert hand.overlay._parts[2].ndim == 3
        hand.act((1, *LEFT))
        assert all(len(np.unique(plane)) == 4 for plane in hand.layer.data)

    def test_in_a_3d_view_the_object_in_front_is_meant(self, hand_on):
        z, y, x = np.ogrid[:40, :40, :80]
        data = np.zeros((40, 40, 80), np.int32)
        for cx in (24, 50):
            data[(z - 20) ** 2 + (y - 20) ** 2 + (x - cx) ** 2 < 196] = 2
        hand = hand_on(data, scale=(1.5, 1, 1))
        hand.viewer.dims.ndisplay = 3
        hand.wait(100)
        hand.tool("C")
        hand.hover((20, 20, 24))
        # The cut is a sheet with a line around it.
        assert {name for name, node in hand.overlay._nodes.items() if node.visible} == {
            "surface",
            "cut",
            "cut rim",
        }
        hand.act((20, 20, 24))
        assert {data[20, 20, 20], data[20, 20, 54]} == {2, 3}
        hand.tool("D")
        hand.act((20, 20, 54))
        assert hand.numbers() == [0, data[20, 20, 20]]

    def test_planes_are_those_on_show(self, hand_on):
        hand = hand_on(np.repeat(discs()[:, None, :], 5, axis=1), axis_labels=("t", "y", "x"))
        hand.viewer.dims.order = (1, 0, 2)
        hand.wait(100)
        hand.viewer.dims.set_current_step(1, 2)
        hand.tool("C")
        hand.act((LEFT[0], 2, LEFT[1]))
        changed = np.unique(np.nonzero(hand.layer.data == 8)[1])
        assert changed.tolist() == [2]

    def test_a_layer_that_is_turned_moved_and_scaled(self, hand_on):
        hand = hand_on(discs(), scale=(0.5, 1.5), rotate=30, translate=(100, -50))
        hand.viewer.reset_view()
        hand.wait(50)
        hand.tool("C")
        hand.hover(LEFT)
        assert not hand.overlay.is_empty
        hand.act(LEFT)
        assert {hand.layer.data[LEFT], hand.layer.data[RIGHT]} == {3, 8}
        hand.tool("D")
        hand.act(SQUARE)
        assert hand.numbers() == [0, 3, 8]


class TestObstacles:
    def check_copy(self, hand, data):
        button = hand.control("make_editable")
        assert button.isVisible()
        assert "Make an editable copy" in hand.status
        hand.tool("C")
        assert hand.widget.tool is None
        original = hand.layer
        hand.window.click(hand.widget, "make_editable")
        hand.idle()
        copy = hand.viewer.layers.selection.active
        assert copy is not original
        np.testing.assert_array_equal(copy.data, data)
        assert tuple(copy.scale) == tuple(original.scale)
        assert not original.visible
        assert not button.isVisible()
        hand.layer = copy
        hand.tool("C")
        hand.act(LEFT)
        assert hand.numbers() == [0, 3, 7, 8]

    def test_dask_gets_an_editable_copy(self, hand_on):
        hand = hand_on(da.from_array(discs(), chunks=50), scale=(2, 2))
        self.check_copy(hand, discs())

    def test_a_pyramid_gets_an_editable_copy_of_its_finest_level(self, hand_on):
        hand = hand_on([discs(), discs()[::2, ::2]], multiscale=True)
        self.check_copy(hand, discs())

    def test_an_array_for_reading_only_gets_an_editable_copy(self, hand_on):
        data = discs()
        data.flags.writeable = False
        self.check_copy(hand_on(data), discs())

    def test_a_locked_layer_gets_an_editable_copy_and_unlocked_needs_none(self, hand_on):
        hand = hand_on(discs())
        hand.tool("C")
        hand.layer.editable = False
        assert hand.widget.tool is None
        assert hand.control("make_editable").isVisible()
        hand.layer.editable = True
        assert not hand.control("make_editable").isVisible()
        hand.tool("C")
        assert hand.widget.tool.name == "cut"

    def test_a_hidden_layer_says_so_and_is_changed_by_no_tool(self, hand_on):
        # In a frame of which napari has no picture an edit would fail half way.
        hand = hand_on(np.stack([discs()] * 2), axis_labels=("t", "y", "x"))
        hand.tool("D")
        hand.layer.visible = False
        hand.viewer.dims.set_current_step(0, 1)
        before = hand.layer.data.copy()
        assert hand.widget.tool is None
        assert "hidden" in hand.status
        hand.widget._desk.act(lambda data, _: merge_edit(data, Frame((1, None, None)), (3, 7)))
        hand.idle()
        assert "hidden" in hand.status
        np.testing.assert_array_equal(hand.layer.data, before)
        hand.layer.visible = True
        hand.tool("D")
        hand.act((1, *LEFT))
        assert not (hand.layer.data[1] == 3).any()

    def test_a_preview_says_to_apply_it_first(self, window):
        window.viewer.open_sample("napari-ncut", "circles4")
        graph_cut = window.dock()
        window.wait_idle(graph_cut)
        window.set(graph_cut, "neck", 0.8)
        window.wait_until(lambda: any("(preview)" in x.name for x in window.viewer.layers))
        window.wait_idle(graph_cut)
        preview = window.viewer.layers[-1]
        window.viewer.layers.selection.active = preview
        hand = Hand(window, preview)
        assert "preview" in hand.status
        assert not hand.control("make_editable").isVisible()
        assert not hand.control("tool_cut").isEnabled()
        window.run(graph_cut)
        assert preview.editable
        assert hand.control("tool_cut").isEnabled()

    def test_without_a_labels_layer_it_says_what_to_do(self, window):
        widget = window.dock("Correct")
        assert "Labels layer first" in window.status(widget)
        assert not window.control(widget, "tool_cut").isEnabled()
        window.viewer.add_labels(discs())
        assert window.control(widget, "tool_cut").isEnabled()


class TestLayersComeAndGo:
    def test_the_layer_is_deleted_while_it_is_cut(self, hand):
        hand.tool("C")
        hand.click(LEFT)
        hand.viewer.layers.clear()
        hand.idle()
        hand.wait(200)
        assert hand.widget.tool is None
        assert "Labels layer first" in hand.status

    def test_a_deleted_layer_is_told_and_which_is_next(self, hand):
        gone = hand.layer.name
        hand.viewer.add_labels(discs(), name="other")
        hand.viewer.layers.selection.active = hand.layer
        hand.viewer.layers.remove(hand.layer)
        hand.idle()
        assert hand.status == f"{gone} was deleted; this is other now."

    def test_the_layer_is_deleted_while_a_cut_is_shown_and_dragged(self, hand):
        hand.tool("J")
        hand.drag(SQUARE, RIGHT, release=False)
        hand.viewer.layers.remove(hand.layer)
        QTest.mouseRelease(hand.native, Qt.MouseButton.LeftButton, NO_MODIFIER, QPoint(9, 9))
        hand.idle()
        assert hand.widget.tool is None

    def test_another_labels_layer_takes_the_tool_along(self, hand):
        hand.tool("C")
        other = hand.viewer.add_labels(discs(), name="other")
        assert hand.widget.tool.name == "cut"
        assert hand.control("labels").currentText() == "other"
        first, hand.layer = hand.layer, other
        hand.act(LEFT)
        assert len(np.unique(other.data)) == 4
        assert len(np.unique(first.data)) == 3
        hand.window.choose(hand.widget, "labels", "cells")
        assert hand.viewer.layers.selection.active is first
        assert first.cursor == "crosshair"
        assert other.cursor == "standard"

    def test_a_new_name_shows_and_another_kind_of_layer_puts_the_tool_away(self, hand):
        hand.tool("C")
        hand.layer.name = "nuclei"
        assert hand.widget.findChild(QComboBox, "labels").currentText() == "nuclei"
        assert hand.widget.tool.name == "cut"
        hand.viewer.add_points(np.zeros((1, 2)))
        hand.idle()
        assert hand.widget.tool is None
        assert "put away" in hand.status

    def test_new_data_of_another_shape(self, hand):
        hand.tool("C")
        hand.hover(RIGHT)
        hand.layer.data = discs()[:70, :80]
        hand.tool(3)
        hand.idle()
        hand.act((50, 50))
        assert len(np.unique(hand.layer.data)) == 4

    def test_painted_while_it_is_cut_the_cut_is_of_what_is_there_now(self, hand):
        hand.tool("C")
        hand.hover(LEFT)
        hand.layer.data_setitem((np.arange(20, 80), np.full(60, 50)), 0)
        hand.act(LEFT)
        assert (hand.layer.data[20:80, 50] == 0).all()
        assert 8 in hand.numbers()

    def test_closing_the_dock_gives_everything_back(self, hand):
        drags, keys = len(hand.layer.mouse_drag_callbacks), len(hand.layer.keymap)
        hand.tool("C")
        hand.hover(LEFT)
        hand.viewer.window.remove_dock_widget(hand.widget)
        assert hand.layer.cursor == "standard"
        assert len(hand.layer.mouse_drag_callbacks) == drags
        assert len(hand.layer.keymap) == keys - 4
        hand.viewer.layers.clear()
        hand.viewer.add_labels(discs())

    def test_closing_the_window_in_the_middle(self, hand):
        hand.tool("C")
        hand.hover(LEFT)
        hand.click(LEFT)
        hand.viewer.close()

    def test_nothing_is_left_in_a_saved_layer(self, hand, tmp_path):
        hand.tool("C")
        hand.hover(LEFT)
        hand.layer.save(str(tmp_path / "labels.tif"))
        from tifffile import imread

        np.testing.assert_array_equal(imread(tmp_path / "labels.tif"), discs())


class TestFeel:
    def test_it_fits_a_dock_of_250_pixels(self, hand):
        assert hand.widget.minimumSizeHint().width() <= 250
        hand.layer.name = "a name that is much longer than any dock is wide, or should be"
        assert hand.widget.minimumSizeHint().width() <= 250
        assert all(label.wordWrap() for label in hand.widget.form.findChildren(QLabel, "status"))

    def test_in_a_large_image_it_cuts_in_a_thread(self, hand_on, threads_of):
        y, x = np.ogrid[:4096, :4096]
        data = np.zeros((4096, 4096), np.int32)
        for cx in (2000, 2220):
            data[(y - 2000) ** 2 + (x - cx) ** 2 < 128**2] = 3
        hand = hand_on(data)
        threads = threads_of(cut_tool, "split_edit")
        hand.tool("C")
        hand.act((2000, 2000))
        assert data[2000, 2000] != data[2000, 2220]
        assert threads
        assert threading.main_thread() not in threads
