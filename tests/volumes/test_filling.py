"""What a split by parts has found so far, as an array."""

import numpy as np
import pytest

from napari_ncut.volumes import filling
from napari_ncut.volumes.boxes import Box
from napari_ncut.volumes.filling import Filling
from napari_ncut.volumes.task_file import first_of, runs_of, write_objects


def write(folder, number, low, objects):
    """Write the objects of a task, as it does."""
    box = Box(low, tuple(a + n for a, n in zip(low, objects.shape, strict=True)))
    starts, values = runs_of(objects)
    path, necks = folder / f"task-{number:06d}.npz", (np.zeros(0), np.zeros((0, 2), np.int64))
    write_objects(path, box, starts, values, first_of(values), *necks)


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_shows_what_is_there_in_any_slice(tmp_path, ndim):
    rng = np.random.default_rng(0)
    shape = (9, 20, 30)[-ndim:]
    wanted = np.zeros(shape, np.int32)
    found = Filling(tmp_path, shape)
    assert not found.grow()
    assert not found[0].any()
    for number, low in enumerate([(1, 2, 3)[-ndim:], (4, 9, 16)[-ndim:]]):
        objects = rng.integers(0, 4, (4, 7, 12)[-ndim:]).astype(np.int32)
        write(tmp_path, number, low, objects)
        place = tuple(slice(a, a + n) for a, n in zip(low, objects.shape, strict=True))
        wanted[place] = np.where(objects > 0, objects + 3 * number, 0)
        assert found.grow()
        assert not found.grow()
        for index in (
            (slice(None),) * ndim,
            (5,),
            (slice(2, 9, 3), slice(None, None, 2)),
            (*(slice(None),) * (ndim - 1), 7),
            (-2,),
        ):
            np.testing.assert_array_equal(found[index], wanted[index])


def test_what_another_run_has_left_goes(tmp_path):
    found = Filling(tmp_path, (10, 10))
    write(tmp_path, 0, (0, 0), np.ones((4, 4), np.int32))
    write(tmp_path, 1, (5, 5), np.ones((4, 4), np.int32))
    assert found.grow()
    assert found[0, 0] == 1
    (tmp_path / "task-000000.npz").unlink()
    assert found.grow()
    assert found[0, 0] == 0
    assert found[5, 5] == 2
    write(tmp_path, 1, (1, 1), np.ones((2, 2), np.int32))
    assert found.grow()
    assert found[5, 5] == 0
    assert found[1, 1] == 3


def test_what_is_too_much_is_not_shown(tmp_path, monkeypatch):
    found = Filling(tmp_path, (10, 10))
    write(tmp_path, 0, (0, 0), np.ones((10, 10), np.int32))
    found.grow()
    monkeypatch.setattr(filling, "MOST_PIXELS", 50)
    assert found[:].shape == (10, 10)
    assert not found[:].any()
    assert found[3].all()
    monkeypatch.setattr(filling, "MOST_BYTES", 10)
    assert found.grow()
    assert not found[3].any()


def test_a_folder_that_goes_while_it_is_looked_into_takes_nothing_away(tmp_path, monkeypatch):
    write(tmp_path, 0, (2, 3), np.ones((4, 5), np.int32))
    found = Filling(tmp_path, (9, 9))
    assert found.grow()

    def glob(folder, pattern):
        raise FileNotFoundError(folder)

    monkeypatch.setattr(type(tmp_path), "glob", glob)
    assert not found.grow()
    assert found[:].sum() == 20
