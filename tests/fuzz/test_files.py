"""Damaged files: what is in them, or one sentence that names the file; never much memory."""

import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.fuzz.cases import PARTS, assert_is_a_sentence, cases, one_of
from tests.fuzz.files import broken, write_all

from napari_ncut.files import read_image, read_labels, read_provenance
from napari_ncut.io.ome_zarr import labels_of, open_picture
from napari_ncut.reader import get_reader, read
from napari_ncut.volumes import boxes

# A file of some kilobytes, read, decoded and looked at. The chunk of a store may claim as much as
# its codec allows, before that finds the damage.
MEMORY = 2**27
MEMORY_OF_A_STORE = 2**31


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, write_all(folder)


def read_store(path):
    level = open_picture(path).levels[0]
    return boxes.read(level, boxes.Box((0,) * level.ndim, level.shape))


def opened_in_napari(path):
    if get_reader(str(path)) is None:
        raise ValueError(f"{path} is left to other readers")
    return next(layer[0] for layer in read(str(path)))


READERS = [
    lambda path: read_image(path).data,
    lambda path: read_labels(path).data,
    opened_in_napari,
]


@pytest.mark.parametrize("part", PARTS)
def test_damaged_files_are_read_or_named(part, outcomes, whole, tmp_path):
    folder, names = whole
    for seed, rng in cases(part):
        name = one_of(rng, names)
        path = tmp_path / f"{seed}{Path(name).suffix}"
        damage = broken(rng, folder / name, path)
        reader = one_of(rng, [read_store, *READERS] if path.is_dir() else READERS)
        case = seed, name, damage, reader.__name__
        tracemalloc.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = np.asarray(reader(path))
        except (ValueError, OSError) as error:
            assert_is_a_sentence(str(error), path, case)
            outcomes["refused"] += 1
        else:
            assert data.size, case
            assert data.dtype.kind in "biuf", case
            outcomes["read"] += 1
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < (MEMORY_OF_A_STORE if path.is_dir() else MEMORY), (case, peak)


@pytest.mark.parametrize("part", PARTS)
def test_a_damaged_recipe_is_a_recipe_or_one_sentence(part, outcomes, whole, tmp_path):
    folder, _ = whole
    for seed, rng in cases(part, share=4):
        path = tmp_path / "ours.tif"
        damage = broken(rng, folder / "ours.tif", path)
        try:
            recipe = read_provenance(path)
        except (ValueError, OSError) as error:
            assert_is_a_sentence(str(error), path, (seed, damage))
            outcomes["recipe refused"] += 1
        else:
            assert isinstance(recipe, dict)
            outcomes["recipe read"] += 1


def test_labels_of_a_store_that_are_not_there_are_named(whole):
    folder, _ = whole
    with pytest.raises(ValueError, match="labels"):
        labels_of(folder / "labels.ome.zarr", "nuclei")
