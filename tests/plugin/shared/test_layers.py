"""Between layers and arrays: shapes, masks, levels, places."""

import numpy as np
import pytest
from napari.layers import Image, Labels, Points

from napari_ncut.plugin.shared import layers


def labels(*shape, value=1):
    return Labels(np.full(shape, value, dtype=np.uint8))


class TestIsMask:
    def test_labels_are(self):
        assert layers.is_mask(labels(8, 8))

    @pytest.mark.parametrize("top", [255])
    def test_an_image_of_zero_and_255_is(self, top):
        data = np.zeros((100, 90), np.uint8)
        data[20:60, 20:60] = top
        assert layers.is_mask(Image(data))

    def test_an_image_of_booleans_is(self):
        assert layers.is_mask(Image(np.eye(9, dtype=bool)))

    def test_an_image_of_many_values_is_not(self):
        assert not layers.is_mask(Image(np.arange(100, dtype=np.uint8).reshape(10, 10)))

    def test_rgb_and_other_layers_are_not(self):
        assert not layers.is_mask(Image(np.zeros((40, 40, 3), np.uint8), rgb=True))
        assert not layers.is_mask(Points(np.zeros((1, 2))))


class TestFits:
    def test_a_mask_of_the_same_shape(self):
        assert layers.fits(labels(8, 9), Image(np.zeros((8, 9))))
        assert not layers.fits(labels(9, 8), Image(np.zeros((8, 9))))

    def test_a_plane_for_every_plane(self):
        assert layers.fits(labels(8, 9), Image(np.zeros((5, 8, 9))))

    def test_colours_do_not_count(self):
        assert layers.fits(labels(40, 41), Image(np.zeros((40, 41, 3)), rgb=True))


class TestGuessSpatialNdim:
    def test_a_plane(self):
        assert layers.guess_spatial_ndim(Image(np.zeros((8, 8)))) == 2

    def test_an_axis_called_z_is_depth(self):
        image = Image(np.zeros((4, 8, 8)), axis_labels=("z", "y", "x"))
        assert layers.guess_spatial_ndim(image) == 3

    def test_an_axis_called_t_is_time_whatever_its_scale(self):
        image = Image(np.zeros((4, 8, 8)), axis_labels=("t", "y", "x"), scale=(5, 1, 1))
        assert layers.guess_spatial_ndim(image) == 2

    def test_an_axis_without_a_name_is_depth_if_it_has_a_size(self):
        assert layers.guess_spatial_ndim(Image(np.zeros((4, 8, 8)), scale=(2, 0.5, 0.5))) == 3
        assert layers.guess_spatial_ndim(Image(np.zeros((4, 8, 8)))) == 2

    def test_a_movie_of_colour_images_is_planes(self):
        assert layers.guess_spatial_ndim(Image(np.zeros((4, 40, 40, 3)), rgb=True)) == 2


class TestMultiscale:
    def pyramid(self):
        return Image(
            [np.zeros((64, 64)), np.zeros((32, 32)), np.zeros((16, 16))],
            multiscale=True,
            scale=(0.5, 0.5),
        )

    def test_the_finest_level_that_fits_is_cut(self, monkeypatch):
        image = self.pyramid()
        assert layers.level(image) == 0
        monkeypatch.setattr(layers, "MAX_PIXELS", 32 * 32)
        assert layers.level(image) == 1
        source = layers.source(image, None, 2)
        assert source.shape == (32, 32)
        assert source.spacing == (1.0, 1.0)
        np.testing.assert_allclose(layers.place(image)["scale"], (1.0, 1.0))

    def test_the_coarsest_is_cut_if_none_fits(self, monkeypatch):
        monkeypatch.setattr(layers, "MAX_PIXELS", 1)
        assert layers.level(self.pyramid()) == 2


def test_current_frame_is_where_the_sliders_are_in_the_layers_own_pixels():
    image = Image(np.zeros((3, 7, 8, 8)), scale=(1, 2, 1, 1), translate=(0, 10, 0, 0))
    assert layers.current_frame(image, (2, 14, 0, 0), 2) == (2, 2)
    assert layers.current_frame(image, (2, 14, 0, 0), 3) == (2,)
    assert layers.current_frame(image, (9, 99, 0, 0), 2) == (2, 6)
    assert layers.current_frame(Image(np.zeros((8, 8))), (0, 0), 2) == ()


def test_a_blank_labels_layer_is_blank():
    assert layers.is_blank(labels(4, 4, value=0))
    assert not layers.is_blank(labels(4, 4))


def test_every_change_of_labels_is_heard():
    layer, heard = labels(8, 8), []
    for signal in layers.changes_of(layer):
        signal.connect(lambda event: heard.append(event.type))

    def is_heard():
        found = bool(heard)
        heard.clear()
        return found

    layer.data_setitem((np.array([1]), np.array([2])), 5)
    assert is_heard()
    with layer.block_history():
        layer.data_setitem((np.array([3]), np.array([2])), 6)
    assert is_heard()
    for change in (layer.undo, layer.redo, lambda: layer.paint((4, 4), 3)):
        change()
        assert is_heard()
    layer.fill((0, 0), 9)
    assert is_heard()
    layer.data = np.zeros((8, 8), int)
    assert is_heard()
