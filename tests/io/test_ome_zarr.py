"""OME-Zarr: what a store says is understood, whatever wrote it; what is wrong is one sentence."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaozarrs
import zarr
from tests.io.stores import FRAMES, IMAGE, MASK, NOISE, add_mask, write_plate, write_store

from napari_ncut import Recipe, SplitSettings, scenes, split_touching
from napari_ncut.cli import main
from napari_ncut.files import read_image, read_labels, read_provenance, write_labels
from napari_ncut.io.ome_zarr import images_of, open_picture
from napari_ncut.io.ome_zarr_labels import create_labels, fill_pyramid
from napari_ncut.reader import get_reader, read
from napari_ncut.writer import write


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def old_store(path, data, axes="yx", **multiscale):
    """Write an OME-Zarr 0.4, as most programs do."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", shape=data.shape, chunks=data.shape, dtype=data.dtype)[...] = data
    kinds = {"t": "time", "c": "channel"}
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": axis, "type": kinds.get(axis, "space")} for axis in axes],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(axes)}],
                }
            ],
            **multiscale,
        }
    ]
    return group


def test_channels_sizes_and_place_are_understood():
    write_store("a.ome.zarr", np.stack([IMAGE, NOISE]), "cyx", [1, 0.5, 0.25], ["DAPI", "GFP"])
    image = read_image("a.ome.zarr")
    assert (image.axes, image.spacing, image.unit) == ("YXC", (0.5, 0.25), "µm")
    assert image.channels == ("DAPI", "GFP")
    assert image.source == "OME-Zarr"
    for channel in ("dapi", "1", 1):
        one = read_image("a.ome.zarr", channel=channel)
        assert one.axes == "YX"
        assert one.text == "channel 1 of 2 (DAPI)"
        np.testing.assert_array_equal(one.data, IMAGE)
    for channel in ("3", "0", "RFP", "-1", "1.0", ""):
        with pytest.raises(ValueError, match=r"a\.ome\.zarr: it has 2 channels, called DAPI, GFP;"):
            read_image("a.ome.zarr", channel=channel)


def test_a_channel_of_a_tiff_is_taken_too():
    import tifffile

    names = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite("a.ome.tif", np.stack([NOISE, IMAGE]), metadata=names)
    np.testing.assert_array_equal(read_image("a.ome.tif", channel="gfp").data, IMAGE)
    np.testing.assert_array_equal(read_image("a.ome.tif", channel=2).data, IMAGE)
    tifffile.imwrite("b.tif", IMAGE)
    np.testing.assert_array_equal(read_image("b.tif", channel=1).data, IMAGE)
    with pytest.raises(ValueError, match=r"b\.tif: it has 1 channel;"):
        read_image("b.tif", channel=2)


def test_a_store_of_version_0_4_with_what_the_whole_is_scaled_by():
    whole = [{"type": "scale", "scale": [30.0, 0.5, 0.5]}]
    group = old_store("a.zarr", FRAMES, "tyx", coordinateTransformations=whole)
    group.attrs["omero"] = {"channels": [{"label": "no window, so that it is not valid"}]}
    image = read_image("a.zarr")
    assert (image.axes, image.spacing, image.unit) == ("TYX", (0.5, 0.5), None)
    np.testing.assert_array_equal(image.data, FRAMES)


def test_nothing_is_said_by_ones_without_a_unit():
    old_store("a.zarr", IMAGE)
    assert read_image("a.zarr").spacing is None


def test_results_come_back_as_they_were():
    labels = split_touching(MASK)
    recipe = Recipe(SplitSettings(neck=0.9)).to_dict()
    for data, axes in ((labels, "YX"), (np.stack([labels, labels]), "TYX")):
        path = f"{axes}.ome.zarr"
        write_labels(
            path,
            data,
            axes=axes,
            spacing=(0.5, 0.25),
            unit="µm",
            interval=7.0,
            translate=(3.0, -4.0),
            provenance=recipe,
        )
        found = read_labels(path)
        np.testing.assert_array_equal(found.data, data)
        assert (found.axes, found.spacing, found.unit) == (axes, (0.5, 0.25), "µm")
        assert found.interval == (7.0 if axes == "TYX" else None)
        assert found.origin == (3.0, -4.0)
        assert Recipe.from_dict(read_provenance(path)).to_dict() == recipe
        layers = read(path)
        assert [kind for _, _, kind in layers] == ["labels"]
        assert layers[0][1]["scale"][-2:] == [0.5, 0.25]
        assert layers[0][1]["metadata"]["napari_ncut"]["settings"]["neck"] == 0.9
    with pytest.raises(FileExistsError):
        write_labels("YX.ome.zarr", labels)
    write_labels("YX.ome.zarr", labels + 1, force=True)
    np.testing.assert_array_equal(read_labels("YX.ome.zarr").data, labels + 1)
    assert sorted(path.name for path in Path().iterdir()) == ["TYX.ome.zarr", "YX.ome.zarr"]


