"""Images and label images on disk."""

import json
import os
import re
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ncut.files import (
    check_output,
    read_image,
    read_labels,
    read_provenance,
    write_labels,
)

RECIPE = {"mode": "cut", "settings": {"beta": 0.25}, "sources": {"image": "µ = 3\n.tif"}}
SPACINGS = {"YX": (0.1, 0.37), "ZYX": (2.0, 0.1, 0.37), "TYX": (0.1, 0.37), "TZYX": (2.0, 0.1, 0.3)}
# ImageJ has no integers above the first, so that the second is written as OME-TIFF.
HIGHEST = [65535, 65536]


def labels_of(axes, highest=7):
    sizes = {"T": 3, "Z": 4, "Y": 20, "X": 30}
    labels = np.zeros([sizes[axis] for axis in axes], dtype=np.int32)
    labels[..., 5:, 7:] = 2
    labels[..., -1, -1] = highest
    return labels


@pytest.mark.parametrize("highest", HIGHEST)
@pytest.mark.parametrize("axes", SPACINGS)
def test_labels_spacing_and_recipe_come_back(tmp_path, axes, highest):
    path = tmp_path / "labels.tif"
    labels = labels_of(axes, highest)
    write_labels(path, labels, spacing=SPACINGS[axes], unit="µm", axes=axes, provenance=RECIPE)
    image = read_labels(path)
    np.testing.assert_array_equal(image.data, labels)
    assert image.axes == axes
    assert image.spacing == pytest.approx(SPACINGS[axes], rel=1e-9)
    assert image.unit == "µm"
    assert read_provenance(path) == RECIPE


@pytest.mark.parametrize("highest", HIGHEST)
def test_labels_without_spacing_or_recipe_come_back_without(tmp_path, highest):
    path = tmp_path / "labels.tif"
    write_labels(path, labels_of("ZYX", highest))
    image = read_labels(path)
    assert (image.axes, image.spacing, image.unit) == ("ZYX", None, None)
    with pytest.raises(ValueError, match="holds no recipe"):
        read_provenance(path)


def test_spacing_without_unit_comes_back_in_pixels(tmp_path):
    path = tmp_path / "labels.tif"
    write_labels(path, labels_of("ZYX"), spacing=(2, 1, 1))
    image = read_labels(path)
    assert image.spacing == pytest.approx((2, 1, 1))
    assert image.unit == "pixel"


@pytest.mark.parametrize("highest", HIGHEST)
def test_napari_reads_the_labels(tmp_path, highest):
    from napari_builtins.io import napari_get_reader

    path = tmp_path / "labels.tif"
    labels = labels_of("ZYX", highest)
    write_labels(path, labels, spacing=(2, 0.1, 0.37), provenance=RECIPE)
    reader = napari_get_reader(str(path))
    np.testing.assert_array_equal(np.asarray(reader(str(path))[0][0]), labels)


def test_fiji_finds_the_spacing_where_it_looks_for_it(tmp_path):
    path = tmp_path / "labels.tif"
    write_labels(path, labels_of("ZYX"), spacing=(2, 0.5, 0.25), unit="µm")
    with tifffile.TiffFile(path) as tif:
        assert tif.imagej_metadata["spacing"] == 2
        assert tif.imagej_metadata["unit"] == "micron"
        tags = tif.pages.first.tags
        assert np.divide(*tags["XResolution"].value) == 4
        assert np.divide(*tags["YResolution"].value) == 2


def test_a_failed_write_leaves_nothing_and_keeps_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "labels.tif"
    path.write_bytes(b"precious")

    def fail(file, *args, **kwargs):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(OSError, match="No space left"):
        write_labels(path, labels_of("YX"), force=True)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_is_overwritten_only_by_force(tmp_path):
    path = tmp_path / "labels.tif"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match="exists already"):
        write_labels(path, labels_of("YX"))
    assert path.read_bytes() == b"precious"
    write_labels(path, labels_of("YX"), force=True)
    np.testing.assert_array_equal(read_labels(path).data, labels_of("YX"))


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("labels.png", ValueError, "written as TIFF"),
        ("nowhere/labels.tif", FileNotFoundError, "does not exist"),
        ("file/labels.tif", FileNotFoundError, "does not exist"),
        ("folder.tif", IsADirectoryError, "is a folder"),
    ],
)
def test_outputs_that_cannot_be_are_told_before_the_run(tmp_path, name, error, message):
    (tmp_path / "file").touch()
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(error, match=message):
        check_output(tmp_path / name)


