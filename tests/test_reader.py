"""Files come into napari as what they are, and results as what they were."""

import subprocess
import sys

import npe2
import numpy as np
import PIL.Image
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image, Labels
from scipy import ndimage

from napari_ncut import Recipe, SplitSettings, scenes
from napari_ncut.cli import main
from napari_ncut.files import read_labels, write_labels
from napari_ncut.reader import get_reader, read
from napari_ncut.runs.recipe import correct, difference, unpack

SCENE = scenes.circles(4)


def opened(path):
    """The layers of a file that napari opens by our reader."""
    npe2.PluginManager.instance().discover()
    viewer = ViewerModel()
    viewer.open(path, plugin="napari-ncut")
    return list(viewer.layers)


def units(layer):
    return [str(unit) for unit in layer.units]


def test_the_manifest_has_the_reader():
    readers = npe2.PluginManifest.from_distribution("napari-ncut").contributions.readers
    assert [reader.command for reader in readers] == ["napari-ncut.read"]
    assert "*.tif" in readers[0].filename_patterns


def test_the_reader_knows_no_qt():
    code = (
        "import sys, napari_ncut.reader;"
        "print({name.split('.')[0] for name in sys.modules} & {'qtpy', 'napari', 'PyQt6'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("path", ["a.csv", ["a.tif", "b.tif"], "folder"])
def test_what_is_not_read_is_left_to_others(path):
    assert get_reader(path) is None


def test_a_stack_comes_with_scale_units_and_axes(tmp_path):
    path = tmp_path / "stack.tif"
    stack = np.random.default_rng(0).integers(0, 999, (4, 20, 30), dtype=np.uint16)
    metadata = {"axes": "ZYX", "spacing": 2, "unit": "um", "xorigin": -8.0}
    tifffile.imwrite(path, stack, imagej=True, resolution=(4, 2), metadata=metadata)
    (layer,) = opened(path)
    assert isinstance(layer, Image)
    assert layer.name == "stack"
    np.testing.assert_array_equal(layer.data, stack)
    np.testing.assert_allclose(layer.scale, (2, 0.5, 0.25))
    np.testing.assert_allclose(layer.translate, (0, 0, 2))
    assert units(layer) == ["micrometer"] * 3
    assert layer.axis_labels == ("z", "y", "x")


def test_frames_of_a_movie_have_their_interval(tmp_path):
    path = tmp_path / "movie.ome.tif"
    metadata = {"axes": "TYX", "TimeIncrement": 2, "TimeIncrementUnit": "min"}
    metadata |= {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    metadata |= {"Plane": {"PositionX": [7.0] * 3, "PositionXUnit": ["µm"] * 3}}
    data = np.random.default_rng(0).integers(0, 999, (3, 20, 30), dtype=np.uint16)
    tifffile.imwrite(path, data, metadata=metadata)
    (layer,) = opened(path)
    np.testing.assert_allclose(layer.scale, (120, 0.5, 0.5))
    np.testing.assert_allclose(layer.translate, (0, 0, 7))
    assert units(layer) == ["second", "micrometer", "micrometer"]
    assert layer.axis_labels == ("t", "y", "x")


def test_channels_are_layers_and_colours_one(tmp_path):
    noise = np.random.default_rng(0)
    channels = noise.integers(0, 999, (2, 40, 50), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", channels, imagej=True, metadata={"axes": "CYX"})
    first, second = opened(tmp_path / "a.tif")
    np.testing.assert_array_equal(second.data, channels[1])
    assert first.name == "a 1"
    photo = noise.integers(0, 255, (40, 50, 3), dtype=np.uint8)
    PIL.Image.fromarray(photo).save(tmp_path / "b.png")
    (layer,) = opened(tmp_path / "b.png")
    assert layer.rgb
    np.testing.assert_array_equal(layer.data, photo)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_labels_of_others_are_labels(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "labels.tif", SCENE.truth.astype(dtype))
    (layer,) = opened(tmp_path / "labels.tif")
    assert isinstance(layer, Labels)
    assert layer.metadata == {}
    np.testing.assert_array_equal(layer.data, SCENE.truth)


def test_a_mask_is_labels(tmp_path):
    PIL.Image.fromarray(SCENE.mask).save(tmp_path / "mask.png")
    (layer,) = opened(tmp_path / "mask.png")
    assert isinstance(layer, Labels)
    np.testing.assert_array_equal(layer.data > 0, SCENE.mask)


def test_an_inverted_mask_is_shown_as_a_viewer_shows_it(tmp_path):
    inverted = np.where(SCENE.mask, 0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "mask.tif", inverted, photometric="miniswhite")
    (layer,) = opened(tmp_path / "mask.tif")
    np.testing.assert_array_equal(layer.data > 0, SCENE.mask)


@pytest.mark.parametrize("name", ["photo", "smoothed", "fractions", "blank"])
def test_in_doubt_a_file_is_an_image(tmp_path, name):
    data = {
        "photo": scenes.nuclei().image,
        "smoothed": ndimage.zoom(SCENE.mask.astype(np.uint8) * 255, 2, order=1),
        "fractions": SCENE.truth.astype(np.float32),
        "blank": np.zeros((20, 30), np.uint8),
    }[name]
    tifffile.imwrite(tmp_path / "image.tif", data)
    (layer,) = opened(tmp_path / "image.tif")
    assert type(layer) is Image
    np.testing.assert_array_equal(layer.data, data)


@pytest.mark.parametrize("highest", [4, 70000])
def test_a_result_comes_back_as_it_was(tmp_path, highest):
    path = tmp_path / "result.tif"
    automatic = np.where(SCENE.truth == 4, highest, SCENE.truth).astype(np.int32)
    corrected = np.where(automatic == 2, 1, automatic)
    recipe = Recipe(SplitSettings(neck=0.6), "a.tif", "b", corrections=None)
    recipe = Recipe(
        SplitSettings(neck=0.6), "a.tif", "b", corrections=difference(automatic, corrected)
    )
    write_labels(
        path,
        corrected,
        spacing=(0.5, 0.25),
        unit="µm",
        translate=(3.0, -2.0),
        provenance=recipe.to_dict(),
    )
    (layer,) = opened(path)
    assert isinstance(layer, Labels)
    np.testing.assert_array_equal(layer.data, corrected)
    np.testing.assert_allclose(layer.scale, (0.5, 0.25))
    np.testing.assert_allclose(layer.translate, (3, -2))
    assert units(layer) == ["micrometer", "micrometer"]
    record = layer.metadata["napari_ncut"]
    assert Recipe.from_dict(record) == recipe
    assert record["paths"] == {"image": "a.tif", "mask": None}
    np.testing.assert_array_equal(unpack(record["shown"], layer.data.shape), corrected)
    # What was corrected stays known, and further corrections add to it.
    before = unpack(record["automatic"], layer.data.shape)
    assert difference(before, np.asarray(layer.data)) == recipe.corrections
    further = np.where(corrected == 3, 0, corrected)
    np.testing.assert_array_equal(correct(automatic, difference(before, further)), further)


def test_a_result_of_the_command_line_comes_with_its_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PIL.Image.fromarray(SCENE.mask).save("mask.png")
    assert main(["split", "mask.png", "-o", "out.tif"]) == 0
    ((data, options, kind),) = read("out.tif")
    assert kind == "labels"
    np.testing.assert_array_equal(data, read_labels("out.tif").data)
    assert options["metadata"]["napari_ncut"]["mask"] == "mask.png"


def test_a_recipe_that_is_none_leaves_the_labels(tmp_path):
    write_labels(tmp_path / "labels.tif", SCENE.truth, provenance={"mode": "dream"})
    with pytest.warns(UserWarning, match="come without their recipe"):
        ((data, options, kind),) = read(tmp_path / "labels.tif")
    assert kind == "labels"
    assert options["metadata"] == {}
    np.testing.assert_array_equal(data, SCENE.truth)


def test_labels_without_a_recipe_are_labels(tmp_path):
    write_labels(tmp_path / "labels.tif", SCENE.truth)
    ((_, options, kind),) = read(tmp_path / "labels.tif")
    assert (kind, options["metadata"]) == ("labels", {})


def test_a_file_that_can_not_be_read_is_named(tmp_path):
    (tmp_path / "image.tif").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"image\.tif: it cannot be read as TIFF"):
        read(tmp_path / "image.tif")


def test_large_labels_of_ours_are_opened_to_be_corrected_where_they_lie(tmp_path, monkeypatch):
    from napari_ncut import reader, split_volume
    from napari_ncut.volumes.stored_labels import StoredLabels

    monkeypatch.setattr(reader, "LARGE", 1000)
    mask = np.kron(np.ones((6, 6), np.uint8), SCENE.mask)
    split_volume(mask, out=tmp_path / "cells.ome.zarr", spacing=0.5, memory="1GB")
    (layer,) = opened(tmp_path / "cells.ome.zarr")
    assert isinstance(layer.data[0], StoredLabels)
    assert [tuple(level.shape) for level in layer.data] == [(600, 600), (300, 300), (150, 150)]
    np.testing.assert_allclose(layer.scale, (0.5, 0.5))
    # What another program has written is shown, and not written into.
    import zarr

    group = zarr.open_group(tmp_path / "cells.ome.zarr", mode="r+")
    del group.attrs["napari-ncut"]
    (layer,) = opened(tmp_path / "cells.ome.zarr")
    assert not isinstance(layer.data[0], StoredLabels)
