"""What is measured some objects at a time is what is measured of all at once."""

import dask.array as da
import numpy as np
import pytest

from napari_ncut import scenes, split_touching, split_volume
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.objects.edits import Frame, delete_edit, merge_edit, whole_object
from napari_ncut.objects.measure import measure
from napari_ncut.volumes import measure_parts as module
from napari_ncut.volumes.measure_parts import measure_parts
from napari_ncut.volumes.stored_labels import StoredLabels
from napari_ncut.volumes.stored_result import StoredResult


@pytest.fixture(autouse=True)
def little_at_once(monkeypatch):
    """Measure few objects at once."""
    monkeypatch.setattr(module, "AT_ONCE", 20_000)


def check_same(found, wanted):
    assert list(found) == list(wanted)
    for name, column in wanted.items():
        np.testing.assert_allclose(found[name], column, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["shape", "image", "channels"])
@pytest.mark.parametrize("factor", [1, 2**25])
def test_it_is_the_table_of_the_whole(ndim, kind, factor):
    scene = scenes.field(30, size=70 if ndim == 3 else 200, radius=(7, 11), ndim=ndim)
    labels = split_touching(scene.mask).astype(np.int64) * factor
    image = {
        "shape": None,
        "image": scene.image,
        "channels": np.stack([scene.image, 1 - scene.image], axis=-1),
    }[kind]
    spacing = (2.0, 0.5, 0.7)[:ndim]
    options = {"spacing": spacing, "has_channels": kind == "channels", "properties": "all"}
    wanted = measure(labels, image, spatial_ndim=ndim, **options)
    lazy = da.from_array(labels.astype(np.int32 if factor == 1 else np.int64), chunks=40)
    check_same(measure_parts(lazy if factor == 1 else labels, image, **options), wanted)


def test_without_objects_there_are_columns():
    wanted = measure(np.zeros((30, 40), int), spacing=(1, 1))
    check_same(measure_parts(np.zeros((30, 40), np.int32)), wanted)


def test_it_can_be_cancelled():
    scene = scenes.field(10, size=150)
    with pytest.raises(Cancelled):
        measure_parts(scene.truth, monitor=Monitor(cancelled=lambda: True))


def test_labels_on_a_disk_are_measured_as_they_are_now(tmp_path):
    scene = scenes.field(25, size=200, radius=(9, 14))
    split_volume(scene.mask, out=tmp_path / "cells.ome.zarr", memory="1GB")
    stored = StoredLabels(tmp_path / "cells.ome.zarr")
    check_same(measure_parts(stored), measure(stored[...]))
    plane = Frame((None, None))
    assert stored.make(merge_edit(stored, plane, [2, 9]))
    assert stored.make(delete_edit(plane, whole_object(plane.view(stored), 5)))
    check_same(measure_parts(stored), measure(stored[...]))
    result = StoredResult.of(stored, None, scene.mask, None)
    tree = result.necks.tree_of(result.necks[0], Monitor())[0].tree
    columns = result.neck_columns(measure_parts(stored)["label"])
    assert set(columns) == {"neck", "neck_inside"}
    assert np.nanmax(columns["neck"]) >= tree.ratio.min()


def test_doubtful_necks_are_those_in_memory(tmp_path):
    from napari_ncut import split_tree

    scene = scenes.field(25, size=200, radius=(9, 14))
    split_volume(scene.mask, out=tmp_path / "cells.ome.zarr", memory="17MB")
    stored = StoredLabels(tmp_path / "cells.ome.zarr")
    result = StoredResult.of(stored, None, scene.mask, None)
    wanted = measure(stored[...], trees={(): split_tree(scene.mask)})
    for name, column in result.neck_columns(wanted["label"]).items():
        # Of a neck with a ratio of 1, which is none, nothing is kept on the disk.
        np.testing.assert_array_equal(column, np.where(wanted[name] < 1, wanted[name], np.nan))