def test_a_folder_without_permission_is_told_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *args: False)
    with pytest.raises(PermissionError, match="is not writable"):
        check_output(tmp_path / "labels.tif")


@pytest.mark.parametrize("unit", ["um", "\\u00B5m", "micron"])
def test_imagej_stacks_come_with_spacing(tmp_path, unit):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(
        path,
        np.zeros((4, 20, 30), np.uint16),
        imagej=True,
        resolution=(4, 2),
        metadata={"axes": "ZYX", "spacing": 2.5, "unit": unit},
    )
    image = read_image(path)
    assert image.spacing == pytest.approx((2.5, 0.5, 0.25))
    assert image.unit == "µm"


def test_pixel_sizes_of_ome_in_different_units_become_micrometres(tmp_path):
    path = tmp_path / "stack.ome.tif"
    metadata = {"axes": "ZYX", "PhysicalSizeZ": 0.002, "PhysicalSizeZUnit": "mm"}
    metadata |= {"PhysicalSizeY": 0.5, "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm"}
    tifffile.imwrite(path, np.zeros((4, 20, 30), np.uint16), metadata=metadata)
    image = read_image(path)
    assert image.spacing == pytest.approx((2, 0.5, 0.25))
    assert image.unit == "µm"


def test_dots_per_inch_are_no_pixel_size(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8), resolution=(300, 300), resolutionunit=2)
    assert read_image(path).spacing is None


@pytest.mark.parametrize(
    ("axes", "wanted"),
    [
        ("CYX", "YXC"),
        ("ZCYX", "ZYXC"),
        ("TZCYX", "TZYXC"),
        ("TYX", "TYX"),
        ("TCYX", "TYXC"),
    ],
)
def test_time_comes_first_and_channels_last(tmp_path, axes, wanted):
    sizes = {"T": 3, "Z": 4, "C": 2, "Y": 20, "X": 30}
    data = np.arange(np.prod([sizes[axis] for axis in axes]), dtype=np.uint16)
    data = data.reshape([sizes[axis] for axis in axes])
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, data, imagej=True, metadata={"axes": axes})
    image = read_image(path)
    assert image.axes == wanted
    np.testing.assert_array_equal(image.data, data.transpose([axes.index(a) for a in wanted]))
    assert image.channel_axis == (-1 if "C" in axes else None)
    assert image.label_axes == wanted.rstrip("C")
    assert image.spatial_ndim == (3 if "Z" in axes else 2)


def test_axes_of_length_one_are_left_out(tmp_path):
    path = tmp_path / "image.tif"
    data = np.zeros((1, 1, 1, 20, 30), np.uint16)
    tifffile.imwrite(path, data, imagej=True, metadata={"axes": "TZCYX"})
    image = read_image(path)
    assert (image.axes, image.data.shape) == ("YX", (20, 30))


@pytest.mark.parametrize("highest", HIGHEST)
@pytest.mark.parametrize("shape", [(20, 1), (1, 20), (1, 1), (5, 20, 1), (5, 1, 20), (5, 20, 3)])
def test_labels_one_pixel_wide_keep_their_shape(tmp_path, shape, highest):
    path = tmp_path / "labels.tif"
    labels = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    labels.flat[-1] = highest
    write_labels(path, labels)
    np.testing.assert_array_equal(read_labels(path).data, labels)


def test_a_plain_stack_is_a_volume(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((5, 20, 30), np.uint8), photometric="minisblack")
    image = read_image(path)
    assert (image.spatial_ndim, image.channel_axis) == (3, None)


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize("n_channels", [3, 4])
def test_colours_come_without_alpha(tmp_path, suffix, n_channels):
    path = tmp_path / f"photo{suffix}"
    data = np.random.default_rng(0).integers(0, 255, (40, 50, n_channels), dtype=np.uint8)
    if suffix == ".tif":
        tifffile.imwrite(path, data, photometric="rgb")
    else:
        PIL.Image.fromarray(data).save(path)
    image = read_image(path)
    assert (image.axes, image.channel_axis) == ("YXS", -1)
    np.testing.assert_array_equal(image.data, data[..., :3])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16])
