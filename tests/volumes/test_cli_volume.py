"""The page about large volumes holds to the letter; what is wrong with a store is a sentence."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from yaozarrs import v05
from yaozarrs.write.v05 import write_image

from napari_ncut import scenes, split_touching
from napari_ncut.cli import main
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


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("split missing.ome.zarr --labels mask", "No such file"),
        ("split big.ome.zarr --labels other", "there are mask"),
        ("split big.ome.zarr --labels mask -o out.tif", ".ome.zarr"),
        ("split big.ome.zarr --labels mask --memory lots", "memory is 'lots'"),
        ("split big.ome.zarr --labels mask --name ../x", "--name is"),
        ("split big.ome.zarr --labels mask --scheduler tcp://127.0.0.1:9", "no dask scheduler"),
        ("split empty.zarr --labels mask", "has no labels"),
        ("split empty.zarr", "is no Zarr store"),
    ],
)
def test_what_is_wrong_is_one_sentence(store, capsys, line, words):
    Path("empty.zarr").mkdir()
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    names = sorted(path.name for path in Path("big.ome.zarr/labels").iterdir())
    assert [name for name in names if name != "zarr.json"] == ["mask"]
