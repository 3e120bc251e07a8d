"""The table of objects, against counts made by hand."""

import csv

import numpy as np
import pytest

from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.objects.measure import features, measure, write_csv
from napari_ncut.splitting.split import split_tree

LABELS = np.array([[1, 1, 0, 0], [1, 1, 0, 4], [0, 0, 0, 4]], np.int32)


def test_area_and_centroid_are_in_the_units_of_the_spacing():
    table = measure(LABELS, spacing=(2.0, 0.5))
    assert list(table) == ["label", "area", "centroid_y", "centroid_x"]
    np.testing.assert_array_equal(table["label"], [1, 4])
    np.testing.assert_allclose(table["area"], [4.0, 2.0])
    np.testing.assert_allclose(table["centroid_y"], [1.0, 3.0])
    np.testing.assert_allclose(table["centroid_x"], [0.25, 1.5])


def test_a_volume_has_volumes():
    labels = np.zeros((3, 4, 5), np.uint16)
    labels[1:, 1:3, 2:5] = 2
    table = measure(labels, spatial_ndim=3, spacing=(4.0, 1.0, 0.5))
    assert list(table) == ["label", "volume", "centroid_z", "centroid_y", "centroid_x"]
    assert table["volume"] == [2 * 2 * 3 * 2.0]
    assert table["centroid_z"] == [1.5 * 4]
    assert table["centroid_x"] == [3 * 0.5]


def test_frames_of_a_movie_have_a_column():
    movie = np.stack([LABELS, np.zeros_like(LABELS), LABELS * (LABELS == 4)])
    table = measure(movie)
    np.testing.assert_array_equal(table["frame"], [0, 0, 2])
    np.testing.assert_array_equal(table["label"], [1, 4, 4])
    np.testing.assert_array_equal(table["area"], [4, 2, 2])


def test_several_axes_of_frames_have_a_column_each():
    table = measure(np.stack([np.stack([LABELS, LABELS])]))
    np.testing.assert_array_equal(table["frame_0"], [0, 0, 0, 0])
    np.testing.assert_array_equal(table["frame_1"], [0, 0, 1, 1])


def test_the_mean_intensity_is_that_of_the_objects_pixels():
    image = np.arange(12.0).reshape(3, 4)
    table = measure(LABELS, image)
    np.testing.assert_allclose(table["mean_intensity"], [(0 + 1 + 4 + 5) / 4, (7 + 11) / 2])


def test_every_channel_has_its_mean_intensity():
    image = np.stack([np.ones(LABELS.shape), 2 * (LABELS == 4), LABELS], axis=-1)
    table = measure(LABELS, image, has_channels=True)
    np.testing.assert_allclose(table["mean_intensity_0"], [1, 1])
    np.testing.assert_allclose(table["mean_intensity_1"], [0, 2])
    np.testing.assert_allclose(table["mean_intensity_2"], [1, 4])


def test_without_objects_the_table_has_columns_and_no_rows():
    table = measure(np.zeros((4, 4), int), np.zeros((4, 4)))
    assert list(table) == ["label", "area", "centroid_y", "centroid_x", "mean_intensity"]
    assert all(len(column) == 0 for column in table.values())


def test_neck_ratios_are_those_of_the_tree():
    mask = np.zeros((44, 110), bool)
    rows, columns = np.mgrid[:44, :110]
    for x in (20, 50):
        mask |= (rows - 22) ** 2 + (columns - x) ** 2 < 18**2
    mask |= (rows - 22) ** 2 + (columns - 95) ** 2 < 12**2
    tree = split_tree(mask)
    row = int(np.argmin(tree.ratio))
    apart = measure(tree.cut(tree.ratio[row] + 0.01), trees={(): tree})
    np.testing.assert_allclose(apart["neck"][:2], tree.ratio[row])
    assert np.isnan(apart["neck"][2])
    joined = measure(tree.cut(0.0), trees={(): tree})
    np.testing.assert_allclose(joined["neck_inside"][0], tree.ratio[row])
    assert np.isnan(joined["neck"]).all()


def test_features_have_a_row_for_every_label_of_the_frame():
    table = measure(np.stack([LABELS, LABELS * (LABELS == 4)]))
    found = features(table, (0,))
    assert list(found) == ["label", "area", "centroid_y", "centroid_x"]
    np.testing.assert_array_equal(found["label"], np.arange(5))
    np.testing.assert_array_equal(found["area"], [np.nan, 4, np.nan, np.nan, 2])
    np.testing.assert_array_equal(features(table, (1,))["area"], [np.nan] * 4 + [2])
    assert len(features(measure(np.zeros((3, 3), int)))["label"]) == 1


def test_features_of_very_high_labels_name_their_labels():
    found = features(measure(np.where(LABELS == 4, 2**31 - 1, LABELS)))
    np.testing.assert_array_equal(found["index"], [1, 2**31 - 1])
    np.testing.assert_array_equal(found["area"], [4, 2])


def test_measuring_can_be_cancelled():
    with pytest.raises(Cancelled):
        measure(LABELS, monitor=Monitor(cancelled=lambda: True))


def test_a_csv_file_reads_back_as_the_same_numbers(tmp_path):
    table = {
        "label": np.array([1, 2]),
        "area": np.array([0.1, 1 / 3]),
        "neck": np.array([np.nan, 1.0]),
    }
    path = tmp_path / "table.csv"
    write_csv(table, path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == [1, 2]
    assert [float(row["area"]) for row in rows] == [0.1, 1 / 3]
    assert [row["neck"] for row in rows] == ["", "1.0"]
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_a_failed_export_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("before")
    monkeypatch.setattr("napari_ncut.objects.measure.csv.writer", lambda file: Full())
    with pytest.raises(OSError, match="No space left"):
        write_csv({"label": np.array([1])}, path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


class Full:
    """A disk without room."""

    def writerow(self, row):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("number", [3, 2**63])
def test_labels_of_64_bits_without_a_sign_keep_their_numbers(number):
    table = measure(np.array([[number, number, 0]], np.uint64))
    assert table["label"].tolist() == [number]
    assert features(table)["area"][-1] == 2.0