def test_grey_png_comes_as_it_is(tmp_path, dtype):
    path = tmp_path / "grey.png"
    data = np.arange(600).reshape(20, 30).astype(dtype)
    PIL.Image.fromarray(data).save(path)
    image = read_image(path)
    assert image.axes == "YX"
    np.testing.assert_array_equal(image.data, data)


def test_grey_png_with_alpha_comes_without(tmp_path):
    path = tmp_path / "grey.png"
    data = np.arange(600, dtype=np.uint8).reshape(20, 30)
    PIL.Image.fromarray(np.stack([data, 255 - data], axis=-1), "LA").save(path)
    image = read_image(path)
    assert image.axes == "YX"
    np.testing.assert_array_equal(image.data, data)


@pytest.mark.parametrize(
    ("shape", "axes"), [((20, 30), "YX"), ((5, 20, 3), "ZYX"), ((40, 50, 3), "YXS")]
)
def test_npy_colours_are_told_as_napari_tells_them(tmp_path, shape, axes):
    path = tmp_path / "image.npy"
    np.save(path, np.zeros(shape, np.float32))
    assert read_image(path).axes == axes


def test_a_grey_mask_saved_as_colours_is_a_mask(tmp_path):
    path = tmp_path / "mask.png"
    mask = np.zeros((40, 50), np.uint8)
    mask[5:9] = 255
    PIL.Image.fromarray(np.stack([mask] * 3, axis=-1)).save(path)
    np.testing.assert_array_equal(read_labels(path).data, mask)


def test_labels_in_colours_of_a_palette_are_its_indices(tmp_path):
    path = tmp_path / "labels.png"
    labels = np.arange(600, dtype=np.uint8).reshape(20, 30) % 5
    picture = PIL.Image.fromarray(labels, "P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0])
    picture.save(path)
    np.testing.assert_array_equal(read_labels(path).data, labels)
    assert read_image(path).axes == "YXS"


def test_a_colour_picture_is_no_mask(tmp_path):
    path = tmp_path / "photo.png"
    data = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    PIL.Image.fromarray(data).save(path)
    with pytest.raises(ValueError, match="3 different channels"):
        read_labels(path)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x89PNG\r\n\x1a\nnonsense", b"II*\0nons"])
def test_damaged_files_are_a_value_error_that_names_them(tmp_path, suffix, content):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        read_image(path)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
def test_truncated_files_are_a_value_error_that_names_them(tmp_path, suffix):
    path = tmp_path / f"image{suffix}"
    data = np.random.default_rng(0).integers(0, 255, (100, 100), dtype=np.uint8)
    if suffix == ".tif":
        tifffile.imwrite(path, data, compression="zlib")
    elif suffix == ".png":
        PIL.Image.fromarray(data).save(path)
    else:
        np.save(path, data)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=re.escape(str(path))):
        read_image(path)


def test_objects_in_npy_are_not_unpickled(tmp_path):
    path = tmp_path / "image.npy"
    np.save(path, np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot be read as an NPY array of numbers"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
def test_missing_files_are_told(tmp_path, suffix):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / f"image{suffix}")


def test_other_kinds_of_files_are_told(tmp_path):
    with pytest.raises(ValueError, match=r"is Zeiss LSM.*ends in \.tif, \.tiff, \.png"):
        read_image(tmp_path / "image.lsm")


def test_a_file_of_several_images_is_told(tmp_path):
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((20, 30), np.uint8))
        writer.write(np.zeros((10, 10), np.uint8))
    with pytest.raises(ValueError, match="holds 2 images"):
        read_image(path)


def test_too_many_axes_are_told(tmp_path):
    path = tmp_path / "image.npy"
    np.save(path, np.zeros((2, 2, 2, 2)))
    with pytest.raises(ValueError, match="2 or 3 spatial axes"):
        read_image(path)
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.zeros((2, 2, 2, 20, 30), np.uint8), photometric="minisblack")
    with pytest.raises(ValueError, match="2 or 3 spatial axes"):
        read_image(path)


