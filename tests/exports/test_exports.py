"""What other programs read gives back the labels exactly."""

import io
import json
import zipfile

import numpy as np
import pytest
import roifile
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from napari_ncut import measure, write_geojson, write_imagej
from napari_ncut.exports.outlines import outlines


def random_labels(seed, shape):
    """Return crowded labels with holes, single pixels and corners that touch."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, 2, 3, 70_000], shape, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    if rng.random() < 0.5:
        labels = np.kron(labels, np.ones((1,) * (len(shape) - 2) + (2, 3), int))
    return labels


def filled(rings, shape):
    """Return the pixels whose centres an odd number of rings encloses."""
    result = np.zeros(shape, bool)
    for ring in rings:
        # The centre of pixel 0 is at 0 for scikit-image, and at .5 here.
        result ^= polygon2mask(shape, np.asarray(ring)[:, ::-1] - 0.5)
    return result


def rings_of(roi):
    """Return the rings of a region of ImageJ as its format has them."""
    if roi.multi_coordinates is None:
        return [roi.coordinates()]
    rings, values, i = [], roi.multi_coordinates.tolist(), 0
    while i < len(values):
        if values[i] == 4:
            i += 1
            continue
        if values[i] == 0:
            rings.append([])
        rings[-1].append(values[i + 1 : i + 3])
        i += 3
    return rings


def read_imagej(path, shape):
    """Return the labels that the regions of a ZIP draw."""
    labels = np.zeros(shape, int)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            roi = roifile.ImagejRoi.frombytes(archive.read(name))
            assert f"{roi.name}.roi" == name
            at = tuple(p - 1 for p in (roi.t_position, roi.z_position) if p)
            labels[at][filled(rings_of(roi), shape[-2:])] = int(roi.name.split("-")[-1])
    return labels


def read_geojson(path, shape):
    """Return the labels that the features of a file draw."""
    labels = np.zeros(shape, int)
    for feature in json.loads(path.read_text())["features"]:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"]
        if geometry["type"] == "Polygon":
            polygons = [polygons]
        at = tuple(geometry["plane"][a] for a in "tz"[4 - len(shape) :])
        rings = [ring for rings in polygons for ring in rings]
        assert all(ring[0] == ring[-1] for ring in rings)
        labels[at][filled(rings, shape[-2:])] = feature["properties"]["label"]
    return labels


@given(st.integers(0, 10_000), st.sampled_from([(9, 11), (3, 6, 7), (2, 2, 5, 6)]))
@settings(max_examples=40)
def test_every_export_gives_back_the_labels(tmp_path_factory, seed, shape):
    labels = random_labels(seed, shape)
    folder = tmp_path_factory.mktemp("export")
    write_imagej(folder / "a.zip", labels)
    write_geojson(folder / "a.geojson", labels)
    np.testing.assert_array_equal(read_imagej(folder / "a.zip", labels.shape), labels)
    np.testing.assert_array_equal(read_geojson(folder / "a.geojson", labels.shape), labels)


@given(st.integers(0, 10_000))
def test_rings_have_corners_only_and_the_outer_one_is_first(seed):
    labels = random_labels(seed, (8, 9))
    for label, pieces in outlines(labels):
        area = 0.0
        for piece in pieces:
            for number, ring in enumerate(piece):
                steps = np.roll(ring, -1, axis=0) - ring
                assert ((steps == 0).sum(axis=1) == 1).all()
                turns = (steps[:, 0] == 0) != (np.roll(steps[:, 0], -1) == 0)
                assert turns.all()
                x, y = ring.T
                enclosed = 0.5 * (x * np.roll(y, -1) - np.roll(x, -1) * y).sum()
                assert (enclosed > 0) == (number == 0)
                area += enclosed
        assert area == (labels == label).sum()


def test_measurements_and_necks_are_properties_for_qupath(tmp_path):
    labels = np.array([[1, 1, 0], [0, 2, 2]])
    table = measure(labels) | {"neck": np.array([0.5, np.nan])}
    write_geojson(tmp_path / "a.geojson", labels, table)
    found = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert [f["properties"]["measurements"].get("neck") for f in found] == [0.5, None]
    assert [f["properties"]["measurements"]["area"] for f in found] == [2, 2]
    assert len({f["id"] for f in found}) == 2


def test_frames_of_a_movie_have_their_own_measurements(tmp_path):
    labels = np.array([[[1, 0]], [[1, 1]]])
    write_geojson(tmp_path / "a.geojson", labels, measure(labels), axes="TYX")
    found = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert [f["properties"]["measurements"]["area"] for f in found] == [1, 2]
    assert [f["geometry"]["plane"]["t"] for f in found] == [0, 1]


def test_the_same_labels_give_the_same_bytes(tmp_path):
    labels = random_labels(3, (9, 9))
    for name in "ab":
        write_imagej(tmp_path / f"{name}.zip", labels)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("write", [write_imagej, write_geojson])
def test_nothing_is_overwritten_and_no_half_file_left(tmp_path, write):
    path = tmp_path / "out"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write(path, np.ones((2, 2), int))
    with pytest.raises((ValueError, TypeError)):
        write(path, np.ones((2, 2)) * 0.5, force=True)
    with pytest.raises(ValueError, match="axes"):
        write(path, np.ones((2, 2), int), axes="ZX", force=True)
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_without_objects_the_files_are_empty_and_valid(tmp_path):
    labels = np.zeros((4, 4), int)
    assert write_imagej(tmp_path / "a.zip", labels) == 0
    assert write_geojson(tmp_path / "a.geojson", labels) == 0
    assert zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes())).namelist() == []
