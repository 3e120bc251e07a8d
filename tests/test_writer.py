"""Labels that napari saves: opened again they are what they were."""

import json
import zipfile

import numpy as np
import pytest
from npe2 import PluginManager

from napari_ncut import SplitSettings, scenes, split_touching
from napari_ncut.files import write_labels
from napari_ncut.io.ome_zarr import open_picture
from napari_ncut.io.tiff import RECIPE_KEY
from napari_ncut.reader import read
from napari_ncut.runs.recipe import Recipe
from napari_ncut.writer import write

ATTRIBUTES = {
    "scale": [0.5, 0.25],
    "units": ["micrometer", "micrometer"],
    "axis_labels": ["y", "x"],
    "translate": [3.0, 0.0],
    "metadata": {},
}


def labels():
    return split_touching(scenes.circles(4).mask)


def test_napari_finds_the_writer():
    manager = PluginManager.instance()
    manager.discover()
    writers = manager.iter_compatible_writers(["labels"])
    assert "napari-ncut.write" in [writer.command for writer in writers]


@pytest.mark.parametrize(
    ("shape", "names", "scale", "units"),
    [
        ((8, 9), "yx", [0.5, 0.25], ["micrometer"] * 2),
        ((3, 8, 9), "zyx", [2.0, 0.5, 0.5], ["micrometer"] * 3),
        ((3, 8, 9), "tyx", [5.0, 0.5, 0.5], ["second", "micrometer", "micrometer"]),
        ((2, 3, 8, 9), "tzyx", [5.0, 2.0, 0.5, 0.5], ["second"] + ["micrometer"] * 3),
    ],
)
def test_a_tiff_opens_as_it_was(tmp_path, shape, names, scale, units):
    data = np.random.default_rng(0).integers(0, 5, shape)
    path = str(tmp_path / "a.tif")
    given = {"scale": scale, "units": units, "axis_labels": list(names)}
    assert write(path, data, given) == [path]
    ((found, options, kind),) = read(path)
    np.testing.assert_array_equal(found, data)
    assert kind == "labels"
    assert options["axis_labels"] == list(names)
    assert options["units"] == units
    np.testing.assert_allclose(options["scale"], scale)


def test_a_result_keeps_its_recipe_and_its_corrections(tmp_path):
    scene = scenes.circles(4)
    recipe = Recipe(SplitSettings(neck=0.7))
    result = recipe.run(None, scene.mask)
    write_labels(tmp_path / "a.tif", result.labels, provenance=recipe.to_dict())
    ((data, options, _),) = read(tmp_path / "a.tif")
    corrected = np.where(data == 4, 0, data)
    write(str(tmp_path / "b.tif"), corrected, options)
    ((again, options, _),) = read(tmp_path / "b.tif")
    np.testing.assert_array_equal(again, corrected)
    assert options["metadata"][RECIPE_KEY]["settings"]["neck"] == 0.7
    assert options["metadata"][RECIPE_KEY]["corrections"]


def test_other_programs_get_their_files(tmp_path):
    data = labels()
    write(str(tmp_path / "a.zip"), data, ATTRIBUTES)
    assert len(zipfile.ZipFile(tmp_path / "a.zip").namelist()) == 4
    write(str(tmp_path / "a.geojson"), data, ATTRIBUTES)
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    area = sum(feature["properties"]["measurements"]["area"] for feature in features)
    assert area == pytest.approx((data > 0).sum() * 0.125)
    write(str(tmp_path / "a.ome.zarr"), data, ATTRIBUTES)
    picture = open_picture(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(picture.levels[0][:], data)
    assert picture.spacing == (0.5, 0.25)
    assert picture.units == ("micrometer", "micrometer")


def test_what_can_not_be_written_leaves_what_is_there(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"mine")
    for data in (np.full((4, 4), -1), np.zeros((2,) * 5, int)):
        with pytest.raises(ValueError, match="labels"):
            write(str(path), data, ATTRIBUTES)
    assert path.read_bytes() == b"mine"
    (tmp_path / "a.ome.zarr").mkdir()
    with pytest.raises(FileExistsError):
        write(str(tmp_path / "a.ome.zarr"), labels(), ATTRIBUTES)