def test_a_recipe_of_another_program_is_no_recipe(tmp_path):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8), description=json.dumps({"a": 1}))
    with pytest.raises(ValueError, match="holds no recipe"):
        read_provenance(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="cannot be read as TIFF"):
        read_provenance(path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[2**31]], "wanted 0 to 2147483647"),
        ([[2**40]], "wanted 0 to 2147483647"),
        ([[-1]], "from -1"),
        ([[1.5]], "fractions"),
        ([[np.nan]], "fractions or NaN"),
        ([[np.inf]], "wanted 0 to"),
        ([[1j]], "wanted integers"),
        ([["a"]], "wanted integers"),
    ],
)
def test_labels_that_can_not_be_written_as_they_are_are_refused(tmp_path, labels, message):
    with pytest.raises(ValueError, match=message):
        write_labels(tmp_path / "labels.tif", np.array(labels))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.uint64, np.float32])
def test_whole_numbers_of_any_type_are_written(tmp_path, dtype):
    labels = labels_of("YX", 1).astype(bool).astype(dtype)
    write_labels(tmp_path / "labels.tif", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif").data, labels)


def test_the_highest_label_is_written(tmp_path):
    labels = labels_of("YX", 2**31 - 1)
    write_labels(tmp_path / "labels.tif", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif").data, labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spacing": (1, 2, 3)}, "spacing has 3 values"),
        ({"spacing": (1, 0)}, "spacing is 0"),
        ({"spacing": (1, 1e200)}, "from 1e-12 to 1e"),
        ({"unit": "a\nspacing=7"}, "wanted a short name"),
        ({"unit": "x" * 1000}, "wanted a short name"),
        ({"axes": "YXZ"}, "wanted 2 or 3 spatial axes"),
        ({"axes": "TTYX"}, "wanted 2 or 3 spatial axes"),
        ({"interval": float("nan")}, "interval is nan"),
        ({"provenance": {"a": {1, 2}}}, "can not be written as JSON"),
    ],
)
def test_what_can_not_be_written_is_a_sentence(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_labels(tmp_path / "labels.tif", labels_of("YX"), **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1e-12, 1e-7, 1e-3, 1e3, 1e7, 1e12])
def test_pixel_sizes_of_any_order_come_back(tmp_path, size):
    spacing = (3 * size, size / 7, size)
    write_labels(tmp_path / "labels.tif", labels_of("ZYX"), spacing=np.clip(spacing, 1e-12, 1e12))
    found = read_labels(tmp_path / "labels.tif").spacing
    assert found == pytest.approx(np.clip(spacing, 1e-12, 1e12), rel=1e-6)


@pytest.mark.parametrize("highest", HIGHEST)
def test_frame_intervals_come_back(tmp_path, highest):
    path = tmp_path / "labels.tif"
    write_labels(path, labels_of("TYX", highest), axes="TYX", interval=2.5)
    assert read_labels(path).interval == 2.5


@pytest.mark.parametrize("highest", HIGHEST)
def test_our_own_labels_are_labels_whatever_they_look_like(tmp_path, highest):
    noise = np.random.default_rng(0).integers(0, 50, (20, 30))
    noise[0, 0] = highest
    write_labels(tmp_path / "labels.tif", noise)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif").data, noise)


def npy(header, data=b""):
    text = header.encode("latin-1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3"), "cannot be read as an NPY"),
        (npy("{'descr': '<f8'"), "cannot be read as an NPY"),
        (npy('"""'), "cannot be read as an NPY"),
        (npy("(" * 110), "cannot be read as an NPY"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**60,)}"), "cannot be read"),
        (
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976, 4)}"),
            "shorter than its shape",
        ),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4)}"), "no pixel in it"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}"), "no pixel in it"),
        (npy("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1, 1)}", bytes(8)), "dates"),
        (npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1, 1)}", bytes(16)), "text"),
        (npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1)}", bytes(8)), "complex64"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}", bytes(8)), "objects"),
        (b"PK\x03\x04", "archive of arrays"),
    ],
)
def test_hostile_npy_files_are_a_sentence(tmp_path, content, message):
    (tmp_path / "image.npy").write_bytes(content)
    with pytest.raises(ValueError, match=message) as told:
        read_image(tmp_path / "image.npy")
    assert str(told.value).startswith(str(tmp_path / "image.npy"))
    assert len(str(told.value)) < 500


