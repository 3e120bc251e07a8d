"""Every row of the page "What napari-ncut makes of your file" writes the file and reads it."""

import json
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from scipy import ndimage
from tests.io.stores import IMAGE, NOISE, add_mask, write_czi, write_plate, write_store
from tests.io.stores import MASK as STORED

from napari_ncut import scenes
from napari_ncut.cli import main
from napari_ncut.files import read_image, read_labels, write_labels
from napari_ncut.io.ome_zarr_labels import create_labels

PAGE = Path(__file__).parents[2] / "docs/files.md"
SCENE = scenes.circles(4)
MASK = SCENE.mask
GREY = MASK.astype(np.uint8) * 255
STACK = np.stack([GREY] * 3)
UM = {"axes": "ZYX", "unit": "um"}
FALLING = np.tile(np.arange(255, -1, -1, dtype=np.uint8), (3, 1))


def tiff(data=GREY, **options):
    tifffile.imwrite("a.tif", data, **options)
    return "a.tif"


def imagej(spacing=None, resolution=(10, 10), **metadata):
    more = {} if spacing is None else {"spacing": spacing}
    return tiff(STACK, imagej=True, resolution=resolution, metadata=UM | more | metadata)


def ome(**sizes):
    return tiff(STACK, ome=True, metadata={"axes": "ZYX"} | sizes)


def picture(data, name="a.png", palette=None, **options):
    image = PIL.Image.fromarray(data)
    if palette is not None:
        image = PIL.Image.fromarray(data, "P")
        image.putpalette(palette)
    image.save(name, **options)
    return name


def npy(data, name="a.npy"):
    np.save(name, data)
    return name


def size_is(path, spacing, unit="µm"):
    found = read_image(path)
    assert found.spacing == (None if spacing is None else pytest.approx(spacing))
    assert found.unit == (None if spacing is None else unit)


def foreground_is(path, wanted=MASK, text="", **options):
    found = read_labels(path, **options)
    np.testing.assert_array_equal(found.data > 0, wanted)
    assert text in found.text


def labels_are(path, wanted=SCENE.truth):
    found = read_labels(path)
    assert "4 labels" in found.text
    # Their numbers may differ, not which pixels have the same.
    pairs = np.unique(np.stack([found.data.ravel(), wanted.ravel()]), axis=1)
    assert pairs.shape[1] == 5
    assert ((found.data > 0) == (wanted > 0)).all()


