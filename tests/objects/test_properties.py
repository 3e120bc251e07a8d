"""What is measured of objects, against shapes whose measures are known."""

import numpy as np
import pytest

from napari_ncut import measure
from napari_ncut.objects.measure import write_table
from napari_ncut.objects.properties import PROPERTIES


def ellipse(axes, spacing, turn=0.0):
    """Draw an ellipse or ellipsoid with half-axes in physical units."""
    shape = [int(2 * max(axes) / s) + 9 for s in spacing]
    at = [(i - (n - 1) / 2) * s for i, n, s in zip(np.indices(shape), shape, spacing, strict=True)]
    y, x = at[-2:]
    at[-2], at[-1] = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    return (sum((a / r) ** 2 for a, r in zip(at, axes, strict=True)) <= 1).astype(int)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (2.0, 0.5)])
def test_a_disc_has_the_measures_of_a_disc(spacing):
    table = measure(ellipse((30, 30), spacing), spacing=spacing, properties="all")
    found = {name: float(column[0]) for name, column in table.items()}
    assert found["perimeter"] == pytest.approx(2 * np.pi * 30, rel=0.03)
    assert found["equivalent_diameter"] == pytest.approx(60, rel=0.02)
    assert found["major_axis"] == pytest.approx(60, rel=0.03)
    assert found["minor_axis"] == pytest.approx(60, rel=0.03)
    assert found["circularity"] == pytest.approx(1, rel=0.06)
    assert found["solidity"] > 0.95
    assert found["touches_border"] == found["neighbours"] == 0


def test_an_ellipse_has_its_axes_and_its_angle():
    table = measure(ellipse((40, 10), (1.0, 1.0), turn=0.5), properties=["axes", "orientation"])
    assert table["major_axis"][0] == pytest.approx(80, rel=0.03)
    assert table["minor_axis"][0] == pytest.approx(20, rel=0.03)
    assert abs(table["orientation"][0]) == pytest.approx(0.5, abs=0.03)
    only = measure(ellipse((40, 10), (1.0, 1.0)), properties="eccentricity")
    assert only["eccentricity"][0] == pytest.approx(np.sqrt(1 - 1 / 16), abs=0.01)
    assert "major_axis" not in only


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 1.0, 1.0)])
def test_a_ball_has_the_measures_of_a_ball(spacing):
    ball = ellipse((16, 16, 16), spacing)
    table = measure(ball, spacing=spacing, spatial_ndim=3, properties="all")
    found = {name: float(column[0]) for name, column in table.items()}
    assert found["surface"] == pytest.approx(4 * np.pi * 16**2, rel=0.08)
    assert found["sphericity"] == pytest.approx(1, rel=0.1)
    assert found["major_axis"] == pytest.approx(32, rel=0.05)
    assert "orientation" not in found


def test_intensities_edges_and_neighbours():
    labels = np.array([[1, 1, 2], [0, 0, 2], [3, 0, 0]])
    image = np.arange(9.0).reshape(3, 3)
    table = measure(labels, image, properties=["spread", "edge", "neighbours"])
    assert table["min_intensity"].tolist() == [0, 2, 6]
    assert table["max_intensity"].tolist() == [1, 5, 6]
    assert table["std_intensity"].tolist() == [0.5, 1.5, 0]
    assert table["touches_border"].tolist() == [1, 1, 1]
    assert table["neighbours"].tolist() == [1, 1, 0]
    channels = measure(labels, np.stack([image, -image], -1), has_channels=True, properties="all")
    assert channels["min_intensity_1"].tolist() == [-1, -5, -6]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (1, 1, 1), (2, 1, 3)])
def test_the_smallest_objects_have_all_columns(shape):
    labels = np.zeros([n + 2 for n in shape], int)
    labels[tuple(slice(1, n + 1) for n in shape)] = 7
    table = measure(labels, labels, spatial_ndim=len(shape), properties=PROPERTIES)
    assert all(len(column) == 1 for column in table.values())
    assert all(np.isfinite(table[name]).all() for name in table)


def test_no_object_no_rows_and_high_labels_are_kept():
    assert all(len(c) == 0 for c in measure(np.zeros((3, 3), int), properties="all").values())
    table = measure(np.array([[2_000_000_000, 0, 5]]), properties="all")
    assert table["label"].tolist() == [5, 2_000_000_000]


def test_an_unknown_property_is_named():
    with pytest.raises(ValueError, match="roundnes"):
        measure(np.ones((2, 2), int), properties=["roundnes"])


def test_tables_are_csv_or_parquet_and_never_half(tmp_path):
    from pyarrow import parquet

    table = measure(np.array([[1, 0, 2]]), properties="all")
    write_table(table, tmp_path / "a.csv")
    write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.csv").read_text().startswith("label,area,")
    assert parquet.read_table(tmp_path / "a.parquet").column_names == list(table)
    with pytest.raises(FileExistsError):
        write_table(table, tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"\.csv or \.parquet"):
        write_table(table, tmp_path / "a.xlsx")
