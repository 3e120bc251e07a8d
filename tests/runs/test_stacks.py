"""Every frame of a stack is cut on its own, and what was found is found again."""

import threading

import numpy as np
import pytest

from napari_ncut import scenes
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.objects.review import necks
from napari_ncut.runs import stacks
from napari_ncut.runs.stacks import Source, StackSession


def movie(n=3):
    scene = scenes.circles(4)
    return Source(
        image=np.stack([scenes.circles(4, seed=seed).image for seed in range(n)]),
        mask=np.stack([scene.mask] * n),
        spatial_ndim=2,
        spacing=(1.0, 1.0),
    )


class TestSource:
    def test_a_plane_is_one_frame(self):
        source = Source(np.zeros((5, 6)), None, 2, (1.0, 1.0))
        assert source.frames() == [()]

    def test_the_axes_before_the_spatial_ones_count_frames(self):
        source = Source(np.zeros((2, 3, 5, 6)), None, 2, (1.0, 1.0))
        assert source.frames() == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]

    def test_channels_are_no_axis_of_the_data(self):
        source = Source(np.zeros((2, 5, 6, 3)), None, 2, (1.0, 1.0), has_channels=True)
        assert source.shape == (2, 5, 6)
        image, _ = source.read((1,))
        assert image.shape == (5, 6, 3)

    def test_one_mask_serves_every_frame(self):
        mask = np.eye(5, dtype=bool)
        source = Source(np.zeros((4, 5, 5)), mask, 2, (1.0, 1.0))
        np.testing.assert_array_equal(source.read((3,))[1], mask)

    def test_a_mask_of_another_shape_names_both_shapes(self):
        source = Source(np.zeros((4, 5, 5)), np.zeros((5, 4)), 2, (1.0, 1.0))
        with pytest.raises(ValueError, match=r"\(5, 4\).*\(5, 5\)"):
            source.read((0,))

    def test_a_threshold_makes_the_mask(self):
        image = np.array([[0.0, 1.0], [2.0, 3.0]])
        bright = Source(image, None, 2, (1.0, 1.0), threshold=1.5).read(())[1]
        dark = Source(image, None, 2, (1.0, 1.0), threshold=1.5, dark=True).read(())[1]
        np.testing.assert_array_equal(bright, [[False, False], [True, True]])
        np.testing.assert_array_equal(dark, ~bright)