def test_what_others_wrote_is_never_overwritten():
    write_store("image.ome.zarr", IMAGE, "yx", [1, 1])
    with pytest.raises(FileExistsError, match="no result of napari-ncut"):
        write_labels("image.ome.zarr", MASK.astype(int), force=True)
    np.testing.assert_array_equal(read_image("image.ome.zarr").data, IMAGE)
    line = "image.ome.zarr --foreground bright"
    assert main(f"split {line} -o image.ome.zarr --force".split()) == 2


def test_a_write_that_fails_leaves_nothing(monkeypatch):
    write_labels("a.ome.zarr", MASK.astype(int))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_ncut.io.ome_zarr_labels.fill_pyramid", full)
    with pytest.raises(OSError, match="No space"):
        write_labels("a.ome.zarr", 2 * MASK.astype(int), force=True)
    assert [path.name for path in Path().iterdir()] == ["a.ome.zarr"]
    assert read_labels("a.ome.zarr").data.max() == 1


@pytest.mark.parametrize("shape", [(601, 300), (40, 300, 300), (3, 601, 300), (2, 9, 520, 300)])
def test_a_pyramid_lies_where_its_pixels_do(shape):
    labels = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    n = 2 if shape[-1] == 300 and len(shape) < 4 and shape[0] in (601, 3) else 3
    levels = create_labels(Path("a.ome.zarr"), shape, (0.5,) * n, interval=2.0)
    levels[0][...] = labels
    fill_pyramid(levels, monitor())
    ome = zarr.open_group("a.ome.zarr").attrs["ome"]["multiscales"][0]
    assert len(levels) > 1
    for level, dataset in zip(levels, ome["datasets"], strict=True):
        scale = dataset["coordinateTransformations"][0]["scale"]
        steps = [int(size / (0.5 if k >= len(shape) - n else 2.0)) for k, size in enumerate(scale)]
        assert steps[: len(shape) - n] == [1] * (len(shape) - n)
        wanted = labels[tuple(slice(None, None, step) for step in steps)]
        np.testing.assert_array_equal(level[...], wanted)


def monitor():
    from napari_ncut.core.monitor import Monitor

    return Monitor()


def test_every_field_of_a_plate_has_a_name():
    write_plate("p.ome.zarr", [("A", "1", "0"), ("A", "1", "1"), ("B", "12", "0")])
    found = images_of(Path("p.ome.zarr"))
    assert sorted(name for name, _ in found) == ["A_1_0", "A_1_1", "B_12_0"]
    with pytest.raises(ValueError, match=r"holds 3 images; name one of them, as in p\.ome\.zarr/"):
        read_image("p.ome.zarr")
    np.testing.assert_array_equal(read_image("p.ome.zarr/B/12/0", channel=1).data, IMAGE)


def test_a_field_of_a_plate_is_called_by_its_place_in_napari():
    write_plate("p.ome.zarr", [("A", "1", "0"), ("B", "12", "0")])
    (_, image, _), (_, mask, _) = read("p.ome.zarr/B/12/0")
    assert image["name"] == ["p_B_12_0 DAPI", "p_B_12_0 GFP"]
    assert mask["name"] == "mask"


def test_what_bioformats2raw_wrote_is_its_only_image():
    root = zarr.open_group("a.zarr", mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    old_store("a.zarr/0", IMAGE)
    np.testing.assert_array_equal(read_image("a.zarr").data, IMAGE)
    old_store("a.zarr/1", IMAGE)
    with pytest.raises(ValueError, match="holds 2 images"):
        read_image("a.zarr")
    assert images_of(Path("a.zarr"))[1] == ("1", Path("a.zarr/1"))


def test_a_plate_that_leads_out_of_its_store_is_refused():
    old_store("secret.zarr", IMAGE)
    root = zarr.open_group("p.zarr", mode="w", zarr_format=2)
    root.attrs["plate"] = {
        "version": "0.4",
        "rows": [{"name": "A"}],
        "columns": [{"name": "1"}],
        "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}],
    }
    well = zarr.open_group("p.zarr/A/1", mode="w", zarr_format=2)
    well.attrs["well"] = {"images": [{"path": "../../../secret.zarr"}], "version": "0.4"}
    with pytest.raises(ValueError, match=r"is no image|leads out"):
        images_of(Path("p.zarr"))


class Bomb:
    """Tells whether it was unpacked."""

    def __reduce__(self):
        return Path.touch, (Path("boom"),)


def test_no_code_in_a_store_is_run():
    """A chunk of objects, or one whose codec is pickle, would run whatever it says."""
    group = old_store("a.zarr", np.zeros((3, 3)))
    said = json.loads(Path("a.zarr/0/.zarray").read_text())
    chunk = pickle.dumps([Bomb()])
    for change in ({"dtype": "|O"}, {"compressor": None}):
        said |= {"filters": [{"id": "pickle", "protocol": 5}], **change}
        Path("a.zarr/0/.zarray").write_text(json.dumps(said))
        Path("a.zarr/0/0.0").write_bytes(chunk)
        for reader in (read_image, read_labels, read, lambda path: open_picture(Path(path))):
            with pytest.raises(ValueError, match=r"a\.zarr: is no image of an OME-Zarr"):
                reader("a.zarr")
        said["dtype"] = "<f8"
    assert group is not None
    assert not Path("boom").exists()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda: Path("a.zarr/.zattrs").write_text("{"), "is no image"),
        (lambda: Path("a.zarr/.zattrs").unlink(), "is no image"),
        (lambda: Path("a.zarr/0/.zarray").unlink(), "is no image"),
        (lambda: Path("a.zarr/0/0.0").write_bytes(b"no chunk"), "cannot be read"),
        (lambda: Path("a.zarr/.zgroup").unlink(), "is no Zarr store"),
    ],
)
def test_what_is_wrong_with_a_store_is_one_sentence(damage, words):
    old_store("a.zarr", IMAGE)
    damage()
    for reader in (read_image, read_labels):
        with pytest.raises(ValueError, match=words) as error:
            reader("a.zarr")
        assert str(error.value).count("a.zarr") == 1
        assert "\n" not in str(error.value)


