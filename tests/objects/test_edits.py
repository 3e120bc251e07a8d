"""Actions by hand as edits: which pixels get which number."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_ncut.objects.edits import (
    Frame,
    NoNumberLeft,
    delete_edit,
    free_numbers,
    merge_edit,
    piece_at,
    recut_edit,
    split_edit,
    whole_object,
    wider_dtype,
)
from napari_ncut.objects.object_cut import Cutter, Evidence, click_seeds, connected_to_seeds

PLANE = Frame((None, None))


def discs(*centres, radius=12, shape=(60, 120), value=3, dtype=np.int32):
    y, x = np.ogrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, dtype)
    for cy, cx in centres:
        labels[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = value
    return labels


def pair(**kwargs):
    """Two touching discs in one object, and a small square."""
    labels = discs((30, 30), (30, 51), **kwargs)
    labels[2:6, 100:104] = 7
    return labels


def apply(labels, edit):
    """Apply an edit as napari does; no pixel may be named twice."""
    result = labels.copy()
    touched = np.zeros(labels.shape, bool)
    for change in edit.changes:
        assert not touched[change.indices].any()
        touched[change.indices] = True
        assert (labels[change.indices] == change.before).all()
        result[change.indices] = change.after
    return result


def cut(labels, point, n_parts=2, evidence=None):
    region = piece_at(labels, point)
    parts = Cutter().cut(region, evidence or Evidence(None, (1.0,) * labels.ndim), n_parts)
    return split_edit(labels, Frame((None,) * labels.ndim), region, parts)


class TestFrame:
    def test_a_plane_of_a_stack_is_a_view(self):
        stack = np.zeros((4, 5, 6), int)
        frame = Frame((2, None, None))
        frame.view(stack)[1, 3] = 9
        assert stack[2, 1, 3] == 9
        assert frame.axes == (1, 2)

    @pytest.mark.parametrize("index", [(2, None, None), (None, 3, None), (None, None, 4)])
    def test_pixels_of_the_frame_are_found_in_the_labels(self, index):
        stack = np.arange(4 * 5 * 6).reshape(4, 5, 6)
        frame = Frame(index)
        view = frame.view(stack)
        pixels = np.nonzero(view >= 0)
        np.testing.assert_array_equal(stack[frame.indices(pixels)], view.ravel())
        assert frame.point((2, 3, 4)) == tuple((2, 3, 4)[axis] for axis in frame.axes)


class TestRegion:
    def test_piece_and_whole_object_differ_where_a_label_lies_apart(self):
        labels = discs((30, 20), (30, 90))
        piece, whole = piece_at(labels, (30, 20)), whole_object(labels, 3)
        assert 2 * piece.mask.sum() == whole.mask.sum() == (labels == 3).sum()
        assert piece.contains((30, 20))
        assert not piece.contains((30, 90))
        assert whole.contains((30, 90))
        assert not whole.contains((0, 0))

    def test_an_object_that_is_gone_is_an_error_that_says_so(self):
        with pytest.raises(ValueError, match="There is no object 9"):
            whole_object(pair(), 9)

    def test_indices_are_as_narrow_as_the_image_allows(self):
        # napari's history keeps them for a hundred steps.
        labels = pair()
        assert all(index.itemsize == 1 for index in cut(labels, (30, 30)).changes[0].indices)


class TestCut:
    def test_two_touching_discs_fall_apart_at_the_neck(self):
        labels = pair()
        after = apply(labels, cut(labels, (30, 30)))
        left, right = after[30, 20], after[30, 60]
        assert {left, right} == {3, 8}
        columns = np.nonzero(after == left)[1]
        assert abs(columns.max() - 40) <= 2

    def test_the_largest_part_keeps_the_number_and_others_get_the_next(self):
        labels = discs((30, 20), (30, 45), radius=13)
        y, x = np.ogrid[:60, :120]
        labels[(y - 30) ** 2 + (x - 75) ** 2 < 20**2] = 3
        edit = cut(labels, (30, 75), 3)
        assert edit.numbers == (3, 4, 5)
        assert apply(labels, edit)[30, 80] == 3

    @pytest.mark.parametrize("n_parts", range(2, 10))
    def test_into_any_number_of_parts(self, n_parts):
        labels = pair()
        after = apply(labels, cut(labels, (30, 30), n_parts))
        assert len(np.unique(after[labels == 3])) == n_parts
        np.testing.assert_array_equal(after[labels != 3], labels[labels != 3])

    def test_only_the_piece_under_the_mouse_is_cut(self):
        labels = discs((30, 20), (30, 41), (30, 90))
        after = apply(labels, cut(labels, (30, 20)))
        assert (after[:, 70:] == labels[:, 70:]).all()
        assert len(np.unique(after[:, :60])) == 3

    def test_the_image_guides_the_cut(self):
        labels = np.full((40, 40), 1, np.int32)
        image = np.zeros((40, 40))
        image[:, 15:] = 100
        image += np.random.default_rng(0).normal(0, 5, image.shape)
        after = apply(labels, cut(labels, (5, 5), evidence=Evidence(image, (1.0, 1.0))))
        assert (after[:, :15] == after[0, 0]).all()
        assert (after[:, 15:] == after[0, 39]).all()
        assert after[0, 0] != after[0, 39]

    def test_colours_guide_the_cut(self):
        labels = np.full((40, 40), 1, np.int32)
        image = np.zeros((40, 40, 3), np.uint8)
        image[:, :12, 0] = image[:, 12:, 1] = 200
        evidence = Evidence(image, (1.0, 1.0), has_channels=True)
        after = apply(labels, cut(labels, (5, 5), evidence=evidence))
        assert (after[:, :12] == after[0, 0]).all()
        assert (after[:, 12:] == after[0, 39]).all()

    def test_the_pixel_size_counts(self):
        # In pixels the bar is longer along y, in the world along x.
        labels = np.ones((40, 24), np.int32)
        flat = apply(labels, cut(labels, (5, 5), evidence=Evidence(None, (1.0, 1.0))))
        wide = apply(labels, cut(labels, (5, 5), evidence=Evidence(None, (1.0, 4.0))))
        assert flat[0, 0] == flat[0, -1] != flat[-1, 0]
        assert wide[0, 0] == wide[-1, 0] != wide[0, -1]

    def test_an_object_smaller_than_its_parts_is_an_error_that_says_so(self):
        labels = np.zeros((9, 9), np.int32)
        labels[4, 4:6] = 1
        with pytest.raises(ValueError, match="has 2 pixels; that is too few for 3 parts"):
            cut(labels, (4, 4), 3)

    def test_a_second_number_of_parts_uses_the_same_session(self):
        cutter, labels = Cutter(), pair()
        evidence = Evidence(None, (1.0, 1.0))
        region = piece_at(labels, (30, 30))
        first = cutter.cut(region, evidence, 2)
        session = cutter._known.session
        cutter.cut(piece_at(labels, (30, 31)), evidence, 3)
        assert cutter._known.session is session
        cutter.cut(piece_at(labels, (3, 101)), evidence, 2)
        assert cutter._known.session is not session
        np.testing.assert_array_equal(cutter.cut(region, evidence, 2), first)

    def test_a_volume(self):
        z, y, x = np.ogrid[:24, :30, :60]
        labels = np.zeros((24, 30, 60), np.uint16)
        for cx in (18, 36):
            labels[(z - 12) ** 2 + (y - 15) ** 2 + (x - cx) ** 2 < 100] = 4
        after = apply(labels, cut(labels, (12, 15, 18)))
        assert {after[12, 15, 12], after[12, 15, 42]} == {4, 5}


class TestRecut:
    def test_the_border_moves_between_the_clicks_and_numbers_stay(self):
        labels = np.zeros((30, 90), np.int32)
        labels[5:25, 5:85] = 2
        region = piece_at(labels, (10, 10))
        once = apply(labels, cut(labels, (10, 10)))
        points = ((15, 8), (15, 20))
        parts = Cutter().between(region, Evidence(None, (1.0, 1.0)), points)
        edit = recut_edit(PLANE, region, once[region.box], parts, (2, 3))
        twice = apply(once, edit)
        assert twice[points[0]] != twice[points[1]]
        assert set(np.unique(twice)) == {0, 2, 3}
        np.testing.assert_array_equal(twice == 0, labels == 0)
        # As few pixels as possible change: the right end keeps its number.
        assert twice[15, 80] == once[15, 80]


class TestClicks:
    def test_a_ball_stands_for_a_click_and_ends_at_the_edge_and_before_the_next(self):
        mask = np.zeros((40, 90), bool)
        mask[5:25, 5:85] = True
        seeds = click_seeds(mask, [(15, 10), (15, 40)], (1.0, 1.0))
        assert set(np.unique(seeds)) == {0, 1, 2}
        assert not seeds[~mask].any()
        rows, columns = np.nonzero(seeds == 1)
        assert np.ptp(rows) == np.ptp(columns) == 10  # the edge is 6 pixels away
        assert np.ptp(np.nonzero(seeds == 2)[1]) == 18  # a third of 30 pixels, on both sides
        wide = click_seeds(mask, [(15, 20), (15, 60)], (1.0, 3.0))
        assert np.ptp(np.nonzero(wide == 1)[1]) < np.ptp(np.nonzero(wide == 1)[0])

    def test_clicks_beside_each_other_and_in_thin_objects_are_single_pixels(self):
        mask = np.zeros((9, 30), bool)
        mask[4, 2:28] = True
        seeds = click_seeds(mask, [(4, 5), (4, 8)], (1.0, 1.0))
        assert np.argwhere(seeds == 1).tolist() == [[4, 5]]
        assert np.argwhere(seeds == 2).tolist() == [[4, 8]]

    def test_two_clicks_on_one_side_of_a_neck_do_not_cut_at_the_neck(self):
        y, x = np.ogrid[:60, :120]
        labels = ((y - 30) ** 2 + (x - 30) ** 2 < 20**2).astype(np.int32)
        labels[10:50, 48:110] = 1
        region = piece_at(labels, (30, 30))
        points = (30, 70), (30, 100)
        parts = Cutter().between(region, Evidence(None, (1.0, 1.0)), points)
        whole = np.zeros(labels.shape, np.int32)
        whole[region.box] = parts
        assert whole[points[0]] != whole[points[1]]
        for number in (1, 2):
            pieces, n_pieces = ndi.label(whole == number)
            assert n_pieces == 1
            assert np.count_nonzero(pieces) > 300

    def test_a_piece_without_a_seed_goes_to_the_part_beside_it(self):
        parts = np.array([[1, 1, 2, 2, 1, 1, 3], [1, 1, 2, 2, 1, 1, 0]], np.int32)
        seeds = np.zeros_like(parts)
        seeds[0, 0], seeds[0, 2], seeds[0, 6] = 1, 2, 3
        expected = np.array([[1, 1, 2, 2, 2, 2, 3], [1, 1, 2, 2, 2, 2, 0]])
        np.testing.assert_array_equal(connected_to_seeds(parts, seeds), expected)


class TestScribbles:
    def parts(self, labels, *scribbles):
        region = whole_object(labels, 3)
        seeds = np.zeros(labels.shape, np.int32)
        for colour, (rows, columns) in enumerate(scribbles, start=1):
            seeds[rows, columns] = colour
        evidence = Evidence(None, (1.0, 1.0))
        return region, Cutter().by_scribbles(region, evidence, seeds[region.box])

    def test_every_scribbled_pixel_is_in_its_part(self):
        labels = pair()
        first, second = (slice(25, 35), 30), (slice(25, 35), 36)
        region, parts = self.parts(labels, first, second)
        whole = np.zeros(labels.shape, np.int32)
        whole[region.box] = parts
        assert (whole[first] == 1).all()
        assert (whole[second] == 2).all()
        assert ((parts > 0) == region.mask).all()

    def test_a_piece_without_a_scribble_stays_what_it_is(self):
        labels = discs((30, 20), (30, 41), (30, 90))
        region, parts = self.parts(labels, (30, slice(15, 20)), (30, slice(41, 45)))
        after = apply(labels, split_edit(labels, PLANE, region, parts))
        assert (after[:, 70:] == labels[:, 70:]).all()
        assert after[30, 20] != after[30, 41]

    def test_pieces_apart_can_be_told_apart(self):
        labels = discs((30, 20), (30, 90))
        region, parts = self.parts(labels, (30, slice(15, 20)), (30, slice(88, 92)))
        after = apply(labels, split_edit(labels, PLANE, region, parts))
        assert after[30, 20] != after[30, 90]
        assert len(np.unique(after)) == 3

    def test_two_strokes_of_a_colour_are_one_part(self):
        labels = discs((30, 20), (30, 41), (30, 62))
        region = whole_object(labels, 3)
        seeds = np.zeros(labels.shape, np.int32)
        seeds[30, 20] = seeds[30, 62] = 1
        seeds[30, 41] = 2
        parts = Cutter().by_scribbles(region, Evidence(None, (1.0, 1.0)), seeds[region.box])
        after = apply(labels, split_edit(labels, PLANE, region, parts))
        assert after[30, 20] == after[30, 62] != after[30, 41]


class TestMergeAndDelete:
    def test_all_get_the_number_of_the_first(self):
        labels = pair()
        labels[50:55, 5:10] = 9
        edit = merge_edit(labels, PLANE, [7, 3, 9])
        after = apply(labels, edit)
        assert set(np.unique(after)) == {0, 7}
        np.testing.assert_array_equal(after > 0, labels > 0)
        assert edit.text == "Merged 3, 9 into 7."

    def test_only_the_frame_is_merged(self):
        movie = np.stack([pair(), pair()])
        after = apply(movie, merge_edit(movie, Frame((1, None, None)), [3, 7]))
        np.testing.assert_array_equal(after[0], movie[0])
        assert set(np.unique(after[1])) == {0, 3}

    def test_delete_takes_all_pieces_and_says_how_many(self):
        labels = discs((30, 20), (30, 90))
        edit = delete_edit(PLANE, whole_object(labels, 3))
        assert not apply(labels, edit).any()
        assert edit.text == "Deleted object 3 in 2 pieces."

    def test_an_edit_does_not_fit_labels_that_were_painted_on(self):
        labels = pair()
        edit = delete_edit(PLANE, whole_object(labels, 3))
        assert edit.fits(labels)
        labels[30, 30] = 5
        assert not edit.fits(labels)


class TestNumbers:
    def test_the_next_follow_the_highest(self):
        assert free_numbers(np.array([[0, 3], [7, 2]], np.int32), 3) == [8, 9, 10]
        assert free_numbers(np.zeros((2, 2), np.uint8), 2) == [1, 2]

    def test_at_the_end_of_the_dtype_gaps_are_used(self):
        data = np.array([0, 1, 2, 5, 254], np.uint8)
        assert free_numbers(data, 1) == [255]
        assert free_numbers(data, 3) == [3, 4, 6]

    def test_full_is_an_error_that_says_what_to_do(self):
        with pytest.raises(NoNumberLeft, match=r"uint8 and all its 255 numbers are taken"):
            free_numbers(np.arange(256, dtype=np.uint8), 1)

    @given(st.sets(st.integers(0, 127), min_size=1), st.integers(1, 127))
    def test_numbers_are_free_and_fit(self, taken, count):
        data = np.array(sorted(taken), np.int8)
        if len(taken - {0}) + count > 127:
            with pytest.raises(NoNumberLeft):
                free_numbers(data, count)
        else:
            found = free_numbers(data, count)
            assert len(set(found)) == count
            assert not set(found) & taken
            assert all(0 < n <= 127 for n in found)

    @pytest.mark.parametrize(
        ("narrow", "wide"),
        [(np.uint8, np.uint16), (np.int8, np.int16), (np.uint32, np.uint64), (np.int16, np.int32)],
    )
    def test_wider_dtypes(self, narrow, wide):
        assert wider_dtype(np.dtype(narrow)) == wide

    def test_there_is_nothing_wider_than_64_bits(self):
        with pytest.raises(ValueError, match="no wider integer"):
            wider_dtype(np.dtype(np.int64))

    def test_arrays_that_are_no_numpy_arrays_are_read_block_by_block(self):
        class Chunked:
            dtype = np.dtype(np.int32)

            def __iter__(self):
                yield from (np.array([0, 4]), np.array([9, 1]))

        assert free_numbers(Chunked(), 2) == [10, 11]


def test_no_qt_and_no_napari_are_imported():
    code = (
        "import napari_ncut.objects.edits, napari_ncut.objects.object_cut, sys; "
        "assert not {'napari', 'qtpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_merge_into_an_object_that_got_another_number_meanwhile_fits_no_more():
    data = np.array([[1, 1, 2, 2, 0]])
    edit = merge_edit(data, Frame((None, None)), (1, 2))
    assert edit.fits(data)
    data[data == 1] = 7
    assert not edit.fits(data)