def stops(capsys, words, message):
    assert main([*words.split(), "-o", "out.tif"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "--" in said
    assert not Path("out.tif").exists()


def runs(capsys, words):
    assert main([*words.split(), "-o", "out.tif", "--force"]) == 0
    return capsys.readouterr().out


class Rows:
    """A method for each row, by its name with underscores."""

    def tiff(self, capsys):
        for path in (tiff(), tiff(ome=True), tiff(imagej=True)):
            foreground_is(path)

    def png(self, capsys):
        foreground_is(picture(GREY, "a.png"))
        foreground_is(picture(GREY, "a.bmp"))

    def jpeg(self, capsys):
        foreground_is(picture(GREY, "a.jpg", quality=60), text="grey values")
        assert read_image("a.jpg").data.shape == MASK.shape

    def npy(self, capsys):
        foreground_is(npy(GREY))
        assert read_image(npy(np.zeros((40, 50, 3)))).axes == "YXS"

    def other(self, capsys):
        Path("a.h5").write_bytes(b"")
        with pytest.raises(ValueError, match=r"is HDF5, .* h5py reads it"):
            read_image("a.h5")

    def misnamed(self, capsys):
        Path(picture(GREY)).rename("a.tif")
        with pytest.raises(ValueError, match=r"a\.tif: .* it is PNG"):
            read_image("a.tif")

    def damaged(self, capsys):
        Path("a.tif").write_bytes(b"II*\0nonsense")
        with pytest.raises(ValueError, match=r"a\.tif: it cannot be read"):
            read_image("a.tif")

    def imagej(self, capsys):
        size_is(imagej(2), (2, 0.1, 0.1))

    def imagej_below(self, capsys):
        size_is(imagej(-2), (2, 0.1, 0.1))

    def ome(self, capsys):
        size_is(ome(PhysicalSizeX=0.1, PhysicalSizeY=0.2, PhysicalSizeZ=2), (2, 0.2, 0.1))

    def units(self, capsys):
        sizes = {"PhysicalSizeX": 100, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.1}
        sizes |= {"PhysicalSizeZ": 0.002, "PhysicalSizeZUnit": "mm"}
        size_is(ome(**sizes), (2, 0.1, 0.1))
        size_is(imagej(300, zunit="nm"), (0.3, 0.1, 0.1))

    def units_unknown(self, capsys):
        sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
        path = ome(**sizes, PhysicalSizeZ=2, PhysicalSizeZUnit="li")
        stops(capsys, f"split {path}", "units that do not go together")

    def tifffile(self, capsys):
        size_is(tiff(STACK, resolution=(10, 10), metadata=UM | {"spacing": 2}), (2, 0.1, 0.1))
        sizes = {f"PhysicalSize{axis}": size for axis, size in (("X", 0.1), ("Y", 0.1), ("Z", 2))}
        size_is(tiff(STACK, metadata={"axes": "ZYX"} | sizes), (2, 0.1, 0.1))

    def some(self, capsys):
        size_is(imagej(), (0.1, 0.1, 0.1))
        size_is(ome(PhysicalSizeX=0.1, PhysicalSizeY=0.1), (0.1, 0.1, 0.1))
        assert "nothing for z, which is taken to be 0.1 too" in runs(capsys, "split a.tif")

    def some_oblong(self, capsys):
        stops(capsys, f"split {imagej(resolution=(10, 5))}", "nothing for z; pass --spacing")

    def no_length(self, capsys):
        for size in ("0", "-2", "nan", "inf", "wide"):
            path = ome(PhysicalSizeX=0.1, PhysicalSizeY=0.1, PhysicalSizeZ=size)
            size_is(path, (0.1, 0.1, 0.1))
        size_is(imagej(0), (0.1, 0.1, 0.1))
        sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
        size_is(ome(**sizes, PhysicalSizeZ=1, PhysicalSizeZUnit="pixel"), (0.1, 0.1, 0.1))

    def dpi(self, capsys):
        for dots in (72, 300, 4800):
            size_is(tiff(resolution=(dots, dots), resolutionunit="INCH"), None)
            size_is(imagej(resolution=(dots, dots), unit="inch"), None)
        assert "4800 dots an inch are no size" in runs(capsys, "split a.tif")

    def dpi_cm(self, capsys):
        for dots in (72, 96, 300, 600, 1200):
            tiff(resolution=(dots / 2.54, dots / 2.54), resolutionunit="CENTIMETER")
            size_is("a.tif", None)

    def cm(self, capsys):
        size_is(tiff(resolution=(10000, 10000), resolutionunit="CENTIMETER"), (1, 1))
        size_is(tiff(resolution=(254000, 254000), resolutionunit="INCH"), (0.1, 0.1))

    def nothing(self, capsys):
        size_is(tiff(), None)
        assert "pixel size not known, 1 along every axis" in runs(capsys, "split a.tif")
        assert read_labels("out.tif").spacing is None

    def disagree(self, capsys):
        Path(imagej(2)).rename("b.tif")
        stops(capsys, f"split {imagej(3)} --image b.tif", "The pixel sizes differ")

    def two(self, capsys):
        for value in (1, 7, 255, 65535):
            foreground_is(tiff(MASK.astype(np.uint16) * value), text=f"a mask (0 and {value})")

    def no_zero(self, capsys):
        stops(capsys, f"split {tiff(MASK.astype(np.uint8) + 1)}", "pass --foreground 2")
        foreground_is("a.tif", foreground="2")

    def labels(self, capsys):
        labels_are(tiff(SCENE.truth.astype(np.uint16)))
        assert "a.tif: 4 labels" in runs(capsys, "split a.tif")

    def grey(self, capsys):
        large = ndimage.zoom(GREY, 2, order=0) > 0
        for grey in (ndimage.zoom(GREY, 2, order=1), ndimage.gaussian_filter(large * 255.0, 1)):
            found = read_labels(tiff(grey.astype(np.uint8)))
            assert "a mask with" in found.text
            assert np.mean((found.data > 0) != large) < 0.01
            assert "4 objects" in runs(capsys, "split a.tif")

    def image(self, capsys):
        stops(capsys, f"split {tiff(scenes.nuclei().image)}", "pass --foreground '>")
        inside = scenes.nuclei().image > 60
        foreground_is("a.tif", inside, foreground=">60")

    def negative(self, capsys):
        stops(capsys, f"split {npy(np.where(MASK, 3, -1))}", "Pass --foreground '>0'")

    def nan(self, capsys):
        for bad in (np.where(MASK, 1, np.nan), MASK * 1j, MASK.astype("M8[s]")):
            with pytest.raises(ValueError, match=r"a\.npy: it holds"):
                read_labels(npy(bad))

    def inverted(self, capsys):
        for data in (GREY, 255 - GREY):
            foreground_is(tiff(data, photometric="miniswhite"))
            foreground_is(tiff(data, imagej=True, metadata={"LUTs": [FALLING]}))
            foreground_is(picture(data // 255, palette=[255, 255, 255, 0, 0, 0]))

    def one_bit(self, capsys):
        foreground_is(picture(MASK, "a.png"))
        foreground_is(picture(MASK, "a.bmp"))
        foreground_is(picture(MASK, "a.tif"))
        for data in (MASK, ~MASK):
            foreground_is(tiff(data, photometric="miniswhite"))

    def palette(self, capsys):
        colours = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0]
        labels_are(picture(SCENE.truth.astype(np.uint8), palette=colours))
        # Another order of the same colours is the same picture.
        order = np.array([3, 0, 4, 1, 2], np.uint8)
        shuffled = np.array(colours).reshape(-1, 3)[np.argsort(order)]
        labels_are(picture(order[SCENE.truth], palette=shuffled.ravel().tolist()))

    def grey_colours(self, capsys):
        foreground_is(picture(np.stack([GREY] * 3, axis=-1)))

    def colours(self, capsys):
        table = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 200, 200]])
        labels_are(picture(table[SCENE.truth].astype(np.uint8)))
        blue_on_white = np.where(MASK[..., np.newaxis], (0, 0, 255), 255).astype(np.uint8)
        foreground_is(picture(blue_on_white), text="one colour")

    def photo(self, capsys):
        noise = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
        stops(capsys, f"split {picture(noise)}", "3 different channels")

    def alpha(self, capsys):
        drawing = np.zeros((*MASK.shape, 4), np.uint8)
        drawing[..., 3] = GREY
        foreground_is(picture(drawing), text="what is opaque")
        drawing[..., :3], drawing[..., 3] = GREY[..., np.newaxis], 255
        foreground_is(picture(drawing))

    def ome_zarr(self, capsys):
        write_store("a.ome.zarr", np.stack([IMAGE, NOISE]), "cyx", [1, 0.5, 0.5], ["DAPI", "GFP"])
        add_mask("a.ome.zarr")
        found = read_image("a.ome.zarr")
        assert (found.axes, found.channels) == ("YXC", ("DAPI", "GFP"))
        size_is("a.ome.zarr", (0.5, 0.5))
        foreground_is("a.ome.zarr/labels/mask", STORED, "1 label")

    def microscope(self, capsys):
        # Its reader is not built for every Python yet.
        pytest.importorskip("bioio_czi")
        planes = np.arange(2 * 3 * 40 * 60, dtype=np.uint16).reshape(2, 3, 40, 60)
        write_czi("a.czi", planes, ("DAPI", "GFP"), (2.0, 0.5, 0.25))
        found = read_image("a.czi", channel="GFP")
        assert (found.axes, found.source) == ("ZYX", "bioio")
        size_is("a.czi", (2.0, 0.5, 0.25))
        np.testing.assert_array_equal(found.data, planes[1])

    def plate(self, capsys):
        write_plate("p.ome.zarr", [("A", "1", "0"), ("B", "3", "0")])
        with pytest.raises(ValueError, match="holds 2 images; name one of them"):
            read_image("p.ome.zarr")
        line = "batch p.ome.zarr --foreground bright --channel 1 -o all"
        assert main(line.split()) == 0

    def pickle(self, capsys):
        write_store("a.ome.zarr", IMAGE, "yx", [1, 1])
        path = Path("a.ome.zarr/0/zarr.json")
        said = json.loads(path.read_text())
        said["codecs"].append({"name": "numcodecs.pickle", "configuration": {}})
        path.write_text(json.dumps(said))
        with pytest.raises(ValueError, match=r"a\.ome\.zarr: is no image of an OME-Zarr"):
            read_image("a.ome.zarr")

    def ome_zarr_size(self, capsys):
        write_store("a.ome.zarr", IMAGE, "yx", [0.5, 0.25])
        size_is("a.ome.zarr", (0.5, 0.25))
        levels = create_labels(Path("b.ome.zarr"), IMAGE.shape, (1, 1))
        levels[0][:] = STORED
        size_is("b.ome.zarr", None)

    def channel(self, capsys):
        tiff(np.stack([GREY, 255 - GREY]), ome=True, metadata={"axes": "CYX"})
        assert main(["cut", "a.tif", "--channel", "1", "-n", "2", "-o", "one.tif"]) == 0
        assert "a.tif: channel 1 of 2, 100 x 100 (YX)" in capsys.readouterr().out
        stops(capsys, "cut a.tif --channel DAPI", "it has 2 channels; wanted the name of one")

    def ours(self, capsys):
        noise = np.random.default_rng(0).integers(0, 50, (20, 30))
        write_labels("a.tif", noise)
        np.testing.assert_array_equal(read_labels("a.tif").data, noise)

    def empty(self, capsys):
        assert "0 objects, the mask is empty" in runs(capsys, f"split {tiff(GREY * 0)}")
        assert not read_labels("out.tif").data.any()

    def named(self, capsys):
        data = np.zeros((2, 3, 4, 20, 30), np.uint8)
        path = tiff(data, imagej=True, metadata={"axes": "TZCYX"})
        assert read_image(path).axes == "TZYXC"

    def unnamed(self, capsys):
        path = tiff(STACK, photometric="minisblack")
        assert read_image(path).spatial_ndim == 3
        assert "the file does not name its axes, --axes does" in runs(capsys, f"split {path}")
        assert read_image(path, axes="TYX").spatial_ndim == 2

    def slices(self, capsys):
        assert "12 objects, 3 planes" in runs(capsys, f"split {imagej()} --axes TYX")

    def planes(self, capsys):
        assert "a volume of 3 x" in runs(capsys, f"split {imagej()}")
        assert "12 objects, 3 planes" in runs(capsys, f"split {imagej()} --planes")

    def channels(self, capsys):
        two = npy(np.stack([SCENE.image, SCENE.image]))
        stops(capsys, f"split {tiff()} --image {two}", "name the axes, as in --axes CYX")
        assert "4 objects" in runs(capsys, f"split a.tif --image {two} --axes CYX")

    def length_1(self, capsys):
        path = tiff(GREY.reshape(1, 1, 1, 100, 100), imagej=True, metadata={"axes": "TZCYX"})
        assert read_image(path).axes == "YX"

    def interval(self, capsys):
        runs(capsys, f"split {imagej(axes='TYX', finterval=2.5)}")
        assert read_labels("out.tif").interval == 2.5

    def origin(self, capsys):
        runs(capsys, f"split {imagej(2, xorigin=-30, zorigin=1)}")
        assert read_labels("out.tif").origin == pytest.approx((-2, 0, 3))


def names():
    """The names of the rows of all tables of the page."""
    return re.findall(r"\| `([a-z0-9-]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", names())
def test_every_row_holds(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    getattr(Rows(), name.replace("-", "_"))(capsys)


def test_every_row_has_a_test_and_every_test_a_row():
    tested = {name for name in vars(Rows) if not name.startswith("_")}
    assert len(names()) == len(set(names()))
    assert tested == {name.replace("-", "_") for name in names()}