def test_a_store_that_is_larger_than_the_memory_is_told_what_does_it():
    group = old_store("a.zarr", IMAGE)
    group.create_array("big", shape=(10**7, 10**7), chunks=(100, 100), dtype="f8")
    said = group.attrs["multiscales"]
    said[0]["datasets"][0]["path"] = "big"
    group.attrs["multiscales"] = said
    with pytest.raises(ValueError, match="more than the memory; `napari-ncut split`"):
        read_image("a.zarr")


def test_napari_gets_the_image_its_channels_and_its_labels():
    write_store("a.ome.zarr", np.stack([IMAGE, NOISE]), "cyx", [1, 0.5, 0.5], ["DAPI", "GFP"])
    add_mask("a.ome.zarr")
    assert get_reader("a.ome.zarr") is read
    assert get_reader(str(Path.cwd())) is None
    (image, options, kind), (mask, place, other) = read("a.ome.zarr")
    assert (kind, other) == ("image", "labels")
    assert options["name"] == ["a DAPI", "a GFP"]
    assert image.shape[options["channel_axis"]] == 2
    assert options["scale"] == place["scale"] == [0.5, 0.5]
    np.testing.assert_array_equal(mask, MASK)


def test_what_is_large_is_shown_from_where_it_is(monkeypatch):
    monkeypatch.setattr("napari_ncut.reader.LARGE", 1000)
    write_store("a.ome.zarr", np.stack([IMAGE, NOISE]), "cyx", [1, 0.5, 0.5])
    levels = create_labels(Path("a.ome.zarr/labels/mask"), (600, 500), (0.5, 0.5))
    levels[0][:40] = 3
    fill_pyramid(levels, monitor())
    (image, options, _), (mask, place, kind) = read("a.ome.zarr")
    assert not isinstance(image, np.ndarray)
    np.testing.assert_array_equal(np.asarray(image)[..., 0], IMAGE)
    assert options["name"] == ["a 1", "a 2"]
    assert kind == "labels"
    assert place["multiscale"]
    assert [level.shape for level in mask] == [(600, 500), (300, 250), (150, 125)][: len(mask)]
    write("saved.tif", mask, {"multiscale": True, "scale": [0.5, 0.5]})
    assert read_labels("saved.tif").data.sum() == 3 * 40 * 500


@pytest.mark.parametrize("ndim", [2, 3])
def test_labels_of_an_image_of_version_0_4_are_of_0_4(ndim):
    # Programs that read 0.4 find them, in the image and in its list of labels.
    scene = scenes.field(12, size=300 if ndim == 2 else 70, radius=(9, 13), ndim=ndim)
    old_store("old.ome.zarr", scene.image, "zyx"[-ndim:])
    line = "split old.ome.zarr --foreground bright --name cells"
    assert main(line.split()) == 0
    assert main(line.replace("cells", "more").split()) == 0
    group = zarr.open_group("old.ome.zarr", mode="r", zarr_format=2)
    assert group["labels"].attrs["labels"] == ["cells", "more"]
    labels = group["labels/cells"]
    assert labels.metadata.zarr_format == 2
    assert labels["0"].metadata.zarr_format == 2
    assert "image-label" in labels.attrs
    assert yaozarrs.validate_ome_object(dict(labels.attrs)).multiscales[0].version == "0.4"
    yaozarrs.validate_zarr_store("old.ome.zarr/labels/cells")
    found = read_labels("old.ome.zarr/labels/cells")
    assert found.data.max() > 3
    recipe = Recipe.from_dict(read_provenance("old.ome.zarr/labels/cells"))
    assert (recipe.mode, recipe.image, recipe.spatial_ndim) == ("split", "old.ome.zarr", ndim)
    assert recipe.threshold is not None
    np.testing.assert_array_equal(found.data, labels["0"][...])
