"""The page about large volumes holds to the letter; what is wrong with a store is a sentence."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from tests.io.stores import FRAMES, IMAGE, NOISE, add_mask, write_store
from yaozarrs import v05
from yaozarrs.write.v05 import write_image

from napari_ncut import scenes, split_touching
from napari_ncut.cli import main
from napari_ncut.files import read_labels, read_provenance
from napari_ncut.io.ome_zarr import labels_of, open_picture
from napari_ncut.io.ome_zarr_labels import add_labels, create_labels

PAGE = (Path(__file__).parents[2] / "docs/volume.md").read_text()


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An OME-Zarr of nuclei with their mask, in the current folder."""
    monkeypatch.chdir(tmp_path)
    scene = scenes.nuclei()
    image = scene.image[:120, :140].astype(np.float32)
    scale = v05.ScaleTransformation(scale=[0.5, 0.5])
    axes = [v05.SpaceAxis(name=name, unit="micrometer") for name in "yx"]
    dataset = v05.Dataset(path="0", coordinateTransformations=[scale])
    model = v05.Image(multiscales=[v05.Multiscale(name="n", axes=axes, datasets=[dataset])])
    write_image("big.ome.zarr", model, image, writer="zarr")
    mask = scene.mask[:120, :140]
    levels = create_labels(Path("big.ome.zarr/labels/mask"), mask.shape, (0.5, 0.5))
    levels[0][:] = mask.astype(np.int32)
    add_labels(Path("big.ome.zarr"), "mask")
    return image, mask


def test_the_page_about_volumes_holds_to_the_letter(store, capsys):
    image, mask = store
    line = next(line for line in PAGE.splitlines() if line.startswith("napari-ncut split"))
    assert main(line.split()[1:]) == 0
    wanted = split_touching(mask, image, spacing=(0.5, 0.5))
    found = labels_of(Path("big.ome.zarr"), "split")
    np.testing.assert_array_equal(found.levels[0][:], wanted)
    assert found.spacing == (0.5, 0.5)
    labels = zarr.open_group("big.ome.zarr/labels", mode="r").attrs["ome"]["labels"]
    assert labels == ["mask", "split"]
    assert f"{wanted.max()} objects" in capsys.readouterr().out.splitlines()[-1]
    assert main([*line.split()[1:]]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_store_of_its_own_and_a_threshold(store):
    image, _ = store
    line = "split big.ome.zarr --foreground bright -o other.ome.zarr --memory 100MB"
    assert main(line.split()) == 0
    labels = open_picture(Path("other.ome.zarr")).levels[0][:]
    assert labels.max() > 3
    assert image[labels > 0].min() > image[labels == 0].max()


def test_a_channel_by_parts_is_that_of_the_whole(store):
    write_store("c.ome.zarr", np.stack([NOISE, IMAGE]), "cyx", [1, 0.5, 0.5], ["GFP", "DAPI"])
    add_mask("c.ome.zarr")
    image, mask = store
    for name, channel, picture in (
        ("one", "--channel DAPI", image),
        ("both", "", np.stack([NOISE, image], -1)),
    ):
        line = f"split c.ome.zarr --labels mask {channel} --name {name} --memory 20MB"
        assert main(line.split()) == 0
        wanted = split_touching(
            mask, picture, spacing=(0.5, 0.5), channel_axis=None if channel else -1
        )
        found = labels_of(Path("c.ome.zarr"), name).levels[0][:]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("option", ["--drop-small 9", "--smoothing 1", "--planes", "-o out.tif"])
def test_what_takes_the_whole_is_done_in_memory(store, option, capsys):
    assert main(f"split big.ome.zarr --foreground bright {option}".split()) == 0
    out = capsys.readouterr().out
    assert "objects" in out
    if option.startswith("-o"):
        assert Path("out.tif").is_file()
        return
    assert out.splitlines()[-1].startswith("big.ome.zarr/labels/split: ")
    assert labels_of(Path("big.ome.zarr"), "split").levels[0][:].max() > 3
    recipe = read_provenance("big.ome.zarr/labels/split")
    assert recipe["image"] == "big.ome.zarr"
    assert (
        main(["split", "big.ome.zarr", "--like", "big.ome.zarr/labels/split", "-o", "l.tif"]) == 0
    )


def test_the_frames_of_a_movie_are_split_each_on_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_store("movie.ome.zarr", FRAMES[:, np.newaxis], "tcyx", [30, 1, 0.5, 0.5])
    assert main(["split", "movie.ome.zarr", "--foreground", "bright", "--name", "cells"]) == 0
    found = read_labels("movie.ome.zarr/labels/cells")
    assert (found.axes, found.interval, found.spacing) == ("TYX", 30.0, (0.5, 0.5))
    assert found.data[0].max() == found.data[1].max() > 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("split missing.ome.zarr --labels mask", "No such file"),
        ("split big.ome.zarr --labels other", "there are mask"),
        ("split big.ome.zarr --labels mask -o out.png", ".ome.zarr"),
        ("split big.ome.zarr --labels mask --drop-small 9 --resume", "done as a whole"),
        ("split big.ome.zarr --labels mask --channel 2", "it has 1 channel"),
        ("split channels.ome.zarr --foreground bright", "called DAPI, GFP; say which"),
        ("split channels.ome.zarr --foreground bright --channel x", "called DAPI, GFP; wanted"),
        ("split channels.ome.zarr", "--labels takes those of an image"),
        ("split big.ome.zarr --labels mask --memory lots", "memory is 'lots'"),
        ("split big.ome.zarr --labels mask --name ../x", "--name is"),
        ("split big.ome.zarr --labels mask --scheduler tcp://127.0.0.1:9", "no dask scheduler"),
        ("split empty.zarr --labels mask", "has no labels"),
        ("split empty.zarr", "is no Zarr store"),
    ],
)
def test_what_is_wrong_is_one_sentence(store, capsys, line, words):
    Path("empty.zarr").mkdir()
    write_store("channels.ome.zarr", np.stack([IMAGE, NOISE]), "cyx", [1, 1, 1], ["DAPI", "GFP"])
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    names = sorted(path.name for path in Path("big.ome.zarr/labels").iterdir())
    assert [name for name in names if name != "zarr.json"] == ["mask"]