class TestRun:
    def test_every_frame_counts_from_one(self):
        result = StackSession().run(movie(), SplitSettings())
        assert result.labels.dtype == np.int32
        assert result.counts == {(0,): 4, (1,): 4, (2,): 4}
        assert set(result.trees) == {(0,), (1,), (2,)}

    def test_only_the_frames_asked_for(self):
        result = StackSession().run(movie(), CutSettings(n_segments=4), [(1,)])
        assert [frame.max() for frame in result.labels] == [0, 4, 0]
        assert set(result.ncut) == {(1,)}

    def test_an_empty_frame_stays_empty(self):
        source = movie()
        source.mask[1] = False
        result = StackSession().run(source, SplitSettings())
        assert [frame.max() for frame in result.labels] == [4, 0, 4]

    def test_all_frames_empty_is_an_error(self):
        source = movie()
        source.mask[:] = False
        with pytest.raises(ValueError, match="empty in every frame"):
            StackSession().run(source, SplitSettings())

    def test_an_error_names_its_frame(self):
        source = movie()
        source.image[1, 28, 24] = np.nan
        with pytest.raises(ValueError, match=r"frame 2 of 3: .*NaN"):
            StackSession().run(source, CutSettings(n_segments=4))

    def test_without_an_image_only_the_shape_counts(self):
        source = Source(None, scenes.circles(4).mask, 2, (1.0, 1.0))
        assert StackSession().run(source, SplitSettings()).counts == {(): 4}
        assert StackSession().run(source, CutSettings(n_segments=4)).counts == {(): 4}

    def test_splitting_without_a_mask_is_an_error(self):
        source = Source(np.ones((9, 9)), None, 2, (1.0, 1.0))
        with pytest.raises(ValueError, match="no mask to split"):
            StackSession().run(source, SplitSettings())

    def test_nothing_at_all_is_an_error(self):
        with pytest.raises(ValueError, match="neither an image nor a mask"):
            Source(None, None, 2, (1.0, 1.0))

    def test_no_input_is_changed(self):
        source = movie()
        before = source.image.copy(), source.mask.copy()
        StackSession().run(source, SplitSettings())
        np.testing.assert_array_equal(source.image, before[0])
        np.testing.assert_array_equal(source.mask, before[1])

    def test_progress_goes_from_frame_to_frame(self):
        told = []
        StackSession().run(
            movie(), SplitSettings(), monitor=Monitor(lambda f, text: told.append((f, text)))
        )
        fractions = [fraction for fraction, _ in told]
        assert fractions == sorted(fractions)
        assert all(0 <= fraction <= 1 for fraction in fractions)
        assert any("frame 3 of 3" in text for _, text in told)

    def test_decisions_are_an_argument_of_a_run_and_of_no_other(self):
        session, source = StackSession(), movie(1)
        result = session.run(source, SplitSettings())
        pair = tuple(necks(result.trees[0,])[int(np.argmin(result.trees[0,].ratio))].tolist())
        decided = session.run(source, SplitSettings(), decisions={(0,): {pair: False}})
        assert decided.counts[0,] == result.counts[0,] - 1
        assert session.run(source, SplitSettings()).counts == result.counts

    def test_a_run_waits_for_the_one_before_and_can_be_cancelled_meanwhile(self):
        session, source, order = StackSession(), movie(1), []
        started, go_on = threading.Event(), threading.Event()

        def wait(fraction, text):
            started.set()
            go_on.wait(20)

        first = threading.Thread(
            target=lambda: order.append(
                session.run(source, SplitSettings(), monitor=Monitor(wait)).counts
            )
        )
        first.start()
        assert started.wait(20)
        with pytest.raises(Cancelled):
            session.run(source, SplitSettings(), monitor=Monitor(cancelled=lambda: True))
        assert order == []
        go_on.set()
        first.join()
        assert order == [{(0,): 4}]

    def test_a_mask_that_is_painted_on_meanwhile_spoils_no_later_run(self, monkeypatch):
        session, source, fingerprint = StackSession(), movie(1), stacks.fingerprint
        before = source.mask.copy()

        def paint_after(*arrays):
            found = fingerprint(*arrays)
            source.mask[0, :50] = False
            return found

        monkeypatch.setattr(stacks, "fingerprint", paint_after)
        session.run(source, SplitSettings())
        monkeypatch.undo()
        source.mask[...] = before
        fresh = StackSession().run(source, SplitSettings())
        np.testing.assert_array_equal(session.run(source, SplitSettings()).labels, fresh.labels)

    def test_it_can_be_cancelled_and_used_again(self):
        session = StackSession()
        with pytest.raises(Cancelled):
            session.run(movie(), SplitSettings(), monitor=Monitor(cancelled=lambda: True))
        assert session.run(movie(), SplitSettings()).counts[(0,)] == 4


class TestKept:
    @pytest.fixture
    def trees(self, monkeypatch):
        made = []
        split_tree = stacks.split_tree

        def counted(*args, **kwargs):
            made.append(args)
            return split_tree(*args, **kwargs)

        monkeypatch.setattr(stacks, "split_tree", counted)
        return made

    def test_another_neck_needs_no_other_tree(self, trees):
        session = StackSession()
        session.run(movie(1), SplitSettings(neck=0.9))
        session.run(movie(1), SplitSettings(neck=0.5))
        assert len(trees) == 1

    def test_an_array_changed_in_place_does(self, trees):
        session, source = StackSession(), movie(1)
        session.run(source, SplitSettings())
        source.mask[0, 28, 24] = False
        session.run(source, SplitSettings())
        assert len(trees) == 2

    def test_old_frames_are_forgotten_when_memory_is_short(self, trees):
        session = StackSession(max_pixels=15_000)
        session.run(movie(3), SplitSettings())
        session.run(movie(3), SplitSettings(), [(2,)])
        assert len(trees) == 3
        session.run(movie(3), SplitSettings(), [(0,)])
        assert len(trees) == 4
