"""Regions and seeds that are given in layers."""

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Shapes

from napari_ncut.plugin.graph_cut import regions


@pytest.fixture
def image():
    return Image(np.zeros((40, 60)), scale=(2, 2), translate=(10, 0))


class TestShapes:
    def test_a_rectangle_in_the_world_is_one_in_the_pixels(self, image):
        shapes = Shapes([[20, 20], [40, 60]], shape_type="rectangle")
        region = regions.inside_shapes(shapes, image, (40, 60))()
        assert region[6:14, 11:29].all()
        assert not region[:5].any()
        assert not region[16:].any()
        assert not region[:, :9].any()
        assert not region[:, 31:].any()

    def test_an_ellipse_is_no_rectangle(self):
        image = Image(np.zeros((41, 41)))
        shapes = Shapes([[0, 0], [40, 40]], shape_type="ellipse")
        region = regions.inside_shapes(shapes, image, (41, 41))()
        assert abs(region.sum() / (np.pi * 20**2) - 1) < 0.03

    def test_it_holds_for_every_plane(self):
        image = Image(np.zeros((3, 20, 20)))
        shapes = Shapes([[2, 2], [9, 9]], shape_type="rectangle")
        region = regions.inside_shapes(shapes, image, (3, 20, 20))()
        assert region.shape == (3, 20, 20)
        assert (region == region[0]).all()

    def test_a_line_has_no_inside(self, image):
        shapes = Shapes([[20, 20], [40, 60]], shape_type="line")
        with pytest.raises(ValueError, match="No pixel lies inside"):
            regions.inside_shapes(shapes, image, (40, 60))()


class TestSeeds:
    def test_every_point_is_an_object(self, image):
        points = Points([[10, 0], [30, 40], [0, 0]])
        seeds = regions.seeds(points, image, (40, 60))()
        assert (seeds[0, 0], seeds[10, 20]) == (1, 2)
        assert np.count_nonzero(seeds) == 2

    def test_points_of_one_object_share_its_number(self, image):
        points = Points([[10, 0], [30, 40], [30, 60]], features={"object": ["a", "b", "a"]})
        seeds = regions.seeds(points, image, (40, 60))()
        assert (seeds[0, 0], seeds[10, 20], seeds[10, 30]) == (1, 2, 1)

    @pytest.mark.parametrize("names", [["a", None, "a", None], [2.0, np.nan, 2.0, np.nan]])
    def test_a_point_without_a_name_is_an_object_of_its_own(self, image, names):
        points = Points([[10, 0], [20, 0], [30, 0], [40, 0]], features={"object": names})
        seeds = regions.seeds(points, image, (40, 60))()
        found = seeds[seeds > 0].tolist()
        assert (len(found), len(set(found))) == (4, 3)

    def test_scribbles_are_their_labels(self, image):
        scribbles = np.zeros((40, 60), np.uint8)
        scribbles[3, 4:9] = 7
        seeds = regions.seeds(Labels(scribbles), image, (40, 60))()
        np.testing.assert_array_equal(seeds, scribbles)

    def test_scribbles_of_another_shape_are_an_error(self, image):
        with pytest.raises(ValueError, match=r"\(5, 5\).*\(40, 60\)"):
            regions.seeds(Labels(np.ones((5, 5), int)), image, (40, 60))()

    def test_scribbles_hold_no_label_that_a_result_can_not(self, image):
        scribbles = np.zeros((40, 60), np.int64)
        scribbles[3, 4:9], scribbles[9] = 2**40, -1
        with pytest.raises(ValueError, match=str(2**40)):
            regions.seeds(Labels(scribbles), image, (40, 60))()
        scribbles[3, 4:9] = 1
        assert regions.seeds(Labels(scribbles), image, (40, 60))().sum() == 5

    def test_scribbles_in_a_pyramid_are_those_of_the_level_that_fits(self, image):
        levels = [np.ones((40, 60), int), np.ones((20, 30), int)]
        assert regions.seeds(Labels(levels, multiscale=True), image, (40, 60))().all()

    def test_no_seed_is_an_error(self, image):
        with pytest.raises(ValueError, match="no seed inside"):
            regions.seeds(Points([[999, 999]]), image, (40, 60))()


def test_the_selected_label_is_a_region():
    labels = Labels(np.array([[1, 2], [2, 3]]))
    labels.selected_label = 2
    region = regions.of_label(labels, (2, 2))()
    np.testing.assert_array_equal(region, [[False, True], [True, False]])


def test_the_selected_label_of_a_pyramid_is_that_of_the_level_that_fits():
    levels = [np.ones((40, 60), int), np.ones((20, 30), int)]
    assert regions.of_label(Labels(levels, multiscale=True), (40, 60))().all()