@settings(max_examples=500)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.sampled_from(range(6)))
def test_changed_bytes_are_an_image_or_a_sentence(place, change, kind):
    content = bytearray(CONTENTS[kind][1])
    at = place % len(content)
    content[at : at + len(change)] = change
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"image{CONTENTS[kind][0]}")
        path.write_bytes(content)
        for read in (read_image, read_labels, read_provenance):
            try:
                found = read(path)
            except ValueError as error:
                assert str(path) in str(error)  # noqa: PT017
            else:
                assert isinstance(found, dict) or found.data.size > 0


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_that_claims_more_than_it_can_hold_is_refused_before_memory_is(
    tmp_path, compression
):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.ones((12, 14), np.uint8), compression=compression)
    with tifffile.TiffFile(path) as tif:
        tags = tif.pages.first.tags
        places = [tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    content = bytearray(path.read_bytes())
    for at in places:
        content[at : at + 2] = b"\xff\xff"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"claims to hold 4\.3 GB"):
        read_image(path)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_an_empty_stack_that_is_packed_well_is_read(tmp_path):
    for compression in ("zlib", "zstd", "lzw", None):
        path = tmp_path / f"{compression}.tif"
        tifffile.imwrite(path, np.zeros((20, 1500, 1500), np.uint8), compression=compression)
        assert read_image(path).data.shape == (20, 1500, 1500)


def contents():
    """Small files of every format."""
    mask = np.zeros((12, 14), np.uint8)
    mask[3:8, 4:10] = 255
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.png", "a.bmp", "a.jpg"):
            PIL.Image.fromarray(mask).save(Path(folder, name))
        np.save(Path(folder, "a.npy"), mask)
        write_labels(Path(folder, "a.tif"), mask, spacing=(1, 2), provenance=RECIPE)
        write_labels(
            Path(folder, "b.tif"), mask.astype(int) + 65536, spacing=(1, 2), provenance=RECIPE
        )
        return [(path.suffix, path.read_bytes()) for path in sorted(Path(folder).iterdir())]


CONTENTS = contents()


def test_pipes_and_devices_are_not_waited_for(tmp_path):
    path = tmp_path / "image.npy"
    path.symlink_to(os.devnull)
    for read in (read_image, read_labels, read_provenance):
        with pytest.raises(ValueError, match="is a pipe, a device or a socket"):
            read(path)


@pytest.mark.parametrize("name", ["a\0b.tif", "a\0b.npy"])
def test_names_that_no_file_can_have_are_a_sentence(name):
    with pytest.raises(ValueError, match="can not be the name of a file"):
        read_image(name)
    with pytest.raises(ValueError, match=r"can not be the name of a file|written as TIFF"):
        check_output(name)


@pytest.mark.parametrize("ending", [".czi", ".nd2", ".LIF", ".h5", ".npz", ".gif", ".ZARR"])
def test_formats_that_are_not_read_are_named_with_what_reads_them(tmp_path, ending, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"is .+, which napari-ncut does not read: .+ Wanted a"):
        read_image(tmp_path / f"image{ending}")


@pytest.mark.parametrize("ending", [".czi", ".nd2", ".lif"])
def test_a_broken_file_of_a_microscope_is_one_sentence(tmp_path, ending):
    pytest.importorskip(f"bioio_{ending[1:]}")
    path = tmp_path / f"image{ending}"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=rf"image{ending}: it cannot be read as ") as error:
        read_image(path)
    assert "\n" not in str(error.value)
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / f"other{ending}")


def test_a_dangling_link_is_no_free_name(tmp_path):
    (tmp_path / "labels.tif").symlink_to("nowhere")
    with pytest.raises(FileExistsError, match="is a link already"):
        check_output(tmp_path / "labels.tif")
